#!/usr/bin/env bats
# What changed between two recordings, and the conditions of --fail-if.
load cli

# A run, and the same with a larger block in L1, one more in DRAM, and none that failed.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	make_recording old.pt half.records
	sed 's/reserved=2097152 asked=2097152/reserved=3145728 asked=3145728/; /^failed/d; s/pid=4242/pid=77/' "$HERE/half.records" > new.records
	echo 'alloc time_ns=1700000000900000000 process=1 arena=1 address=9000000 reserved=64' >> new.records
	"$MKRECORDING" new.pt < new.records
}

@test "diff shows what changed" {
	run --separate-stderr pooltrace diff old.pt new.pt
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	diff - <(printf '%s\n' "$output") <<- 'END'
		PROCESS  DEVICE  POOL  FIGURE          OLD       NEW     CHANGE
		python   0       DRAM  peak       2.02 MiB  2.02 MiB      +64 B  +<0.1%
		python   0       DRAM  end        2.02 MiB  2.02 MiB      +64 B  +<0.1%
		python   0       DRAM  allocated       0 B      64 B      +64 B
		python   0       DRAM  count             0         1         +1
		python   0       L1    peak       2.00 MiB  3.00 MiB  +1.00 MiB  +50.0%
		python   0       L1    end        2.00 MiB  3.00 MiB  +1.00 MiB  +50.0%
		python   0       L1    allocated  2.00 MiB  3.00 MiB  +1.00 MiB  +50.0%
		python   ?       L1    failed            1         0         -1   -100%
		13 figures did not change
	END
}

@test "diff of the same is nothing" {
	run --separate-stderr pooltrace diff old.pt old.pt --fail-if 'peak > +0' --fail-if 'failed != +0'
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$output" = "no figure changed from old.pt to old.pt" ]
	[ "$(pooltrace diff old.pt old.pt --json | jq .same)" = true ]
}

@test "diff tells sizes and labels apart, in bytes and in colour" {
	pooltrace diff old.pt new.pt --by size --bytes | tr -s ' ' | grep -qx 'python 0 DRAM 64 B to 128 B peak 0 64 +64'
	[[ "$(pooltrace diff old.pt new.pt --by label)" == *"no label"* ]]
	[[ "$(pooltrace diff old.pt new.pt --color always)" == *$'\033['*m* ]]
	[[ "$(pooltrace diff old.pt new.pt --color always | sed 's/\x1b\[[0-9;]*m//g')" == "$(pooltrace diff old.pt new.pt)" ]]
	[ "$(pooltrace diff old.pt new.pt --pool L1 --json | jq -r '.rows[].pool' | sort -u)" = L1 ]
}

