/* The states of a checkpoint that begin something: see checkpoint.h. */
#include "ledger/checkpoint_parts.h"
#include "ledger/ledger_parts.h"

#include <errno.h>
#include <string.h>

static int begin_source(struct restore *s, const struct record *r)
{
	if (!r->source || r->source > SOURCES_MAX)
		return -EINVAL;
	define_source(s->next, r->source);
	s->at[SHAPE_SOURCE] = &s->next->sources.items[r->source - 1];
	return 0;
}

static int begin_process(struct restore *s, const struct record *r)
{
	struct ledger_process *p = ledger_process(s->next, r->process);

	if (!p || restore_define(s))
		return -EINVAL;
	restore_forget_place(s);
	s->process = p;
	s->at[SHAPE_CIRCULAR] = &p->circular;
	return 0;
}

static int begin_group(struct restore *s, const struct record *r)
{
	if (!s->defined || !s->process || r->id >= s->process->groups.nr || s->process->groups.items[r->id].peaks.nr)
		return -EINVAL;
	s->group = &s->process->groups.items[r->id];
	return 0;
}

static int begin_peak(struct restore *s, const struct record *r)
{
	(void)r;
	if (!s->group || s->group->peaks.nr == s->process->pools.nr)
		return -EINVAL;
	vec_push(&s->group->peaks, (struct chip_peak){});
	s->at[SHAPE_PEAK] = &s->group->peaks.items[s->group->peaks.nr - 1];
	return 0;
}

/* The device that @r names, if it names one, in @ret. */
static int find_device(const struct ledger_process *p, const struct record *r, const struct device **ret)
{
	if (RECORD_HAS(r, ID) && r->id >= p->devices.nr)
		return -EINVAL;
	*ret = RECORD_HAS(r, ID) ? p->devices.items[r->id] : NULL;
	return 0;
}

static int begin_program(struct restore *s, const struct record *r)
{
	struct circular_program *program;

	if (!s->defined || !s->process || map_get(&s->process->circular.programs, r->program, 0))
		return -EINVAL;
	program = circular_program(s->process, r->program);
	s->at[SHAPE_PROGRAM] = program;
	return find_device(s->process, r, &program->device);
}

static int begin_placed(struct restore *s, const struct record *r)
{
	struct circular_placed *placed = &s->next->placed;
	const struct ledger_process *p = ledger_process(s->next, r->process);

	if (!p || placed->process)
		return -EINVAL;
	*placed = (struct circular_placed){.process = p, .program = r->program};
	s->at[SHAPE_PLACED] = placed;
	return find_device(p, r, &placed->device);
}

static const struct {
	const char *name;
	int (*begin)(struct restore *s, const struct record *r);
} beginnings[] = {
	{"process", begin_process}, {"group", begin_group},   {"peak", begin_peak},
	{"program", begin_program}, {"placed", begin_placed}, {"source", begin_source},
};

int restore_begin(struct restore *s, const struct record *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++)
		if (!strcmp(beginnings[i].name, r->name))
			return beginnings[i].begin(s, r);
	return restore_begin_history(s, r);
}
