#!/usr/bin/env bats
# Exports, read by the programs that they are for: figures that they give are those of the table.
load cli

# random_recording FILE SEED: with two processes that live, one that ended, and names that must be escaped.
random_recording() {
	"$HERE/random-records" "$2" | "$MKRECORDING" "$1"
}

# What the table shows at the end, a line a pool: PID DEVICE POOL BYTES BLOCKS.
table() {
	pooltrace top -r "$1" --by mesh --json | "$HERE/sums" table
}

# decode FORMAT < EXPORT: its figures, from what protoc makes of it.
decode() {
	case $1 in
	perfetto) protoc -I "$HERE" --decode=perfetto.protos.Trace perfetto.proto ;;
	*) protoc -I "$HERE" --decode=perftools.profiles.Profile profile.proto ;;
	esac | "$HERE/sums" "$@"
}

seeds="1 2 3 4 5"

@test "counters and slices of a Perfetto trace end as the table does" {
	for seed in $seeds; do
		random_recording run.pt "$seed"
		table run.pt > expected
		[ "$(wc -l < expected)" -gt 8 ]
		pooltrace export run.pt --to perfetto -f -o trace
		diff expected <(decode perfetto < trace)
	done
}

@test "a recording that begins with a checkpoint is exported in each format" {
	recording=$HERE/../fuzz/corpus/file/merged.pt
	for format in perfetto pprof folded csv ndjson; do
		pooltrace export "$recording" --to $format -f -o out
		[ -s out ]
	done
}

@test "blocks in use of a pprof profile are those of the table" {
	for seed in $seeds; do
		random_recording run.pt "$seed"
		pooltrace export run.pt --to pprof -f -o profile
		diff <(table run.pt) <(decode pprof < profile)
		for sample in inuse peak alloc; do
			diff <(pooltrace export run.pt --to folded --sample $sample) <(decode folded $sample < profile)
		done
	done
	# And what pprof itself makes of the last one.
	total=$(table run.pt | awk '{ sum += $4 } END { print sum }')
	ended=$(pooltrace export run.pt --to folded | awk '/^gone;/ { sum += $NF } END { print sum + 0 }')
	pooltrace export run.pt --to pprof -f -o profile
	HOME=$BATS_TEST_TMPDIR go tool pprof -top -unit=B profile > top
	grep -qF "Total samples = $((total + ended))B" top
}

@test "folded stacks sum up to the table, and peaks to the highest" {
	for seed in $seeds; do
		random_recording run.pt "$seed"
		pooltrace export run.pt --to folded > folded
		# A process's name is its first frame.
		diff <(table run.pt | sed 's/^4001 /python /; s/^4002 /serve\\x3br, 1 /' | awk '{ $NF = ""; print }' | sed 's/ *$//' | sort) \
			<(sed 's/ \([0-9]*\)$/;\1/; /^gone;/d' folded |
				awk -F';' '{ sub("device ", "", $2); sum[$1 " " $2 " " $3] += $NF } END { for (k in sum) print k, sum[k] }' | sort)
		pooltrace export run.pt --to folded --sample peak | awk -F';' '/^python;device 0;L1;/ { sub(".* ", ""); sum += $0 } END { print sum }' > peak
		[ "$(cat peak)" = "$(pooltrace diff run.pt run.pt --json |
			jq '.rows[] | select(.process == "python" and .device == "0" and .pool == "L1") | .new.peak')" ]
	done
}

