#include "cmd/option_table.h"

#include "base/units.h"
#include "live/session.h"
#include "stream/file_ring.h"
#include "view/export.h"
#include "view/trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void *member(struct options *o, const struct option_row *row)
{
	return (char *)o + row->offset;
}

/* An argument that is not what the option takes: `what` is a sentence's end, as in "must be a number". */
static int wrong(const struct option_row *row, const char *text, const char *what, struct diag *d)
{
	return diag_set(d, -EINVAL, "'%s' for '--%s' %s", text, row->name, what);
}

static int set_flag(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	(void)text;
	(void)d;
	*(bool *)member(o, row) = true;
	return 0;
}

static int set_text(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	if (!*text)
		return diag_set(d, -EINVAL, "'--%s' needs a %s that is not empty", row->name, row->argument);
	*(const char **)member(o, row) = text;
	return 0;
}

static int add_text(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	texts *t = member(o, row);

	if (!*text)
		return diag_set(d, -EINVAL, "'--%s' needs a %s that is not empty", row->name, row->argument);
	vec_push(t, text);
	return 0;
}

static int set_interval(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	uint64_t ns = 0;

	if (units_parse_duration(text, &ns) || ns < NS_PER_MS) {
		wrong(row, text, "must be a time of at least 1ms", d);
		diag_hint(d, "such as 500ms, 2s, 1min; a bare number is seconds");
		return -EINVAL;
	}
	*(uint64_t *)member(o, row) = ns;
	return 0;
}

static int set_count(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	uint64_t n = 0;

	if (units_parse_number(text, UINT64_MAX, &n) || !n)
		return wrong(row, text, "must be a number above 0", d);
	*(uint64_t *)member(o, row) = n;
	return 0;
}

static int set_ring_bytes(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	uint64_t n = 0;

	if (units_parse_number(text, 1 << 30, &n) || n < 4096 || n & (n - 1))
		return wrong(row, text, "must be a power of two from 4096 to 1073741824", d);
	*(uint64_t *)member(o, row) = n;
	return 0;
}

static int set_size(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	uint64_t bytes = 0;

	if (units_parse_size(text, &bytes) || bytes < OPTIONS_SIZE_LEAST) {
		wrong(row, text, "must be a size of at least 64K", d);
		diag_hint(d, "such as 500M, 1GiB; a bare number is bytes, and units are binary");
		return -EINVAL;
	}
	*(uint64_t *)member(o, row) = bytes;
	return 0;
}

/* One of the limits of --ring: a time has a unit of time, or none. */
static int set_ring_limit(struct options *o, const char *part)
{
	uint64_t *limit = NULL, value = 0;

	if (!units_parse_duration(part, &value) && value >= OPTIONS_RING_LEAST_NS)
		limit = &o->ring_ns;
	else if (!units_parse_size(part, &value) && value >= FILE_RING_LEAST)
		limit = &o->ring_limit;
	if (!limit || *limit)
		return -EINVAL;
	*limit = value;
	return 0;
}

/* "60s", "1G", "60s,1G". */
static int set_ring(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	const char *comma = strchr(text, ',');
	_cleanup_(freep) char *first = xstrndup(text, comma ? (size_t)(comma - text) : strlen(text));
	int err;

	o->ring_ns = o->ring_limit = 0;
	err = set_ring_limit(o, first);
	if (!err && comma)
		err = set_ring_limit(o, comma + 1);
	o->ring = !err;
	if (!err)
		return 0;
	wrong(row, text, "must be a time of at least 1s, a size of at least 256K, or both", d);
	diag_hint(d, "such as 60s, 1G, or 60s,1G: at least 60 seconds, as far as 1 GiB can hold them");
	return err;
}

static int add_trigger(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	struct trigger t;
	int err = trigger_parse(text, &t, d);

	(void)row;
	trigger_release(&t);
	if (!err)
		vec_push(&o->triggers, text);
	return err;
}

static int set_moment(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	struct moment m;
	int err = moment_parse(text, &m);

	if (err) {
		wrong(row, text, err == -ERANGE ? "is a time that no recording has" : "must be a time", d);
		diag_hint(d, "such as 14:05:03, 2026-11-22T14:05:03Z, +12.5s (from the beginning), -3s (from the end)");
		return -EINVAL;
	}
	*(struct moment *)member(o, row) = m;
	return 0;
}

