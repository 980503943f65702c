#include "runtime/thread.h"

#include <string.h>

struct thread *thread_new(void)
{
	struct thread *t = xcalloc(1, sizeof(*t));

	t->alone = "attach";
	return t;
}

void thread_break(struct thread *t)
{
	t->call.state = CALL_NONE;
	t->alone = "lost";
	thread_leave_all(t);
}

void thread_enter(struct thread *t, uint64_t stack, const char *tag, const struct record *mark)
{
	if (t->nr_contexts == THREAD_CONTEXTS)
		memmove(t->contexts, t->contexts + 1, --t->nr_contexts * sizeof(t->contexts[0]));
	t->contexts[t->nr_contexts++] = (struct context){
		.stack = stack, .tag = tag, .trace = mark->trace, .has_trace = RECORD_HAS(mark, TRACE)};
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

void thread_leave_all(struct thread *t)
{
	t->nr_contexts = 0;
}

/*
 * A context that has returned cannot be told from one that lasts while hits come from deeper calls than its own: what a
 * program allocates after a capture would look like a part of it. So a context is for one allocation.
 */
void thread_label(struct thread *t, struct record *alloc)
{
	for (size_t i = 0; i < t->nr_contexts; i++)
		if (t->contexts[i].tag)
			RECORD_SET(alloc, TAG, tag, t->contexts[i].tag);
	if (!alloc->tag)
		return;
	for (size_t i = 0; i < t->nr_contexts; i++)
		if (t->contexts[i].has_trace)
			RECORD_SET(alloc, TRACE, trace, t->contexts[i].trace);
	thread_leave_all(t);
}
