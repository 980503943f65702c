#include "ledger/describe.h"

void describe_process(struct record *r, const struct ledger_process *p)
{
	RECORD_SET(r, PROCESS, process, p->id);
	RECORD_SET(r, PID, pid, (uint64_t)p->pid);
	RECORD_SET(r, NAME, name, p->name);
	RECORD_SET(r, COMMAND, command, p->command);
	RECORD_SET(r, RUNTIME, runtime, p->runtime);
	if (p->has_start)
		RECORD_SET(r, START_NS, start_ns, p->start_ns);
}

void describe_block(struct record *r, const struct arena *a, const struct block *b)
{
	RECORD_SET(r, PROCESS, process, a->process->id);
	RECORD_SET(r, ARENA, arena, a->id);
	RECORD_SET(r, ADDRESS, address, b->address);
	RECORD_SET(r, RESERVED, reserved, b->reserved);
	if (b->has_asked)
		RECORD_SET(r, ASKED, asked, b->asked);
	if (b->has_id)
		RECORD_SET(r, ID, id, b->id);
	if (b->layout)
		RECORD_SET(r, LAYOUT, layout, b->layout);
	if (b->label)
		RECORD_SET(r, LABEL, label, b->label);
}
