/* same_ledger.h: whether two ledgers are equal in every member of every struct that they are made of. */
#ifndef TESTS_SAME_LEDGER_H
#define TESTS_SAME_LEDGER_H

#include "random_records.h"

#include "ledger/shapes.h"

/* What points into its own ledger, or is larger than a number: it is compared by its contents. Or what only saves a search. */
static inline bool is_part(const struct member *m)
{
	static const char *const pointers[] = {"process.history", "arena.process", "arena.device", "placed.process",
					       "placed.device", "program.device", "ledger.restore", "arena.meanwhile",
					       "circular.changes"};

	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++)
		if (!strcmp(m->name, pointers[i]))
			return true;
	return m->bytes > sizeof(uint64_t);
}

static inline bool is_text(const struct member *m)
{
	static const char *const texts[] = {"process.name", "process.command", "process.runtime", "process.advice", "process.visible",
					    "process.core", "process.host", "arena.pool", "pool.pool", "block.layout", "block.label", "probe.probe",
					    "meanwhile.pool", "runtime.name", "runtime.path", "runtime.text", "module.path",
					    "module.build_id", "frame.path", "frame.symbol", "module.version", "site.probe", "site.symbol", "site.tag",
					    "site.reason", "uses.path", "driver.driver", "driver.device",
					    "driver.region", "driver.source"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcmp(m->name, texts[i]))
			return true;
	return m->type == MEMBER_TEXT;
}

static inline void same_members(enum shape shape, const void *a, const void *b)
{
	for (size_t i = 0; i < shape_descs[shape].nr; i++) {
		const struct member *m = &shape_descs[shape].members[i];
		const char *x, *y;

		if (is_text(m)) {
			x = member_text(m, a);
			y = member_text(m, b);
			if (x != y && (!x || !y || strcmp(x, y)))
				fail_msg("%s is %s and %s", m->name, x ? x : "not known", y ? y : "not known");
		} else if (!is_part(m) && memcmp((const char *)a + m->offset, (const char *)b + m->offset, m->bytes)) {
			fail_msg("%s is %llu and %llu", m->name, (unsigned long long)member_number(m, a),
				 (unsigned long long)member_number(m, b));
		}
	}
}

#define same_vec(shape, a, b)                                                       \
	do {                                                                        \
		assert_int_equal((a)->nr, (b)->nr);                                 \
		for (size_t vec_i = 0; vec_i < (a)->nr; vec_i++)                    \
			same_members(shape, &(a)->items[vec_i], &(b)->items[vec_i]); \
	} while (0)

static inline void same_row(const struct history_row *a, const struct history_row *b)
{
	same_members(SHAPE_ROW, a, b);
	assert_memory_equal(a->trace, b->trace, a->nr_traces * sizeof(*a->trace));
	same_vec(SHAPE_POOL, &a->figures, &b->figures);
	for (size_t i = 0; i < a->figures.nr; i++)
		same_members(SHAPE_CORE, &a->figures.items[i].circular, &b->figures.items[i].circular);
}

static inline void same_history(const struct history *a, const struct history *b)
{
	assert_int_equal(!a, !b);
	if (!a)
		return;
	same_members(SHAPE_HISTORY, a, b);
	same_row(&a->running, &b->running);
	assert_int_equal(a->rows.nr, b->rows.nr);
	for (size_t i = 0; i < a->rows.nr; i++)
		same_row(&a->rows.items[i], &b->rows.items[i]);
	same_vec(SHAPE_FAILURE, &a->failures, &b->failures);
	for (size_t i = 0; i < a->failures.nr; i++)
		for (size_t k = 0; k < a->failures.items[i].nr_holders; k++)
			same_members(SHAPE_HOLDER, &a->failures.items[i].holders[k], &b->failures.items[i].holders[k]);
	same_vec(SHAPE_TRACE, &a->traces, &b->traces);
	same_vec(SHAPE_MEANWHILE, &a->meanwhile, &b->meanwhile);
}

static inline void same_place(const struct device *a, const struct device *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_int_equal(a->place, b->place);
}

static inline void same_programs(const struct circular *a, const struct circular *b)
{
	same_members(SHAPE_CIRCULAR, a, b);
	assert_int_equal(a->programs.nr, b->programs.nr);
	for (struct map_entry *e = map_next(&a->programs, NULL); e; e = map_next(&a->programs, e)) {
		const struct map_entry *other = map_get(&b->programs, e->a, e->b);

		assert_non_null(other);
		same_members(SHAPE_PROGRAM, e->pointer, other->pointer);
		same_place(((struct circular_program *)e->pointer)->device, ((struct circular_program *)other->pointer)->device);
	}
}

