#include "view/table_header.h"

#include "base/units.h"
#include "view/driver_words.h"
#include "view/host_name.h"

#include <inttypes.h>
#include <string.h>

/* Long enough for a command and its first arguments: the rest would push the figures off the line. */
enum { COMMAND_COLUMNS = 80, COMMAND_COLUMNS_LEAST = 10 };

/* On a terminal half a line, so that what follows has room, and what is left of the first. @used of it are @who. */
static unsigned int command_columns(unsigned int columns, size_t used)
{
	const unsigned int before = sizeof("pooltrace - ") - 1, after = sizeof(" ...") - 1;
	unsigned int left;

	if (!columns || columns / 2 > COMMAND_COLUMNS)
		return COMMAND_COLUMNS;
	left = columns > before + after + used ? columns - before - after - (unsigned int)used : 0;
	left = left < columns / 2 ? left : columns / 2;
	return left < COMMAND_COLUMNS_LEAST ? COMMAND_COLUMNS_LEAST : left;
}

static void add_segment(struct pen *pen, const struct str *text, enum tone tone)
{
	if (text->len)
		pen_add_words(pen, " - ", str_text(text), tone);
}

static void add_count(struct str *out, uint64_t nr, const char *one, const char *many)
{
	str_addf(out, "%" PRIu64 " %s", nr, nr == 1 ? one : many);
}

static size_t nr_current(const struct ledger *l, const struct ledger_process **ret_last)
{
	size_t nr = 0;

	for (size_t i = 0; i < l->processes.nr; i++) {
		if (!process_current(l, l->processes.items[i]))
			continue;
		*ret_last = l->processes.items[i];
		nr++;
	}
	return nr;
}

static void add_command(struct str *out, const struct ledger_process *p, unsigned int columns)
{
	const char *text = *p->command ? p->command : p->name;
	struct str escaped = {};
	struct pen pen = {.out = out, .columns = command_columns(columns, out->len)};

	str_add_escaped(&escaped, text);
	if (escaped.len) {
		str_add_char(out, ' ');
		pen_add(&pen, str_text(&escaped), TONE_PLAIN);
		str_add(out, str_columns(str_text(&escaped)) > pen.columns ? "..." : "");
	}
	str_release(&escaped);
}

/* Several runtimes of one process are as many processes of the stream. */
static size_t nr_further(const struct ledger *l, bool current)
{
	size_t nr = 0;

	for (size_t i = 0; i < l->processes.nr; i++)
		nr += l->processes.items[i]->copy > 1 && process_current(l, l->processes.items[i]) == current;
	return nr;
}

static void add_who(struct pen *pen, const struct ledger *l, size_t nr, const struct ledger_process *only)
{
	const size_t runtimes = nr, ended = l->processes.nr - nr - nr_further(l, false);
	_cleanup_(str_release) struct str text = {};

	nr -= nr_further(l, true);
	if (!nr) {
		str_add(&text, "no process");
	} else if (nr == 1) {
		str_addf(&text, "pid %d", only->pid);
		process_add_on_host(&text, only);
		add_command(&text, only, pen->columns);
		if (runtimes > nr)
			str_addf(&text, ", %zu runtimes", runtimes);
	} else {
		str_addf(&text, "%zu processes", nr);
		if (ledger_has_hosts(l))
			str_addf(&text, " on %zu hosts", ledger_count_hosts(l));
	}
	if (ended)
		str_addf(&text, ", %zu ended", ended);
	add_segment(pen, &text, TONE_PLAIN);
}

static bool said_before(const struct ledger *l, size_t nr, const char *runtime)
{
	for (size_t i = 0; i < nr; i++)
		if (process_current(l, l->processes.items[i]) && !strcmp(l->processes.items[i]->runtime, runtime))
			return true;
	return false;
}

static void add_runtimes(struct str *out, const struct ledger *l)
{
	for (size_t i = 0; i < l->processes.nr; i++) {
		const struct ledger_process *p = l->processes.items[i];

		if (!process_current(l, p) || said_before(l, i, p->runtime))
			continue;
		str_add(out, out->len ? ", " : "");
		str_add_escaped(out, p->runtime);
	}
}

