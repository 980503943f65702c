/* What a ledger is made of: how it begins, is searched and ends. */
#include "ledger/ledger.h"

#include "ledger/figures.h"
#include "ledger/history_parts.h"
#include "ledger/words.h"

#include <string.h>

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
	probes_release(&p->probes);
	vec_release(&p->drivers);
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
	traced_release(l);
	vec_release(&l->arenas);
	vec_release(&l->processes);
	vec_release(&l->texts);
	vec_release(&l->probes);
	vec_release(&l->sources);
	vec_release(&l->frames);
	vec_release(&l->stacks);
	free(l);
}

bool pool_is_inner(const char *pool)
{
	return strchr(pool, '/');
}

uint64_t ledger_now(const struct ledger *l, const struct ledger_process *p)
{
	uint64_t ended_ns = p->source ? l->sources.items[p->source - 1].ended_ns : 0;

	return ended_ns ? ended_ns : l->time_ns;
}

void ledger_pass(struct ledger *l, uint64_t time_ns)
{
	if (time_ns > l->time_ns)
		l->time_ns = time_ns;
}
