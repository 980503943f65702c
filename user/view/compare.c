#include "view/compare.h"

#include "ledger/words.h"
#include "view/device_name.h"
#include "view/host_name.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

const struct figure_desc figure_descs[FIGURE_NR] = {
#define X(NAME, name, bytes) {name, bytes},
	FIGURES(X)
#undef X
};

enum { ORDER_PROCESS, ORDER_DEVICE, ORDER_POOL, ORDER_CLASS };

/* How many processes of this name came before it. */
static size_t namesakes(const struct ledger *l, const struct ledger_process *p)
{
	size_t nr = 0;

	for (uint64_t i = 0; i + 1 < p->id; i++)
		nr += !strcmp(l->processes.items[i]->name, p->name) && l->processes.items[i]->host == p->host;
	return nr;
}

static void add_process_name(struct str *out, const struct ledger *l, const struct ledger_process *p)
{
	size_t before = namesakes(l, p);

	str_add_escaped(out, *p->name ? p->name : "?");
	process_add_on_host(out, p);
	if (before)
		str_addf(out, " (%zu)", before + 1);
}

static void add_device_name(struct str *out, const struct place *place)
{
	const struct device *d = place->has_device ? device_of_number(place->process, place->device) : NULL;

	if (d)
		device_add_own_name(out, place->process, d);
	else
		str_add_char(out, '?');
}

/* Processes come in the order in which they were first seen. */
static uint64_t process_order(struct comparison *c, const char *name)
{
	bool is_new;
	struct map_entry *e = map_put(&c->processes, (uintptr_t)words_keep(&c->words, name), 0, &is_new);

	if (is_new)
		e->value = c->processes.nr;
	return e->value;
}

static uint64_t pool_order(const struct place *place)
{
	size_t i = 0;

	while (i < place->process->pools.nr && place->process->pools.items[i] != place->pool)
		i++;
	return i;
}

static struct compare_row *new_row(struct comparison *c, const struct profile_node *node, const char *process)
{
	_cleanup_(str_release) struct str device = {}, pool = {}, kind = {};
	struct compare_row *row = vec_add(&c->rows);

	add_device_name(&device, node->place);
	profile_add_pool(&pool, node);
	profile_add_kind(&kind, node);
	*row = (struct compare_row){
		.process = xstrdup(process),
		.device = xstrdup(str_text(&device)),
		.pool = xstrdup(str_text(&pool)),
		.kind = xstrdup(str_text(&kind)),
		.placed = node->place->has_device,
		.order = {
			[ORDER_PROCESS] = process_order(c, process),
			[ORDER_DEVICE] = node->place->has_device ? node->place->device : UINT64_MAX,
			[ORDER_POOL] = pool_order(node->place),
			[ORDER_CLASS] = node->class,
		},
	};
	return row;
}

static struct compare_row *row_of(struct comparison *c, const struct profile_node *node, const struct ledger *l)
{
	_cleanup_(str_release) struct str process = {}, key = {};
	const struct place *place = node->place;
	struct map_entry *e;
	bool is_new;

	add_process_name(&process, l, place->process);
	/* A line's end stands in no name. */
	str_addf(&key, "%s\n%d %u\n", str_text(&process), place->has_device, place->device);
	profile_add_pool(&key, node);
	str_addf(&key, "\n%u\n", node->class);
	profile_add_kind(&key, node);
	e = map_put(&c->by_key, (uintptr_t)words_keep(&c->words, str_text(&key)), 0, &is_new);
	if (is_new) {
		e->value = c->rows.nr;
		return new_row(c, node, str_text(&process));
	}
	return &c->rows.items[e->value];
}

static void set_figures(struct compare_row *row, enum side side, const struct profile_node *node)
{
	uint64_t *figures = row->figures[side];

	figures[FIGURE_PEAK] = node->highest;
	figures[FIGURE_END] = node->inuse.bytes;
	figures[FIGURE_ALLOCATED] = node->allocated.bytes;
	figures[FIGURE_COUNT] = node->allocated.blocks;
	figures[FIGURE_FAILED] = node->failed;
}

