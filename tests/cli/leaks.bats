#!/usr/bin/env bats
# What grows with time, and what was left.
load cli

# A decoder of 300 steps, a second each: weights, a cache that is full after 100, activations of which each tenth stays, and a buffer that
# has no stack and stays in each 15th step.
decoder() {
	cat "$HERE/half.records"
	awk -v end="${1:-300}" 'BEGIN {
		n = 20000000
		split("serve.py:step model.py:load cache.py:append", f, " ")
		for (i = 1; i <= 3; i++) {
			split(f[i], part, ":")
			printf "frame time_ns=1700000000900000000 frame=%d path=/srv/%s line=%d symbol=%s\n", i, part[1], 100 + i, part[2]
			printf "stack time_ns=1700000000900000000 stack=%d frame=%d\n", i, i
		}
		for (i = 0; i < 6; i++)
			printf "alloc time_ns=1700000001000000000 process=1 arena=1 address=%d reserved=1048576 stack=2\n", n += 1048576
		for (s = 1; s <= end; s++) {
			t = sprintf("time_ns=%d000000000 process=1 arena=1 ", 1700000001 + s)
			printf "alloc %s address=%d reserved=4096 stack=1\n", t, n += 1048576
			if (s % 10)
				printf "free %s address=%d\n", t, n
			if (s <= 100)
				printf "alloc %s address=%d reserved=65536 stack=3\n", t, n += 1048576
			printf "alloc %s address=%d reserved=32\n", t, n += 1048576
			if (s % 15)
				printf "free %s address=%d\n", t, n
		}
	}'
}

ended() {
	decoder
	echo "detach time_ns=1700000302000000000 process=1 pid=4242 reason=exit"
}

