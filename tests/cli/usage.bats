#!/usr/bin/env bats
# What is asked for wrongly: one clear message, a hint, status 2, nothing on stdout.
load cli

# refuses TEXT HINT ARGS...
refuses() {
	local text=$1 hint=$2

	shift 2
	run --separate-stderr pooltrace "$@"
	says 2 "$text" "$hint"
}

@test "an unknown option is named, with the nearest one" {
	refuses "unknown option '--wid'" "did you mean '--wide'?" --wid
	refuses "unknown option '--colour'" "did you mean '--color'?" --colour=always
	refuses "unknown option '--jsno'" "did you mean '--json'?" events --jsno
	refuses "unknown option '--zzzzzzzz'" "see 'pooltrace --help'" --zzzzzzzz
	refuses "unknown option '-x'" "see 'pooltrace --help'" -x
}

@test "an option of another command is said to be one" {
	refuses "'--wide' is not an option of 'events'" "it is one of: top, report" events --wide
	refuses "'-i' is not an option of 'report'" "it is one of: top, events, record, explain" report -i 1 x.pt
	refuses "'--speed' is not an option of 'report'" "it is one of: top" report --speed 2 x.pt
}

@test "an abbreviation is not an option" {
	refuses "unknown option '--out'" "did you mean '--output'?" --out x.pt
}

@test "an unknown command is named, with the nearest one" {
	refuses "unknown command 'tpo'" "did you mean 'top'?" tpo
	refuses "unknown command 'repotr'" "did you mean 'report'?" repotr x.pt
	refuses "unknown command 'frobnicate'" "'pooltrace --help' lists the commands" frobnicate
}

@test "control characters of arguments do not reach the terminal" {
	refuses "unknown command 'a\\x1b[31m'" "'pooltrace --help' lists the commands" $'a\033[31m'
	refuses "unknown option '-\\x1b'" "see 'pooltrace --help'" $'-\033'
}

@test "process ids are numbers above 0" {
	local hint="several are separated by commas: -p 4242,4243"

	for pid in 0 -1 abc 1x 0x10 '' 4, ,4 4,,5 99999999999 1.5; do
		run --separate-stderr pooltrace -p "$pid"
		[ "$status" -eq 2 ]
		[[ "$stderr" == *"for '--pid' must be a process id, a number above 0"* ]]
		[[ "$stderr" == *"$hint" ]]
	done
}

@test "more than 1024 processes are refused, and a process named twice counts once" {
	refuses "more than 1024 processes for '--pid'" "see 'pooltrace --help'" -p "$(seq -s, 1 1025)"
	# Refused for the interval, that is, after all processes were taken.
	refuses "'0' for '--interval' must be a time of at least 1ms" \
		"such as 500ms, 2s, 1min; a bare number is seconds" -p "$(seq -s, 1 1024)" -p "$(seq -s, 1 1024)" -i 0
}

@test "an interval is a time of at least a millisecond" {
	for interval in 0 -1 0.5ms abc 5parsec 1e30 nan; do
		run --separate-stderr pooltrace -i "$interval"
		[ "$status" -eq 2 ]
		[[ "$stderr" == *"for '--interval' must be a time of at least 1ms"* ]]
	done
}

@test "numbers and words of options are checked" {
	refuses "'0' for '--count' must be a number above 0" "see 'pooltrace --help'" --count 0
	refuses "'5000' for '--ring-size' must be a power of two from 4096 to 1073741824" "see 'pooltrace --help'" \
		--ring-size 5000
	refuses "'maybe' for '--color' must be one of auto|always|never" "see 'pooltrace --help'" --color=maybe
	refuses "'onn' for '--check' must be one of on|off" "see 'pooltrace record --help'" record --check onn
	refuses "'9' for '--tick-fd' is not an open file descriptor" "see 'pooltrace --help'" --tick-fd 9 9>&-
	refuses "'--json' takes no argument" "see 'pooltrace --help'" --json=1
	refuses "'--pid' needs an argument: PID[,PID...]" "see 'pooltrace --help'" -p
	refuses "'bank' for '--by' must be one of chip|mesh|line|op|function|file|stack" "see 'pooltrace --help'" --by bank
}