static void know_pool(struct comparison *c, const char *pool)
{
	for (size_t i = 0; i < c->pools.nr; i++)
		if (!strcmp(c->pools.items[i], pool))
			return;
	vec_push(&c->pools, xstrdup(pool));
}

/* Also a pool that never held a block has figures: they are 0. */
static void add_unused(struct comparison *c, const struct ledger *l, const struct selection *s)
{
	for (size_t i = 0; i < l->arenas.nr; i++) {
		const struct arena *a = l->arenas.items[i];
		const struct place place = {
			.process = a->process, .has_device = true, .device = a->device->number, .pool = a->pool};
		const struct profile_node node = {.place = &place, .class = CLASS_NONE};

		if (a->device->held && selection_has_device(s, a->device) && selection_has_pool(s, a->pool))
			row_of(c, &node, l);
	}
}

static void know_pools(struct comparison *c, const struct ledger *l)
{
	for (size_t i = 0; i < l->processes.nr; i++)
		for (size_t k = 0; k < l->processes.items[i]->pools.nr; k++)
			know_pool(c, l->processes.items[i]->pools.items[k]);
}

/* Which processes a recording has, also those without a block. */
static void know_processes(struct comparison *c, enum side side, const struct ledger *l)
{
	for (size_t i = 0; i < l->processes.nr; i++) {
		_cleanup_(str_release) struct str name = {};
		const char *word;

		add_process_name(&name, l, l->processes.items[i]);
		process_order(c, str_text(&name));
		word = words_keep(&c->words, str_text(&name));
		map_put(&c->processes, (uintptr_t)word, 1 + side, NULL);
	}
}

void comparison_add(struct comparison *c, enum side side, const struct profile *p, const struct ledger *l)
{
	know_pools(c, l);
	know_processes(c, side, l);
	for (size_t i = 0; i < p->nodes.nr; i++)
		set_figures(row_of(c, p->nodes.items[i], l), side, p->nodes.items[i]);
	if (p->by == PROFILE_BY_POOL)
		add_unused(c, l, p->lives.selection);
}

static int compare_rows(const void *a, const void *b)
{
	const struct compare_row *x = a, *y = b;
	int order;

	for (size_t i = 0; i < ARRAY_SIZE(x->order); i++)
		if (x->order[i] != y->order[i])
			return x->order[i] < y->order[i] ? -1 : 1;
	order = strcmp(x->kind, y->kind);
	return order ? order : strcmp(x->pool, y->pool);
}

void comparison_finish(struct comparison *c)
{
	for (size_t i = 0; i < c->rows.nr; i++) {
		struct compare_row *row = &c->rows.items[i];
		const char *word = words_keep(&c->words, row->process);

		for (int side = 0; side < SIDE_NR; side++)
			row->has[side] = map_get(&c->processes, (uintptr_t)word, 1 + side);
	}
	if (c->rows.nr)
		qsort(c->rows.items, c->rows.nr, sizeof(*c->rows.items), compare_rows);
}

bool compare_row_has(const struct compare_row *row, enum figure f)
{
	return f == FIGURE_FAILED ? !*row->kind : row->placed;
}

bool compare_row_same(const struct compare_row *row)
{
	return !memcmp(row->figures[SIDE_OLD], row->figures[SIDE_NEW], sizeof(row->figures[SIDE_OLD]));
}

bool comparison_same(const struct comparison *c)
{
	for (size_t i = 0; i < c->rows.nr; i++)
		if (!compare_row_same(&c->rows.items[i]))
			return false;
	return true;
}

void comparison_release(struct comparison *c)
{
	for (size_t i = 0; i < c->rows.nr; i++) {
		struct compare_row *row = &c->rows.items[i];

		free(row->process);
		free(row->device);
		free(row->pool);
		free(row->kind);
	}
	for (size_t i = 0; i < c->pools.nr; i++)
		free(c->pools.items[i]);
	vec_release(&c->rows);
	vec_release(&c->pools);
	words_release(&c->words);
	map_release(&c->by_key);
	map_release(&c->processes);
}