/* How a watch ended, for people. */
static const struct {
	const char *reason, *text;
} ends[] = {
	{"detached", "detached"},
	{"killed-tracer", "detached: pooltrace was killed"},
};

static void add_end(struct str *out, const struct ledger_process *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (!strcmp(p->ended, ends[i].reason)) {
			str_add(out, ends[i].text);
			return;
		}
	}
	str_add(out, "ended: ");
	str_add_escaped(out, p->ended);
}

static bool any_current(const struct ledger *l, bool (*is)(const struct ledger_process *p))
{
	for (size_t i = 0; i < l->processes.nr; i++)
		if (process_current(l, l->processes.items[i]) && is(l->processes.items[i]))
			return true;
	return false;
}

static bool census_running(const struct ledger_process *p)
{
	return p->census_running;
}

static bool is_watched(const struct ledger_process *p)
{
	return !p->ended;
}

static bool has_books(const struct ledger_process *p)
{
	return !p->without_books;
}

/* Since when it is watched: of several processes, the longest. */
static void add_attached(struct str *out, const struct ledger *l, const struct ledger_process *only)
{
	uint64_t longest_ns = 0;

	if (only && only->ended) {
		add_end(out, only);
		return;
	}
	if (ledger_from_books(l))
		return;
	for (size_t i = 0; i < l->processes.nr; i++) {
		const struct ledger_process *p = l->processes.items[i];

		if (!p->ended && ledger_now(l, p) - p->attached_ns > longest_ns)
			longest_ns = ledger_now(l, p) - p->attached_ns;
	}
	if (!any_current(l, is_watched))
		return;
	str_add(out, "attached ");
	units_add_duration(out, longest_ns);
}

static enum tone add_check(struct str *out, const struct ledger *l)
{
	uint64_t age_ns;
	bool equal;

	if (any_current(l, census_running)) {
		str_add(out, "reading the runtime's books");
		return TONE_PLAIN;
	}
	if (any_current(l, is_watched) && !any_current(l, has_books)) {
		str_add(out, "without books to check against");
		return TONE_PLAIN;
	}
	if (ledger_from_books(l)) {
		str_add(out, "from the runtime's books");
		return TONE_PLAIN;
	}
	if (!ledger_checked(l, &age_ns, &equal)) {
		str_add(out, any_current(l, is_watched) ? "not checked yet" : "");
		return TONE_PLAIN;
	}
	str_add(out, "checked against the runtime's books ");
	units_add_duration(out, age_ns);
	str_add(out, " ago: ");
	if (equal) {
		str_add(out, "equal");
		return TONE_PLAIN;
	}
	str_add(out, "DIFFERENT: ");
	add_count(out, l->corrections, "correction", "corrections");
	return TONE_WARNING;
}

static void add_coverage(struct str *out, const struct ledger *l)
{
	bool unread = false, before = false;
	uint64_t unsettled = 0;

	for (size_t i = 0; i < l->processes.nr; i++) {
		const struct ledger_process *p = l->processes.items[i];

		if (!process_current(l, p))
			continue;
		unread |= p->partial && !p->without_books;
		before |= p->partial && p->without_books;
		unsettled += p->unsettled;
	}
	const struct {
		bool is;
		const char *text;
	} reasons[] = {{unread, "not every pool could be read"}, {before, "what was there before attach is not known"}};
	const char *between = "PARTIAL: ";

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (!reasons[i].is)
			continue;
		str_addf(out, "%s%s", between, reasons[i].text);
		between = ", ";
	}
	if (!unsettled)
		return;
	str_add(out, between);
	add_count(out, unsettled, "step", "steps");
	str_add(out, " not settled yet");
}

