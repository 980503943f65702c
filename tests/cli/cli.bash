# What all tests of the command line share. POOLTRACE and MKRECORDING are the programs.
bats_require_minimum_version 1.5.0
: "${POOLTRACE:?the program under test}" "${MKRECORDING:?the program that makes recordings}"

HERE=$BATS_TEST_DIRNAME
# Nothing of the caller's may change what is printed.
unset NO_COLOR
export TZ=UTC TERM=xterm

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

pooltrace() {
	"$POOLTRACE" "$@"
}

# make_recording FILE [RECORDS]: from the text form of records in a file of this folder.
make_recording() {
	"$MKRECORDING" "$1" < "$HERE/${2:-run.records}"
}

# says STATUS TEXT [HINT]: the command before ended so, with that text on stderr, a line for each, and nothing on stdout.
says() {
	local expected="pooltrace: $2"

	[ $# -lt 3 ] || expected+=$'\nhint: '$3
	# shellcheck disable=SC2154 # set by run
	if [ "$status" -ne "$1" ] || [ "$stderr" != "$expected" ] || [ -n "$output" ]; then
		printf 'status %s\nstdout: %s\nstderr: %s\nexpected %s: %s\n' "$status" "$output" "$stderr" "$1" "$expected"
		return 1
	fi
}