/* "10x", "0.5", "max". */
static int set_speed(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	size_t len = strlen(text);
	_cleanup_(freep) char *number = xstrndup(text, len && text[len - 1] == 'x' ? len - 1 : len);
	bool digits = *number && strspn(number, "0123456789.") == strlen(number);
	uint64_t ns = 0;

	if (!strcmp(text, "max")) {
		*(uint64_t *)member(o, row) = SPEED_MAX;
		return 0;
	}
	/* A bare number is seconds, which have thousandths. */
	if (!digits || units_parse_duration(number, &ns) || ns < SPEED_LEAST * NS_PER_MS || ns > SPEED_MOST * NS_PER_MS) {
		wrong(row, text, "must be a speed from 0.001x to 1000x, or max", d);
		diag_hint(d, "10x is ten times as fast as it happened");
		return -EINVAL;
	}
	*(uint64_t *)member(o, row) = ns / NS_PER_MS;
	return 0;
}

/* One of the words, or none: all. */
static int set_stacks(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	static const struct {
		const char *word;
		enum session_stacks stacks;
	} words[] = {{"native", STACKS_NATIVE}, {"python", STACKS_PYTHON}, {"off", STACKS_OFF}};

	o->stacks = STACKS_ALL;
	o->stacks_given = true;
	for (size_t i = 0; text && i < ARRAY_SIZE(words); i++)
		if (!strcmp(text, words[i].word)) {
			o->stacks = words[i].stacks;
			return 0;
		}
	return text ? wrong(row, text, "must be one of native|python|off", d) : 0;
}

static int set_descriptor(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	uint64_t fd = 0;

	if (units_parse_number(text, INT_MAX, &fd))
		return wrong(row, text, "must be the number of a file descriptor", d);
	if (fcntl((int)fd, F_GETFD) < 0)
		return wrong(row, text, "is not an open file descriptor", d);
	*(int *)member(o, row) = (int)fd;
	return 0;
}

/* One of the words of row->argument, by its place there. */
static int set_choice(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	const char *word = row->argument;
	size_t len = strlen(text);

	for (int i = 0; *word; i++) {
		size_t word_len = strcspn(word, "|");

		if (len == word_len && !strncmp(word, text, len)) {
			*(int *)member(o, row) = i;
			return 0;
		}
		word += word_len + (word[word_len] == '|');
	}
	return diag_set(d, -EINVAL, "'%s' for '--%s' must be one of %s", text, row->name, row->argument);
}

static int add_pid(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	uint64_t pid = 0;

	if (units_parse_number(text, INT_MAX, &pid) || !pid) {
		wrong(row, text, "must be a process id, a number above 0", d);
		diag_hint(d, "several are separated by commas: -p 4242,4243");
		return -EINVAL;
	}
	for (size_t i = 0; i < o->pids.nr; i++)
		if (o->pids.items[i] == (int)pid)
			return 0;
	if (o->pids.nr == OPTIONS_PIDS)
		return diag_set(d, -EINVAL, "more than %d processes for '--%s'", OPTIONS_PIDS, row->name);
	vec_push(&o->pids, (int)pid);
	return 0;
}

static int set_pids(struct options *o, const struct option_row *row, const char *text, struct diag *d)
{
	for (;;) {
		size_t len = strcspn(text, ",");
		_cleanup_(freep) char *part = xstrndup(text, len);
		int err = add_pid(o, row, part, d);

		if (err || !text[len])
			return err;
		text += len + 1;
	}
}

#define TABLES (COMMAND_TOP | COMMAND_REPORT)
#define TRACING (COMMAND_TOP | COMMAND_EVENTS | COMMAND_RECORD | COMMAND_EXPLAIN)
#define SELECTING (VIEWS | COMMAND_EXPORT | COMMAND_DIFF | COMMAND_LEAKS)
#define VIEWS (COMMAND_TOP | COMMAND_EVENTS | COMMAND_REPORT | COMMAND_EXPLAIN)
#define PARTS (COMMAND_TOP | COMMAND_EVENTS | COMMAND_REPORT)
#define COMPARING (COMMAND_DIFF | COMMAND_LEAKS)
#define OPTION(member) offsetof(struct options, member)

