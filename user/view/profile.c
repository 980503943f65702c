#include "view/profile.h"

#include "view/device_name.h"
#include "view/host_name.h"

#include <string.h>
#include <strings.h>

static unsigned int size_class(const struct block *b)
{
	if (!b->has_reserved)
		return CLASS_UNKNOWN;
	return b->reserved ? 63 - (unsigned int)__builtin_clzll(b->reserved) : CLASS_EMPTY;
}

static bool is_trace(const struct life *life, const struct block *b)
{
	return b->is_trace || !strcasecmp(life->place->pool, SELECT_TRACE);
}

static struct profile_node *node_of(struct profile *p, const struct place *place, unsigned int class, const char *label)
{
	bool is_new;
	struct map_entry *e = map_put(&p->by_key, (uint64_t)place->index << 8 | class, (uintptr_t)label, &is_new);
	struct profile_node *node;

	if (!is_new)
		return e->pointer;
	node = xcalloc(1, sizeof(*node));
	*node = (struct profile_node){.place = place, .class = class, .label = label};
	e->pointer = node;
	vec_push(&p->nodes, node);
	while (p->peaks.nr < p->lives.places.nr)
		vec_push(&p->peaks, ((struct pool_peak){}));
	return node;
}

static const char *group_of(const struct profile *p, const struct life *life, const struct block *b)
{
	return call_group_of(p->calls, p->ledger, life->place->process, b);
}

static struct profile_node *node_of_call(struct profile *p, const struct life *life, const struct block *b)
{
	const char *group = group_of(p, life, b);
	unsigned int none = b->before_attach ? CLASS_BEFORE : ledger_stack(p->ledger, b->stack) ? CLASS_NO_OP : CLASS_NO_STACK;

	return node_of(p, life->place, group ? CLASS_NONE : none, group);
}

static struct profile_node *node_of_block(struct profile *p, const struct life *life, const struct block *b)
{
	if (p->by == PROFILE_BY_POOL)
		return node_of(p, life->place, CLASS_NONE, NULL);
	if (p->by == PROFILE_BY_SIZE)
		return node_of(p, life->place, size_class(b), NULL);
	if (p->by == PROFILE_BY_CALL)
		return node_of_call(p, life, b);
	if (p->by == PROFILE_BY_KIND && p->calls && group_of(p, life, b))
		return node_of(p, life->place, CLASS_STACK, group_of(p, life, b));
	if (b->label && *b->label)
		return node_of(p, life->place, CLASS_NONE, b->label);
	if (is_trace(life, b))
		return node_of(p, life->place, CLASS_TRACE, NULL);
	return node_of(p, life->place, p->by == PROFILE_BY_LABEL ? CLASS_PLAIN : size_class(b), NULL);
}

/* Before it changes: as of the pool's last highest, it was as it is now, if it has not changed since. */
static void keep(struct profile *p, struct profile_node *node)
{
	const struct pool_peak *peak = &p->peaks.items[node->place->index];

	if (node->round != peak->round)
		node->peak = node->inuse;
	node->round = peak->round;
}

static void grow(struct profile *p, struct profile_node *node, uint64_t blocks, uint64_t bytes)
{
	struct pool_peak *peak = &p->peaks.items[node->place->index];

	keep(p, node);
	node->inuse.blocks += blocks;
	node->inuse.bytes += bytes;
	if (node->inuse.bytes > node->highest)
		node->highest = node->inuse.bytes;
	if (node->place->reserved > peak->bytes) {
		peak->bytes = node->place->reserved;
		peak->round++;
	}
}

static void shrink(struct profile *p, struct profile_node *node, uint64_t blocks, uint64_t bytes)
{
	keep(p, node);
	node->inuse.blocks -= blocks;
	node->inuse.bytes -= bytes;
}

/* Only a broken recording has sums of more than 64 bits. */
static void add(struct amount *sum, uint64_t blocks, uint64_t bytes)
{
	sum->blocks += blocks;
	if (__builtin_add_overflow(sum->bytes, bytes, &sum->bytes))
		sum->bytes = UINT64_MAX;
}