@test "devices are numbers and ranges" {
	local hint="devices are numbered from 0; several are separated by commas, and 4-7 is 4 to 7"

	for device in x '' 1, ,1 -1 1- 1-x 1-2-3 0x10 1.5; do
		[ -z "$device" ] && continue
		run --separate-stderr pooltrace --device "$device"
		[ "$status" -eq 2 ]
		[[ "$stderr" == "pooltrace: no device '"*"': a number is wanted"*"$hint" ]]
	done
	refuses "no device '7-4': a range ends with the higher number" "$hint" --device 0,7-4
}

@test "options that contradict each other are refused" {
	refuses "'--once' and '--count' contradict each other" "--once is one update" --once --count 3
	refuses "'--once' and '--tick-fd' contradict each other" "--once is one update, at once" --once --tick-fd 0
	refuses "'--pid' and a command contradict each other" \
		"record either running processes or the command 'true'" record -p 1 -- true
}

@test "options about tracing are refused with a recording" {
	for option in "-i 1" --once --wait "--tick-fd 0" "-o y.pt" "--check off" "--attach multi"; do
		# shellcheck disable=SC2086 # an option and its argument
		run --separate-stderr pooltrace top -r x.pt $option
		[ "$status" -eq 2 ]
		[[ "$stderr" == *"is about tracing; it means nothing for a recording"* ]]
	done
}

@test "options about recordings are refused while tracing" {
	for option in "--at +1s" "--from +1s" "--to +1s" "--speed 2x"; do
		# shellcheck disable=SC2086 # an option and its argument
		refuses "'${option%% *}' is about a recording; it means nothing while tracing" "name a recording with -r FILE" top $option
	done
	refuses "'--at' and '--from' contradict each other" "--at is one moment" report --at +1s --from +2s x.pt
	refuses "'--at' and '--to' contradict each other" "--at is one moment" report --at +1s --to +2s x.pt
	refuses "'--at' and '--speed' contradict each other" "--at is one moment" top -r x.pt --at +1s --speed 2
}

@test "times in a recording are of four kinds" {
	for time in '' now 12 1:00 24:00 12:60 12:00:60 2026-11-22 2026-13-01T00:00:00 2026-02-29T00:00:00 + - +x -1x 12:00Z; do
		for option in --at --from --to; do
			refuses "'$time' for '$option' must be a time" \
				"such as 14:05:03, 2026-11-22T14:05:03Z, +12.5s (from the beginning), -3s (from the end)" \
				report "$option=$time" x.pt
		done
	done
	refuses "'1969-12-31T23:59:59Z' for '--at' is a time that no recording has" \
		"such as 14:05:03, 2026-11-22T14:05:03Z, +12.5s (from the beginning), -3s (from the end)" \
		report --at=1969-12-31T23:59:59Z x.pt
}

@test "a speed is a number, with or without x, or max" {
	for speed in '' x 0 0x -1 1xx 2s 1001x 0.0001 maximum 1,5; do
		refuses "'$speed' for '--speed' must be a speed from 0.001x to 1000x, or max" \
			"10x is ten times as fast as it happened" top -r x.pt "--speed=$speed"
	done
	for speed in 1 1x 0.5x 0.001 1000x max 1.5; do
		run --separate-stderr pooltrace top -r none.pt --speed "$speed"
		[[ "$stderr" == "pooltrace: cannot open 'none.pt'"* ]]
	done
}

@test "report lists a number of blocks, by one of four orders" {
	refuses "'0' for '--top' must be a number above 0" "see 'pooltrace report --help'" report --top 0 x.pt
	refuses "'colour' for '--sort' must be one of size|asked|age|new" "see 'pooltrace report --help'" report --sort colour x.pt
}

