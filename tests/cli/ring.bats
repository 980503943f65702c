#!/usr/bin/env bats
# What is left of a ring whose recorder was killed.
load cli

# ring NAME RECORDS N: parts of N records.
ring() {
	"$MKRECORDING" "$1" ring "$3" < "$HERE/$2"
}

# What a recording says at its end.
state() {
	pooltrace report "$1" --json --top 100000 2> /dev/null | jq -c '[.processes, .blocks, .events, .lost]'
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	ring run.pt run.records 8
	make_recording whole.pt
}

@test "merge joins the parts of a ring: by the ring's name, or in any order, it is as if it had been one file" {
	[ -e run.pt.3 ]
	run --separate-stderr pooltrace merge run.pt -o all.pt
	[ "$status" -eq 0 ]
	[[ "$stderr" == *"pooltrace: joined the "*" parts of a ring that was not ended, 'run.pt.1' to 'run.pt'"* ]]
	[[ "$stderr" == *"pooltrace: merged 1 recording: "* ]]
	[ "$(state all.pt)" = "$(state whole.pt)" ]
	diff <(pooltrace events -r all.pt) <(pooltrace events -r whole.pt)
	diff <(pooltrace top -r all.pt) <(pooltrace top -r whole.pt)
	diff <(pooltrace explain all.pt | sed 1d) <(pooltrace explain whole.pt | sed 1d)
	pooltrace merge run.pt.3 run.pt run.pt.2 run.pt.* -o other.pt 2> /dev/null
	diff <(pooltrace events -r other.pt) <(pooltrace events -r whole.pt)
	# The recorder was killed when the newest part had no name of its own yet.
	rm run.pt
	pooltrace merge run.pt -o less.pt 2> /dev/null
	diff <(pooltrace events -r less.pt) <(pooltrace events -r whole.pt | head -n "$(pooltrace events -r less.pt | wc -l)")
	# Some of them.
	run --separate-stderr pooltrace merge run.pt.3 run.pt.2 -o some.pt
	[ "$status" -eq 0 ]
	[[ "$stderr" == *"joined the 2 parts of a ring that was not ended, 'run.pt.2' to 'run.pt.3'"* ]]
}

@test "whoever reads the newest part is told of the others, and what to type" {
	run --separate-stderr pooltrace report run.pt
	[ "$status" -eq 0 ]
	[ "$stderr" = "pooltrace: 'run.pt' is the newest part of a ring that was not ended: what was before it is in 'run.pt.1' and those with higher numbers; \`pooltrace merge run.pt -o OUT\` joins all of it" ]
	run --separate-stderr pooltrace report run.pt.2
	[ -z "$stderr" ]
	# Also where its recorder was killed when it had just made it.
	: > run.pt
	run --separate-stderr pooltrace report run.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"'run.pt' is not a recording: it is empty"*"\`pooltrace merge run.pt -o OUT\` joins all of it" ]]
}

@test "a part that is missing is a gap, and said" {
	rm run.pt.2
	run --separate-stderr pooltrace merge run.pt -o all.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == *" before 'run.pt.3' are missing: a part of the ring is not there, or not whole"* ]]
	[ "$(pooltrace report all.pt --json | jq .summary.gaps)" -eq 1 ]
	[ "$(state all.pt)" = "$(state whole.pt)" ]
}

@test "a part that is cut is a gap; the newest may be cut anywhere, and what it had is there" {
	local size

	size=$(stat -c %s run.pt.2)
	cp run.pt.2 part
	truncate -s $((size / 2)) run.pt.2
	run --separate-stderr pooltrace merge run.pt -o all.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"'run.pt.2': recording ends early"*"what could be read of it was merged"* ]]
	[[ "$stderr" == *" before 'run.pt.3' are missing: "* ]]
	[ "$(state all.pt)" = "$(state whole.pt)" ]
	mv part run.pt.2
	rm all.pt
	size=$(stat -c %s run.pt)
	pooltrace merge run.pt.1 run.pt.2 run.pt.3 -o three.pt 2> /dev/null
	pooltrace events -r three.pt > three
	[ -s three ]
	for cut in 0 1 17 100 $((size / 2)) $((size - 1)); do
		cp run.pt whole
		truncate -s "$cut" run.pt
		run --separate-stderr pooltrace merge run.pt -o all.pt -f
		[ "$status" -eq 1 ]
		[[ "$stderr" == *"'run.pt'"*"hint: "* ]]
		diff <(pooltrace events -r all.pt 2> /dev/null | head -n "$(wc -l < three)") three
		mv whole run.pt
	done
}

@test "parts of different rings are refused" {
	sed 's/pid=[0-9]*/&7/' "$HERE/chips.records" > chips.records
	"$MKRECORDING" other.pt ring 8 < chips.records
	cp other.pt.2 run.pt.2
	run --separate-stderr pooltrace merge run.pt -o all.pt
	says 2 "'run.pt.2' is no part of the ring that 'run.pt.1' is of: it is of other processes" \
		"name the parts that belong together, as FILE.1 FILE.2 ...; each can also be read by itself"
	[ ! -e all.pt ]
	cp run.pt.1 run.pt.9
	run --separate-stderr pooltrace merge run.pt -o all.pt
	[ "$status" -eq 2 ]
	[[ "$stderr" == "pooltrace: 'run.pt."?"' is no part of the ring that 'run.pt."?"' is of: "* ]]
	rm run.pt.9
	# What does not go on with anything is no later part.
	ring run.pt run.records 8
	cp whole.pt run.pt.2
	run --separate-stderr pooltrace merge run.pt -o all.pt
	says 2 "'run.pt.2' is no part of the ring that 'run.pt.1' is of: it does not go on with anything" \
		"name the parts that belong together, as FILE.1 FILE.2 ...; each can also be read by itself"
}

@test "the output is none of the parts" {
	run --separate-stderr pooltrace merge run.pt -o run.pt.2 -f
	says 1 "'run.pt.2' is one of the recordings that are merged" "name another file"
	[ "$(state run.pt.2)" != "" ]
}

@test "a part that begins before the one in front of it ends is none: what was before is kept" {
	mv run.pt.1 run.pt.4
	mv run.pt.2 run.pt.1
	mv run.pt.4 run.pt.2
	run --separate-stderr pooltrace merge run.pt -o all.pt
	[ "$status" -ne 0 ]
	"$MKRECORDING" long.pt ring 12 < "$HERE/run.records"
	ring run.pt run.records 8
	cp long.pt.1 run.pt.1
	run --separate-stderr pooltrace merge run.pt -o all.pt -f
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"'run.pt.2' is no part of this ring: it begins before 'run.pt.1' ends"* ]]
	diff <(pooltrace events -r all.pt 2> /dev/null) <(pooltrace events -r long.pt.1)
}
