#!/usr/bin/env bats
# What is read from recordings: whole, cut, damaged, newer, none.
load cli

@test "top plays a recording back" {
	make_recording run.pt
	run --separate-stderr pooltrace top -r run.pt
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	diff "$HERE/run.top" <(printf '%s\n' "$output")
}

@test "top ends after --count updates, and needs no name" {
	make_recording run.pt
	run --separate-stderr pooltrace -r run.pt --count 2 --no-delta
	[ "$status" -eq 0 ]
	[ "$(grep -c '^pooltrace - ' <<< "$output")" -eq 2 ]
	[[ "$output" != *+/-* ]]
}

@test "json is an object for each update" {
	make_recording run.pt
	pooltrace top -r run.pt --json > out
	[ "$(jq -s length out)" -eq 5 ]
	[ "$(wc -l < out)" -eq 5 ]
	[ "$(jq -s '.[2].processes[0].devices[0].pools.L1.reserved' out)" -eq 2097152 ]
	[ "$(jq -s '.[2].processes[0].replays' out)" -eq 101 ]
	[ "$(jq -s -c '.[3] | [.events, .lost, .check.equal]' out)" = "[10,0,true]" ]
}

@test "report shows the state at the end, by name or with -r" {
	make_recording run.pt
	make_recording half.pt half.records
	pooltrace report half.pt --json > out
	[ "$(jq '.processes[0].devices[0].pools.DRAM.reserved' out)" -eq 2113536 ]
	[ "$(pooltrace report half.pt)" = "$(pooltrace report -r half.pt)" ]
	[[ "$(pooltrace report half.pt)" != *every* ]]
	[[ "$(pooltrace report run.pt)" == *"ended: exit"* ]]
}

@test "report sums a recording up" {
	make_recording run.pt
	run --separate-stderr pooltrace report run.pt
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[[ "${lines[0]}" == "run.pt: 2023-11-14 22:13:20.000 to 22:13:22.500 (2.5 s) - on "*", Linux "*", by pooltrace $(cat "$HERE/../../VERSION")" ]]
	diff "$HERE/run.report" <(printf '%s\n' "$output" | tail -n +2)
	pooltrace report run.pt --json > out
	[ "$(jq -c '.summary.processes[0].devices[0].pools.L1_SMALL | del(.lifetimes, .sizes)' out)" = '{"reserved":0,"buffers":0,"peak":65536,"peak_ns":1700000000610000000,"capacity":2097152,"allocations":1,"allocated":65536,"frees":1,"freed":65536,"found":0,"removed":0,"replaced":0,"unknown_frees":0,"failed":0,"ageless":0}' ]
	[ "$(jq -c '.summary.processes[0].devices[0].pools.L1_SMALL | [.lifetimes, .sizes]' out)" = \
		'[[{"least_ns":100000000,"blocks":1,"bytes":65536}],[{"least":65536,"blocks":1,"bytes":65536}]]' ]
	[ "$(jq -c '.summary.processes[0] | [.pid, .ended, .events, .replays, .failed, .failed_elsewhere]' out)" = \
		'[4242,"exit",10,101,1,[{"pool":"L1","failed":1}]]' ]
	[ "$(jq -c '[.blocks[] | [.pool, .reserved, .time_ns, .tid]]' out)" = \
		'[["DRAM",2113536,null,null],["L1",2097152,1700000000600000000,4242]]' ]
	[ "$(jq -r '.recording | .file, .tool' out)" = "run.pt"$'\n'"$(cat "$HERE/../../VERSION")" ]
	grep -q '"begin_ns":1700000000000000000,"end_ns":1700000002500000000}' out
}

