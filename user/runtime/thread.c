#include "runtime/thread.h"

#include <string.h>

struct thread *thread_new(void)
{
	struct thread *t = xcalloc(1, sizeof(*t));

	t->alone = "attach";
	t->placing.none = "attach";
	return t;
}

void thread_break(struct thread *t)
{
	t->call.state = CALL_NONE;
	t->alone = "lost";
	t->placing.none = "lost";
	t->device.chosen = CHOSEN_UNKNOWN;
	t->nr_pushed = 0;
	thread_leave_all(t);
}

/* Of more than there is room for the first are forgotten. */
void thread_push_device(struct thread *t, struct choice choice)
{
	if (t->nr_pushed == THREAD_DEVICES)
		memmove(t->pushed, t->pushed + 1, --t->nr_pushed * sizeof(t->pushed[0]));
	t->pushed[t->nr_pushed++] = t->device;
	t->device = choice;
}

void thread_pop_device(struct thread *t)
{
	t->device = t->nr_pushed ? t->pushed[--t->nr_pushed] : (struct choice){.chosen = CHOSEN_UNKNOWN};
}

void thread_enter(struct thread *t, const struct context *context, const struct record *mark)
{
	if (t->nr_contexts == THREAD_CONTEXTS)
		memmove(t->contexts, t->contexts + 1, --t->nr_contexts * sizeof(t->contexts[0]));
	t->contexts[t->nr_contexts] = *context;
	t->contexts[t->nr_contexts].trace = mark->trace;
	t->contexts[t->nr_contexts++].has_trace = RECORD_HAS(mark, TRACE);
}

/*
 * The stack grows down: a call that is still running was entered at a higher address than every call inside it. This
 * holds without return probes, for exceptions and longjmp as well.
 */
void thread_leave(struct thread *t, uint64_t stack)
{
	while (t->nr_contexts && t->contexts[t->nr_contexts - 1].stack <= stack)
		t->nr_contexts--;
}

void thread_returned(struct thread *t, uint64_t sequence)
{
	while (t->nr_contexts && t->contexts[t->nr_contexts - 1].sequence >= sequence)
		t->nr_contexts--;
}

void thread_leave_all(struct thread *t)
{
	t->nr_contexts = 0;
}

/*
 * A context that has returned cannot be told from one that lasts while hits come from deeper calls than its own: what a
 * program allocates after a capture would look like a part of it. So a context is for one allocation. A function that makes
 * several is better named by its calls of what makes one ("called by"): each call is a context.
 */
void thread_label(struct thread *t, struct record *alloc)
{
	size_t first = t->nr_contexts;

	for (size_t i = t->nr_contexts; i-- > 0;) {
		const struct context *c = &t->contexts[i];

		if (c->tag && !alloc->tag)
			RECORD_SET(alloc, TAG, tag, c->tag);
		if (c->label && !alloc->label)
			RECORD_SET(alloc, LABEL, label, c->label);
		if (c->tag || c->label)
			first = i;
	}
	for (size_t i = 0; i < t->nr_contexts && alloc->tag; i++)
		if (t->contexts[i].has_trace)
			RECORD_SET(alloc, TRACE, trace, t->contexts[i].trace);
	t->nr_contexts = alloc->tag ? 0 : first;
}
