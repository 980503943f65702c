#!/usr/bin/env bats
# What a recording says of the files and probes of its processes.
load cli

expected='process 4242 python serve.py maps /lib/rt.so
process 4243 python other.py maps /box/rt.so
rt (built in: rt.rt)
found in
  /lib/rt.so (build id 0123abcd, rt 1.2)
probes
  begin       f
              at 0x40
  free        g
              no probe
              ! no function matches '"'g'"'
and in
  /lib/c.so (build id ?)
  throw       t
              at 0x8

process 4244 late
rt (?)
its files and probes are not in this recording'

@test "runtimes -r shows files and probes, also from a checkpoint behind damage" {
	make_recording run.pt traced.records
	[ "$(pooltrace runtimes -r run.pt)" = "$expected" ]
	[ "$(pooltrace runtimes -r - < run.pt)" = "$expected" ]
	"$MKRECORDING" whole.pt checkpoints 13 < "$HERE/traced.records"
	[ "$(pooltrace runtimes -r whole.pt)" = "$expected" ]
	# The first chunk of records is wrong: what is known is in the checkpoint behind it.
	offset=$(LC_ALL=C grep -obUaP '\x89PTC\x02' whole.pt | head -1 | cut -d: -f1)
	printf '\377' | dd of=whole.pt bs=1 seek=$((offset + 40)) conv=notrunc status=none
	run --separate-stderr pooltrace runtimes -r whole.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"whole.pt"* ]]
	[ "$output" = "$expected" ]
}

@test "runtimes -r -p shows one process of a recording" {
	make_recording run.pt traced.records
	[ "$(pooltrace runtimes -r run.pt -p 4243)" = "$(grep -v 'process 4242' <<< "$expected" | sed '/^$/,$d; s:/lib/rt.so:/box/rt.so:')" ]
}

@test "a runtime file comes out of a recording to the letter" {
	make_recording run.pt traced.records
	pooltrace runtimes -r run.pt --print rt | cmp - <(printf '# a comment\twith a tab\nruntime rt\ndetect f\non f begin\n')
	run --separate-stderr pooltrace runtimes -r run.pt --print other
	says 2 "no runtime file of 'other' in 'run.pt'" "it has: rt"
	make_recording old.pt
	run --separate-stderr pooltrace runtimes -r old.pt --print rt
	says 2 "no runtime file of 'rt' in 'old.pt'" "it has none: an older pooltrace made it, or nothing was traced"
}

@test "a runtime file that is built in can be printed" {
	pooltrace runtimes --print tt-metal | cmp - "$HERE/../../runtimes/tt-metal.rt"
	printf 'runtime mine\ndetect f\n' > mine.rt
	pooltrace runtimes --runtime mine.rt --print mine | cmp - mine.rt
	run --separate-stderr pooltrace runtimes --print none
	[ "$status" -eq 1 ]
	[[ "$stderr" == "pooltrace: no runtime 'none' is known"$'\n'"hint: known are: "*"tt-metal"* ]]
}

@test "options that contradict one another are refused" {
	make_recording run.pt traced.records
	run --separate-stderr pooltrace runtimes -r run.pt --library x
	[ "$status" -eq 2 ]
	run --separate-stderr pooltrace runtimes -p 1 --print rt
	[ "$status" -eq 2 ]
	run --separate-stderr pooltrace runtimes -r run.pt --runtime x
	[ "$status" -eq 2 ]
}

@test "report says with what processes were traced" {
	make_recording run.pt traced.records
	pooltrace report run.pt > out
	grep -qx ' PID  RUNTIME  RELEASE  PROBES  WITHOUT  BUILD ID  FILE' out
	grep -qx '4242  rt       rt 1.2        2  free     0123abcd  /lib/rt.so' out
	grep -qx '4243  rt       rt 1.2        2  free     0123abcd  /box/rt.so' out
	grep -qx '4244  rt       ?             ?  ?        ?         ?' out
	grep -q '^pooltrace runtimes -r run.pt ' out
	pooltrace report --json run.pt > out
	[ "$(jq -c '.summary.processes[] | .traced' out)" = '{"modules":[{"path":"/lib/rt.so","build_id":"0123abcd","version":"rt 1.2","probes":1},{"path":"/lib/c.so","probes":1}],"missing":[{"probe":"free","symbol":"g","reason":"no function matches '"'g'"'"}]}
{"modules":[{"path":"/box/rt.so","build_id":"0123abcd","version":"rt 1.2","probes":1},{"path":"/lib/c.so","probes":1}],"missing":[{"probe":"free","symbol":"g","reason":"no function matches '"'g'"'"}]}
null' ]
	make_recording old.pt
	[ -z "$(pooltrace report old.pt | grep -e TRACED -e 'runtimes -r')" ]
	pooltrace report --json old.pt | jq -e '.summary.processes[0] | has("traced") | not'
}

@test "export has a line a file of a process" {
	make_recording run.pt traced.records
	[ "$(pooltrace export run.pt --to ndjson | jq -c 'select(.event == "module") | [.pid, .path, .build_id, .version, .count]')" = \
		'[4242,"/lib/rt.so","0123abcd","rt 1.2",1]
[4242,"/lib/c.so",null,null,1]
[4243,"/box/rt.so","0123abcd","rt 1.2",1]
[4243,"/lib/c.so",null,null,1]' ]
}
