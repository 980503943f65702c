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
	# Each tick ends a chunk: without the last bytes the last chunk is not whole.
	head -c -20 run.pt > cut.pt
	run --separate-stderr pooltrace top -r cut.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == "pooltrace: 'cut.pt': recording ends early at byte "* ]]
	[[ "$output" == "pooltrace - pid 4242 python serve.py"* ]]
	run --separate-stderr pooltrace report cut.pt
	[ "$status" -eq 1 ]
	[[ "$output" == "pooltrace - pid 4242 python serve.py"* ]]
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
