#!/usr/bin/env bats
# Who holds memory, by what the stacks of allocations say.

load cli

@test "report --by op sums up by the runtime's function that the program called" {
	make_recording calls.pt calls.records
	[ "$(pooltrace report calls.pt --by op --json | jq -c '.rows[] | [.pool, .op // (keys - ["process", "pid", "device", "pool", "now", "at_peak", "allocated"])[0],
		.now.bytes, .at_peak.buffers, .allocated.bytes]')" = \
		'["DRAM","ops::add",8192,3,12288]
["DRAM","ops::Tensor::to_device",2048,1,2048]
["DRAM","no_op",1024,1,1024]
["DRAM","before_attach",512,1,512]
["DRAM","no_stack",256,1,256]
["L1","ops::Tensor::to_device",64,1,64]' ]
	[[ "$(pooltrace report calls.pt --by op)" == *" OP"*"  ops::add"$'\n'*"  (no operation)"* ]]
	[ "$(pooltrace diff calls.pt calls.pt --by op --json | jq -c '[.rows[] | select(.op == "ops::add") | .new.end, .new.count]')" = "[8192,3]" ]
}

@test "what is an operation is in the recording, and nowhere else" {
	sed 's/api ops[^\\]*//' "$HERE/calls.records" | "$MKRECORDING" none.pt
	[[ "$(pooltrace report none.pt --by op)" == *$'\n'"no operation is known: the runtime file of the recording has no line 'api'" ]]
	[ "$(pooltrace report none.pt --by op --json | jq '[.rows[] | select(.no_op) | .allocated.buffers] | add')" -eq 6 ]
	# A file that only a newer pooltrace can read.
	sed 's/api ops/apis ops/' "$HERE/calls.records" | "$MKRECORDING" newer.pt
	[ "$(pooltrace report newer.pt --by op)" = "$(pooltrace report none.pt --by op)" ]
	[ "$(pooltrace report newer.pt --by line)" = "$(pooltrace report none.pt --by line)" ]
}

@test "report --tree merges stacks from the outermost function inwards" {
	make_recording calls.pt calls.records
	pooltrace report calls.pt --tree --bytes > tree
	diff tree - <<- 'END'
		 AT PEAK   SHARE  BUFFERS  CALLS
		   16128  100.0%        7  python, device 0, DRAM
		   15360   95.2%        5    serve.py:118 step
		   12288   76.2%        3      model.py:64 forward > ops::add<...> > ops::detail::launch<...> > rt::allocate
		    2048   12.7%        1      model.py:70 forward > ops::Tensor::to_device > ops::detail::launch<...> > rt::allocate
		    1024    6.3%        1      rt::allocate
		     512    3.2%        1    (before attach)
		     256    1.6%        1    (no stack)
		      64  100.0%        1  python, device 0, L1
		      64  100.0%        1    serve.py:118 step > model.py:70 forward > ops::Tensor::to_device > ops::detail::launch<...> > rt::allocate
	END
	[ "$(pooltrace report calls.pt --tree --by stack --bytes)" = "$(cat tree)" ]
	[ "$(pooltrace report calls.pt --tree --pool L1 | wc -l)" -eq 3 ]
	[[ "$(pooltrace report calls.pt --tree --top 1)" == *"      ... and 2 more, see --top"* ]]
	# What is called has all of what its callers have, and the leaves are the rows of --by stack.
	[ "$(pooltrace report calls.pt --tree --json | jq -c '[.. | objects | select(.calls) | .now.bytes == ([.calls[].now.bytes] | add)] | unique')" = "[true]" ]
	[ "$(pooltrace report calls.pt --tree --json | jq -c '[.. | objects | select(.now and (.calls | not)) | .allocated.bytes] | sort')" = \
		"$(pooltrace report calls.pt --by stack --json | jq -c '[.rows[].allocated.bytes] | sort')" ]
	# A moment: what was held then.
	pooltrace report calls.pt --tree --at +0.55s --bytes | grep -qx ' *4608  100.0%        2  python, device 0, DRAM'
	[[ "$(pooltrace report calls.pt --tree --at +0.55s)" == *" NOW "* ]]
	run --separate-stderr pooltrace report calls.pt --tree --by line
	says 2 "'--tree' is made of whole stacks: it contradicts '--by' other than 'stack'" "leave out either"
	make_recording run.pt
	[[ "$(pooltrace report run.pt --tree)" == *$'\n'"no allocation has a stack: record with --stacks" ]]
}

@test "top --by has a table of who holds memory at each tick" {
	make_recording calls.pt calls.records
	pooltrace top -r calls.pt --by op --bytes > tables
	diff <(sed -n '/^$/,$p' tables) - <<- 'END'

		pooltrace - pid 4242 python serve.py - rt - attached 2 s - not checked yet - 8 events, 0 lost - every 1s
		PROCESS  DEVICE    POOL       NOW  BUFFERS      PEAK  ALLOCATED    COUNT  OP
		python   device 0  DRAM      8192        2     12288      12288        3  ops::add
		python   device 0  DRAM      2048        1      2048       2048        1  ops::Tensor::to_device
		python   device 0  DRAM      1024        1      1024       1024        1  (no operation)
		python   device 0  DRAM       512        1       512        512        1  (before attach)
		python   device 0  DRAM       256        1       256        256        1  (no stack)
		python   device 0  L1          64        1        64         64        1  ops::Tensor::to_device
	END
	[[ "$(sed '/^$/q' tables)" == *" 12288        3     12288      12288        3  ops::add"* ]]
	[ "$(pooltrace top -r calls.pt --by line --json | jq -c '[.by, .unstacked, (.rows[] | select(.line == "/srv/model.py:64 forward") | .now.buffers, .peak, .allocated.buffers)]')" = \
		$'["line",1,3,12288,3]\n["line",1,2,12288,3]' ]
	[[ "$(pooltrace top -r calls.pt --by file --own '*serve*' --top 1 --pool DRAM)" == *"  /srv/serve.py"$'\n'*"... and 2 more, see --top"* ]]
	# Nobody holds what a process held that has ended.
	{
		cat "$HERE/calls.records"
		echo "detach time_ns=1700000002500000000 process=1 pid=4242 reason=exit"
		echo "tick time_ns=1700000003000000000"
	} | "$MKRECORDING" ended.pt
	[ "$(pooltrace top -r ended.pt --by op --json | tail -n 1 | jq -c '[([.rows[].now | .bytes, .buffers] | add), ([.rows[].allocated.buffers] | add)]')" = "[0,8]" ]
	make_recording run.pt
	[[ "$(pooltrace top -r run.pt --by line)" == *$'\n'"no allocation has a stack yet" ]]
}