/* Totals that are told only when they are not 0. */
static void add_totals(struct str *out, const struct ledger *l)
{
	uint64_t failed = 0, clashes = 0;

	for (size_t i = 0; i < l->processes.nr; i++) {
		failed += l->processes.items[i]->failed;
		clashes += l->processes.items[i]->clashes;
	}

	const struct {
		uint64_t nr;
		const char *one, *many;
	} totals[] = {
		{failed, "failed allocation", "failed allocations"},
		{clashes, "refused program", "refused programs"},
		{l->corrections, "correction", "corrections"},
		{l->unread, "unread value", "unread values"},
		{l->unknown_frees, "unknown free", "unknown frees"},
		{l->replaced, "replaced block", "replaced blocks"},
	};

	if (ledger_from_books(l) && !l->corrections)
		return;
	add_count(out, l->events, "event", "events");
	str_addf(out, ", %" PRIu64 " lost", l->lost);
	for (size_t i = 0; i < ARRAY_SIZE(totals); i++) {
		if (!totals[i].nr)
			continue;
		str_add(out, ", ");
		add_count(out, totals[i].nr, totals[i].one, totals[i].many);
	}
}

static enum tone totals_tone(const struct ledger *l)
{
	return l->lost || l->corrections || l->unread || l->unknown_frees || l->replaced ? TONE_WARNING : TONE_PLAIN;
}

static void add_first_line(struct pen *pen, const struct ledger *l, const struct table_options *o)
{
	const struct ledger_process *last = NULL;
	size_t nr = nr_current(l, &last);
	struct str text = {};
	enum tone tone;

	pen_add(pen, "pooltrace", TONE_TITLE);
	add_who(pen, l, nr, last);
	add_runtimes(&text, l);
	add_segment(pen, &text, TONE_PLAIN);
	if (nr) {
		str_clear(&text);
		add_attached(&text, l, nr == 1 ? last : NULL);
		add_segment(pen, &text, TONE_PLAIN);
		str_clear(&text);
		tone = add_check(&text, l);
		add_segment(pen, &text, tone);
		str_clear(&text);
		add_coverage(&text, l);
		add_segment(pen, &text, TONE_WARNING);
	}
	str_clear(&text);
	add_totals(&text, l);
	add_segment(pen, &text, totals_tone(l));
	str_clear(&text);
	if (l->interval_ns && !o->recorded) {
		str_add(&text, "every ");
		units_add_interval(&text, l->interval_ns);
	}
	add_segment(pen, &text, TONE_PLAIN);
	pen_end_line(pen);
	str_release(&text);
}

static void add_line(struct pen *pen, const struct ledger_process *p, bool named, const struct str *text)
{
	struct str who = {};

	if (text->len && named) {
		if (p->host)
			process_add_host(&who, p);
		str_add(&who, who.len ? " " : "");
		process_add_pid(&who, p);
		str_add_char(&who, ' ');
		str_add_escaped(&who, p->name);
		str_add(&who, *p->name ? ": " : "");
	}
	if (text->len) {
		str_add(&who, str_text(text));
		pen_add_words(pen, "", str_text(&who), TONE_PLAIN);
		pen_end_line(pen);
	}
	str_release(&who);
}

/* The lines of one process, with its name when there are several. */
static void add_process_lines(struct pen *pen, const struct ledger *l, const struct ledger_process *p, bool named, bool bytes)
{
	struct str text = {};

	if (!p->ended)
		table_phase_add(&text, l, p);
	else if (named)
		add_end(&text, p);
	add_line(pen, p, named, &text);
	str_clear(&text);
	if (!p->ended)
		drivers_add_words(&text, p, bytes);
	add_line(pen, p, named, &text);
	str_release(&text);
}

void table_header_add_brief(struct pen *pen, const struct ledger *l, const struct table_options *o)
{
	add_first_line(pen, l, o);
}

void table_header_add(struct pen *pen, const struct ledger *l, const struct table_options *o)
{
	const struct ledger_process *last = NULL;
	bool several = nr_current(l, &last) > 1;

	add_first_line(pen, l, o);
	for (size_t i = 0; i < l->processes.nr; i++)
		if (process_shown(l, l->processes.items[i]))
			add_process_lines(pen, l, l->processes.items[i], several || l->processes.items[i] != last, o->bytes);
}
