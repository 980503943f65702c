#!/usr/bin/env bats
# What explain says of a recording.
load cli

@test "explain has the phases of a recording, sentences, advice and failures" {
	make_recording run.pt
	run --separate-stderr pooltrace explain run.pt
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	diff "$HERE/run.explain" <(printf '%s\n' "$output")
}

@test "explain reads a recording by name, with -r and from a pipe" {
	make_recording run.pt
	pooltrace explain run.pt > expected
	pooltrace explain -r run.pt | diff expected -
	pooltrace explain - < <(cat run.pt) | diff expected -
}

@test "explain in json is one object, whose figures are those of the text" {
	make_recording run.pt
	pooltrace explain run.pt --json > out
	[ "$(wc -l < out)" -eq 1 ]
	[ "$(jq -r '[.processes[0].phases[].phase] | join(" ")' out)" = "found capture buffer execution release" ]
	[ "$(jq '.processes[0].phases[3].replays' out)" -eq 101 ]
	[ "$(jq -c '[.processes[0].phases[].devices[0].pools.TRACE.reserved]' out)" = "[0,0,12288,12288,0]" ]
	[ "$(jq -c '.processes[0].advice[0] | [.pool, .argument, .value, .enough]' out)" = '["TRACE","trace_region_size",12257,false]' ]
	[ "$(jq -c '.processes[0].failures[0] | [.pool, .asked, .needed_bank]' out)" = '["L1",999999999,null]' ]
}

@test "pools and devices select what is explained" {
	make_recording run.pt
	[[ "$(pooltrace explain run.pt --pool TRACE)" != *DRAM* ]]
	[[ "$(pooltrace explain run.pt --pool TRACE)" == *trace_region_size=* ]]
	[[ "$(pooltrace explain run.pt --pool DRAM)" != *trace_region_size=* ]]
	[ "$(pooltrace explain run.pt --device 7 --json | jq -c '.processes[0].phases[0].devices')" = "[]" ]
}

@test "what is not known of advice in a recording of before is left out" {
	sed 's/ advice="[^"]*"//' "$HERE/run.records" | "$MKRECORDING" old.pt
	run --separate-stderr pooltrace explain old.pt
	[ "$status" -eq 0 ]
	[[ "$output" != *trace_region_size* ]]
	[[ "$output" == *"release of trace 0"* ]]
}

@test "explain of a recording that is cut shows what is there, status 1" {
	make_recording run.pt
	head -c -20 run.pt > cut.pt
	run --separate-stderr pooltrace explain cut.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == "pooltrace: 'cut.pt': recording ends early at byte "* ]]
	[[ "$output" == *"capture of trace 0: data"* ]]
}

@test "explain at any cut never crashes" {
	make_recording run.pt
	size=$(stat -c %s run.pt)
	for ((n = 0; n < size; n += 29)); do
		head -c "$n" run.pt > cut.pt
		run --separate-stderr pooltrace explain cut.pt
		[ "$status" -eq 1 ]
	done
}

@test "explain has no history in one look, and takes one recording" {
	run --separate-stderr pooltrace explain --once
	says 2 "'--once' is not an option of 'explain'" "it is one of: top"
	run --separate-stderr pooltrace explain a.pt b.pt
	says 2 "unexpected argument 'b.pt': there is a recording already, 'a.pt'" "see 'pooltrace explain --help'"
	run --separate-stderr pooltrace explain a.pt -i 1
	says 2 "'--interval' is about tracing; it means nothing for a recording" "leave out '--interval', or '-r a.pt'"
}
