#include "view/report_tree.h"

#include "base/units.h"
#include "view/branches.h"
#include "view/profile_json.h"
#include "view/table_grid.h"

#include <inttypes.h>
#include <string.h>

enum { INDENT = 2, GAP = 2, LEAST_COLUMNS = 20 };

/* What is being written. */
struct drawing {
	const struct report_tree *r;
	struct grid grid;
	uint64_t whole; /* bytes of the pool */
	size_t room;	/* columns of the names; 0: no limit */
};

static const struct amount *amount_of(const struct drawing *d, const struct branch *branch)
{
	return d->r->now ? &branch->now : &branch->peak;
}

static void add_bytes(struct str *out, const struct drawing *d, uint64_t bytes)
{
	if (d->r->bytes)
		str_addf(out, "%" PRIu64, bytes);
	else
		units_add_bytes(out, bytes);
}

static void add_share(struct str *out, uint64_t bytes, uint64_t whole)
{
	unsigned int tenths = whole ? (unsigned int)(((unsigned __int128)bytes * 1000 + whole / 2) / whole) : 0;

	if (whole)
		str_addf(out, "%u.%u%%", tenths / 10, tenths % 10);
	else
		str_add_char(out, '-');
}

/* A line of the tree, with its figures; *@ret_text is for the name. */
static void add_figures(struct drawing *d, const struct branch *branch, struct str **ret_text)
{
	struct grid_cell *cell = grid_add_line(&d->grid);
	const struct amount *a = amount_of(d, branch);

	add_bytes(&cell[0].text, d, a->bytes);
	add_share(&cell[1].text, a->bytes, d->whole);
	str_addf(&cell[2].text, "%" PRIu64, a->blocks);
	*ret_text = &cell[3].text;
}

static size_t indent_of(const struct drawing *d, size_t depth)
{
	size_t most = d->room ? d->room / 3 : SIZE_MAX;

	return depth * INDENT < most ? depth * INDENT : most;
}

static void add_blanks(struct str *out, size_t nr)
{
	while (nr--)
		str_add_char(out, ' ');
}

/* Bytes of the beginning of @text that take @columns. */
static size_t span(const char *text, size_t columns)
{
	size_t bytes = 0;

	while (text[bytes] && (columns || (text[bytes] & 0xc0) == 0x80)) {
		columns -= (text[bytes] & 0xc0) != 0x80;
		bytes++;
	}
	return bytes;
}

/* Of a name that is too long, both ends say most. */
static void add_name(struct str *out, const char *name, size_t room)
{
	static const char gap[] = "...";
	size_t columns = str_columns(name), kept;

	if (!room || columns <= room) {
		str_add(out, name);
		return;
	}
	kept = room - (sizeof(gap) - 1);
	str_add_bytes(out, name, span(name, kept - kept / 2));
	str_add(out, gap);
	str_add(out, name + span(name, columns - kept / 2));
}

/* A row's names, in as many lines as they take. */
struct row {
	struct drawing *d;
	struct str *text; /* of the last line; NULL: there is none yet */
	size_t depth;
};

static void add_to_row(struct row *row, const char *name)
{
	static const char between[] = " > ";
	const size_t indent = indent_of(row->d, row->depth);
	size_t room = row->d->room ? row->d->room - indent : 0;
	_cleanup_(str_release) struct str fitting = {};

	add_name(&fitting, name, room > sizeof(between) ? room - (sizeof(between) - 1) : room);
	if (str_columns(str_text(row->text)) > indent) {
		size_t used = str_columns(str_text(row->text)) - indent;

		str_add(row->text, between);
		if (room && used + 2 * (sizeof(between) - 1) + str_columns(str_text(&fitting)) > room) {
			row->text->p[--row->text->len] = '\0';
			row->text = &grid_add_line(&row->d->grid)[3].text;
			add_blanks(row->text, indent);
		}
	}
	str_add(row->text, str_text(&fitting));
}

static void add_branch_name(struct str *out, const struct branch *branch)
{
	if (branch->name)
		str_add_bytes(out, branch->name, branch->bytes);
	else
		profile_add_kind(out, &(struct profile_node){.class = branch->class});
}

static bool same(const struct amount *a, const struct amount *b)
{
	return a->blocks == b->blocks && a->bytes == b->bytes;
}

/* What it calls, if that is but one thing that has allocated all; else NULL. */
static const struct branch *only_call(const struct branch *branch)
{
	const struct branch *call = branch->calls.nr == 1 ? branch->calls.items[0] : NULL;

	return call && same(&call->now, &branch->now) && same(&call->peak, &branch->peak) && same(&call->allocated, &branch->allocated) ?
	       call : NULL;
}

/* @branch and what it calls alone. Returns the last of them. */
static const struct branch *add_row(struct drawing *d, const struct branch *branch, size_t depth)
{
	struct row row = {.d = d, .depth = depth};

	add_figures(d, branch, &row.text);
	add_blanks(row.text, indent_of(d, depth));
	for (;;) {
		_cleanup_(str_release) struct str name = {};
		const struct branch *next = only_call(branch);

		add_branch_name(&name, branch);
		add_to_row(&row, str_text(&name));
		if (!next)
			return branch;
		branch = next;
	}
}

