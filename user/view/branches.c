#include "view/branches.h"

#include <stdlib.h>
#include <string.h>

static void add(struct amount *sum, const struct amount *a)
{
	sum->blocks += a->blocks;
	if (__builtin_add_overflow(sum->bytes, a->bytes, &sum->bytes))
		sum->bytes = UINT64_MAX;
}

static void add_node(struct branch *branch, const struct profile_node *n)
{
	add(&branch->now, &n->inuse);
	add(&branch->peak, &n->peak);
	add(&branch->allocated, &n->allocated);
	add(&branch->allocated, &n->found);
}

static struct branch *new_call(struct branch *caller, const char *name, size_t bytes, unsigned int class)
{
	struct branch *branch = xcalloc(1, sizeof(*branch));

	*branch = (struct branch){.name = name, .bytes = bytes, .class = class};
	vec_push(&caller->calls, branch);
	return branch;
}

/* Names come sorted, so all of one beginning come one after another. */
static struct branch *call_of(struct branch *caller, const char *name, size_t bytes)
{
	struct branch *last = caller->calls.nr ? caller->calls.items[caller->calls.nr - 1] : NULL;

	if (last && last->name && last->bytes == bytes && !memcmp(last->name, name, bytes))
		return last;
	return new_call(caller, name, bytes, CLASS_NONE);
}

static void add_stack(struct branch *branch, const struct profile_node *n)
{
	const char *name = n->label;

	for (size_t depth = 0; *name && depth < BRANCHES_DEPTH; depth++) {
		size_t bytes = strcspn(name, (const char[]){CALL_FRAMES_END, '\0'});

		branch = call_of(branch, name, bytes);
		add_node(branch, n);
		name += bytes + (name[bytes] == CALL_FRAMES_END);
	}
}

struct branch *branches_new(const struct profile *p, size_t first, size_t *ret_end)
{
	struct branch *pool = xcalloc(1, sizeof(*pool));
	const struct profile_node *begin = p->nodes.items[first];

	pool->class = CLASS_NONE;
	for (; first < p->nodes.nr && p->nodes.items[first]->place == begin->place; first++) {
		const struct profile_node *n = p->nodes.items[first];

		add_node(pool, n);
		if (n->label)
			add_stack(pool, n);
		else
			add_node(new_call(pool, NULL, 0, n->class), n);
	}
	*ret_end = first;
	return pool;
}

void branches_free(struct branch *branch)
{
	for (size_t i = 0; i < branch->calls.nr; i++)
		branches_free(branch->calls.items[i]);
	vec_release(&branch->calls);
	free(branch);
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

/* They are those of a caller: names that are the beginning of another have a length of their own. */
static int by_name(const struct branch *a, const struct branch *b)
{
	int order;

	if (!a->name || !b->name)
		return a->name ? -1 : b->name ? 1 : (int)a->class - (int)b->class;
	order = memcmp(a->name, b->name, a->bytes < b->bytes ? a->bytes : b->bytes);
	return order ? order : (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

static int by_peak(const void *x, const void *y)
{
	const struct branch *a = *(struct branch *const *)x, *b = *(struct branch *const *)y;
	int order = compare(a->peak.bytes, b->peak.bytes);

	if (!order)
		order = compare(a->now.bytes, b->now.bytes);
	if (!order)
		order = compare(a->allocated.bytes, b->allocated.bytes);
	return order ? order : by_name(a, b);
}

static int by_now(const void *x, const void *y)
{
	int order = compare((*(struct branch *const *)x)->now.bytes, (*(struct branch *const *)y)->now.bytes);

	return order ? order : by_peak(x, y);
}

void branches_sort(struct branch *branch, bool now)
{
	if (branch->calls.nr)
		qsort(branch->calls.items, branch->calls.nr, sizeof(*branch->calls.items), now ? by_now : by_peak);
	for (size_t i = 0; i < branch->calls.nr; i++)
		branches_sort(branch->calls.items[i], now);
}