@test "limits of a recording are times and sizes" {
	local size="such as 500M, 1GiB; a bare number is bytes, and units are binary"
	local ring="such as 60s, 1G, or 60s,1G: at least 60 seconds, as far as 1 GiB can hold them"

	for text in 0 63K -1 1Q '' 64k 1e6 1.5.5M 99999999T; do
		refuses "'$text' for '--max-size' must be a size of at least 64K" "$size" record "--max-size=$text"
	done
	for text in '' , 60s, ,1G 60s,60s 1G,1G 60s,1G,1G 999ms 255K 60m 0 x 60s,x; do
		refuses "'$text' for '--ring' must be a time of at least 1s, a size of at least 256K, or both" "$ring" record "--ring=$text"
	done
	for text in 0 x -1s; do
		refuses "'$text' for '--duration' must be a time of at least 1ms" "such as 500ms, 2s, 1min; a bare number is seconds" \
			record "--duration=$text"
	done
	refuses "'--ring' and '--max-size' contradict each other" \
		"--ring keeps what is newest, --max-size what is oldest; --ring SIZE is a limit as well" record --ring 60s --max-size 1G
	refuses "'--ring' and '-o -' contradict each other" "a ring has several files: name one with -o FILE" record --ring 60s -o -
	refuses "'--duration' is not an option of 'top'" "it is one of: record" top --duration 5s
}

@test "triggers are failure, SIGUSR2 and conditions, and need a ring" {
	local hint="such as 'peak(POOL) > 90%' or 'now > 10GiB'"

	refuses "'foo' for '--trigger' is none: there are failure, SIGUSR2, and conditions" "$hint" record --ring 60s --trigger foo
	refuses "'' for '--trigger' is none: there are failure, SIGUSR2, and conditions" "$hint" record --ring 60s --trigger ''
	refuses "'--trigger' writes what a ring holds: it needs '--ring'" "such as --ring 60s,1G" record --trigger failure
	refuses $'--trigger: a figure comes first: peak, now, allocated, count or failed\n    end(L1) > 5\n    ^' \
		"such as 'peak(POOL) > 90%', 'now > 10GiB', 'failed > 2'" record --ring 60s --trigger 'end(L1) > 5'
	run --separate-stderr pooltrace record --ring 60s --trigger 'peak(FOO) > 90%'
	[ "$status" -eq 2 ]
	[[ $stderr == "pooltrace: no pool 'FOO': there are "*DRAM*", L1"*$'\nhint: '"'--trigger' names one pool, or none: then any" ]]
}

@test "--no-children needs somebody whose children they would be" {
	refuses "'--no-children' needs '--pid' or a command: else every process is recorded" \
		"pooltrace record --no-children -p PID" record --no-children
}

@test "top cannot write its recording to stdout" {
	refuses "'-o -' cannot be used with 'top', which writes to stdout itself" \
		"name a file, or use 'pooltrace record -o -'" top -o -
}

@test "a command to record stands behind --" {
	refuses "unexpected argument 'python'" \
		"a command to be recorded stands behind --: pooltrace record -- python" record -o x.pt python
	refuses "there is no command behind '--'" "see 'pooltrace record --help'" record -o x.pt --
	[ ! -e x.pt ]
}

@test "arguments that mean nothing are refused" {
	refuses "unexpected argument 'top'" "a command comes first, then its options" --json top
	refuses "'report' needs a recording" "pooltrace report FILE" report
	refuses "unexpected argument 'b': there is a recording already, 'a'" "see 'pooltrace report --help'" report a b
	refuses "the name of the recording is empty" "see 'pooltrace report --help'" report ''
}

@test "an unknown pool lists those of the runtimes" {
	run --separate-stderr pooltrace --pool FOO
	[ "$status" -eq 2 ]
	[[ $stderr == "pooltrace: no pool 'FOO': there are "*DRAM*", L1"*$'\nhint: several are separated by commas; '*" is all but that one" ]]
}

@test "a runtime file that cannot be read, or is wrong, is an error" {
	run --separate-stderr pooltrace runtimes --runtime none.rt
	says 1 "cannot read the runtime file 'none.rt': No such file or directory"
	printf 'runtime x\nwhat is this\n' > wrong.rt
	run --separate-stderr pooltrace runtimes --runtime wrong.rt
	[ "$status" -eq 1 ]
	[[ "$stderr" == *wrong.rt:2:1:* ]]
	[[ "$stderr" == *$'\n'*^* ]]
}