static void add_calls(struct drawing *d, const struct branch *branch, size_t depth)
{
	struct grid_cell *cell;

	for (size_t i = 0; i < branch->calls.nr && i < d->r->most; i++)
		add_calls(d, add_row(d, branch->calls.items[i], depth), depth + 1);
	if (branch->calls.nr <= d->r->most)
		return;
	cell = grid_add_line(&d->grid);
	add_blanks(&cell[3].text, indent_of(d, depth));
	str_addf(&cell[3].text, "... and %zu more, see --top", branch->calls.nr - d->r->most);
}

static size_t width(const struct drawing *d, uint64_t bytes)
{
	_cleanup_(str_release) struct str text = {};

	add_bytes(&text, d, bytes);
	return str_columns(str_text(&text));
}

static void add_pool(struct drawing *d, const struct branch *pool, const struct profile_node *node)
{
	struct str *text;

	d->whole = amount_of(d, pool)->bytes;
	add_figures(d, pool, &text);
	profile_add_process(text, node, d->r->l);
	str_add(text, ", ");
	profile_add_device(text, node);
	str_add(text, ", ");
	profile_add_pool(text, node);
	add_calls(d, pool, 1);
}

/* Figures take what the largest does, so that names know their room. */
static void add_columns(struct drawing *d, uint64_t bytes)
{
	enum { BYTES = 8, SHARE = 6, BUFFERS = 7 };
	unsigned int most = (unsigned int)width(d, bytes);
	const struct grid_column columns[] = {{.title = d->r->now ? "NOW" : "AT PEAK", .width = most > BYTES ? most : BYTES},
					      {.title = "SHARE", .width = SHARE},
					      {.title = "BUFFERS", .width = BUFFERS},
					      {.title = "CALLS", .left = true}};
	size_t used = columns[0].width + SHARE + BUFFERS + 3 * GAP;

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		vec_push(&d->grid.columns, columns[i]);
	if (d->r->columns)
		d->room = d->r->columns > used + LEAST_COLUMNS ? d->r->columns - used : LEAST_COLUMNS;
}

static uint64_t most_bytes(const struct profile *p)
{
	uint64_t most = 0;

	for (size_t i = 0; i < p->nodes.nr; i++)
		most = p->nodes.items[i]->place->reserved > most ? p->nodes.items[i]->place->reserved : most;
	for (size_t i = 0; i < p->peaks.nr; i++)
		most = p->peaks.items[i].bytes > most ? p->peaks.items[i].bytes : most;
	return most;
}

void report_tree_add(struct str *out, const struct report_tree *r)
{
	struct pen pen = {.out = out, .color = r->color, .columns = r->columns};
	struct drawing d = {.r = r};

	add_columns(&d, most_bytes(r->profile));
	for (size_t first = 0, end; first < r->profile->nodes.nr; first = end) {
		struct branch *pool = branches_new(r->profile, first, &end);

		branches_sort(pool, r->now);
		add_pool(&d, pool, r->profile->nodes.items[first]);
		branches_free(pool);
	}
	if (r->profile->nodes.nr)
		grid_print(&d.grid, &pen);
	else
		str_add(out, "no allocation was seen\n");
	grid_release(&d.grid);
	if (!r->l->stacks.nr)
		str_add(out, "no allocation has a stack: record with --stacks\n");
}

static void set_branch(json_t *object, const struct branch *branch)
{
	json_t *calls = json_array();

	profile_set_amount(object, "now", branch->now);
	profile_set_amount(object, "at_peak", branch->peak);
	profile_set_amount(object, "allocated", branch->allocated);
	for (size_t i = 0; i < branch->calls.nr; i++) {
		const struct branch *call = branch->calls.items[i];
		_cleanup_(str_release) struct str name = {};
		json_t *item = json_object();

		add_branch_name(&name, call);
		if (call->name)
			set(item, "function", json_string(str_text(&name)));
		else
			set(item, call->class == CLASS_BEFORE ? "before_attach" : "no_stack", json_true());
		set_branch(item, call);
		json_array_append_new(calls, item);
	}
	if (branch->calls.nr)
		set(object, "calls", calls);
	else
		json_decref(calls);
}

void report_tree_add_json(struct str *out, const struct report_tree *r)
{
	json_t *object = json_object(), *pools = json_array();

	for (size_t first = 0, end; first < r->profile->nodes.nr; first = end) {
		const struct place *place = r->profile->nodes.items[first]->place;
		struct branch *pool = branches_new(r->profile, first, &end);
		json_t *item = json_object();

		branches_sort(pool, r->now);
		profile_set_place(item, place);
		set_branch(item, pool);
		json_array_append_new(pools, item);
		branches_free(pool);
	}
	set_number(object, "schema", SCHEMA);
	set_text(object, "by", "stack");
	set(object, "pools", pools);
	add_line(out, object);
}
