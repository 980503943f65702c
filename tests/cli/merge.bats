#!/usr/bin/env bats
# Several recordings as one: what it says of a process is what the process's own recording says.
load cli

# make NAME RECORDS [ARGS...]
make() {
	local name=$1 records=$2

	shift 2
	"$MKRECORDING" "$name" "$@" < "$HERE/$records"
}

# What a recording says of each process and of its blocks, whatever there is beside them.
processes() {
	local file

	for file; do
		pooltrace report "$file" --top 100000 --json 2> /dev/null | jq -c '(.summary.processes, .processes, .blocks)[] | del(.host)'
		pooltrace explain "$file" --json 2> /dev/null | jq -c '.processes[] | del(.host)'
		pooltrace explain "$file" 2> /dev/null | sed '1d; /^pid /d; /^$/d'
	done | sort
}

# same MERGED FILE...: each process is as in its own recording, and totals are sums.
same() {
	local merged=$1 total

	shift
	diff <(processes "$@") <(processes "$merged")
	for total in events lost corrections unread unknown_frees replaced; do
		[ "$(for file; do pooltrace report "$file" --json 2> /dev/null; done | jq -s "map(.$total) | add")" -eq \
			"$(pooltrace report "$merged" --json 2> /dev/null | jq ".$total")" ]
	done
}

# Lines of one host, without it. (To jq, nanoseconds since 1970 are too many for a number that it writes.)
of() {
	sed -n "s/\"host\":\"$1\",//p"
}

# hole IN OUT: the second chunk of records has a wrong byte.
hole() {
	local at

	at=$(LC_ALL=C grep -obUaP '\x89PTC\x02' "$1" | cut -d: -f1 | sed -n 2p)
	{
		head -c $((at + 40)) "$1"
		printf '\xff\xff\xff'
		tail -c +$((at + 44)) "$1"
	} > "$2"
}

@test "of several hosts each process is as in its own recording" {
	make a.pt run.records host alpha
	make b.pt half.records host beta
	make c.pt chips.records host gamma
	run --separate-stderr pooltrace merge a.pt b.pt c.pt -o all.pt
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[[ "$stderr" == "pooltrace: merged 3 recordings: "*" events, "*", 0 lost, to all.pt" ]]
	same all.pt a.pt b.pt c.pt
	[ "$(pooltrace report all.pt --json | jq -r .recording.host)" = "alpha, beta, gamma" ]
	[ "$(pooltrace report all.pt --json | jq -r '.summary.processes[].host' | sort | tr '\n' ' ')" = "alpha beta gamma gamma " ]
}

@test "of one host there is no host, and chips are summed up; of two they are not" {
	sed 's/pid=[0-9]*/&7/' "$HERE/chips.records" > other.records
	make a.pt chips.records host alpha
	"$MKRECORDING" b.pt host alpha < other.records
	"$MKRECORDING" c.pt host beta < other.records
	pooltrace merge a.pt b.pt -o one.pt
	pooltrace merge a.pt c.pt -o two.pt
	same one.pt a.pt b.pt
	same two.pt a.pt c.pt
	[[ "$(pooltrace top -r one.pt; pooltrace report one.pt; pooltrace events -r one.pt)" != *HOST* ]]
	[ "$(pooltrace report one.pt --json | jq -c '[.sums[].pids | length]')" = '[4,2,2]' ]
	[ "$(pooltrace report two.pt --json | jq -c '[.sums[] | [.host, (.pids | length)]] | sort')" = '[["alpha",2],["beta",2]]' ]
	# What a chip has together is as much as its processes say.
	[ "$(pooltrace report one.pt --json | jq '.sums[0].pools.DRAM.reserved')" -eq \
		"$(pooltrace report one.pt --json | jq '[.processes[].devices[0].pools.DRAM.reserved] | add')" ]
	for view in "top -r two.pt" "report two.pt" "events -r two.pt"; do
		# shellcheck disable=SC2086 # a command and its arguments
		[[ "$(pooltrace $view)" == *HOST*alpha*beta* ]]
	done
}