@test "leaks names the lines that grow, and what else was left" {
	ended | "$MKRECORDING" run.pt
	run --separate-stderr pooltrace leaks run.pt
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	diff - <(printf '%s\n' "$output") <<- 'END'
		PROCESS  DEVICE    POOL      TREND        LEFT  BUFFERS      OLDEST  A MINUTE      GREW  EARLY LEFT    ALL LEFT  LINE
		python   device 0  DRAM      grows     120 KiB       30  4 min 51 s  23.2 KiB  21 of 21   12 of 126   30 of 300  /srv/serve.py:101 step
		python   device 0  DRAM      grows       640 B       20  4 min 46 s     128 B  19 of 21    8 of 127   20 of 300  (no stack) of 32 B
		python   device 0  DRAM      stopped  6.25 MiB      100       5 min       0 B   9 of 21  100 of 100  100 of 100  /srv/cache.py:103 append
		python   device 0  DRAM      steady   6.00 MiB        6   5 min 1 s       0 B   0 of 22      6 of 6      6 of 6  /srv/model.py:102 load
		python   device 0  DRAM      ?        2.02 MiB        1           ?         ?   0 of 22      1 of 1      1 of 1  (before attach)
		python   device 0  L1        steady   2.00 MiB        1   5 min 1 s       0 B   0 of 22      1 of 1      1 of 1  (no stack) of 2097152 B
		python   device 0  L1_SMALL  steady   64.0 KiB        1   5 min 1 s       0 B   0 of 22      1 of 1      1 of 1  (no stack) of 65536 B
		2 leaks
		python: ended (exit), and left 16.4 MiB in 159 buffers; of that grows 121 KiB in 50 buffers
	END
	pooltrace leaks run.pt --top 1 | grep -cx ' *... and 1 more, see --top' | grep -qx 1
	pooltrace leaks run.pt --top 1 | grep -qx ' *... and 4 more, see --top'
	[ "$(pooltrace leaks run.pt --bytes | awk '$1 == "python" && $4 == "grows" { print $5, $6 }' FS='  +' | head -n 1)" = "122880 30" ]
	[[ "$(pooltrace leaks run.pt --color always)" == *$'\033['*grows* ]]
	[ "$(pooltrace leaks run.pt --pool L1 | tail -n 2)" = "no leak: nothing that was left still grew
python: ended (exit), and left 2.00 MiB in 1 buffer" ]
}

@test "leaks --json has the same, as numbers" {
	ended | "$MKRECORDING" run.pt
	pooltrace leaks run.pt --json > leaks.json
	[ "$(jq -c '[.schema, .by, .leaks, .lost, .unstacked]' leaks.json)" = '[1,"line",2,0,0]' ]
	diff - <(jq -c '.rows[0]' leaks.json) <<- 'END'
		{"process":"python","pid":4242,"device":0,"pool":"DRAM","line":"/srv/serve.py:101 step","leak":true,"left":{"buffers":30,"bytes":122880},"allocated":{"buffers":300,"bytes":1228800},"oldest_ns":1700000011000000000,"newest_ns":1700000301000000000,"age_ns":291000000000,"trend":{"verdict":"grows","windows":21,"grew":21,"growth":118784,"span_ns":300000000000,"growth_per_minute":23756,"early":126,"early_left":12}}
	END
	[ "$(jq -c '.processes' leaks.json)" = '[{"process":"python","pid":4242,"ended":"exit","left":{"buffers":159,"bytes":17244800},"leaked":{"buffers":50,"bytes":123520}}]' ]
	[ "$(jq -c '.rows[] | select(.before_attach) | keys' leaks.json)" = '["allocated","before_attach","device","leak","left","pid","pool","process"]' ]
	[ "$(jq -c '[.rows[] | select(.no_stack).size]' leaks.json)" = '[32,2097152,65536]' ]
	[ "$(pooltrace leaks run.pt --json --by function | jq -r '.rows[0].function')" = "step (/srv/serve.py)" ]
	[ "$(pooltrace leaks run.pt --json --by file --own '*model*' | jq -r '.rows[] | select(.left.buffers == 6).file')" = "/srv/model.py" ]
	# No runtime file says which functions programs call.
	[ "$(pooltrace leaks run.pt --json --by op | jq -c '[.rows[] | select(.leak) | .no_op, .no_stack, .size, .left.buffers]')" = '[true,null,4096,30,null,true,32,20]' ]
	[[ "$(pooltrace leaks run.pt --by op)" == *"  (no operation) of 4096 B"*"no operation is known: the runtime file of the recording has no line 'api'"* ]]
	[ "$(pooltrace leaks run.pt --json --by stack | jq -r '.rows[0].stack')" = "serve.py:101 step" ]
}

@test "leaks are looked for as of a moment, and a pause in the end is none" {
	ended | "$MKRECORDING" run.pt
	# The cache still grows then.
	[ "$(pooltrace leaks run.pt --to +100s --json | jq -c '[.rows[] | select(.leak) | .line // .size] | sort')" = \
		'[32,"/srv/cache.py:103 append","/srv/serve.py:101 step"]' ]
	[ "$(pooltrace leaks run.pt --to +100s | tail -n 1)" = \
		"python: had not ended, and held 16.3 MiB in 123 buffers; of that grows 6.22 MiB in 114 buffers" ]
	# Nothing is allocated for ten times as long.
	{ decoder; echo "tick time_ns=1700003302000000000"; } | "$MKRECORDING" idle.pt
	[ "$(pooltrace leaks idle.pt --json | jq .leaks)" -eq 0 ]
	# A few steps are too few.
	decoder 5 | "$MKRECORDING" short.pt
	[ "$(pooltrace leaks short.pt --json | jq -c '[.leaks, ([.rows[].trend.verdict | select(.)] | unique)]')" = '[0,["steady","stopped","unclear"]]' ]
}

@test "--fail gives status 4, unless all leaks are suppressed" {
	ended | "$MKRECORDING" run.pt
	run --separate-stderr pooltrace leaks run.pt --fail --pool '!L1'
	[ "$status" -eq 4 ]
	[ -z "$stderr" ]
	printf '# known\n\n line:*/serve.py:101\nfunction:append\nfile:/opt/*\n' > known
	run --separate-stderr pooltrace leaks run.pt --fail --suppressions known
	[ "$status" -eq 4 ] # those without a stack
	[ "$stderr" = "pooltrace: known:5: 'file:/opt/*' suppressed nothing" ]
	[[ "$output" == *"grows, suppressed"*"1 leak"* ]]
	[ "$(pooltrace leaks run.pt --suppressions known --json 2> /dev/null | jq -c '[.suppressions[] | .line, .used]')" = '[3,true,4,true,5,false]' ]
	[ "$(pooltrace leaks run.pt --suppressions known --json 2> /dev/null | jq -c '[.rows[] | select(.suppressed) | .leak] | unique')" = '[false]' ]
	ended | sed 's/ reserved=32$/ reserved=32 stack=1/' | "$MKRECORDING" stacked.pt
	run --separate-stderr pooltrace leaks stacked.pt --fail --suppressions known
	[ "$status" -eq 0 ]
	[[ "$output" == *"no leak: nothing that was left still grew"* ]]
}

@test "leaks --by op: the runtime's functions that programs called" {
	make_recording calls.pt calls.records
	pooltrace leaks calls.pt --json --by op > leaks.json
	[ "$(jq -c '[.by, ([.rows[] | .op // keys[] | select(test("::|before_attach|no_op|no_stack"))] | unique)]' leaks.json)" = \
		'["op",["before_attach","no_op","no_stack","ops::Tensor::to_device","ops::add"]]' ]
	# A place can be suppressed, whether an operation was called there or not.
	echo 'file:/srv/*' > known
	[ "$(pooltrace leaks calls.pt --json --by op --suppressions known | jq -c '[.rows[] | select(.suppressed) | .op // "none"] | unique')" = \
		'["none","ops::Tensor::to_device","ops::add"]' ]
}

@test "what is wrong with suppressions is said with its line, before anything is read" {
	printf 'file:a\nlien:b\n' > bad
	run --separate-stderr pooltrace leaks none.pt --suppressions bad
	says 2 "bad:2: no suppression: 'lien:b'" \
		"a line is line:PATTERN, function:PATTERN or file:PATTERN, such as line:*/cache.py:64; # begins a comment"
	run --separate-stderr pooltrace leaks none.pt --suppressions none
	says 2 "cannot read the suppressions 'none': No such file or directory"
	run --separate-stderr pooltrace leaks
	says 2 "'leaks' needs a recording" "pooltrace leaks FILE"
	run --separate-stderr pooltrace leaks none.pt
	says 1 "cannot open 'none.pt': No such file or directory" "name a recording, which \`pooltrace record -o FILE\` makes"
}

@test "without stacks sizes stand for lines, and that is said; so is what was lost" {
	make_recording half.pt half.records
	[[ "$(pooltrace leaks half.pt)" == *"(no stack) of 65536 B"*"no leak: "*"no allocation has a stack, so that there is no line"* ]]
	{ decoder; echo 'lost time_ns=1700000302000000000 count=17 from_ns=1700000301000000000'; } | "$MKRECORDING" lost.pt
	run --separate-stderr pooltrace leaks lost.pt
	[ "$status" -eq 3 ]
	[[ "$output" == *"17 events were lost: a free among them leaves a buffer here that is gone" ]]
	run --separate-stderr pooltrace leaks lost.pt --fail
	[ "$status" -eq 4 ]
	printf '%s\n' "$(head -n 8 "$HERE/half.records")" 'free time_ns=1700000000700000000 process=1 arena=1 address=1048640' | "$MKRECORDING" none.pt
	[[ "$(pooltrace leaks none.pt)" == "no leak: nothing was left"* ]]
}

@test "a pool that is cleared leaves what nobody freed, unless the program goes on" {
	{ decoder; echo 'clear time_ns=1700000302000000000 process=1 arena=1'; } | "$MKRECORDING" closed.pt
	pooltrace leaks closed.pt --json > closed.json
	[ "$(jq -c '.rows[0] | [.line, .leak, .left.buffers, .cleared.buffers, .trend.growth]' closed.json)" = '["/srv/serve.py:101 step",true,30,30,118784]' ]
	[ "$(jq -c '[.rows[] | select(.pool != "DRAM") | .cleared] | unique' closed.json)" = '[null]' ]
	{
		decoder
		echo 'clear time_ns=1700000302000000000 process=1 arena=1'
		echo 'alloc time_ns=1700000303000000000 process=1 arena=1 address=4194304 reserved=4096 stack=1'
		echo 'free time_ns=1700000304000000000 process=1 arena=1 address=4194304'
	} | "$MKRECORDING" again.pt
	[ "$(pooltrace leaks again.pt --json | jq '[.rows[] | select(.line == "/srv/serve.py:101 step")] | length')" -eq 0 ]
}

@test "a recording that begins in the midst names lines of what was there" {
	decoder | "$MKRECORDING" ring.pt ring 400
	pooltrace leaks ring.pt --json 2> /dev/null > ring.json
	[ "$(jq -c '[.rows[] | select(.line) | {(.line): .left.buffers}] | add' ring.json)" = \
		'{"/srv/cache.py:103 append":100,"/srv/model.py:102 load":6,"/srv/serve.py:101 step":30}' ]
	[ "$(pooltrace report ring.pt --by line --json 2> /dev/null | jq '[.rows[] | select(.line) | .now.buffers] | add')" -eq 136 ]
}

@test "what was left is what report has, of any recording" {
	for seed in 1 2 3; do
		"$HERE/random-records" "$seed" | "$MKRECORDING" random.pt
		pooltrace leaks random.pt --json > leaks.json
		pooltrace report random.pt --by line --json > report.json
		for of in buffers bytes; do
			[ "$(jq --arg of "$of" '[.rows[] | .left[$of] - (.cleared[$of] // 0)] | add // 0' leaks.json)" = \
				"$(jq --arg of "$of" '[.rows[].now[$of]] | add // 0' report.json)" ]
		done
	done
}
