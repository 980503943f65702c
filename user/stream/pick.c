#include "stream/pick.h"

#include <errno.h>
#include <string.h>

bool pick_is_named(const char *const *names, size_t nr, const char *name, const char *command)
{
	for (size_t i = 0; i < nr; i++)
		if ((name && !strcmp(names[i], name)) || (command && strstr(command, names[i])))
			return true;
	return false;
}

static bool picked(const struct pick *p, const struct record *attach)
{
	for (size_t i = 0; i < p->nr_pids; i++)
		if ((uint64_t)p->pids[i] == attach->pid)
			return true;
	return pick_is_named(p->names, p->nr_names, attach->name, attach->command);
}

static void leave_out(struct pick *p, int pid)
{
	for (size_t i = 0; i < p->others.nr; i++)
		if (p->others.items[i] == pid)
			return;
	vec_push(&p->others, pid);
}

/* False: nothing of that number is passed on. */
static bool renumber(const struct map *numbers, uint64_t *number)
{
	const struct map_entry *e = map_get(numbers, *number, 0);

	if (!e)
		return false;
	*number = e->value;
	return true;
}

static void define(struct map *numbers, uint64_t *number, uint64_t *nr)
{
	map_put(numbers, *number, 0, NULL)->value = ++*nr;
	*number = *nr;
}

static int pick_put(struct sink *sink, const struct record *original)
{
	struct pick *p = (struct pick *)sink;
	struct record r;

	p->time_ns = original->time_ns;
	p->late |= !p->records++ && original->kind == RECORD_CHECKPOINT;
	if (p->late)
		return -ECANCELED;
	/* A checkpoint says what of all processes together is known. */
	if (original->kind == RECORD_CHECKPOINT)
		p->in_checkpoint = !strcmp(original->reason, "begin");
	if (p->in_checkpoint || original->kind == RECORD_CHECKPOINT)
		return 0;
	if (!RECORD_HAS(original, PROCESS))
		return sink_put(p->to, original);
	r = *original;
	if (r.kind == RECORD_ATTACH) {
		if (!picked(p, &r)) {
			leave_out(p, (int)r.pid);
			return 0;
		}
		define(&p->processes, &r.process, &p->nr_processes);
	} else if (!renumber(&p->processes, &r.process)) {
		return 0;
	}
	if (r.kind == RECORD_ARENA)
		define(&p->arenas, &r.arena, &p->nr_arenas);
	else if (RECORD_HAS(&r, ARENA) && !renumber(&p->arenas, &r.arena))
		r.arena = 0; /* of another process, or defined nowhere: the ledger refuses it */
	return sink_put(p->to, &r);
}

void pick_init(struct pick *p, struct sink *to, const int *pids, size_t nr_pids)
{
	*p = (struct pick){.sink.put = pick_put, .to = to, .pids = pids, .nr_pids = nr_pids};
}

void pick_add_names(struct pick *p, const char *const *names, size_t nr)
{
	p->names = names;
	p->nr_names = nr;
}

void pick_release(struct pick *p)
{
	map_release(&p->processes);
	map_release(&p->arenas);
	vec_release(&p->others);
}