const struct option_row option_rows[] = {
	{"pid", 'p', "PID[,PID...]", TRACING | COMMAND_REPORT | COMMAND_LEAKS | COMMAND_EXPORT | COMMAND_RUNTIMES | COMMAND_DOCTOR, false, set_pids, 0,
	 "these processes; without it, every process that maps a known runtime, or that a recording has"},
	{"name", 'n', "NAME", TRACING | COMMAND_REPORT | COMMAND_LEAKS | COMMAND_EXPORT, false, add_text, OPTION(names),
	 "processes whose program has that name, or whose command line contains it; may be given several times"},
	{"recording", 'r', "FILE", VIEWS | COMMAND_EXPORT | COMMAND_RUNTIMES, false, set_text, OPTION(recording),
	 "read a recording instead of tracing"},
	{"interval", 'i', "TIME", TRACING, true, set_interval, OPTION(interval_ns),
	 "time between updates, such as 500ms or 2s (a bare number is seconds); default: top 500ms, events 100ms, "
	 "explain and record 1s"},
	{"once", 0, NULL, COMMAND_TOP, true, set_flag, OPTION(once),
	 "one table from the runtime's own books, and end; sets no probe and needs no BPF"},
	{"follow", 0, NULL, COMMAND_TOP | COMMAND_EVENTS, RECORDED, set_flag, OPTION(follow),
	 "a recording that is being written: wait for more, until it ends"},
	{"at", 0, "TIME", TABLES, RECORDED, set_moment, OPTION(at),
	 "of a recording: the state at that moment, such as 14:05:03, 2026-11-22T14:05:03Z, +12.5s (from the beginning) "
	 "or -3s (from the end)"},
	{"from", 0, "TIME", PARTS, RECORDED, set_moment, OPTION(from), "of a recording: only what happened from then on"},
	{"to", 0, "TIME", PARTS | COMMAND_LEAKS, RECORDED, set_moment, OPTION(until), "of a recording: only what happened until then"},
	{"speed", 0, "N", COMMAND_TOP, RECORDED, set_speed, OPTION(speed),
	 "play a recording at N times the speed at which it happened, such as 10x; max: as fast as it can be read. Default: 1x "
	 "on a terminal, else max"},
	{"sort", 0, "size|asked|age|new", COMMAND_REPORT, false, set_choice, OPTION(sort),
	 "which blocks are listed first: those that are large (the default), of which much was asked, that are old, or young"},
	{"top", 0, "N", TABLES, false, set_count, OPTION(most),
	 "how many blocks, rows of --by, or calls of a function of --tree, are listed; default: 10, of top as many as there is room for"},
	{"top", 0, "N", COMMAND_LEAKS, false, set_count, OPTION(most),
	 "how many leaks, and how many rows of what else was left, are listed; default: 10"},
	{"count", 0, "N", COMMAND_TOP | COMMAND_RECORD | COMMAND_EXPLAIN, false, set_count, OPTION(count), "end after N updates"},
	{"wait", 0, NULL, TRACING, true, set_flag, OPTION(wait),
	 "processes of -p may load the runtime later: wait for it"},
	{"tick-fd", 0, "N", TRACING, true, set_descriptor, OPTION(tick_fd),
	 "update when a byte is read from file descriptor N, and end when it is closed; without -i at no other time"},
	{"output", 'o', "FILE", TRACING, true, set_text, OPTION(output),
	 "record into FILE what is shown; for record, - is stdout, and without -o the file is called "
	 "pooltrace-PROGRAM-PID-TIME.pt"},
	{"force", 'f', NULL, TRACING, true, set_flag, OPTION(force), "overwrite FILE if it exists"},
	{"duration", 0, "TIME", COMMAND_RECORD, true, set_interval, OPTION(duration_ns),
	 "end after that time, such as 30s; a command that was started goes on"},
	{"max-size", 0, "SIZE", COMMAND_RECORD, true, set_size, OPTION(max_size),
	 "end before the recording is larger, such as 1G"},
	{"ring", 0, "TIME|SIZE|TIME,SIZE", COMMAND_RECORD, true, set_ring, 0,
	 "keep what is newest: at least 60s, or no more than 1G, or 60s,1G; SIGUSR2 writes it into a file of its own"},
	{"trigger", 0, "WHEN", COMMAND_RECORD, true, add_trigger, 0,
	 "write what --ring holds into a file of its own, and go on: at each failure, SIGUSR2, or when a condition becomes true, "
	 "such as 'peak(POOL) > 90%'; may be given several times"},
	{"no-children", 0, NULL, COMMAND_RECORD, true, set_flag, OPTION(no_children),
	 "only the processes of -p, or the command itself, not those that they start"},
	{"quiet", 'q', NULL, COMMAND_RECORD, true, set_flag, OPTION(quiet),
	 "say nothing on stderr but what goes wrong, and the names of files"},
	{"to", 0, "perfetto|pprof|folded|csv|ndjson", COMMAND_EXPORT, false, set_choice, OPTION(to),
	 "the format: a trace for Perfetto, a profile for pprof, stacks for flame graphs, a line an event as CSV or JSON"},
	{"sample", 0, "inuse|peak|alloc", COMMAND_EXPORT, false, set_choice, OPTION(sample),
	 "pprof, folded: blocks that were allocated at the end (the default), when their pool held most, or at any time"},
	{"output", 'o', "FILE", COMMAND_EXPORT, false, set_text, OPTION(output), "write into FILE instead of stdout"},
	{"force", 'f', NULL, COMMAND_EXPORT, false, set_flag, OPTION(force), "overwrite FILE if it exists"},
	{"output", 'o', "FILE", COMMAND_MERGE, false, set_text, OPTION(output), "the recording that they become; - is stdout"},
	{"force", 'f', NULL, COMMAND_MERGE, false, set_flag, OPTION(force), "overwrite FILE if it exists"},
	{"output", 'o', "FILE", COMMAND_SYMBOLIZE, false, set_text, OPTION(output), "the recording that it becomes; - is stdout"},
	{"force", 'f', NULL, COMMAND_SYMBOLIZE, false, set_flag, OPTION(force), "overwrite FILE if it exists"},
	{"debug-dir", 0, "DIR", COMMAND_SYMBOLIZE, false, add_text, OPTION(debug_dirs),
	 "look for files, by build id, in DIR and all folders below it as well; may be given several times"},
	{"shift", 0, "FILE=TIME", COMMAND_MERGE, false, add_text, OPTION(shifts),
	 "add a time, such as +1.5s or -200ms, to all times of that recording: its host's clock was wrong; may be given several "
	 "times"},
	{"pool", 0, "POOL[,POOL...]", SELECTING, false, add_text, OPTION(pools),
	 "these pools only; !POOL: all but these. TRACE also selects trace buffers that lie in other pools"},
	{"device", 0, "N[,N-N...]", SELECTING, false, add_text, OPTION(devices),
	 "what is on these chips only; where chips are not known, these devices of a process"},
	{"by", 0, "chip|mesh|line|op|function|file|stack", TABLES, false, set_choice, OPTION(by),
	 "what has a row: all chips with the same figures (the default), each device of the runtime; or, by the stacks of allocations (--stacks), "
	 "the innermost line of the program's own source, its function or file, the runtime's function that it called (op), or the whole stack"},
	{"tree", 0, NULL, COMMAND_REPORT, false, set_flag, OPTION(tree),
	 "who holds memory, as a tree of the stacks of allocations, from the outermost function inwards"},
	{"own", 0, "GLOB", TABLES | COMMAND_DIFF | COMMAND_LEAKS, false, add_text, OPTION(own),
	 "with --by: source files with such a path are the program's own, such as '/srv/*'; may be given several times"},
	{"by", 0, "pool|size|label|line|op|function|file|stack", COMMAND_DIFF, false, set_choice, OPTION(diff_by),
	 "what is compared: pools (the default), in each pool blocks of one size class, or of one label; or, where allocations have stacks, "
	 "what one line, function or file of the program's own source allocated, one of the runtime's functions (op), or one stack"},
	{"by", 0, "line|op|function|file|stack", COMMAND_LEAKS, false, set_choice, OPTION(leaks_by),
	 "whose code it is: the innermost line of the program's own source (the default), its function or file, the runtime's function that it "
	 "called (op), or the whole stack"},
	{"suppressions", 0, "FILE", COMMAND_LEAKS, false, set_text, OPTION(suppressions),
	 "what may grow: a line of FILE is line:PATTERN, function:PATTERN or file:PATTERN, such as line:*/cache.py:64"},
	{"fail", 0, NULL, COMMAND_LEAKS, false, set_flag, OPTION(fail), "exit with status 4 if there is a leak that is not suppressed"},
	{"fail-if", 0, "CONDITION", COMMAND_DIFF, false, add_text, OPTION(fail_if),
	 "exit with status 4 if it holds for a pool, such as 'peak(POOL) > +2%' or 'failed > 0'; may be given several times"},
	{"layer", 0, "outer|all", COMMAND_TOP | COMMAND_EVENTS, false, set_choice, OPTION(layer),
	 "all: also what is allocated inside of calls that allocate, in pools POOL/1, POOL/2 ... of its own"},
	{"stacks", 0, "[=native|python|off]", COMMAND_TOP, true, set_stacks, 0,
	 "with each allocation, what it was called by; default: off"},
	{"stacks", 0, "[=native|python|off]", COMMAND_RECORD, true, set_stacks, 0,
	 "with each allocation, what it was called by: functions of machine code and lines of Python (the default), one of them, or none"},
	{"stacks", 0, "[=native|python|off]", COMMAND_EVENTS, false, set_stacks, 0,
	 "below each allocation, what it was called by: as it is traced, or as a recording has it; default: off"},
	{"stacks-budget", 0, "SIZE", COMMAND_TOP | COMMAND_EVENTS | COMMAND_RECORD, true, set_size, OPTION(stacks_budget),
	 "copy at most so many bytes of stacks a second, such as 64M; what is over it has no stack. Default: 256M"},
	{"symbols", 0, "now|later", COMMAND_TOP | COMMAND_RECORD, true, set_choice, OPTION(symbols),
	 "where stacks are told: look up the names of functions while recording (the default), or leave that to 'symbolize'"},
	{"asked", 0, NULL, TABLES, false, set_flag, OPTION(asked),
	 "bytes that the program requested, instead of those that the pool gave up"},
	{"bytes", 0, NULL, VIEWS | COMPARING, false, set_flag, OPTION(bytes), "sizes as plain numbers of bytes"},
	{"wide", 0, NULL, TABLES, false, set_flag, OPTION(wide),
	 "a row a pool: asked, peak, capacity, use, largest free block of a bank"},
	{"no-delta", 0, NULL, COMMAND_TOP, false, set_flag, OPTION(no_delta), "leave out the row of changes"},
	{"json", 0, NULL, VIEWS | COMMAND_DOCTOR | COMPARING | COMMAND_RUNTIMES, false, set_flag, OPTION(json),
	 "JSON, one object a line, as docs/json.md describes"},
	{"color", 0, "auto|always|never", VIEWS | COMPARING, false, set_choice, OPTION(color),
	 "colour changes and warnings; auto: on a terminal, unless NO_COLOR is set"},
	{"check", 0, "on|off", TRACING, true, set_choice, OPTION(check),
	 "compare the figures with the runtime's own books every few seconds; default: on"},
	{"runtime", 0, "FILE", TRACING | COMMAND_RUNTIMES | COMMAND_DOCTOR, true, add_text, OPTION(runtime_files),
	 "a further runtime file; may be given several times"},
	{"check", 0, "FILE", COMMAND_RUNTIMES, false, add_text, OPTION(check_files),
	 "check a runtime file, and say what was understood of it; may be given several times"},
	{"library", 0, "FILE", COMMAND_RUNTIMES, false, add_text, OPTION(libraries),
	 "what is known of this library, without a process that maps it; may be given several times"},
	{"print", 0, "NAME", COMMAND_RUNTIMES, false, set_text, OPTION(print),
	 "the text of a runtime's file: the one that is known, or with -r the one that the recording was made with"},
	{"status-fd", 0, "N", COMMAND_RECORD, true, set_descriptor, OPTION(status_fd),
	 "write the recording's own outcome to file descriptor N, as a line of JSON"},
	{"attach", 0, "auto|multi|single", TRACING, true, set_choice, OPTION(attach),
	 "how probes are set; for tests and old kernels"},
	{"sites", 0, "chosen|entry", TRACING | COMMAND_RUNTIMES | COMMAND_DOCTOR, true, set_choice, OPTION(sites),
	 "which instruction of a function is probed: the one with the cheapest hits that is as good as the first, or the first; for tests"},
	{"ring-size", 0, "BYTES", TRACING, true, set_ring_bytes, OPTION(ring_bytes),
	 "size of the buffer between kernel and program, a power of two; for tests and old kernels"},
	{"verbose", 'v', NULL, COMMAND_ALL, false, set_flag, OPTION(verbose), "say on stderr what is being done"},
	{"version", 'V', NULL, COMMAND_ALL, false, set_flag, OPTION(version), "print the version, and end"},
	{"help", 'h', NULL, COMMAND_ALL, false, set_flag, OPTION(help), "print this help, and end"},
	{},
};

