#include "ledger/ledger_parts.h"

#include "ledger/words.h"

const struct ledger_frame *ledger_frame(const struct ledger *l, uint64_t number)
{
	return number && number <= l->frames.nr ? &l->frames.items[number - 1] : NULL;
}

const struct ledger_stack *ledger_stack(const struct ledger *l, uint64_t number)
{
	return number && number <= l->stacks.nr ? &l->stacks.items[number - 1] : NULL;
}

bool frame_fits(const struct ledger *l, const struct record *r)
{
	return r->frame == l->frames.nr + 1 && r->frame <= UINT32_MAX && (!RECORD_HAS(r, MODULE) || ledger_module(l, r->module));
}

/* What calls it is defined before it: so walking outwards comes to an end. */
bool stack_fits(const struct ledger *l, const struct record *r)
{
	return r->stack == l->stacks.nr + 1 && r->stack <= UINT32_MAX && ledger_frame(l, r->frame) &&
	       (!RECORD_HAS(r, PARENT) || ledger_stack(l, r->parent));
}

void define_frame(struct ledger *l, struct ledger_process *p, const struct record *r)
{
	(void)p;
	vec_push(&l->frames, ((struct ledger_frame){
				     .path = words_keep(&l->words, r->path),
				     .symbol = words_keep(&l->words, r->symbol),
				     .module = r->module,
				     .offset = r->module ? r->offset : 0,
				     .line = r->line,
			     }));
}

void define_stack(struct ledger *l, struct ledger_process *p, const struct record *r)
{
	(void)p;
	vec_push(&l->stacks, ((struct ledger_stack){
				     .parent = (uint32_t)r->parent,
				     .frame = (uint32_t)r->frame,
				     .partial = !r->parent && r->partial,
			     }));
}
