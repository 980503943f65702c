#include "view/leaks.h"

#include <string.h>

/* A block that lives: what its site has to know when it ends. */
struct leak_block {
	struct leak_site *site;
	uint64_t order, time_ns; /* 0: when it was allocated is not known */
};

static struct leak_block *block_of(const struct life *life)
{
	return (struct leak_block *)(uintptr_t)life->data;
}

static uint64_t order_of(const struct leaks *l, const struct ledger_process *p)
{
	const struct map_entry *e = map_get(&l->orders, p->id, 0);

	return e ? e->value : 0;
}

static void add(struct amount *sum, uint64_t bytes)
{
	sum->blocks++;
	if (__builtin_add_overflow(sum->bytes, bytes, &sum->bytes))
		sum->bytes = UINT64_MAX;
}

static struct leak_site *site_of(struct leaks *l, const struct life *life, const struct block *b)
{
	struct leak_site new = {.place = life->place, .label = call_group_of(l->calls, l->ledger, life->place->process, b)};
	bool has_stack = ledger_stack(l->ledger, b->stack);
	struct map_entry *e;
	bool is_new;

	new.origin = new.label ? LEAK_STACK : b->before_attach ? LEAK_BEFORE : has_stack ? LEAK_NO_OP : LEAK_NO_STACK;
	new.suppressed = has_stack && suppressions_find(l->suppressions, l->calls, l->ledger, b->stack);
	new.has_size = new.origin >= LEAK_NO_STACK && b->has_reserved;
	new.size = new.has_size ? b->reserved : 0;
	e = map_put(&l->by_key, (uint64_t)new.place->index << 8 | (uint64_t)new.origin << 2 | (uint64_t)new.suppressed << 1 | new.has_size,
		    new.label ? (uintptr_t)new.label : new.size, &is_new);
	if (!is_new)
		return e->pointer;
	e->pointer = xcalloc(1, sizeof(new));
	*(struct leak_site *)e->pointer = new;
	vec_push(&l->sites, e->pointer);
	return e->pointer;
}

/* Its pool was cleared, and it goes on: that is how it frees. */
static void forget_cleared(struct leak_site *site)
{
	const uint64_t level = site->trend.level - site->cleared.bytes;

	if (!site->cleared.blocks)
		return;
	site->cleared = site->left = (struct amount){};
	site->oldest_ns = site->newest_ns = 0;
	site->trend = (struct trend){.level = level};
}

static void begin(void *user, struct life *life, const struct block *b, const struct record *r)
{
	struct leaks *l = user;
	struct leak_block *block = xcalloc(1, sizeof(*block));
	uint64_t order = order_of(l, life->place->process);

	block->site = site_of(l, life, b);
	block->order = order;
	if (!b->before_attach)
		block->time_ns = b->has_time ? b->time_ns : r->time_ns;
	life->data = (uintptr_t)block;
	forget_cleared(block->site);
	add(&block->site->made, b->reserved);
	trend_grow(&block->site->trend, order, r->time_ns, b->reserved);
}

static void sized(void *user, struct life *life, const struct block *b, const struct record *r)
{
	struct leak_site *site = block_of(life)->site;

	(void)r;
	site->made.blocks--;
	add(&site->made, b->reserved);
	trend_resize(&site->trend, order_of(user, life->place->process), b->reserved);
}

/* It was never freed. */
static void leave(struct leaks *l, const struct life *life, uint64_t time_ns)
{
	const struct leak_block *block = block_of(life);
	struct leak_site *site = block->site;

	add(&site->left, life->reserved);
	trend_living(&site->trend, block->order);
	site->end_ns = time_ns;
	site->end_order = order_of(l, life->place->process);
	if (!block->time_ns)
		return;
	if (!site->oldest_ns || block->time_ns < site->oldest_ns)
		site->oldest_ns = block->time_ns;
	if (block->time_ns > site->newest_ns)
		site->newest_ns = block->time_ns;
}

static bool clears(const struct record *r)
{
	return r->kind == RECORD_CLEAR || (r->kind == RECORD_CORRECTION && !strcmp(r->reason, "gone"));
}

static void end(void *user, struct life *life, const struct record *r)
{
	struct leak_block *block = block_of(life);

	if (clears(r))
		add(&block->site->cleared, life->reserved);
	if (clears(r) || r->kind == RECORD_DETACH)
		leave(user, life, r->time_ns);
	else
		trend_shrink(&block->site->trend, order_of(user, life->place->process), life->reserved);
	free(block);
}