@test "report counts what happened in a part" {
	make_recording run.pt
	part() { pooltrace report run.pt --json "$@" | jq -c '[.summary.events, .summary.processes[0].replays, (.summary.processes[0].devices[0].pools |
		[.L1.allocations, .L1_SMALL.frees, .TRACE.allocations, .TRACE.frees, .TRACE.reserved, .L1_SMALL.peak])]'; }
	[ "$(part)" = '[10,101,[1,1,1,1,0,65536]]' ]
	[ "$(part --from 22:13:20.6)" = "$(part)" ]
	[ "$(part --from 22:13:20.601)" = '[9,101,[0,1,1,1,0,65536]]' ]
	[ "$(part --from 2023-11-14T22:13:21.6Z)" = '[3,0,[0,1,0,1,0,65536]]' ]
	[ "$(part --from +1601ms)" = '[2,0,[0,0,0,1,0,0]]' ]
	[ "$(part --from -900ms)" = '[3,0,[0,1,0,1,0,65536]]' ]
	[ "$(part --to +910ms)" = '[6,0,[1,0,1,0,12288,65536]]' ]
	[ "$(part --to 22:13:20.909)" = '[5,0,[1,0,0,0,0,65536]]' ]
	[ "$(part --from +605ms --to -790ms)" = '[9,101,[0,1,1,1,0,65536]]' ]
	[ "$(part --from +605ms --to -791ms)" = '[8,101,[0,1,1,0,12288,65536]]' ]
	[[ "$(pooltrace report run.pt --from +605ms)" == *"only what happened from 22:13:20.605 to 22:13:22.500 (1.9 s)"* ]]
	# Between two records: nothing happened, and it was what had happened before.
	[ "$(part --from +1050ms --to +1080ms)" = '[0,0,[0,0,0,0,12288,65536]]' ]
	[ "$(part --from +1050ms --to +1150ms)" = '[1,0,[0,0,0,0,12288,65536]]' ]
	[[ "$(pooltrace report run.pt --from +1050ms --to +1080ms)" == *"only what happened from 22:13:21.050 to 22:13:21.080 (30 ms)"* ]]
	[[ "$(pooltrace report run.pt --to +1080ms)" == *"only what happened from 22:13:20.000 to 22:13:21.080 (1.1 s)"* ]]
}

@test "report --at is the state at that moment, top --at its table" {
	make_recording run.pt
	reserved() { pooltrace report run.pt --json --at "$1" | jq -c '[.processes[0].devices[0].pools | .L1.reserved, .TRACE.reserved]'; }
	[ "$(reserved +599ms)" = '[0,0]' ]
	[ "$(reserved +600ms)" = '[2097152,0]' ]
	[ "$(reserved 22:13:20)" = '[2097152,12288]' ]
	[ "$(reserved 22:13:20.9)" = '[2097152,12288]' ]
	[ "$(reserved 22:13:20.90)" = '[2097152,0]' ]
	[ "$(reserved 2023-11-14T22:13:20.910Z)" = '[2097152,12288]' ]
	[ "$(reserved 2023-11-15T00:13:21.0+02:00)" = '[2097152,12288]' ]
	[ "$(reserved -789ms)" = '[2097152,0]' ]
	[ "$(reserved -791ms)" = '[2097152,12288]' ]
	pooltrace report run.pt --at +1s > out
	grep -q '^as of 22:13:21.000$' out
	grep -q '^ALLOCATED THEN: 4 blocks, the largest first$' out
	[ "$(grep -cE '^(POOLS|PROCESSES|LIFETIME|PHASES)' out)" = 0 ]
	# What lasts, lasts until then, though the last record is 80 ms older.
	pooltrace report run.pt --at +1080ms | grep -q '  480 ms  4242  4242 .* L1  '
	[ "$(pooltrace report run.pt --json --at +1080ms | jq -c '.time, .blocks[1].age_ns')" = $'"2023-11-14T22:13:21.080Z"\n480000000' ]
	[ "$(pooltrace top -r run.pt --json --at +1080ms | jq -r .time)" = "2023-11-14T22:13:21.080Z" ]
	# The second table without its changes is that of its moment.
	[ "$(pooltrace top -r run.pt --at +1s)" = "$(pooltrace top -r run.pt --no-delta | awk -v RS= 'NR == 2')" ]
	[ "$(pooltrace top -r run.pt --at +1s --json | jq -c .processes)" = "$(pooltrace report run.pt --at +1s --json | jq -c .processes)" ]
	# All that has that time, as it is shown: to the state of a table it is found by its own time.
	[ "$(pooltrace report run.pt --json --at "$(pooltrace top -r run.pt --json | jq -rs '.[2].time')" | jq .events)" -eq \
		"$(pooltrace top -r run.pt --json | jq -s '.[2].events')" ]
}

