/* The rest of a report: histograms, phases, and what is not known. */
#include "view/report_parts.h"

#include "base/units.h"
#include "ledger/history.h"
#include "view/driver_words.h"
#include "view/explain_parts.h"
#include "view/host_name.h"

#include <inttypes.h>

enum { BAR_COLUMNS = 40, PAGE_COLUMNS = 110, PHASES_FIRST = 6, PHASES_LAST = 6 };

const struct report_class report_lives[REPORT_LIVES] = {
	{"less than 1 us", 0, 0, 4},
	{"1 us to 10 us", 1000, 4, 5},
	{"10 us to 100 us", 10000, 5, 6},
	{"100 us to 1 ms", 100000, 6, 7},
	{"1 ms to 10 ms", 1000000, 7, 8},
	{"10 ms to 100 ms", 10000000, 8, 9},
	{"100 ms to 1 s", 100000000, 9, 10},
	{"1 s to 10 s", 1000000000, 10, 11},
	{"10 s to 100 s", 10000000000, 11, 12},
	{"100 s to 1000 s", 100000000000, 12, 13},
	{"1000 s to 10000 s", 1000000000000, 13, 14},
	{"longer", 10000000000000, 14, SUMMARY_LIVES},
};

const struct report_class report_sizes[REPORT_SIZES] = {
	{"less than 4 KiB", 0, 0, 13},
	{"4 KiB to 64 KiB", 1ULL << 12, 13, 17},
	{"64 KiB to 1 MiB", 1ULL << 16, 17, 21},
	{"1 MiB to 16 MiB", 1ULL << 20, 21, 25},
	{"16 MiB to 256 MiB", 1ULL << 24, 25, 29},
	{"256 MiB to 4 GiB", 1ULL << 28, 29, 33},
	{"4 GiB and more", 1ULL << 32, 33, SUMMARY_SIZES},
};

/* A line of a histogram. */
struct bar {
	const char *text;
	struct tally amount;
	bool unsized; /* its bytes are not known */
};

/* @most: what the longest bar stands for; 0: this one has none. */
static void add_bar(const struct report *r, struct grid *g, const struct bar *bar, uint64_t most)
{
	struct grid_cell *cells = grid_add_line(g);

	str_add(&cells[0].text, bar->text);
	str_addf(&cells[1].text, "%" PRIu64, bar->amount.nr);
	if (bar->unsized)
		str_add_char(&cells[2].text, '?');
	else
		report_add_bytes(r, &cells[2].text, bar->amount.bytes);
	/* At least one sign for anything. */
	for (double i = 0; bar->amount.nr && i * (double)most < (double)bar->amount.nr * BAR_COLUMNS && i < BAR_COLUMNS && most; i++)
		str_add_char(&cells[3].text, '#');
}

static void add_classes(const struct report *r, struct grid *g, const struct tally *amounts, const struct report_class *classes,
			size_t nr)
{
	size_t first = nr, end = 0;
	uint64_t most = 0;

	for (size_t i = 0; i < nr; i++) {
		struct tally a = report_amounts(amounts, classes[i].first, classes[i].end);

		first = a.nr && first == nr ? i : first;
		end = a.nr ? i + 1 : end;
		most = a.nr > most ? a.nr : most;
	}
	for (size_t i = first; i < end; i++) {
		const struct bar bar = {classes[i].text, report_amounts(amounts, classes[i].first, classes[i].end), false};

		add_bar(r, g, &bar, most);
	}
}

static struct arena_summary sum_of(const report_rows *rows, struct tally *ret_end)
{
	struct arena_summary sum = {};

	*ret_end = (struct tally){};
	for (size_t i = 0; i < rows->nr; i++) {
		arena_summary_add(&sum, &rows->items[i].sum);
		ret_end->nr += rows->items[i].end.buffers;
		ret_end->bytes += rows->items[i].end.reserved;
	}
	return sum;
}

static void begin_histogram(struct grid *g, const char *what)
{
	*vec_add(&g->columns) = (struct grid_column){.title = what, .left = true};
	*vec_add(&g->columns) = (struct grid_column){.title = "BLOCKS"};
	*vec_add(&g->columns) = (struct grid_column){.title = "BYTES"};
	*vec_add(&g->columns) = (struct grid_column){.title = "", .left = true};
}

void report_add_lives(const struct report *r, struct pen *pen, const report_rows *rows)
{
	struct tally end;
	const struct arena_summary sum = sum_of(rows, &end);
	const struct bar others[] = {
		{"still allocated", end, false},
		{"not known: from the books", sum.ageless, false},
		{"not known: not in the books", sum.removed, false},
		{"not known: replaced", {sum.replaced, 0}, true},
	};
	struct grid g = {};

	begin_histogram(&g, "LIFETIME");
	add_classes(r, &g, sum.lives, report_lives, REPORT_LIVES);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].amount.nr)
			add_bar(r, &g, &others[i], 0);
	if (g.lines.nr) {
		pen_end_line(pen);
		grid_print(&g, pen);
	}
	grid_release(&g);
}

