/* Where the stack pointer is: along all ways from the entry, as far as nothing is computed. */
#include "target/flow.h"

struct place {
	enum { PLACE_UNSEEN, PLACE_KNOWN, PLACE_LOST } known;
	int64_t bytes;
};

struct stack {
	struct place sp, bp;
};

struct walk {
	const struct flow *flow;
	struct stack *before;
	VEC(size_t) queue;
};

/* Returns whether @to has changed. */
static bool merge(struct place *to, const struct place *from)
{
	if (to->known == PLACE_LOST || (to->known == PLACE_KNOWN && from->known == PLACE_KNOWN && to->bytes == from->bytes))
		return false;
	if (to->known == PLACE_UNSEEN)
		*to = *from;
	else
		to->known = PLACE_LOST;
	return true;
}

static void arrive(struct walk *w, uint64_t address, const struct stack *stack)
{
	const struct map_entry *e = map_get(&w->flow->by_address, address, 0);
	bool changed;

	if (!e)
		return;
	changed = merge(&w->before[e->value].sp, &stack->sp);
	changed |= merge(&w->before[e->value].bp, &stack->bp);
	if (changed)
		vec_push(&w->queue, e->value);
}

static struct place move(const struct stack *s, const struct flow_move *move, const struct place *old)
{
	struct place lost = { PLACE_LOST, 0 }, from = move->from == MOVE_FROM_SP ? s->sp : s->bp;

	if (move->from == MOVE_NONE)
		return *old;
	if (move->from == MOVE_LOST || from.known != PLACE_KNOWN || __builtin_add_overflow(from.bytes, move->plus, &from.bytes))
		return lost;
	return from;
}

/* The first edge from @address, or from behind it. */
static size_t first_edge(const struct flow *flow, uint64_t address)
{
	size_t low = 0, high = flow->edges.nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (flow->edges.items[middle].from < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void visit(struct walk *w, size_t i)
{
	const struct flow *flow = w->flow;
	const struct flow_step *step = &w->flow->steps.items[i];
	struct stack s = w->before[i], after;

	after.sp = move(&s, &step->sp, &s.sp);
	after.bp = move(&s, &step->bp, &s.bp);
	if (step->kind == FLOW_BRANCH || step->kind == FLOW_JUMP)
		arrive(w, step->target, &after);
	if (step->kind == FLOW_ON || step->kind == FLOW_CALL || step->kind == FLOW_BRANCH)
		arrive(w, step->address + step->bytes, &after);
	for (size_t e = first_edge(flow, step->address); e < flow->edges.nr && flow->edges.items[e].from == step->address; e++)
		arrive(w, flow->edges.items[e].to, &after);
}

struct flow_depth *flow_depths(const struct flow *flow)
{
	static const struct stack entry = { { PLACE_KNOWN, 0 }, { PLACE_LOST, 0 } };
	struct walk w = { .flow = flow };
	struct flow_depth *depths = xcalloc(flow->steps.nr ? flow->steps.nr : 1, sizeof(*depths));

	w.before = xcalloc(flow->steps.nr ? flow->steps.nr : 1, sizeof(*w.before));
	if (flow->steps.nr)
		arrive(&w, flow->steps.items[0].address, &entry);
	while (w.queue.nr)
		visit(&w, w.queue.items[--w.queue.nr]);
	for (size_t i = 0; i < flow->steps.nr; i++) {
		depths[i].known = w.before[i].sp.known == PLACE_KNOWN ? DEPTH_KNOWN :
				  w.before[i].sp.known == PLACE_LOST  ? DEPTH_LOST : DEPTH_UNSEEN;
		depths[i].bytes = w.before[i].sp.bytes;
	}
	free(w.before);
	vec_release(&w.queue);
	return depths;
}
