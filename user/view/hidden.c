#include "view/hidden.h"

#include <stdlib.h>
#include <string.h>

static void add_block(hidden_list *list, size_t first, const struct arena *a, const struct block *b)
{
	struct hidden *h = NULL;

	for (size_t i = first; i < list->nr && !h; i++)
		if (!strcmp(list->items[i].label, b->label))
			h = &list->items[i];
	if (!h) {
		h = vec_add(list);
		*h = (struct hidden){.device = a->device, .pool = a->pool, .label = b->label};
	}
	h->buffers++;
	h->reserved += b->reserved;
}

static int more_bytes(const void *a, const void *b)
{
	const struct hidden *x = a, *y = b;

	if (x->reserved != y->reserved)
		return x->reserved > y->reserved ? -1 : 1;
	return strcmp(x->label, y->label);
}

static void add_arena(hidden_list *list, const struct arena *a)
{
	size_t first = list->nr;
	struct block b;

	for (size_t at = 0; blocks_next(&a->blocks, &at, &b);)
		if (b.label)
			add_block(list, first, a, &b);
	if (list->nr > first)
		qsort(list->items + first, list->nr - first, sizeof(*list->items), more_bytes);
}

static void add_pool(hidden_list *list, const struct device *d, const char *pool)
{
	for (size_t i = 0; i < d->arenas.nr; i++)
		if (!d->arenas.items[i]->gone && !strcmp(d->arenas.items[i]->pool, pool))
			add_arena(list, d->arenas.items[i]);
}

void hidden_list_fill(const struct ledger_process *p, const struct selection *s, hidden_list *ret)
{
	for (size_t i = 0; i < p->devices.nr; i++) {
		const struct device *d = p->devices.items[i];

		if (!device_shown(d) || !selection_has_device(s, d))
			continue;
		for (size_t k = 0; k < p->pools.nr; k++)
			if (selection_has_pool(s, p->pools.items[k]))
				add_pool(ret, d, p->pools.items[k]);
	}
}