@test "events are in the order of their times, those of one recording in their own" {
	make a.pt run.records host alpha
	make b.pt chips.records host beta
	pooltrace merge b.pt a.pt -o all.pt
	pooltrace events -r all.pt --json > all
	[ "$(jq -s 'map(.time_ns) | . == sort' all)" = true ]
	diff <(pooltrace events -r a.pt --json) <(of alpha < all)
	diff <(pooltrace events -r b.pt --json) <(of beta < all)
	[ "$(pooltrace export --to ndjson all.pt | jq -r 'select(.event == "attach") | .host' | sort | tr '\n' ' ')" = "alpha beta beta " ]
	[ "$(pooltrace export --to csv all.pt | head -1 | tr -d '\r' | cut -d, -f1-4)" = event,time_ns,host,pid ]
	[[ "$(pooltrace export --to folded all.pt)" == *"on alpha"*"on beta"* ]]
	pooltrace export --to perfetto all.pt | grep -aq "4242 on alpha"
	[ "$(pooltrace diff all.pt all.pt --json | jq -r '.changes | length')" -eq 0 ]
}

@test "tables are those of one recording at a time" {
	make a.pt run.records host alpha
	make b.pt run.records host beta
	pooltrace merge a.pt b.pt --shift b.pt=1s -o all.pt
	# Those of the first, then of the other what comes when the first has ended.
	[ "$(pooltrace top -r all.pt --json | jq -r .time | cut -c 18-21 | tr '\n' ' ')" = "20.5 21.0 21.5 22.0 22.5 23.0 23.5 " ]
	[ "$(pooltrace top -r a.pt --json | jq -r .time | cut -c 18-21 | tr '\n' ' ')" = "20.5 21.0 21.5 22.0 22.5 " ]
	# Whose table it is, all that was until then is in it.
	[ "$(pooltrace top -r all.pt --json | jq -c .events | tr '\n' ' ')" = "0 6 7 16 17 20 20 " ]
}

@test "what was merged is merged again, and one alone stays as it is" {
	make a.pt run.records host alpha
	make b.pt half.records host beta
	make c.pt chips.records host alpha
	pooltrace merge a.pt b.pt -o ab.pt
	pooltrace merge c.pt ab.pt -o all.pt
	same all.pt a.pt b.pt c.pt
	pooltrace merge all.pt -o again.pt
	for view in "top -r" "top --json -r" "events -r" "events --json -r" "explain" "export --to csv"; do
		# shellcheck disable=SC2086 # a command and its options
		diff <(pooltrace $view all.pt) <(pooltrace $view again.pt)
	done
	diff <(pooltrace report all.pt | tail -n +2 | sed '/^WHAT TO TYPE/,$d') <(pooltrace report again.pt | tail -n +2 | sed '/^WHAT TO TYPE/,$d')
	# Of a recording that was never merged nothing is added.
	pooltrace merge a.pt -o alone.pt
	diff <(pooltrace events -r a.pt) <(pooltrace events -r alone.pt)
	diff <(pooltrace top -r a.pt) <(pooltrace top -r alone.pt)
}

@test "losses are of one recording's processes, and summed up" {
	{
		cat "$HERE/half.records"
		echo 'lost time_ns=1700000000800000000 count=17 from_ns=1700000000700000000'
		echo 'unread time_ns=1700000000800000001 count=3 probe=alloc'
		echo 'probe time_ns=1700000000800000002 probe=alloc seen=5 count=17'
	} > lost.records
	"$MKRECORDING" a.pt host alpha < lost.records
	make b.pt half.records host beta
	sed 's/count=17/count=5/' lost.records | "$MKRECORDING" c.pt host gamma
	run --separate-stderr pooltrace merge a.pt b.pt c.pt -o all.pt
	[ "$status" -eq 3 ]
	same all.pt a.pt b.pt c.pt
	[ "$(pooltrace report all.pt --json 2> /dev/null | jq -c '[.lost, .unread, .probes]')" = '[22,6,[{"probe":"alloc","seen":10,"lost":22}]]' ]
	[ "$(pooltrace report all.pt --json 2> /dev/null | jq -c '[.processes[] | [.host, .coverage]] | sort')" = \
		'[["alpha","partial"],["beta","exact"],["gamma","partial"]]' ]
}

