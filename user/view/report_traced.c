/* A report's table of what was traced: of each process its runtime, the file that has it, and how many probes. */
#include "view/host_name.h"
#include "view/recorded.h"
#include "view/report_parts.h"

enum { FILE_COLUMNS = 80 };

static void add_known(struct grid_cell *cell, const char *text)
{
	str_add_escaped(&cell->text, text ? text : "?");
}

static void traced_host(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	process_add_host(&cell->text, item);
}

static void traced_pid(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	process_add_pid(&cell->text, item);
}

static void traced_runtime(const struct report *r, struct grid_cell *cell, const void *item)
{
	(void)r;
	add_known(cell, ((const struct ledger_process *)item)->runtime);
}

static void traced_release(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct ledger_module *m = process_module(r->l, item);

	add_known(cell, m ? m->version : NULL);
}

static void traced_probes(const struct report *r, struct grid_cell *cell, const void *item)
{
	size_t probed, missing;

	if (process_probes(r->l, item, &probed, &missing))
		str_addf(&cell->text, "%zu", probed);
	else
		add_known(cell, NULL);
}

static void traced_without(const struct report *r, struct grid_cell *cell, const void *item)
{
	size_t probed, missing;

	if (process_probes(r->l, item, &probed, &missing))
		recorded_add_missing(&cell->text, r->l, item);
	else
		add_known(cell, NULL);
	cell->tone = missing ? TONE_WARNING : TONE_PLAIN;
}

static void traced_build_id(const struct report *r, struct grid_cell *cell, const void *item)
{
	const struct ledger_module *m = process_module(r->l, item);

	add_known(cell, m ? m->build_id : NULL);
}

/* Of a long name the end, which tells files apart. */
static void traced_file(const struct report *r, struct grid_cell *cell, const void *item)
{
	struct grid_cell whole = {};
	size_t columns;
	const char *at;

	add_known(&whole, process_path(r->l, item));
	at = str_text(&whole.text);
	columns = str_columns(at);
	str_add(&cell->text, columns > FILE_COLUMNS ? "..." : "");
	for (; columns > FILE_COLUMNS; columns--)
		do
			at++;
		while ((*at & 0xc0) == 0x80);
	str_add(&cell->text, at);
	str_release(&whole.text);
}

/* The first is left out where there is but one host. */
static const struct report_column traced_columns[] = {
	{"HOST", true, traced_host, NULL},     {"PID", false, traced_pid, NULL},
	{"RUNTIME", true, traced_runtime, NULL}, {"RELEASE", true, traced_release, NULL},
	{"PROBES", false, traced_probes, NULL},  {"WITHOUT", true, traced_without, NULL},
	{"BUILD ID", true, traced_build_id, NULL}, {"FILE", true, traced_file, NULL},
};

void report_add_traced(const struct report *r, struct pen *pen)
{
	size_t first = !ledger_has_hosts(r->l);
	struct grid g = {};

	if (!ledger_says_traced(r->l))
		return;
	report_add_title(r, pen, "TRACED");
	report_add_columns(&g, traced_columns + first, ARRAY_SIZE(traced_columns) - first);
	for (size_t i = 0; i < r->l->processes.nr; i++)
		report_add_line(r, &g, traced_columns + first, r->l->processes.items[i]);
	grid_print(&g, pen);
	grid_release(&g);
}