@test "events and tables of a part" {
	make_recording run.pt
	pooltrace events -r run.pt > all
	diff <(sed -n '1p;4,8p' all) <(pooltrace events -r run.pt --from +700ms --to +1200ms)
	diff <(sed -n '1p;11,$p' all) <(pooltrace events -r run.pt --from 22:13:21.7)
	diff <(sed -n '1,3p' all) <(pooltrace events -r run.pt --to 22:13:20.610000)
	[ "$(pooltrace events -r run.pt --json --from +700ms --to +1200ms | wc -l)" -eq 5 ]
	[ "$(pooltrace top -r run.pt --json --from +800ms --to 22:13:21 | jq -c .events)" = $'6\n7' ]
}

@test "a moment that is not in the recording is refused" {
	make_recording run.pt
	local range="which begins at 2023-11-14 22:13:20.000 and ends at 2023-11-14 22:13:22.500"
	local hint="a time is 14:05:03, 2026-11-22T14:05:03Z, +12.5s (from the beginning) or -3s (from the end)"

	for option in --at --from; do
		for time in 22:13:23 +2501ms 2023-11-14T22:13:22.501Z 22:13:19 -3s; do
			[ "$option $time" != "--from -3s" ] || continue
			run --separate-stderr pooltrace report run.pt "$option" "$time"
			[ "$status" -eq 2 ]
			[[ "$stderr" == "pooltrace: '$time' is not in the recording, which begins at 2023-11-14 22:13:20.000"*"hint: $hint" ]]
			[ -z "$output" ]
		done
	done
	run --separate-stderr pooltrace top -r run.pt --at 22:13:23
	says 2 "'22:13:23' is not in the recording, $range" "$hint"
	run --separate-stderr pooltrace events -r run.pt --to 2023-11-14T22:13:19Z
	says 2 "'2023-11-14T22:13:19Z' is not in the recording, which begins at 2023-11-14 22:13:20.000" "$hint"
	run --separate-stderr pooltrace report run.pt --from +2s --to +1s
	says 2 "'--from +2s' is after '--to +1s'" "of a time of day the first after the recording's beginning is meant"
	run --separate-stderr pooltrace report - --at -1s < <(cat run.pt)
	says 2 "'-1s' is counted from the recording's end, which a pipe does not tell" \
		"+12.5s is counted from its beginning; or write it to a file first"
	[ "$(pooltrace report - --json --at +1s < <(cat run.pt) | jq .events)" -eq 6 ]
}

@test "report lists the blocks that are wanted, in the order that is wanted" {
	make_recording half.pt half.records
	blocks() { pooltrace report half.pt --json "$@" | jq -c '[.blocks[].pool]'; }
	[ "$(blocks)" = '["DRAM","L1","L1_SMALL"]' ]
	[ "$(blocks --top 2)" = '["DRAM","L1"]' ]
	[ "$(blocks --sort new)" = '["L1_SMALL","L1","DRAM"]' ]
	[ "$(blocks --sort age --top 1)" = '["DRAM"]' ]
	[ "$(blocks --sort asked)" = '["L1","L1_SMALL","DRAM"]' ]
	[ "$(blocks --pool '!DRAM')" = '["L1","L1_SMALL"]' ]
	[ "$(blocks --device 3)" = '[]' ]
	[[ "$(pooltrace report half.pt --top 2)" == *"STILL ALLOCATED AT THE END: 2 of 3 blocks, the largest first"* ]]
	[[ "$(pooltrace report half.pt --sort new)" == *"3 blocks, the newest first"* ]]
}

@test "processes of a recording are chosen with -p, as if the others had not been watched" {
	make_recording chips.pt chips.records
	local pids

	pids=$(pooltrace report chips.pt --json | jq -r '.summary.processes[].pid')
	[ "$(wc -l <<< "$pids")" -eq 2 ]
	for pid in $pids; do
		[ "$(pooltrace report chips.pt -p "$pid" --json | jq -c '[.summary.processes[].pid, .processes[].pid, .sums]')" = "[$pid,$pid,null]" ]
		diff <(pooltrace events -r chips.pt | grep -E "^TIME| $pid ") <(pooltrace events -r chips.pt -p "$pid")
		[ "$(pooltrace top -r chips.pt -p "$pid" --json | jq -c '.processes[] | [.pid, .devices]')" = \
			"$(pooltrace top -r chips.pt --json | jq -c ".processes[] | select(.pid == $pid) | [.pid, .devices]")" ]
	done
	[ "$(pooltrace report chips.pt -p "${pids/$'\n'/,}" --json)" = "$(pooltrace report chips.pt --json)" ]
	run --separate-stderr pooltrace report chips.pt -p 1
	says 2 "no process 1 in 'chips.pt'" "it has ${pids/$'\n'/, }"
	run --separate-stderr pooltrace report chips.pt -p 1,2
	says 2 "no process 1, nor another of '--pid', in 'chips.pt'" "it has ${pids/$'\n'/, }"
}

