#include "runtime/call_merge.h"

#include <string.h>

/* The interpreter's own frame at its entry. */
enum { OWNED_BY_C_STACK = 3 };

/* The calls of the interpreter, one after another, the innermost first. */
struct walk {
	const struct python *p;
	const struct wire_python_stack *stack;
	const struct stack_sample *sample;
	uint32_t at;	     /* the first Python frame of the call, */
	uint32_t end;	     /* behind its last one, and where the next call's are, */
	uint32_t next;
	uint64_t activation; /* and what is a variable of the call; 0: not known */
};

static bool read_stack(const struct stack_sample *s, uint64_t address, uint64_t *ret)
{
	if (address < s->start || s->bytes < sizeof(*ret) || address - s->start > s->bytes - sizeof(*ret))
		return false;
	memcpy(ret, s->stack + (address - s->start), sizeof(*ret));
	return true;
}

/* Is the frame the last of its call? */
static bool ends_call(const struct walk *w, const struct wire_python_frame *f)
{
	if (w->p->activation_back == WIRE_PYTHON_NONE)
		return f->owner == OWNED_BY_C_STACK;
	return w->p->wire.entry == WIRE_PYTHON_NONE || f->entry;
}

/* Find the frames of the call that begin at w->next. False: there is none. */
static bool next_call(struct walk *w)
{
	bool own_frame = w->p->activation_back == WIRE_PYTHON_NONE;

	if (w->next >= w->stack->nr)
		return false;
	w->at = w->end = w->next;
	while (w->end < w->stack->nr && !ends_call(w, &w->stack->frame[w->end]))
		w->end++;
	w->next = w->end < w->stack->nr ? w->end + 1 : w->end;
	if (own_frame)
		w->activation = w->end < w->stack->nr ? w->stack->frame[w->end].frame : 0;
	else
		w->end = w->next;
	return true;
}

/* The variable of the call before this one. */
static void leave_call(struct walk *w)
{
	uint64_t before;

	if (w->p->activation_back == WIRE_PYTHON_NONE)
		return;
	w->activation = w->activation && read_stack(w->sample, w->activation + w->p->activation_back, &before) ? before : 0;
}

/* Is it the frame of machine code that runs the call? Of one whose frames were not all walked only the function is known. */
static bool runs_call(const struct walk *w, const struct stack_frame *f)
{
	if (w->activation)
		return w->activation >= f->sp && w->activation < f->cfa;
	return f->pc >= w->p->eval_start && f->pc < w->p->eval_end;
}

static void add_call(const struct walk *w, merged_frames *ret)
{
	for (uint32_t i = w->at; i < w->end; i++)
		vec_push(ret, ((struct merged_frame){.python = &w->stack->frame[i]}));
}

void call_merge(const struct python *p, const struct wire_python_stack *python, const struct stack *native,
		const struct stack_sample *sample, merged_frames *ret)
{
	static const struct wire_python_stack none = {};
	struct walk w = {.p = p, .stack = python ? python : &none, .sample = sample};
	bool more;

	vec_clear(ret);
	w.activation = w.stack->activation;
	more = w.p && next_call(&w);
	for (size_t i = 0; i < native->nr; i++) {
		const struct stack_frame *f = &native->frames[i];

		if (!more || !runs_call(&w, f)) {
			vec_push(ret, ((struct merged_frame){.native = f}));
			continue;
		}
		add_call(&w, ret);
		leave_call(&w);
		more = next_call(&w);
		if (!more && w.stack->flags)
			vec_push(ret, ((struct merged_frame){}));
	}
	if (more && native->nr)
		vec_push(ret, ((struct merged_frame){}));
	for (; more; more = next_call(&w))
		add_call(&w, ret);
}