_Static_assert(ATTACH_AUTO == 0 && ATTACH_MULTI == 1 && ATTACH_SINGLE == 2, "as the words of --attach");
_Static_assert(SITES_CHOSEN == 0 && SITES_ENTRY == 1, "as the words of --sites");
_Static_assert(LAYER_OUTER == 0 && LAYER_ALL == 1, "as the words of --layer");
_Static_assert(BY_CHIP == 0 && BY_MESH == 1 && BY_LINE == 2 && BY_OP == 3 && BY_FUNCTION == 4 && BY_FILE == 5 && BY_STACK == 6,
	       "as the words of --by");
_Static_assert(DIFF_BY_POOL == 0 && DIFF_BY_SIZE == 1 && DIFF_BY_LABEL == 2 && DIFF_BY_LINE == 3 && DIFF_BY_OP == 4 &&
		       DIFF_BY_FUNCTION == 5 && DIFF_BY_FILE == 6 && DIFF_BY_STACK == 7, "as the words of --by of diff");
_Static_assert(LEAKS_BY_LINE == 0 && LEAKS_BY_OP == 1 && LEAKS_BY_FUNCTION == 2 && LEAKS_BY_FILE == 3 && LEAKS_BY_STACK == 4,
	       "as the words of --by of leaks");
_Static_assert(SORT_SIZE == 0 && SORT_ASKED == 1 && SORT_AGE == 2 && SORT_NEW == 3, "as the words of --sort");
_Static_assert(CHECK_ON == 0 && CHECK_OFF == 1, "as the words of --check");
_Static_assert(EXPORT_PERFETTO == 0 && EXPORT_PPROF == 1 && EXPORT_FOLDED == 2 && EXPORT_CSV == 3 && EXPORT_NDJSON == 4,
	       "as the words of --to");
