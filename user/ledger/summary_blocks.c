/* The most wanted of many blocks: a heap with the least wanted of them at its root. */
#include "ledger/summary.h"

static void sift_down(const struct summary_choice *c, summary_blocks *heap, size_t i)
{
	for (;;) {
		size_t least = i;
		struct summary_block b;

		for (size_t k = 2 * i + 1; k <= 2 * i + 2 && k < heap->nr; k++)
			if (c->compare(&heap->items[k].block, &heap->items[least].block) < 0)
				least = k;
		if (least == i)
			return;
		b = heap->items[i];
		heap->items[i] = heap->items[least];
		heap->items[least] = b;
		i = least;
	}
}

static void sift_up(const struct summary_choice *c, summary_blocks *heap, size_t i)
{
	while (i && c->compare(&heap->items[i].block, &heap->items[(i - 1) / 2].block) < 0) {
		struct summary_block b = heap->items[i];

		heap->items[i] = heap->items[(i - 1) / 2];
		heap->items[(i - 1) / 2] = b;
		i = (i - 1) / 2;
	}
}

static void keep(const struct summary_choice *c, summary_blocks *heap, const struct summary_block *b)
{
	if (heap->nr < c->most) {
		vec_push(heap, *b);
		sift_up(c, heap, heap->nr - 1);
	} else if (heap->nr && c->compare(&b->block, &heap->items[0].block) > 0) {
		heap->items[0] = *b;
		sift_down(c, heap, 0);
	}
}

void summary_keep(const struct summary_choice *c, summary_blocks *heap, const struct arena *a, uint64_t seen_ns)
{
	struct summary_block b = {.arena = a->id, .seen_ns = seen_ns};

	for (size_t at = 0; blocks_next(&a->blocks, &at, &b.block);)
		if (!c->chosen || c->chosen(c->context, a, &b.block))
			keep(c, heap, &b);
}

/* The least wanted is taken from the heap again and again, and put behind it. */
static void sort(const struct summary_choice *c, summary_blocks *heap)
{
	size_t nr = heap->nr;

	while (heap->nr > 1) {
		struct summary_block b = heap->items[0];

		heap->items[0] = heap->items[heap->nr - 1];
		heap->items[--heap->nr] = b;
		sift_down(c, heap, 0);
	}
	heap->nr = nr;
}

void summary_blocks_fill(const struct summary *s, const struct ledger *l, summary_blocks *ret)
{
	for (size_t i = 0; i < s->kept.nr; i++)
		keep(&s->choice, ret, &s->kept.items[i]);
	for (size_t i = 0; i < l->arenas.nr; i++)
		summary_keep(&s->choice, ret, l->arenas.items[i], ledger_now(l, l->arenas.items[i]->process));
	sort(&s->choice, ret);
}