@test "with checkpoints in it, moments and parts are the same, and what is before them is not read" {
	for records in run.records chips.records; do
		make_recording plain.pt "$records"
		for every in 1 3 7; do
			"$MKRECORDING" run.pt checkpoints "$every" < "$HERE/$records"
			for time in +0s +550ms +600ms +915ms +1100ms +1500ms -0s; do
				diff <(pooltrace top -r plain.pt --at "$time") <(pooltrace top -r run.pt --at "$time")
				diff <(pooltrace report plain.pt --at "$time" | tail -n +2 | sed '/^WHAT TO TYPE/,$d') \
					<(pooltrace report run.pt --at "$time" | tail -n +2 | sed '/^WHAT TO TYPE/,$d')
				for end in "--from $time" "--to $time" "--from $time --to +1600ms"; do
					[ "$end" != "--from -0s --to +1600ms" ] || continue
					for command in events "events --json" "top --json"; do
						# shellcheck disable=SC2086 # a command and options
						diff <(pooltrace $command -r plain.pt $end) <(pooltrace $command -r run.pt $end)
					done
					# shellcheck disable=SC2086
					diff <(pooltrace report plain.pt --json $end | jq -c .summary,.blocks,.processes) \
						<(pooltrace report run.pt --json $end | jq -c .summary,.blocks,.processes)
				done
			done
		done
	done
	# Its first records are damaged: what begins behind them does not see that.
	"$MKRECORDING" run.pt checkpoints 3 < "$HERE/run.records"
	# Chunks begin with a mark, and their header is 36 bytes long; the first holds no records.
	local at

	at=$(LC_ALL=C grep -obUaP '\x89PTC' run.pt | cut -d: -f1 | sed -n 2p)
	{
		head -c $((at + 36)) run.pt
		head -c 8 /dev/zero
		tail -c +$((at + 45)) run.pt
	} > hole.pt
	run --separate-stderr pooltrace report hole.pt
	[ "$status" -eq 1 ]
	[ "$(pooltrace top -r hole.pt --at -0s)" = "$(pooltrace top -r run.pt --at -0s)" ]
}

@test "a file's name is shown as a shell reads it" {
	make_recording half.pt half.records
	mv half.pt $'it\'s a run.pt'
	[[ "$(pooltrace report $'it\'s a run.pt')" == *"pooltrace explain 'it'\\''s a run.pt'"* ]]
	[[ "$(pooltrace report - < <(cat $'it\'s a run.pt'))" != *"WHAT TO TYPE NEXT"* ]]
}

@test "--speed plays at that speed, to the letter" {
	make_recording run.pt
	diff <(pooltrace top -r run.pt --speed 100x) "$HERE/run.top"
	diff <(pooltrace top -r run.pt --speed max) "$HERE/run.top"
	# Two seconds of it: at four times the speed no sooner than half a second. \$EPOCHREALTIME is in microseconds.
	local before=${EPOCHREALTIME/./}
	diff <(pooltrace top -r run.pt --speed 4 --json) <(pooltrace top -r run.pt --json)
	[ $((${EPOCHREALTIME/./} - before)) -ge 490000 ]
}

@test "events are those of the recording" {
	make_recording run.pt
	run --separate-stderr pooltrace events -r run.pt
	[ "$status" -eq 0 ]
	diff "$HERE/run.events" <(printf '%s\n' "$output")
	[ "$(pooltrace events -r run.pt --json | jq -r .event | sort | uniq -c | tr -s ' \n' ' ')" = \
		" 3 alloc 1 check 1 failed 2 free 6 phase " ]
}