@test "diff tells apart what lines, functions and stacks allocated" {
	# Two blocks of one line, one of which is larger in the new one, and one of another function.
	stacked() {
		cat half.records
		cat <<- END
			frame time_ns=1700000000900000000 frame=1 path=/srv/serve.py line=118 symbol=step
			frame time_ns=1700000000900000000 frame=2 path=/srv/model.py line=64 symbol=forward
			stack time_ns=1700000000900000000 stack=1 frame=1
			stack time_ns=1700000000900000000 stack=2 frame=2 parent=1
			alloc time_ns=1700000000900000000 process=1 arena=1 address=9000000 reserved=64 stack=1
			alloc time_ns=1700000000900000000 process=1 arena=1 address=9100000 reserved=$1 stack=1
			alloc time_ns=1700000000900000000 process=1 arena=1 address=9200000 reserved=32 stack=2
		END
	}
	cp "$HERE/half.records" .
	stacked 64 | "$MKRECORDING" few.pt
	stacked 128 | "$MKRECORDING" more.pt
	for by in line=/srv/serve.py:118\ step function=step\ \(/srv/serve.py\) file=/srv/serve.py stack=serve.py:118\ step; do
		pooltrace diff few.pt more.pt --by "${by%%=*}" --json > diff.json
		[ "$(jq -c --arg by "${by%%=*}" --arg what "${by#*=}" '[.rows[] | select(.[$by] == $what) | .old.end, .new.end, .new.count]' diff.json)" = "[128,192,2]" ]
		[ "$(jq '[.rows[] | select(.old.end != .new.end)] | length' diff.json)" -eq 1 ]
		[[ "$(pooltrace diff few.pt more.pt --by "${by%%=*}" | head -n 1)" == *" $(tr a-z A-Z <<< "${by%%=*}") "* ]]
	done
	[ "$(pooltrace diff few.pt more.pt --by file --own '*model*' --json | jq -r '.rows[] | select(.file == "/srv/model.py").new.end')" -eq 32 ]
}

@test "diff has the figures of the table" {
	for seed in 1 2 3; do
		"$HERE/random-records" "$seed" | "$MKRECORDING" random.pt
		pooltrace diff old.pt random.pt --json > diff.json
		# The third process has ended: it is in no table.
		diff <(jq -r '.rows[] | select(.process != "gone" and .new and .device and .new.end > 0) |
				"\(.process) \(.device) \(.pool) \(.new.end)"' diff.json | sort) \
			<(pooltrace top -r random.pt --by mesh --json | tail -n 1 |
				jq -r '.processes[] | .name as $name | .devices[] | .device as $device | .pools | to_entries[] |
				select(.value.reserved > 0) | "\($name) \($device) \(.key) \(.value.reserved)"' | sort)
		# What the log counts.
		[ "$(jq '[.rows[].new.count // 0] | add' diff.json)" -eq "$(pooltrace events -r random.pt --json | jq -s 'map(select(.event == "alloc")) | length')" ]
		[ "$(jq '[.rows[].new.allocated // 0] | add' diff.json)" -eq \
			"$(pooltrace events -r random.pt --json | jq -s 'map(select(.event == "alloc").reserved) | add')" ]
		[ "$(jq '[.rows[].new.failed // 0] | add' diff.json)" -eq "$(pooltrace events -r random.pt --json | grep -c '"event":"failed"')" ]
	done
}

@test "a condition that holds gives status 4 and says for what" {
	run --separate-stderr pooltrace diff old.pt new.pt --fail-if 'peak(L1) > +2%' --fail-if 'failed > 0' --fail-if 'end(DRAM) > +63B'
	[ "$status" -eq 4 ]
	[ "$stderr" = "pooltrace: 'peak(L1) > +2%' holds: python, device 0, L1: peak 2.00 MiB, then 3.00 MiB (+50.0%)
pooltrace: 'end(DRAM) > +63B' holds: python, device 0, DRAM: end 2.02 MiB, then 2.02 MiB (+<0.1%)" ]
	[[ "$output" == PROCESS* ]]
	[ "$(pooltrace diff old.pt new.pt --json --fail-if 'peak(L1) > +2%' --fail-if 'peak(L1) > +50%' 2>&- |
		jq -c '[.conditions[] | .holds]')" = '[true,false]' ]
}

@test "a condition that does not hold gives status 0" {
	run --separate-stderr pooltrace diff old.pt new.pt --fail-if 'peak(L1) > +50%' --fail-if 'peak > +1MiB' --fail-if 'failed > 0' \
		--fail-if 'end(L1_SMALL) > 64KiB' --fail-if 'peak(TRACE) > 0'
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	# A pool that nobody used has figures: they are 0.
	run --separate-stderr pooltrace diff old.pt new.pt --fail-if 'peak(TRACE) == 0'
	[ "$status" -eq 4 ]
}

@test "a condition that cannot be understood is shown with a caret, before anything is read" {
	run --separate-stderr pooltrace diff none.pt none.pt --fail-if 'peak(L1 > +2%'
	says 2 "--fail-if: ')' is missing
    peak(L1 > +2%
                 ^" "such as 'peak(POOL) > +2%', 'end > +64MiB', 'failed > 0'"
	run --separate-stderr pooltrace diff old.pt new.pt --fail-if 'peak(L2) > +2%'
	says 2 "--fail-if: no pool 'L2': there are DRAM, L1, L1_SMALL and TRACE"
}

@test "what is wrong with a diff is said" {
	run --separate-stderr pooltrace diff old.pt
	says 2 "'diff' needs two recordings" "pooltrace diff OLD NEW"
	run --separate-stderr pooltrace diff
	says 2 "'diff' needs two recordings" "pooltrace diff OLD NEW"
	run --separate-stderr pooltrace diff old.pt new.pt old.pt
	says 2 "unexpected argument 'old.pt': there are two recordings already" "see 'pooltrace diff --help'"
	run --separate-stderr pooltrace diff old.pt none.pt
	says 1 "cannot open 'none.pt': No such file or directory" "name a recording, which \`pooltrace record -o FILE\` makes"
	run --separate-stderr pooltrace diff old.pt new.pt --by chip
	says 2 "'chip' for '--by' must be one of pool|size|label|line|op|function|file|stack" "see 'pooltrace diff --help'"
	run --separate-stderr bash -c '"$POOLTRACE" diff old.pt new.pt > /dev/full'
	says 1 "cannot write to stdout: No space left on device"
}

@test "recordings that are cut or lost events are compared as far as they go" {
	head -c -20 new.pt > cut.pt
	run --separate-stderr pooltrace diff old.pt cut.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == "pooltrace: 'cut.pt': recording ends early at byte "* ]]
	[[ "$output" == PROCESS* ]]
	run --separate-stderr pooltrace diff cut.pt old.pt --fail-if 'failed > 0'
	[ "$status" -eq 4 ]
	{ cat "$HERE/half.records"; echo 'lost time_ns=1700000000800000000 count=17 from_ns=1700000000700000000'; } |
		"$MKRECORDING" lost.pt
	run --separate-stderr pooltrace diff old.pt lost.pt
	[ "$status" -eq 3 ]
	[[ "$stderr" == "pooltrace: of 'lost.pt':"*"17 events were lost"* ]]
}