void leaks_init(struct leaks *l, struct call_groups *calls, struct suppressions *suppressions, const struct selection *selection)
{
	static const struct lives_user user = {.begin = begin, .sized = sized, .end = end};

	*l = (struct leaks){.lives = {.calls = &user, .selection = selection}, .calls = calls, .suppressions = suppressions};
	l->lives.user = l;
}

void leaks_release(struct leaks *l)
{
	for (size_t i = 0; i < l->lives.arenas.nr; i++) {
		const struct map *lives = &l->lives.arenas.items[i];

		for (struct map_entry *e = map_next(lives, NULL); e; e = map_next(lives, e))
			free(block_of(e->pointer));
	}
	for (struct map_entry *e = map_next(&l->by_key, NULL); e; e = map_next(&l->by_key, e))
		free(e->pointer);
	map_release(&l->by_key);
	map_release(&l->orders);
	vec_release(&l->sites);
	vec_release(&l->processes);
	lives_release(&l->lives);
}

void leaks_apply(struct leaks *l, const struct record *r, const struct effect *e)
{
	l->ledger = e->ledger;
	/* What an inner layer does is a part of what was told of the outermost. */
	if (r->kind == RECORD_ALLOC && !e->checkpoint && e->process && !(e->arena && pool_is_inner(e->arena->pool)))
		map_put(&l->orders, e->process->id, 0, NULL)->value++;
	lives_apply(&l->lives, r, e);
}

bool leak_site_leaks(const struct leak_site *site)
{
	return !site->suppressed && site->origin != LEAK_BEFORE && site->evidence.verdict == TREND_GROWS;
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int by_growth(const void *x, const void *y)
{
	const struct leak_site *a = *(struct leak_site *const *)x, *b = *(struct leak_site *const *)y;
	int order = compare(leak_site_leaks(a), leak_site_leaks(b));

	if (!order && leak_site_leaks(a))
		order = compare(a->evidence.growth, b->evidence.growth);
	if (!order)
		order = compare(a->left.bytes, b->left.bytes);
	if (!order)
		order = compare(b->place->index, a->place->index);
	if (!order && a->label && b->label)
		order = strcmp(a->label, b->label);
	if (!order)
		order = compare(b->origin, a->origin);
	return order ? order : compare(a->size, b->size);
}

static void leave_all(struct leaks *l, const struct ledger *ledger)
{
	for (size_t i = 0; i < l->lives.arenas.nr; i++) {
		const struct map *lives = &l->lives.arenas.items[i];

		for (struct map_entry *e = map_next(lives, NULL); e; e = map_next(lives, e)) {
			const struct life *life = e->pointer;

			leave(l, life, ledger_now(ledger, life->place->process));
		}
	}
}

static struct leak_process *process_of(struct leaks *l, const struct ledger_process *p)
{
	for (size_t i = 0; i < l->processes.nr; i++)
		if (l->processes.items[i].process == p)
			return &l->processes.items[i];
	vec_push(&l->processes, ((struct leak_process){.process = p}));
	return &l->processes.items[l->processes.nr - 1];
}

static void add_amount(struct amount *sum, const struct amount *part)
{
	sum->blocks += part->blocks;
	if (__builtin_add_overflow(sum->bytes, part->bytes, &sum->bytes))
		sum->bytes = UINT64_MAX;
}

static void finish_site(struct leaks *l, struct leak_site *site)
{
	struct leak_process *p = process_of(l, site->place->process);

	site->evidence = trend_judge(&site->trend, site->end_order, site->end_ns);
	add_amount(&p->left, &site->left);
	if (leak_site_leaks(site))
		add_amount(&p->leaked, &site->left);
}

void leaks_finish(struct leaks *l, const struct ledger *ledger)
{
	size_t kept = 0;

	leave_all(l, ledger);
	for (size_t i = 0; i < l->sites.nr; i++) {
		if (!l->sites.items[i]->left.blocks)
			continue;
		finish_site(l, l->sites.items[i]);
		l->sites.items[kept++] = l->sites.items[i];
	}
	l->sites.nr = kept;
	if (kept)
		qsort(l->sites.items, kept, sizeof(*l->sites.items), by_growth);
}