@test "pools and devices select" {
	make_recording half.pt half.records
	[[ "$(pooltrace report half.pt --pool l1)" != *DRAM* ]]
	[[ "$(pooltrace report half.pt --pool '!DRAM')" != *DRAM* ]]
	[ "$(pooltrace report half.pt --device 7 --json | jq '[.processes[].devices[]] | length')" -eq 0 ]
	[ "$(pooltrace report half.pt --device 0 --json | jq '[.processes[].devices[]] | length')" -eq 1 ]
}

@test "chips with the same figures share a row, and sums are of the same chips" {
	make_recording chips.pt chips.records
	run --separate-stderr pooltrace top -r chips.pt
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	diff "$HERE/chips.top" <(printf '%s\n' "$output")
	[ "$(pooltrace report chips.pt --json | jq -c '[.processes[].devices[] | [.device, .count, .meshes // .mesh]]')" = \
		'[["0-3",4,[1,2]],["4-7",4,1],["0-1",2,1]]' ]
	# Of one chip: what the processes have on it, which has its capacity once.
	[ "$(pooltrace report chips.pt --json |
		jq -c '[.processes[].devices[0].pools.DRAM.reserved] == [1056768, 16809984] and
			.sums[0].pools.DRAM.reserved == 1056768 + 16809984 and
			.sums[0].pools.DRAM.capacity == .processes[0].devices[0].pools.DRAM.capacity')" = true ]
}

@test "--by mesh has a row for each device of the runtime" {
	make_recording chips.pt chips.records
	[ "$(pooltrace report chips.pt --by mesh --json | jq -c '[.sums, (.processes[].devices[] | [.device, .mesh, .parent])]')" = \
		'[null,["0-7",1,null],["0-3",2,1],["0-1",1,null]]' ]
	[[ "$(pooltrace report chips.pt --by mesh)" == *"mesh 2 (0-3)"* ]]
	[[ "$(pooltrace report chips.pt --by mesh --wide)" == *"mesh 2 (0-3) in mesh 1"* ]]
	[ "$(pooltrace report chips.pt --by chip)" = "$(pooltrace report chips.pt)" ]
}

@test "chips are selected by number and range" {
	make_recording chips.pt chips.records
	devices() { pooltrace report chips.pt --json "$@" | jq -c '[.processes[].devices[].device]'; }
	[ "$(devices --device 5)" = '["4-7"]' ]
	[ "$(devices --device 1,6-9)" = '["0-3","4-7","0-1"]' ]
	[ "$(devices --device 2 --device 3)" = '["0-3"]' ]
	[ "$(devices --device 8-1000)" = '[]' ]
	[ "$(devices --device 5 --by mesh)" = '["0-7"]' ]
	[ "$(pooltrace events -r chips.pt --device 7 --json | jq -r 'select(.event == "alloc") | .device' | sort -u)" = 0-7 ]
}

@test "pools of a recording are those that it names" {
	sed 's/TRACE/CAVE/g' "$HERE/half.records" | "$MKRECORDING" cave.pt
	run --separate-stderr pooltrace report cave.pt --pool TRACE
	says 2 "no pool 'TRACE': there are DRAM, L1, L1_SMALL and CAVE" \
		"several are separated by commas; '!DRAM' is all but that one"
	pooltrace report cave.pt --pool cave
}

@test "a recording is read from a pipe" {
	make_recording run.pt
	run --separate-stderr pooltrace top -r - < <(cat run.pt)
	[ "$status" -eq 0 ]
	[ "$output" = "$(pooltrace top -r run.pt)" ]
	run --separate-stderr pooltrace top -r - --pool L1 < <(cat run.pt)
	[ "$status" -eq 0 ]
	[ "$output" = "$(pooltrace top -r run.pt --pool L1)" ]
}

@test "lost events give status 3 and are told" {
	{ cat "$HERE/half.records"; echo 'lost time_ns=1700000000800000000 count=17 from_ns=1700000000700000000'; } |
		"$MKRECORDING" lost.pt
	run --separate-stderr pooltrace report lost.pt
	[ "$status" -eq 3 ]
	[[ "$stderr" == "pooltrace: 17 events were lost"* ]]
	[ -n "$output" ]
}

@test "a reader that goes away is no failure" {
	make_recording run.pt
	run --separate-stderr bash -c 'set -o pipefail; "$POOLTRACE" top -r run.pt | head -n 1'
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
}

@test "a full device is one" {
	make_recording run.pt
	run --separate-stderr bash -c '"$POOLTRACE" top -r run.pt > /dev/full'
	says 1 "cannot write to stdout: No space left on device"
	run --separate-stderr bash -c '"$POOLTRACE" events -r run.pt >&-'
	says 1 "cannot write to stdout: Bad file descriptor"
}

@test "escapes are on a terminal or asked for, not in a pipe" {
	make_recording run.pt
	[[ "$(pooltrace top -r run.pt)" != *$'\033'* ]]
	[[ "$(pooltrace top -r run.pt --color always)" == *$'\033['*m* ]]
	[[ "$(pooltrace top -r run.pt --color always | sed 's/\x1b\[[0-9;]*m//g')" == "$(pooltrace top -r run.pt)" ]]
}

@test "names of processes are escaped" {
	sed 's/name=python/name="py\\x1b[31mthon"/' "$HERE/half.records" | "$MKRECORDING" name.pt
	[[ "$(pooltrace report name.pt)" == *'py\x1b[31mthon'* ]]
	[[ "$(pooltrace report name.pt)" != *$'\033'* ]]
}

@test "what is no recording is refused" {
	: > empty.pt
	run --separate-stderr pooltrace report empty.pt
	says 1 "'empty.pt' is not a recording: it is empty" "\`pooltrace record -o FILE\` makes one"
	echo hello > text.pt
	run --separate-stderr pooltrace top -r text.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == "pooltrace: 'text.pt' is not a recording"* ]]
	run --separate-stderr pooltrace events -r none.pt
	says 1 "cannot open 'none.pt': No such file or directory" "name a recording, which \`pooltrace record -o FILE\` makes"
	run --separate-stderr pooltrace report .
	[ "$status" -eq 1 ]
}