static inline void same_groups(const chip_groups *a, const chip_groups *b)
{
	assert_int_equal(a->nr, b->nr);
	for (size_t i = 0; i < a->nr; i++) {
		const struct chip_group *g = &a->items[i], *h = &b->items[i];

		assert_int_equal(g->chips.nr, h->chips.nr);
		if (g->chips.nr)
			assert_memory_equal(g->chips.items, h->chips.items, g->chips.nr * sizeof(*g->chips.items));
		assert_int_equal(g->devices.nr, h->devices.nr);
		for (size_t k = 0; k < g->devices.nr; k++)
			same_place(g->devices.items[k], h->devices.items[k]);
		same_vec(SHAPE_PEAK, &g->peaks, &h->peaks);
	}
}

static inline void same_traced(const struct ledger *a, const struct ledger *b)
{
	same_vec(SHAPE_RUNTIME, &a->runtimes, &b->runtimes);
	same_vec(SHAPE_MODULE, &a->modules, &b->modules);
	same_vec(SHAPE_FRAME, &a->frames, &b->frames);
	same_vec(SHAPE_STACK, &a->stacks, &b->stacks);
	for (size_t i = 0; i < a->modules.nr; i++)
		same_vec(SHAPE_SITE, &a->modules.items[i].sites, &b->modules.items[i].sites);
}

static inline void same_process(const struct ledger_process *a, const struct ledger_process *b)
{
	same_members(SHAPE_PROCESS, a, b);
	assert_int_equal(a->pools.nr, b->pools.nr);
	for (size_t i = 0; i < a->pools.nr; i++)
		assert_string_equal(a->pools.items[i], b->pools.items[i]);
	assert_int_equal(a->devices.nr, b->devices.nr);
	for (size_t i = 0; i < a->devices.nr; i++) {
		const struct device *d = a->devices.items[i], *e = b->devices.items[i];

		same_members(SHAPE_DEVICE, d, e);
		assert_true(same_chips(d, e));
		assert_int_equal(d->arenas.nr, e->arenas.nr);
		for (size_t k = 0; k < d->arenas.nr; k++) {
			assert_int_equal(d->arenas.items[k]->id, e->arenas.items[k]->id);
			assert_ptr_equal(e->arenas.items[k]->device, e);
			assert_ptr_equal(e->arenas.items[k]->process, b);
		}
	}
	same_groups(&a->groups, &b->groups);
	same_programs(&a->circular, &b->circular);
	assert_int_equal(a->replays_by_trace.nr, b->replays_by_trace.nr);
	for (struct map_entry *e = map_next(&a->replays_by_trace, NULL); e; e = map_next(&a->replays_by_trace, e)) {
		assert_non_null(map_get(&b->replays_by_trace, e->a, e->b));
		assert_int_equal(map_get(&b->replays_by_trace, e->a, e->b)->value, e->value);
	}
	same_history(a->history, b->history);
	same_vec(SHAPE_USES, &a->probes.uses, &b->probes.uses);
	same_vec(SHAPE_DRIVER, &a->drivers, &b->drivers);
	same_vec(SHAPE_SITE, &a->probes.missing, &b->probes.missing);
}

static inline void same_arena(const struct arena *a, const struct arena *b)
{
	struct block x, y;

	same_members(SHAPE_ARENA, a, b);
	same_members(SHAPE_FIGURES, &a->figures, &b->figures);
	same_members(SHAPE_USE, &a->use, &b->use);
	assert_int_equal(a->blocks.nr, b->blocks.nr);
	for (size_t at = 0; blocks_next(&a->blocks, &at, &x);) {
		assert_true(blocks_get(&b->blocks, x.address, &y));
		same_members(SHAPE_BLOCK, &x, &y);
	}
}

static inline void same_ledger(const struct ledger *a, const struct ledger *b)
{
	same_members(SHAPE_LEDGER, a, b);
	same_vec(SHAPE_PROBE, &a->probes, &b->probes);
	same_vec(SHAPE_SOURCE, &a->sources, &b->sources);
	same_traced(a, b);
	assert_int_equal(a->processes.nr, b->processes.nr);
	for (size_t i = 0; i < a->processes.nr; i++)
		same_process(a->processes.items[i], b->processes.items[i]);
	assert_int_equal(a->arenas.nr, b->arenas.nr);
	for (size_t i = 0; i < a->arenas.nr; i++)
		same_arena(a->arenas.items[i], b->arenas.items[i]);
	assert_int_equal(!a->placed.process, !b->placed.process);
	if (!a->placed.process)
		return;
	same_members(SHAPE_PLACED, &a->placed, &b->placed);
	assert_int_equal(a->placed.process->id, b->placed.process->id);
	same_place(a->placed.device, b->placed.device);
}

#endif