void report_add_sizes(const struct report *r, struct pen *pen, const report_rows *rows)
{
	struct tally end;
	const struct arena_summary sum = sum_of(rows, &end);
	const struct bar unsized = {"not known", {sum.unsized, 0}, true};
	struct grid g = {};

	begin_histogram(&g, "SIZE OF ALLOCATIONS");
	add_classes(r, &g, sum.sizes, report_sizes, REPORT_SIZES);
	if (sum.unsized)
		add_bar(r, &g, &unsized, 0);
	if (g.lines.nr) {
		pen_end_line(pen);
		grid_print(&g, pen);
	}
	grid_release(&g);
}

static void add_count(struct str *out, uint64_t nr, const char *one, const char *many)
{
	str_addf(out, "%" PRIu64 " %s", nr, nr == 1 ? one : many);
}

/* "execution of trace 0 x3: 600 ms, 101 replays" */
static void add_phase(const struct report *r, struct str *out, const struct ledger_process *p, const struct history_row *row)
{
	bool running = row == &p->history->running;
	uint64_t lasted_ns = row->lasted_ns;

	if (row->kind == HISTORY_LEFT_OUT)
		str_addf(out, "... %" PRIu64 " phases left out", row->times);
	else
		row_add_kind_name(out, running ? history_kind_now(p) : row->kind, row->trace, row->nr_traces);
	if (row->times > 1 && row->kind != HISTORY_LEFT_OUT)
		str_addf(out, " x%" PRIu64, row->times);
	if (running && !p->ended)
		lasted_ns += ledger_now(r->l, p) - row->begin_ns;
	str_add_char(out, ' ');
	units_add_duration(out, lasted_ns);
	if (row->replays) {
		str_add(out, " (");
		add_count(out, row->replays, "replay", "replays");
		str_add_char(out, ')');
	}
}

/* The phases that were not over when the summary began. */
static void add_phases_of(const struct report *r, struct pen *pen, const struct ledger_process *p)
{
	const struct history *h = p->history;
	_cleanup_(str_release) struct str text = {};
	size_t first = 0, nr = h->rows.nr + 1;

	while (first < h->rows.nr && h->rows.items[first].end_ns < r->s->begin_ns)
		first++;
	if (p->host)
		process_add_host(&text, p);
	str_addf(&text, "%s%d:", text.len ? " " : "", p->pid);
	pen_add(pen, str_text(&text), TONE_PLAIN);
	for (size_t i = first; i < nr; i++) {
		str_clear(&text);
		if (nr - first > PHASES_FIRST + PHASES_LAST && i == first + PHASES_FIRST) {
			i = nr - PHASES_LAST;
			str_addf(&text, "... %zu more ... ", i - first - PHASES_FIRST);
		}
		add_phase(r, &text, p, i < h->rows.nr ? &h->rows.items[i] : &h->running);
		str_add(&text, i + 1 < nr ? "," : "");
		pen_add_words(pen, " ", str_text(&text), TONE_PLAIN);
	}
	pen_end_line(pen);
}

void report_add_phases(const struct report *r, struct pen *pen)
{
	struct pen page = {.out = pen->out, .columns = PAGE_COLUMNS, .wrap = true};
	bool titled = false;

	for (size_t i = 0; i < r->l->processes.nr; i++) {
		const struct ledger_process *p = r->l->processes.items[i];

		if (!p->history || (p->ended && p->ended_ns < r->s->begin_ns))
			continue;
		if (!titled)
			report_add_title(r, pen, "PHASES");
		titled = true;
		add_phases_of(r, &page, p);
	}
}

static void add_sentence(struct pen *pen, struct str *text, enum tone tone)
{
	struct pen page = {.out = pen->out, .columns = PAGE_COLUMNS, .color = pen->color, .wrap = true};

	if (!text->len)
		return;
	pen_add_words(&page, "", str_text(text), tone);
	pen_end_line(&page);
	str_clear(text);
}

struct gaps {
	uint64_t nr, from_ns, to_ns; /* 0: not known */
	const char *one, *many;
};

static void add_gaps(const struct report *r, struct pen *pen, const struct gaps *gaps)
{
	struct str text = {};

	if (!gaps->nr)
		return;
	add_count(&text, gaps->nr, gaps->one, gaps->many);
	if (gaps->from_ns) {
		str_add(&text, ", from ");
		report_add_when(r, &text, gaps->from_ns);
	}
	if (gaps->to_ns) {
		str_add(&text, " to ");
		report_add_when(r, &text, gaps->to_ns);
	}
	str_add(&text, ": what happened there is in no count, and figures may be off until it tells all that was known again");
	add_sentence(pen, &text, TONE_WARNING);
	str_release(&text);
}