@test "a shift moves all times of one recording" {
	make a.pt run.records host alpha
	make b.pt run.records host beta
	sed 's/_ns=17000000/_ns=17000001/; s/start_ns=16900000/start_ns=16900001/' "$HERE/run.records" > later.records
	"$MKRECORDING" later.pt host beta < later.records
	pooltrace merge a.pt b.pt --shift b.pt=+100s -o all.pt
	same all.pt a.pt later.pt
	pooltrace merge a.pt later.pt --shift later.pt=-100000ms -fo all.pt
	same all.pt a.pt b.pt
	diff <(pooltrace events -r b.pt --json) <(pooltrace events -r all.pt --json | of beta)
	# Also the times that a checkpoint tells.
	for seed in 3 4; do
		"$HERE/random-records" "$seed" > random.records
		sed 's/_ns=17000000/_ns=17000001/; s/start_ns=16900000/start_ns=16900001/' random.records > later.records
		"$MKRECORDING" whole.pt checkpoints 60 < random.records
		"$MKRECORDING" later.pt checkpoints 60 < later.records
		hole whole.pt b.pt
		hole later.pt c.pt
		pooltrace merge b.pt --shift b.pt=100s -fo shifted.pt || [ $? -eq 1 ]
		same shifted.pt c.pt
		diff <(pooltrace events -r c.pt) <(pooltrace events -r shifted.pt)
	done
	run --separate-stderr pooltrace merge a.pt b.pt --shift c.pt=1s -o x.pt
	says 2 "'c.pt=1s' for '--shift' names none of the recordings" "name it as among the files, such as a.pt=1s"
	run --separate-stderr pooltrace merge a.pt b.pt --shift a.pt=soon -o x.pt
	says 2 "'a.pt=soon' for '--shift' must be FILE=TIME" "such as a.pt=+1.5s, or =-200ms"
	[ ! -e x.pt ]
}

@test "checkpoints of the whole are its own" {
	for records in run.records chips.records; do
		make a.pt "$records" host alpha checkpoints 3
		make b.pt "$records" host beta checkpoints 5
		pooltrace merge a.pt b.pt -o all.pt
		same all.pt a.pt b.pt
		rm all.pt
	done
	# Enough of it that it has some: what is before them is not read, and the same comes out.
	for seed in 1 2; do
		"$HERE/random-records" "$seed" | awk '{ sub(/time_ns=[0-9]*/, sprintf("time_ns=17%08d00000000", NR * 9)); print }' > "$seed.records"
	done
	"$MKRECORDING" a.pt host alpha < 1.records
	"$MKRECORDING" b.pt host beta < 2.records
	pooltrace merge a.pt b.pt -o all.pt
	same all.pt a.pt b.pt
	for time in +100s +200s -1s; do
		[ "$(pooltrace report all.pt --at "$time" --json | jq -c .processes)" = \
			"$(pooltrace report - --at "${time/-1s/+1000s}" --json < <(cat all.pt) 2> /dev/null | jq -c .processes)" ] ||
			[ "$time" = -1s ]
	done
}

@test "of a damaged recording what its checkpoints say is taken, and the whole says that a part is missing" {
	for seed in 3 4; do
		"$HERE/random-records" "$seed" | "$MKRECORDING" whole.pt checkpoints 60 host alpha
		"$HERE/random-records" "$((seed + 10))" | "$MKRECORDING" b.pt checkpoints 45 host beta
		hole whole.pt a.pt
		run --separate-stderr pooltrace merge a.pt b.pt -fo all.pt
		[ "$status" -eq 1 ]
		[[ "$stderr" == "pooltrace: 'a.pt': recording is damaged: "*"hint: what could be read of it was merged"*"merged 2 recordings"* ]]
		same all.pt a.pt b.pt
		[[ "$(pooltrace report all.pt | tr -s ' \n' ' ')" == *"1 part was damaged in a recording that was merged into this one, from "* ]]
		[ "$(pooltrace report all.pt --json | jq .summary.gaps)" -eq 1 ]
		hole b.pt c.pt
		pooltrace merge c.pt a.pt -fo all.pt || [ $? -eq 1 ]
		same all.pt a.pt c.pt
		# And what was merged so is a recording as any other.
		pooltrace merge all.pt -fo again.pt
		diff <(pooltrace events -r all.pt) <(pooltrace events -r again.pt)
		diff <(pooltrace top -r all.pt) <(pooltrace top -r again.pt)
	done
}

