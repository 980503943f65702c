/* What a ledger is made of: how it begins, is searched and ends. */
#include "ledger/ledger.h"

#include "ledger/figures.h"
#include "ledger/history_parts.h"
#include "ledger/words.h"

struct ledger *ledger_new(void)
{
	return xcalloc(1, sizeof(struct ledger));
}

static void process_free(struct ledger_process *p)
{
	for (size_t i = 0; i < p->devices.nr; i++) {
		vec_release(&p->devices.items[i]->arenas);
		vec_release(&p->devices.items[i]->chips);
		free(p->devices.items[i]);
	}
	vec_release(&p->devices);
	chip_groups_release(&p->groups);
	vec_release(&p->pools);
	map_release(&p->replays_by_trace);
	history_free(p->history);
	circular_release(p);
	free(p);
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	restore_free(l);
	for (size_t i = 0; i < l->arenas.nr; i++) {
		blocks_release(&l->arenas.items[i]->blocks);
		free(l->arenas.items[i]);
	}
	for (size_t i = 0; i < l->processes.nr; i++)
		process_free(l->processes.items[i]);
	for (size_t i = 0; i < l->texts.nr; i++)
		free(l->texts.items[i]);
	words_release(&l->words);
	vec_release(&l->arenas);
	vec_release(&l->processes);
	vec_release(&l->texts);
	vec_release(&l->probes);
	free(l);
}

bool ledger_in_checkpoint(const struct ledger *l, const struct record *r)
{
	return l->restore || r->kind == RECORD_CHECKPOINT || r->kind == RECORD_STATE;
}

struct ledger_process *ledger_process(const struct ledger *l, uint64_t id)
{
	return id && id <= l->processes.nr ? l->processes.items[id - 1] : NULL;
}

struct arena *ledger_arena(const struct ledger *l, uint64_t id)
{
	return id && id <= l->arenas.nr ? l->arenas.items[id - 1] : NULL;
}

struct arena *ledger_arena_at(const struct ledger *l, uint64_t process, uint64_t object)
{
	for (size_t i = l->arenas.nr; i > 0; i--) {
		struct arena *a = l->arenas.items[i - 1];

		if (a->object == object && a->process->id == process && !a->gone)
			return a;
	}
	return NULL;
}