static struct amount *made(const struct life *life, struct profile_node *node)
{
	return life->seen ? &node->allocated : &node->found;
}

static void begin(void *user, struct life *life, const struct block *b, const struct record *r)
{
	struct profile_node *node = node_of_block(user, life, b);

	(void)r;
	life->data = (uintptr_t)node;
	add(made(life, node), 1, b->reserved);
	grow(user, node, 1, b->reserved);
}

static void sized(void *user, struct life *life, const struct block *b, const struct record *r)
{
	struct profile_node *old = (struct profile_node *)(uintptr_t)life->data, *node = node_of_block(user, life, b);

	(void)r;
	life->data = (uintptr_t)node;
	made(life, old)->blocks--;
	add(made(life, node), 1, b->reserved);
	shrink(user, old, 1, 0);
	grow(user, node, 1, b->reserved);
}

static void end(void *user, struct life *life, const struct record *r)
{
	struct profile_node *node = (struct profile_node *)(uintptr_t)life->data;

	if (r->kind != RECORD_DETACH)
		shrink(user, node, 1, life->reserved);
}

void profile_init(struct profile *p, enum profile_by by, const struct selection *selection)
{
	static const struct lives_user calls = {.begin = begin, .sized = sized, .end = end};

	*p = (struct profile){.lives = {.calls = &calls, .selection = selection}, .by = by};
	p->lives.user = p;
}

void profile_release(struct profile *p)
{
	for (size_t i = 0; i < p->nodes.nr; i++)
		free(p->nodes.items[i]);
	vec_release(&p->nodes);
	vec_release(&p->peaks);
	map_release(&p->by_key);
	map_release(&p->failures);
	lives_release(&p->lives);
}

/* Allocations that failed belong to no block: they are counted where blocks are not told apart. */
static void count_failed(struct profile *p, const struct record *r, const struct effect *e)
{
	const char *pool = e->arena ? e->arena->pool : failed_is_clash(r) ? e->process->core : r->pool;
	struct profile_node *node;

	if (pool && !selection_has_pool(p->lives.selection, pool))
		return;
	if (e->device && e->device->held && !selection_has_device(p->lives.selection, e->device))
		return;
	node = node_of(p, lives_place(&p->lives, e->process, e->device, pool), CLASS_NONE, NULL);
	node->failed++;
	if (RECORD_HAS(r, TID))
		map_put(&p->failures, e->process->id, r->tid, NULL)->pointer = node;
}

static void retract(struct profile *p, const struct record *r, const struct effect *e)
{
	struct map_entry *entry = map_get(&p->failures, e->process->id, r->tid);
	struct profile_node *node = entry ? entry->pointer : NULL;

	if (node && node->failed)
		node->failed--;
}

/* What was counted is not asked for; what lives is what the part begins with. */
static void restart(struct profile *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->nodes.nr; i++) {
		struct profile_node *node = p->nodes.items[i];

		if (node->place->process->ended || !node->inuse.blocks) {
			map_del(&p->by_key, (uint64_t)node->place->index << 8 | node->class, (uintptr_t)node->label);
			free(node);
			continue;
		}
		node->allocated = node->found = (struct amount){};
		node->highest = node->inuse.bytes;
		node->failed = 0;
		p->nodes.items[kept++] = node;
	}
	p->nodes.nr = kept;
	for (size_t i = 0; i < p->peaks.nr; i++)
		p->peaks.items[i] = (struct pool_peak){p->lives.places.items[i]->reserved, p->peaks.items[i].round + 1};
	map_clear(&p->failures);
}

/* @time_ns: of what comes next. */
static void begin_part(struct profile *p, uint64_t time_ns)
{
	const struct selection *s = p->lives.selection;

	if (p->begun || (s && s->timed && time_ns < s->from_ns))
		return;
	p->begun = true;
	if (s && s->timed && s->from_ns)
		restart(p);
}

