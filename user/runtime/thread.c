#include "runtime/thread.h"

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
	t->nr_contexts = 0;
}

void thread_enter(struct thread *t, uint64_t stack, const char *tag, const struct record *mark)
{
	if (t->nr_contexts == THREAD_CONTEXTS)
		return;
	t->contexts[t->nr_contexts++] = (struct context){
		.stack = stack, .tag = tag, .trace = mark->trace, .has_trace = RECORD_HAS(mark, TRACE)};
}

/*
 * The stack grows down: a call that is still running was entered at a higher address than every call inside it. This holds
 * without return probes, for exceptions and longjmp as well.
 */
void thread_leave(struct thread *t, uint64_t stack)
{
	while (t->nr_contexts && t->contexts[t->nr_contexts - 1].stack <= stack)
		t->nr_contexts--;
}

void thread_label(const struct thread *t, struct record *alloc)
{
	for (size_t i = 0; i < t->nr_contexts; i++) {
		const struct context *c = &t->contexts[i];

		if (c->tag)
			RECORD_SET(alloc, TAG, tag, c->tag);
		if (c->has_trace)
			RECORD_SET(alloc, TRACE, trace, c->trace);
	}
}
