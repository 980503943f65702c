#include "cmd/found.h"

static struct record record_of(enum record_kind kind, const struct ledger_process *p, uint64_t time_ns)
{
	struct record r = {.kind = kind};

	RECORD_SET(&r, TIME_NS, time_ns, time_ns);
	RECORD_SET(&r, PROCESS, process, p->id);
	RECORD_SET(&r, PID, pid, (uint64_t)p->pid);
	return r;
}

static int put_process(struct trace *t, const struct ledger_process *p, uint64_t time_ns)
{
	struct record r = record_of(RECORD_ATTACH, p, time_ns);
	struct effect e = {.process = p};

	RECORD_SET(&r, NAME, name, p->name);
	RECORD_SET(&r, COMMAND, command, p->command);
	RECORD_SET(&r, RUNTIME, runtime, p->runtime);
	if (p->has_start)
		RECORD_SET(&r, START_NS, start_ns, p->start_ns);
	return t->view->put(t->view, t, &r, &e);
}

static int put_block(struct trace *t, const struct arena *a, const struct block *b, uint64_t time_ns)
{
	struct record r = record_of(RECORD_BLOCK, a->process, time_ns);
	struct effect e = {.process = a->process, .arena = a, .device = a->device, .has_block = true, .block = *b};

	RECORD_SET(&r, ARENA, arena, a->id);
	RECORD_SET(&r, ADDRESS, address, b->address);
	RECORD_SET(&r, RESERVED, reserved, b->reserved);
	if (b->has_asked)
		RECORD_SET(&r, ASKED, asked, b->asked);
	if (b->has_id)
		RECORD_SET(&r, ID, id, b->id);
	if (b->layout)
		RECORD_SET(&r, LAYOUT, layout, b->layout);
	if (b->label)
		RECORD_SET(&r, LABEL, label, b->label);
	return t->view->put(t->view, t, &r, &e);
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