@test "recordings that are cut, contradict themselves, or are of the first format are merged as far as they go" {
	make a.pt run.records host alpha
	make b.pt half.records host beta
	head -c $(($(stat -c %s a.pt) - 60)) a.pt > cut.pt
	run --separate-stderr pooltrace merge cut.pt b.pt -o all.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == "pooltrace: 'cut.pt': recording ends early at byte "* ]]
	same all.pt cut.pt b.pt
	{ cat "$HERE/half.records"; echo 'free time_ns=1700000001000000000 process=9 arena=1 address=1'; } | "$MKRECORDING" wrong.pt host gamma
	run --separate-stderr pooltrace merge a.pt wrong.pt -fo all.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == "pooltrace: 'wrong.pt': record "*", 'free', contradicts those before it"*"what could be read of it was merged"* ]]
	same all.pt a.pt b.pt
	pooltrace merge "$HERE/../fuzz/corpus/file/first.pt" a.pt -fo all.pt
	same all.pt "$HERE/../fuzz/corpus/file/first.pt" a.pt
	for n in 60 200 500 900; do
		head -c "$n" a.pt > cut.pt
		run --separate-stderr pooltrace merge cut.pt b.pt -fo all.pt
		[ "$status" -eq 1 ]
	done
}

@test "a process that a later recording has again is the same one" {
	# One recording ends, and another one of the same process begins later.
	make a.pt half.records host alpha
	sed 's/time_ns=1700000000/time_ns=1700000100/g; s/from_ns=1700000000/from_ns=1700000100/' "$HERE/half.records" | "$MKRECORDING" b.pt host alpha
	run --separate-stderr pooltrace merge b.pt a.pt -o all.pt
	[ "$status" -eq 0 ]
	[[ "$stderr" != *twice* ]]
	[ "$(pooltrace report all.pt --json | jq -c '[.summary.processes[].ended]')" = '["detached",null]' ]
	[ "$(pooltrace report all.pt --json | jq -c '[.processes[].devices[].pools.DRAM.reserved]')" = \
		"$(pooltrace report b.pt --json | jq -c '[.processes[].devices[].pools.DRAM.reserved]')" ]
	# At the same time it is counted twice, and that is said.
	"$MKRECORDING" c.pt host alpha < "$HERE/half.records"
	run --separate-stderr pooltrace merge a.pt c.pt -fo all.pt
	[ "$status" -eq 0 ]
	[[ "$stderr" == "pooltrace: 1 process was watched in two of the recordings at the same time: it is counted twice"* ]]
}

@test "what is wrong with a merge is said, and nothing is written" {
	make a.pt run.records host alpha
	make b.pt half.records host beta
	cp a.pt copy.pt
	run --separate-stderr pooltrace merge
	says 2 "'merge' needs a recording" "pooltrace merge -o FILE FILE..."
	run --separate-stderr pooltrace merge a.pt b.pt
	says 2 "'merge' needs the name of the recording that it makes" "-o FILE; -o - is stdout"
	run --separate-stderr pooltrace merge a.pt b.pt a.pt -o x.pt
	says 2 "'a.pt' is 'a.pt': it is given twice" "all that is in it would count twice"
	run --separate-stderr pooltrace merge a.pt copy.pt -o x.pt
	says 2 "'copy.pt' is a copy of 'a.pt', or of a part of it" "all that is in it would count twice"
	run --separate-stderr pooltrace merge a.pt b.pt -fo b.pt
	says 1 "'b.pt' is one of the recordings that are merged" "name another file"
	run --separate-stderr pooltrace merge a.pt none.pt -o x.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == "pooltrace: cannot open 'none.pt': No such file or directory"* ]]
	run --separate-stderr pooltrace merge a.pt b.pt -o copy.pt
	says 1 "cannot record to 'copy.pt': File exists" "-f overwrites it"
	run --separate-stderr pooltrace merge a.pt b.pt -o /dev/full
	[ "$status" -eq 1 ]
	[[ "$stderr" == "pooltrace: cannot write the recording '/dev/full': No space left on device"* ]]
	[ ! -e x.pt ]
	cmp <(pooltrace events -r a.pt) <(pooltrace events -r copy.pt)
}

@test "it is read from pipes and written into one" {
	make a.pt run.records host alpha
	make b.pt half.records host beta
	pooltrace merge a.pt b.pt -o all.pt
	pooltrace merge a.pt - -o - < <(cat b.pt) 2> /dev/null | pooltrace events -r - > out
	diff <(pooltrace events -r all.pt) out
	diff <(pooltrace events -r all.pt) <(pooltrace merge <(cat a.pt) <(cat b.pt) -o - 2> /dev/null | pooltrace events -r -)
	run --separate-stderr bash -c '"$POOLTRACE" merge a.pt b.pt -o - | head -c 1'
	[ "$status" -eq 0 ]
}