/* What was lost, and how far it was settled. */
static void add_losses(const struct report *r, struct pen *pen)
{
	const struct summary *s = r->s;
	const struct file_outcome *o = r->outcome;
	/* Of this recording, and of those that it was made of. */
	const struct gaps gaps[] = {
		{o->gaps, o->lost_from_ns, o->lost_to_ns, "part of the recording is damaged", "parts of the recording are damaged"},
		{r->l->gaps, r->l->gaps_from_ns, r->l->gaps_to_ns, "part was damaged in a recording that was merged into this one",
		 "parts were damaged in recordings that were merged into this one"},
	};
	const struct {
		uint64_t nr;
		const char *one, *many, *what;
	} counts[] = {
		{r->l->corrections - s->corrections, "correction", "corrections", "differences from the runtime's books, settled in their favour"},
		{r->l->unread - s->unread, "unread value", "unread values", "a process's memory could not be read there"},
		{r->l->unknown_frees - s->unknown_frees, "unknown free", "unknown frees", "of an address that nobody was seen to allocate"},
		{r->l->replaced - s->replaced, "replaced block", "replaced blocks", "another was allocated at a living one's address: its free was not seen"},
	};
	struct str text = {};

	if (r->l->lost - s->lost) {
		add_count(&text, r->l->lost - s->lost, "event was", "events were");
		str_add(&text, " lost between ");
		report_add_when(r, &text, s->lost_from_ns);
		str_add(&text, " and ");
		report_add_when(r, &text, s->lost_to_ns);
		str_addf(&text, " (");
		add_count(&text, s->losses, "time", "times");
		str_add(&text, "): from a loss to the next comparison with the runtime's books figures may be off, and what was lost is in no count");
	} else {
		str_add(&text, "No event was lost.");
	}
	add_sentence(pen, &text, r->l->lost - s->lost ? TONE_WARNING : TONE_PLAIN);
	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++)
		add_gaps(r, pen, &gaps[i]);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		if (!counts[i].nr)
			continue;
		add_count(&text, counts[i].nr, counts[i].one, counts[i].many);
		str_addf(&text, ": %s", counts[i].what);
		add_sentence(pen, &text, TONE_WARNING);
	}
	str_release(&text);
}

static void add_pid(struct str *out, const struct ledger_process *p)
{
	str_addf(out, "pid %d", p->pid);
	process_add_on_host(out, p);
}

/* What nobody can know of a process. */
static void add_unknown(const struct report *r, struct pen *pen, const struct ledger_process *p)
{
	struct str text = {};

	(void)r;
	if (p->before_attach) {
		add_pid(&text, p);
		str_add(&text, " held memory when it began to be watched: who asked for that, and when, is not known, nor what it had "
				"at most before.");
		add_sentence(pen, &text, TONE_PLAIN);
	}
	if (p->gap_ns && !p->before_attach) {
		add_pid(&text, p);
		str_add(&text, " ran for ");
		units_add_duration(&text, p->gap_ns);
		str_add(&text, " with its runtime before it was watched: what it allocated and freed meanwhile made no event.");
		add_sentence(pen, &text, TONE_PLAIN);
	}
	if (drivers_told(p)) {
		add_pid(&text, p);
		str_add(&text, ", ");
		drivers_add_words(&text, p, r->table->bytes);
		str_add(&text, ". What of it is left nobody knows; it is in no pool.");
		add_sentence(pen, &text, TONE_PLAIN);
	}
	if (!p->ended && process_partial(p)) {
		add_pid(&text, p);
		str_add(&text, ": not all of its memory is known at the end: a pool could not be read, or a step is not settled yet.");
		add_sentence(pen, &text, TONE_WARNING);
	}
	str_release(&text);
}

static void add_nowhere(struct pen *pen, const report_rows *rows)
{
	struct str text = {};
	uint64_t unsized = 0;

	for (size_t i = 0; i < rows->nr; i++)
		unsized += rows->items[i].sum.unsized;
	if (unsized) {
		str_add(&text, "Of ");
		add_count(&text, unsized, "allocation", "allocations");
		str_add(&text, " a part was lost: the size is not known, and so the pool's total is not.");
	}
	add_sentence(pen, &text, TONE_WARNING);
	str_release(&text);
}

void report_add_doubts(const struct report *r, struct pen *pen, const report_rows *rows)
{
	report_add_title(r, pen, "WHAT IS NOT KNOWN");
	if (!r->at)
		add_losses(r, pen);
	for (size_t i = 0; i < r->l->processes.nr; i++)
		add_unknown(r, pen, r->l->processes.items[i]);
	add_nowhere(pen, rows);
}
