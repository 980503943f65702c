#!/usr/bin/env bats
# Names for the stacks of a recording that was made without, from files that are known by their build id.
load cli

ID=00112233445566778899aabb

# library FILE ID: a library with a function that only its table of symbols names.
library() {
	printf '%s\n' 'static __attribute__((noinline, used)) int "hidden"(int x) { return x * 7; }' 'int shown(int x) { return hidden(x) + 1; }' |
		sed 's/"//g' > hidden.c
	"${CC:-cc}" -O1 -g -shared -fPIC -Wl,--build-id=0x"$2" -o "$1" hidden.c
}

# later [PATH]: a recording with a stack in the library that was at PATH: once without names, once with one.
later() {
	local at path=${1:-$PWD/lib/libhidden.so}

	at=$(nm lib/libhidden.so | awk '$3 == "hidden" { print "0x" $1 }')
	cat "$HERE/half.records" - <<-END | "$MKRECORDING" later.pt checkpoints 3
		module time_ns=1700000000800000000 module=1 path=$path build_id=$ID
		frame time_ns=1700000000800000000 frame=1 path=/srv/serve.py line=118 symbol=step
		frame time_ns=1700000000800000000 frame=2 module=1 offset=$at
		stack time_ns=1700000000800000000 stack=1 frame=1
		stack time_ns=1700000000800000000 stack=2 frame=2 parent=1
		alloc time_ns=1700000000800000000 process=1 pid=4242 tid=4242 arena=2 address=9000000 reserved=64 stack=2
		frame time_ns=1700000000810000000 frame=3 module=1 offset=$at symbol=known
		stack time_ns=1700000000810000000 stack=3 frame=3
		alloc time_ns=1700000000810000000 process=1 pid=4242 tid=4242 arena=2 address=9100000 reserved=64 stack=3
		tick time_ns=1700000000900000000 interval_ns=500000000
	END
}

# What a recording says, without what was looked up.
rest() {
	pooltrace events -r "$1" --json --stacks | jq -c 'if .stack then .stack |= map(if .module then del(.function, .file, .line) else . end) else . end'
	pooltrace top -r "$1"
	pooltrace report "$1" --json | jq -c 'del(.bytes, .file, .recording)'
	pooltrace export "$1" --to csv
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir lib
	library lib/libhidden.so $ID
	later
}

@test "names and lines come from the file that has the build id, and all else stays" {
	run --separate-stderr pooltrace symbolize later.pt -o named.pt
	says 0 "of 2 frames of machine code 2 have a name (1 had one), 2 a line (0 had one); to named.pt"
	pooltrace report later.pt --by stack | grep -q 'serve.py:118 step > libhidden.so+0x'
	pooltrace report named.pt --by stack > stacks
	grep -q 'serve.py:118 step > hidden.c:1 hidden$' stacks
	grep -q ' hidden.c:1 known$' stacks
	diff <(rest later.pt) <(rest named.pt)
	# Whose code it is has not changed: lines of machine code are nobody's, unless somebody says so.
	diff <(pooltrace report later.pt --by line | grep serve.py) <(pooltrace report named.pt --by line | grep serve.py)
	pooltrace report named.pt --by line --own '*/hidden.c' | grep -q 'hidden.c:1 hidden$'
	# What is named stays as it is.
	pooltrace symbolize named.pt -o - | cmp - named.pt
	# From a pipe, and with checkpoints.
	pooltrace symbolize - -o piped.pt < later.pt
	cmp piped.pt named.pt
}

@test "a library elsewhere is found in a folder, by another name, and by its debug information" {
	mkdir -p other/deep folder/.build-id/00
	objcopy --only-keep-debug lib/libhidden.so folder/.build-id/00/${ID#00}.debug
	mv lib/libhidden.so other/deep/renamed
	for folder in other folder other/deep; do
		run --separate-stderr pooltrace symbolize later.pt -f -o named.pt --debug-dir lib --debug-dir "$folder"
		says 0 "of 2 frames of machine code 2 have a name (1 had one), 2 a line (0 had one); to named.pt"
	done
}

@test "what is not there is named with its build id, and another file is not used" {
	later /nowhere/lib.so
	run --separate-stderr pooltrace symbolize later.pt -o named.pt
	says 0 "no file '/nowhere/lib.so' with build id $ID: there is none; 1 frame of it has no name
pooltrace: of 2 frames of machine code 1 have a name (1 had one), 0 a line (0 had one); to named.pt"
	diff <(rest later.pt) <(rest named.pt)
	mkdir wrong
	library wrong/lib.so 99112233445566778899aabb
	run --separate-stderr pooltrace symbolize later.pt -f -o named.pt --debug-dir wrong
	[ "$status" -eq 0 ]
	[[ "$stderr" == *"'wrong/lib.so' is another file (build id 99112233445566778899aabb); 1 frame of it has no name"* ]]
	pooltrace report named.pt --by stack | grep -q 'lib.so+0x'
}

@test "the newest part of a ring is written as what it is" {
	"$HERE/random-records" 7 | "$MKRECORDING" ring.pt ring 60
	run --separate-stderr pooltrace symbolize ring.pt -o named.pt
	[ "$status" -eq 0 ]
	[[ "$stderr" == "pooltrace: 'ring.pt' is the newest part of a ring that was not ended"* ]]
	diff <(pooltrace top -r ring.pt 2> /dev/null) <(pooltrace top -r named.pt)
	diff <(pooltrace events -r ring.pt --json 2> /dev/null) <(pooltrace events -r named.pt --json)
}

@test "a recording that is damaged is named as far as it can be read" {
	head -c -40 later.pt > cut.pt
	run --separate-stderr pooltrace symbolize cut.pt -o named.pt
	[ "$status" -eq 1 ]
	[[ "$stderr" == "pooltrace: 'cut.pt': recording ends early"*"hint: what could be read of it was written"*"of 2 frames"* ]]
	pooltrace report named.pt --by stack | grep -q 'hidden.c:1 hidden$'
}

@test "nothing is overwritten unasked, and what cannot be is said" {
	run --separate-stderr pooltrace symbolize later.pt
	says 2 "'symbolize' needs the name of the recording that it makes" "-o FILE; -o - is stdout"
	run --separate-stderr pooltrace symbolize -f -o later.pt later.pt
	says 2 "'later.pt' is the recording that is read" "name another file"
	run --separate-stderr pooltrace symbolize later.pt -o named.pt --debug-dir nowhere
	says 1 "cannot look for files in 'nowhere': No such file or directory"
	run --separate-stderr pooltrace symbolize later.pt -o named.pt --debug-dir later.pt
	says 1 "cannot look for files in 'later.pt': Not a directory"
	[ ! -e named.pt ]
	echo mine > named.pt
	run --separate-stderr pooltrace symbolize later.pt -o named.pt
	[ "$status" -eq 1 ]
	[ "$(cat named.pt)" = mine ]
	pooltrace symbolize later.pt -f -o named.pt
	run --separate-stderr pooltrace symbolize named.pt.gone -o x.pt
	[ "$status" -eq 1 ]
	[ ! -e x.pt ]
	run --separate-stderr pooltrace record --stacks=off --symbols=later -p 1 -o x.pt
	says 2 "'--symbols=later' is about call stacks: it needs '--stacks'" "such as --stacks --symbols=later"
}
