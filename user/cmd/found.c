#include "cmd/found.h"

#include "ledger/describe.h"

static int put(struct trace *t, struct record *r, const struct effect *e, uint64_t time_ns)
{
	RECORD_SET(r, TIME_NS, time_ns, time_ns);
	return t->view->put(t->view, t, r, e);
}

static int put_process(struct trace *t, const struct ledger_process *p, uint64_t time_ns)
{
	struct record r = {.kind = RECORD_ATTACH};
	struct effect e = {.ledger = t->ledger, .process = p};

	describe_process(&r, p);
	return put(t, &r, &e, time_ns);
}

static int put_block(struct trace *t, const struct arena *a, const struct block *b, uint64_t time_ns)
{
	struct effect e = {.ledger = t->ledger, .process = a->process, .arena = a, .device = a->device, .has_block = true, .block = *b};
	struct record r = {.kind = RECORD_BLOCK};

	describe_block(&r, a, b);
	RECORD_SET(&r, PID, pid, (uint64_t)a->process->pid);
	return put(t, &r, &e, time_ns);
}

int found_put(struct trace *t, uint64_t time_ns)
{
	const struct ledger *l = t->ledger;
	struct block b;
	int err = 0;

	for (size_t i = 0; i < l->processes.nr && !err; i++)
		if (!l->processes.items[i]->ended)
			err = put_process(t, l->processes.items[i], time_ns);
	for (size_t i = 0; i < l->arenas.nr && !err; i++) {
		const struct arena *a = l->arenas.items[i];

		for (size_t at = 0; !err && !a->gone && !a->process->ended && blocks_next(&a->blocks, &at, &b);)
			err = put_block(t, a, &b, time_ns);
	}
	return err;
}