@test "what all hold is what the pools hold, at each tick; what a moment's table says does not depend on checkpoints" {
	for seed in 1 2 3; do
		"$HERE/random-records" "$seed" | awk '{ print } NR % 20 == 0 { match($0, /time_ns=[0-9]+/); print "tick " substr($0, RSTART, RLENGTH) }' > random.records
		"$MKRECORDING" random.pt < random.records
		pooltrace top -r random.pt --by stack --json | jq '[.rows[].now.bytes] | add // 0' > calls
		pooltrace top -r random.pt --by mesh --json | jq '[.processes[].devices[].pools[].reserved] | add // 0' > pools
		diff calls pools
		[ "$(sort -u calls | wc -l)" -gt 3 ]
		"$MKRECORDING" parts.pt checkpoints 45 < random.records
		for at in +0.05s +0.1s -0.01s; do
			for view in "top -r" report; do
				# shellcheck disable=SC2086 # two words
				[ "$(pooltrace $view parts.pt --by line --at "$at" --json)" = "$(pooltrace $view random.pt --by line --at "$at" --json)" ]
			done
		done
	done
}

@test "of a part it is counted what happened there, and what there was when it began; whatever checkpoints there are" {
	make_recording calls.pt calls.records
	part() { pooltrace report calls.pt --by line --json "$@" | jq -c '[.rows[] | select(.pool == "DRAM" and .line == "/srv/model.py:64 forward") |
		[.now.bytes, .at_peak.bytes, .allocated.buffers]]'; }
	[ "$(part)" = "[[8192,12288,3]]" ]
	[ "$(part --from +550ms)" = "[[8192,12288,2]]" ]
	[ "$(part --from +550ms --to +1s)" = "[[12288,12288,2]]" ]
	[ "$(part --from +1100ms)" = "[[8192,12288,0]]" ]
	# Nothing happens there.
	[ "$(part --from +1100ms --to +1200ms)" = "[[12288,12288,0]]" ]
	[ "$(part --from +1600ms)" = "[[8192,8192,0]]" ]
	pooltrace report calls.pt --tree --bytes --from +1600ms | grep -qx ' *12032  100.0%        6  python, device 0, DRAM'
	for seed in 1 2 3; do
		"$HERE/random-records" "$seed" > random.records
		"$MKRECORDING" random.pt < random.records
		"$MKRECORDING" parts.pt checkpoints 45 < random.records
		for part in "--from +0.05s" "--from +0.05s --to +0.1s" "--from -0.02s"; do
			# shellcheck disable=SC2086 # several words
			{
				pooltrace report random.pt --by stack $part --json > calls
				diff calls <(pooltrace report parts.pt --by stack $part --json)
				[ "$(jq '[.rows[].allocated.buffers] | add' calls)" -eq \
					"$(pooltrace report random.pt $part --json | jq '[.summary.processes[].devices[].pools[] | .allocations + .found] | add')" ]
			}
		done
	done
}

@test "of several hosts each has its own rows" {
	"$MKRECORDING" a.pt host alpha < "$HERE/calls.records"
	"$MKRECORDING" b.pt host beta < "$HERE/calls.records"
	pooltrace merge a.pt b.pt -o both.pt
	for view in "top -r both.pt" "report both.pt"; do
		# shellcheck disable=SC2086 # two words
		[ "$(pooltrace $view --by op --json | tail -n 1 | jq -c '[.rows[] | select(.op == "ops::add") | .host, .now.bytes]')" = '["alpha",8192,"beta",8192]' ]
	done
	[[ "$(pooltrace report both.pt --tree)" == *"python on alpha, device 0, DRAM"*"python on beta, device 0, DRAM"* ]]
}

@test "a recording that begins in the midst has stacks as well" {
	"$MKRECORDING" ring.pt ring 8 < "$HERE/calls.records"
	for by in line op stack; do
		pooltrace report ring.pt --by "$by" --json | jq -e '[.rows[].now.bytes] | add == 12096'
		pooltrace top -r ring.pt --by "$by" --json | tail -n 1 | jq -e '[.rows[].now.bytes] | add == 12096'
	done
}

@test "who holds memory is told of stacks, in bytes that pools gave up" {
	run --separate-stderr pooltrace top --by line --stacks=off
	says 2 "'--by line' needs stacks: it contradicts '--stacks=off'" "leave out either"
	run --separate-stderr pooltrace top --by op --once
	says 2 "'--by op' needs stacks: it contradicts '--once'" "the runtime's books say nothing of who has allocated"
	run --separate-stderr pooltrace report x.pt --by line --asked
	says 2 "'--asked' and '--by' or '--tree' of stacks contradict each other" "who holds memory is told in bytes that the pools gave up"
}