@test "sqlite sums up CSV to the table" {
	for seed in $seeds; do
		random_recording run.pt "$seed"
		pooltrace export run.pt --to csv -f -o events.csv
		sqlite3 -separator ' ' :memory: '.import --csv events.csv events' '
			create table puts as select rowid as n, * from events
				where event in ("alloc", "block") or (event = "correction" and reason in ("missing", "size"));
			create table ends as select rowid as n, * from events
				where event = "free" or event = "detach" or (event = "correction" and reason in ("extra", "gone"))
				union all select * from puts;
			select pid, device, pool, sum(reserved), count(*) from puts as p where not exists (
				select 1 from ends as e where e.n > p.n and e.pid = p.pid and (e.event = "detach" or
					(e.device = p.device and e.pool = p.pool and e.address in ("", p.address))))
			group by pid, device, pool' | sort > sums
		diff <(table run.pt) sums
		# What was typed in is what comes out, also across quotes, commas and line ends.
		[ "$(sqlite3 :memory: '.import --csv events.csv events' \
			'select count(*) from events where label = "say ""hi"""')" -gt 0 ]
	done
}

@test "jq sums up ndjson to the table" {
	for seed in $seeds; do
		random_recording run.pt "$seed"
		pooltrace export run.pt --to ndjson > events
		jq -n -r 'reduce inputs as $e ({};
			"\($e.pid) \($e.device) \($e.pool)" as $place |
			if $e.event == "alloc" or $e.event == "block" or ($e.event == "correction" and ($e.reason | IN("missing", "size")))
			then .[$place]["\($e.address)"] = $e.reserved
			elif $e.event == "free" or $e.event == "correction"
			then if $e.address then del(.[$place]["\($e.address)"]) else .[$place] = {} end
			elif $e.event == "detach" then with_entries(select(.key | startswith("\($e.pid) ") | not))
			else . end) |
			to_entries[] | select(.value != {}) | "\(.key) \([.value[]] | add) \(.value | length)"' events | sort > sums
		diff <(table run.pt) sums
		# The lines of events are among them, to the letter.
		diff <(pooltrace events -r run.pt --json) <(grep -vE '^\{"event":"(attach|detach|block|replays)",' events)
	done
}

@test "a trace has phases, failures and losses, and says which clock it has" {
	{ cat "$HERE/run.records"; echo 'lost time_ns=1700000003000000000 count=17 from_ns=1700000002900000000'; } |
		"$MKRECORDING" run.pt
	run --separate-stderr pooltrace export run.pt --to perfetto -f -o trace
	[ "$status" -eq 3 ]
	protoc -I "$HERE" --decode=perfetto.protos.Trace perfetto.proto < trace > text
	for name in '"failed"' '"lost"' '"capture of trace 0"' '"first replay of trace 0"' '"execution of trace 0"' \
		'"release of trace 0"' '"trace 0"' '"events"' '"phases"' '"device 0"' '"L1 bytes"' '"TRACE blocks"'; do
		grep -qF "name: $name" text
	done
	grep -q 'primary_trace_clock: BUILTIN_CLOCK_REALTIME' text
	[ "$(grep -c 'type: TYPE_SLICE_BEGIN' text)" -eq "$(grep -c 'type: TYPE_SLICE_END' text)" ]
	# Every field is one that is published: protoc prints others as numbers.
	run ! grep -qE '^ *[0-9]+[:{ ]' text
}

@test "slices of a Perfetto trace have the call stacks of their allocations, each told once" {
	cat "$HERE/half.records" - <<-'END' | "$MKRECORDING" run.pt
		module time_ns=1700000000800000000 module=1 path=/opt/libops.so build_id=00ff80e5aabb
		module time_ns=1700000000800000000 module=2 path="/opt/o\x1b.so"
		frame time_ns=1700000000800000000 frame=1 path="/srv/gr\xc3\xb6\xc3\x9fe.py" line=118 symbol=step
		frame time_ns=1700000000800000000 frame=2 module=1 offset=0x1234 symbol="ops::add<int>"
		frame time_ns=1700000000800000000 frame=3 module=1 offset=0x1300 symbol="ops::add<int>" path=/src/add.cpp line=7
		frame time_ns=1700000000800000000 frame=4 module=2 offset=0x10
		frame time_ns=1700000000800000000 frame=5
		stack time_ns=1700000000800000000 stack=1 frame=1
		stack time_ns=1700000000800000000 stack=2 frame=2 parent=1
		stack time_ns=1700000000800000000 stack=3 frame=4 partial=1
		stack time_ns=1700000000800000000 stack=4 frame=3 parent=3
		stack time_ns=1700000000800000000 stack=5 frame=5
		alloc time_ns=1700000000800000000 process=1 pid=4242 tid=4242 arena=2 address=9000000 reserved=64 stack=2
		alloc time_ns=1700000000810000000 process=1 pid=4242 tid=4242 arena=2 address=9100000 reserved=64 stack=4
		alloc time_ns=1700000000820000000 process=1 pid=4242 tid=4242 arena=2 address=9200000 reserved=64 stack=2
		alloc time_ns=1700000000830000000 process=1 pid=4242 tid=4242 arena=2 address=9300000 reserved=64 stack=5
		alloc time_ns=1700000000840000000 process=1 pid=4242 tid=4242 arena=2 address=9400000 reserved=64
		tick time_ns=1700000000900000000 interval_ns=500000000
	END
	pooltrace export run.pt --to perfetto -o trace
	protoc -I "$HERE" --decode=perfetto.protos.Trace perfetto.proto < trace > text
	diff <("$HERE/sums" stacks < text) - <<-'END'
		/srv/größe.py:118 step | größe.py:118 step > ops::add<...> | step /srv/größe.py:118 > ops::add<int> /opt/libops.so[00ff80e5aabb]+0x1234
		/src/add.cpp:7 ops::add<int> | ... > o\x1b.so+0x10 > add.cpp:7 ops::add<int> | ... (what called it is not known) > o\x1b.so+0x10 /opt/o\x1b.so[]+0x10 > ops::add<int> /src/add.cpp:7 /opt/libops.so[00ff80e5aabb]+0x1300
		/srv/größe.py:118 step | größe.py:118 step > ops::add<...> | step /srv/größe.py:118 > ops::add<int> /opt/libops.so[00ff80e5aabb]+0x1234
		? | ? | ?
	END
	run ! grep -qE '^ *[0-9]+[:{ ]' text
	# What has none is as before, and figures are the same.
	[ "$(grep -c callstack_iid: text)" -eq 4 ]
	diff <(table run.pt) <(decode perfetto < trace)
}

@test "what is not selected is not exported" {
	make_recording half.pt half.records
	[ "$(pooltrace export half.pt --to folded --pool l1)" = "python;device 0;L1;2 MiB to 4 MiB 2097152" ]
	[ "$(pooltrace export half.pt --to folded --pool '!L1,L1_SMALL')" = "python;device 0;DRAM;2 MiB to 4 MiB 2113536" ]
	run --separate-stderr pooltrace export half.pt --to folded --device 7
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "$(pooltrace export half.pt --to ndjson --pool DRAM | jq -r .event | tr '\n' ' ')" = "attach block " ]
}

@test "processes are selected, and one that is not there leaves no file" {
	random_recording run.pt 1
	pooltrace export run.pt -p 4002 --to perfetto -o trace
	diff <(table run.pt | grep '^4002 ') <(decode perfetto < trace)
	run --separate-stderr pooltrace export run.pt -p 7 --to csv -o out
	says 2 "no process 7 in 'run.pt'" "it has 4001, 4002, 4003"
	[ ! -e out ]
}

@test "what a process held when it ended is in use, and nothing at the end is said" {
	make_recording run.pt
	[ "$(pooltrace export run.pt --to folded)" = "python;device 0;DRAM;2 MiB to 4 MiB 2113536
python;device 0;L1;2 MiB to 4 MiB 2097152" ]
	sed '/^block/d; /arena=2 address=105824/{p; s/^alloc.*/free time_ns=1700000000605000000 process=1 arena=2 address=105824/}' \
		"$HERE/run.records" | "$MKRECORDING" empty.pt
	run --separate-stderr pooltrace export empty.pt --to folded
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "$stderr" = "pooltrace: nothing was allocated at the end of 'empty.pt': --sample peak has what was there before" ]
	pooltrace export empty.pt --to folded --sample peak | grep -qx 'python;device 0;L1;2 MiB to 4 MiB 2097152'
	pooltrace export empty.pt --to folded --sample alloc | grep -qx 'python;device 0;TRACE;trace 12288'
}

@test "an export goes to a file that does not exist yet, or with -f" {
	make_recording run.pt
	pooltrace export run.pt --to csv -o out
	pooltrace export -r run.pt --to csv | cmp - out
	pooltrace export run.pt --to csv -o - | cmp - out
	run --separate-stderr pooltrace export run.pt --to ndjson -o out
	says 1 "cannot write to 'out': File exists" "-f overwrites it"
	pooltrace export run.pt --to csv | cmp - out
	pooltrace export run.pt --to ndjson -f -o out
	pooltrace export run.pt --to ndjson | cmp - out
	run --separate-stderr pooltrace export run.pt --to csv -o none/out
	says 1 "cannot write to 'none/out': No such file or directory" "-o FILE names a file that can be written"
	cp run.pt same.pt
	run --separate-stderr pooltrace export run.pt --to csv -f -o ./run.pt
	says 1 "'./run.pt' is the recording that is exported" "name another file"
	cmp run.pt same.pt
	mkfifo pipe
	pooltrace export run.pt --to ndjson -o pipe &
	cmp out pipe
	wait $!
}

@test "an export that cannot be written whole is not there" {
	make_recording run.pt
	run --separate-stderr bash -c '"$POOLTRACE" export run.pt --to csv > /dev/full'
	says 1 "cannot write to stdout: No space left on device"
	run --separate-stderr pooltrace export run.pt --to csv -o /dev/full
	says 1 "cannot write to '/dev/full': No space left on device"
	run --separate-stderr bash -c 'ulimit -f 1; "$POOLTRACE" export run.pt --to csv -o large.csv'
	says 1 "cannot write to 'large.csv': File too large"
	[ ! -e large.csv ]
}

@test "what is wrong with an export is said" {
	make_recording run.pt
	run --separate-stderr pooltrace export run.pt
	says 2 "'export' needs a format" "--to perfetto, pprof, folded, csv or ndjson"
	run --separate-stderr pooltrace export run.pt --to xml
	says 2 "'xml' for '--to' must be one of perfetto|pprof|folded|csv|ndjson" "see 'pooltrace export --help'"
	run --separate-stderr pooltrace export --to csv
	says 2 "'export' needs a recording" "pooltrace export FILE"
	run --separate-stderr pooltrace export run.pt --to csv --sample peak
	says 2 "'--sample' means nothing for CSV" "it is for --to pprof and --to folded"
	run --separate-stderr pooltrace export run.pt run.pt --to csv
	says 2 "unexpected argument 'run.pt': there is a recording already, 'run.pt'" "see 'pooltrace export --help'"
	run --separate-stderr pooltrace export none.pt --to csv -o out
	says 1 "cannot open 'none.pt': No such file or directory" "name a recording, which \`pooltrace record -o FILE\` makes"
	[ ! -e out ]
	run --separate-stderr pooltrace export run.pt --to csv --pool X -o out
	[ "$status" -eq 2 ]
	[ ! -e out ]
}

@test "what is binary is not written to a terminal" {
	make_recording run.pt
	run script -qec "$POOLTRACE export run.pt --to perfetto" /dev/null
	[ "$status" -eq 2 ]
	[[ "$output" == *"a Perfetto trace is not written to a terminal"* ]]
	run script -qec "$POOLTRACE export run.pt --to folded" /dev/null
	[ "$status" -eq 0 ]
	[[ "$output" == *"python;device 0;L1;"* ]]
}

@test "of a recording that is cut the rest is exported, in every format" {
	make_recording run.pt
	size=$(stat -c %s run.pt)
	for format in perfetto pprof folded csv ndjson; do
		for ((n = 1; n < size; n += 97)); do
			head -c "$n" run.pt > cut.pt
			run --separate-stderr pooltrace export cut.pt --to "$format" -f -o out
			[ "$status" -eq 1 ]
			[[ "$stderr" == *"'cut.pt'"* ]]
		done
	done
	head -c -20 run.pt > cut.pt
	run --separate-stderr pooltrace export cut.pt --to csv
	[ "$status" -eq 1 ]
	[[ "$stderr" == "pooltrace: 'cut.pt': recording ends early at byte "* ]]
	[[ "$output" == "event,time_ns,"*"alloc,"* ]]
}

@test "an export is read from a pipe and into one" {
	make_recording run.pt
	run --separate-stderr pooltrace export - --to folded < <(cat run.pt)
	[ "$status" -eq 0 ]
	[ "$output" = "$(pooltrace export run.pt --to folded)" ]
	run --separate-stderr bash -c 'set -o pipefail; "$POOLTRACE" export run.pt --to ndjson | head -n 1'
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
}
