#!/usr/bin/env bats
# Help, version, and that the manual page has all that the help has.
load cli

MANUAL=$HERE/../../docs/pooltrace.1

# Long options of a command's help, one a line.
options_of() {
	pooltrace "$@" --help | grep -oE '^  (-[A-Za-z], |    )--[a-z-]+' | grep -oE -- '--[a-z-]+'
}

commands() {
	pooltrace --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

@test "help is on stdout, status 0, and fits 80 columns" {
	for command in "" $(commands); do
		# shellcheck disable=SC2086 # nothing, or a word
		run --separate-stderr pooltrace $command --help
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[[ "$output" == "usage: pooltrace "* ]]
		[ "$(wc -L <<< "$output")" -le 80 ]
	done
}

@test "help names the commands" {
	[ "$(commands | tr '\n' ' ')" = "top events record report explain leaks diff export merge symbolize runtimes doctor " ]
}

@test "help comes before what is wrong behind it" {
	run --separate-stderr pooltrace report --help --json
	[ "$status" -eq 0 ]
}

@test "version is that of the file VERSION" {
	run --separate-stderr pooltrace --version
	[ "$status" -eq 0 ]
	[ "$output" = "pooltrace $(cat "$HERE/../../VERSION")" ]
}

@test "help to a full device is an error" {
	run --separate-stderr bash -c '"$POOLTRACE" --help > /dev/full'
	says 1 "cannot write to stdout: No space left on device"
}

@test "every option and command is in the manual page" {
	local missing=0

	for command in $(commands); do
		grep -qE "^\\.(Ss|It|Nm|Cm).*\\b$command\\b" "$MANUAL" || { echo "no command $command"; missing=1; }
		for option in $(options_of "$command"); do
			grep -qF -- "Fl -${option#--}" "$MANUAL" || { echo "$command: no $option"; missing=1; }
		done
	done
	[ "$missing" -eq 0 ]
}

@test "every option of the manual page exists" {
	local known

	known=$(for command in $(commands); do options_of "$command"; done)
	for option in $(grep -oE '^\.It .*Fl -[a-z-]+' "$MANUAL" | grep -oE -- '-[a-z-]+$' | sort -u); do
		grep -qxF -- "-$option" <<< "$known"
	done
}

@test "the manual page has no mistakes" {
	command -v mandoc > /dev/null || skip "mandoc is not installed"
	run mandoc -Tlint -Wwarning "$MANUAL"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}