void profile_apply(struct profile *p, const struct record *r, const struct effect *e)
{
	p->ledger = e->ledger;
	begin_part(p, r->time_ns);
	lives_apply(&p->lives, r, e);
	if (p->by != PROFILE_BY_POOL)
		return;
	if (r->kind == RECORD_FAILED)
		count_failed(p, r, e);
	else if (r->kind == RECORD_RETRACT)
		retract(p, r, e);
}

const struct profile_node *profile_pool(struct profile *p, const struct ledger_process *process, const struct device *device,
					const char *pool)
{
	return node_of(p, lives_place(&p->lives, process, device, pool), CLASS_NONE, NULL);
}

static size_t pool_rank(const struct place *place)
{
	size_t i = 0;

	while (i < place->process->pools.nr && place->process->pools.items[i] != place->pool)
		i++;
	return i;
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_nodes(const void *a, const void *b)
{
	const struct profile_node *x = *(struct profile_node *const *)a, *y = *(struct profile_node *const *)b;
	int order = compare(x->place->process->id, y->place->process->id);

	if (!order)
		order = compare(!x->place->has_device, !y->place->has_device);
	if (!order)
		order = compare(x->place->device, y->place->device);
	if (!order)
		order = compare(pool_rank(x->place), pool_rank(y->place));
	if (!order)
		order = compare(x->place->index, y->place->index);
	if (!order)
		order = compare(!x->label, !y->label);
	if (!order)
		order = x->label ? strcmp(x->label, y->label) : compare(x->class, y->class);
	return order;
}

void profile_finish(struct profile *p)
{
	begin_part(p, UINT64_MAX);
	for (size_t i = 0; i < p->nodes.nr; i++)
		keep(p, p->nodes.items[i]);
	if (p->nodes.nr)
		qsort(p->nodes.items, p->nodes.nr, sizeof(*p->nodes.items), compare_nodes);
}

void profile_add_process(struct str *out, const struct profile_node *node, const struct ledger *l)
{
	const struct ledger_process *p = node->place->process;
	size_t same = 0;

	for (size_t i = 0; i < l->processes.nr; i++)
		same += !strcmp(l->processes.items[i]->name, p->name) && l->processes.items[i]->host == p->host;
	str_add_escaped(out, p->name);
	if (same > 1 || !*p->name)
		str_addf(out, "%s%d", *p->name ? " " : "pid ", p->pid);
	process_add_on_host(out, p);
}

void profile_add_device(struct str *out, const struct profile_node *node)
{
	if (node->place->has_device)
		number_add_words(out, node->place->process, node->place->device);
	else
		str_add(out, "device ?");
}

void profile_add_pool(struct str *out, const struct profile_node *node)
{
	str_add_escaped(out, node->place->pool && *node->place->pool ? node->place->pool : "?");
}

/* 2^@power bytes, exact. */
static void add_power(struct str *out, unsigned int power)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

	str_addf(out, "%u %s", 1U << power % 10, units[power / 10]);
}

struct amount profile_in_all(const struct profile_node *n)
{
	return (struct amount){n->allocated.blocks + n->found.blocks, n->allocated.bytes + n->found.bytes};
}

int profile_compare_names(const struct profile_node *a, const struct profile_node *b)
{
	if (a->label && b->label)
		return strcmp(a->label, b->label);
	return a->label ? -1 : b->label ? 1 : (int)a->class - (int)b->class;
}

void profile_add_kind(struct str *out, const struct profile_node *node)
{
	static const char *const names[] = {
		[CLASS_EMPTY] = "0 B",
		[CLASS_UNKNOWN] = "size ?",
		[CLASS_TRACE] = "trace",
		[CLASS_PLAIN] = "no label",
		[CLASS_BEFORE] = "(before attach)",
		[CLASS_NO_STACK] = "(no stack)",
		[CLASS_NO_OP] = "(no operation)",
	};

	if (node->label) {
		str_add_escaped(out, node->label);
	} else if (node->class < CLASS_NONE) {
		add_power(out, node->class);
		str_add(out, " to ");
		add_power(out, node->class + 1);
	} else if (node->class != CLASS_NONE) {
		str_add(out, names[node->class]);
	}
}