@test "a recording of a newer pooltrace is refused" {
	"$MKRECORDING" newer.pt newer < "$HERE/run.records"
	run --separate-stderr pooltrace report newer.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == *newer* ]]
	[ -z "$output" ]
}

@test "a recording that is cut shows what is there, says where it ends, status 1" {
	make_recording run.pt
	# Without its last bytes the chunk that is the end is not whole.
	head -c -20 run.pt > cut.pt
	run --separate-stderr pooltrace top -r cut.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == "pooltrace: 'cut.pt': recording ends early at byte "* ]]
	[[ "$output" == "pooltrace - pid 4242 python serve.py"* ]]
	run --separate-stderr pooltrace report cut.pt
	[ "$status" -eq 1 ]
	[[ "$output" == "cut.pt: 2023-11-14 22:13:20.000 to "*"pooltrace - pid 4242 python serve.py"* ]]
}

@test "cut at any byte there is a message and status 1, never a crash" {
	make_recording run.pt
	size=$(stat -c %s run.pt)
	for ((n = 0; n < size; n += 13)); do
		head -c "$n" run.pt > cut.pt
		run --separate-stderr pooltrace top -r cut.pt
		[ "$status" -eq 1 ]
		[ -n "$stderr" ]
	done
}

@test "with any byte flipped there is a message and status 1, never a crash" {
	make_recording run.pt
	size=$(stat -c %s run.pt)
	for ((n = 0; n < size; n += 13)); do
		{
			head -c "$n" run.pt
			tail -c "+$((n + 1))" run.pt | head -c 1 | tr '\000-\377' '\200-\377\000-\177'
			tail -c "+$((n + 2))" run.pt
		} > flipped.pt
		[ "$(stat -c %s flipped.pt)" -eq "$size" ]
		run --separate-stderr pooltrace top -r flipped.pt
		[ "$status" -eq 1 ]
		[ -n "$stderr" ]
	done
}

@test "a recording that contradicts itself is an error" {
	{ cat "$HERE/half.records"; echo 'free time_ns=1700000000800000000 process=7 arena=1 address=4096'; } |
		"$MKRECORDING" wrong.pt
	run --separate-stderr pooltrace report wrong.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"'free', contradicts those before it"* ]]
	[[ "$output" == *"pid 4242"* ]]
}

@test "signals end what reads a recording, also while it waits for more" {
	mkfifo pipe
	"$POOLTRACE" top -r pipe 3>&- &
	# Returns when the other side has opened it.
	exec 8> pipe
	kill -TERM $!
	local result=0
	wait $! || result=$?
	exec 8>&-
	[ "$result" -eq 143 ]
}