_Static_assert(EXPORT_INUSE == 0 && EXPORT_PEAK == 1 && EXPORT_ALLOC == 2, "as the words of --sample");
_Static_assert(SYMBOLS_NOW == 0 && SYMBOLS_LATER == 1, "as the words of --symbols");
_Static_assert(COLOR_AUTO == 0 && COLOR_ALWAYS == 1 && COLOR_NEVER == 2, "as the words of --color");

const struct option_conflict option_conflicts[] = {
	{"name", "pid", "--pid names processes as well, each by its number"},
	{"name", "wait", "--wait is for processes of -p; with --name all that come are found"},
	{"at", "from", "--at is one moment"},
	{"at", "to", "--at is one moment"},
	{"at", "speed", "--at is one moment"},
	{"at", "count", "--at is one moment"},
	{"at", "follow", "--at is one moment"},
	{"ring", "max-size", "--ring keeps what is newest, --max-size what is oldest; --ring SIZE is a limit as well"},
	{"once", "count", "--once is one update"},
	{"once", "tick-fd", "--once is one update, at once"},
	{"once", "wait", "--once shows what is there now"},
	{"recording", "library", "a recording says what was found when it was made"},
	{"print", "pid", "--print is about the file of a runtime, whoever uses it"},
	{"print", "library", "--print is about the file of a runtime, whoever uses it"},
	{},
};

void options_release(struct options *o)
{
	vec_release(&o->pids);
	vec_release(&o->names);
	vec_release(&o->runtime_files);
	vec_release(&o->check_files);
	vec_release(&o->libraries);
	vec_release(&o->pools);
	vec_release(&o->devices);
	vec_release(&o->fail_if);
	vec_release(&o->own);
	vec_release(&o->recordings);
	vec_release(&o->debug_dirs);
	vec_release(&o->shifts);
	vec_release(&o->triggers);
}
