#include "ledger/checkpoint_parts.h"
#include "ledger/history_parts.h"

#include <errno.h>
#include <string.h>

static int begin_history(struct restore *s, const struct record *r)
{
	(void)r;
	if (s->process->history)
		return -EINVAL;
	s->process->history = xcalloc(1, sizeof(*s->process->history));
	s->at[SHAPE_HISTORY] = s->process->history;
	return 0;
}

static int set_row(struct restore *s, struct history_row *row)
{
	s->row = row;
	s->at[SHAPE_ROW] = row;
	s->at[SHAPE_POOL] = s->at[SHAPE_CORE] = NULL;
	return 0;
}

static int begin_row(struct restore *s, const struct record *r)
{
	struct history *h = s->process->history;

	(void)r;
	if (h->rows.nr == HISTORY_ROWS)
		return -EINVAL;
	vec_push(&h->rows, (struct history_row){});
	return set_row(s, &h->rows.items[h->rows.nr - 1]);
}

static int begin_running(struct restore *s, const struct record *r)
{
	(void)r;
	return set_row(s, &s->process->history->running);
}

static int add_row_trace(struct restore *s, const struct record *r)
{
	if (!s->row || s->row->nr_traces == HISTORY_TRACES)
		return -EINVAL;
	history_row_add_trace(s->row, r->trace);
	return 0;
}

static int begin_pool(struct restore *s, const struct record *r)
{
	const struct ledger_process *p = s->process;
	struct history_figures *f;

	if (!s->row || r->id >= p->devices.nr || r->count >= p->pools.nr)
		return -EINVAL;
	vec_push(&s->row->figures,
		 ((struct history_figures){.device = r->id, .place = r->count, .pool = p->pools.items[r->count]}));
	f = &s->row->figures.items[s->row->figures.nr - 1];
	s->at[SHAPE_POOL] = f;
	s->at[SHAPE_CORE] = &f->circular;
	return 0;
}

static int begin_failure(struct restore *s, const struct record *r)
{
	struct history *h = s->process->history;

	(void)r;
	if (h->failures.nr == HISTORY_FAILURES)
		return -EINVAL;
	vec_push(&h->failures, (struct history_failure){});
	s->failure = &h->failures.items[h->failures.nr - 1];
	s->at[SHAPE_FAILURE] = s->failure;
	s->at[SHAPE_HOLDER] = NULL;
	return 0;
}

static int begin_holder(struct restore *s, const struct record *r)
{
	(void)r;
	if (!s->failure || s->failure->nr_holders == HISTORY_HOLDERS)
		return -EINVAL;
	s->at[SHAPE_HOLDER] = &s->failure->holders[s->failure->nr_holders++];
	return 0;
}

static int begin_trace(struct restore *s, const struct record *r)
{
	struct history *h = s->process->history;

	(void)r;
	if (h->traces.nr == HISTORY_KEPT_TRACES)
		return -EINVAL;
	vec_push(&h->traces, (struct history_trace){});
	s->at[SHAPE_TRACE] = &h->traces.items[h->traces.nr - 1];
	return 0;
}

static int begin_meanwhile(struct restore *s, const struct record *r)
{
	struct history *h = s->process->history;

	if (!RECORD_HAS(r, POOL))
		return -EINVAL;
	vec_push(&h->meanwhile, ((struct history_meanwhile){.pool = ledger_text(s->next, r->pool)}));
	s->at[SHAPE_MEANWHILE] = &h->meanwhile.items[h->meanwhile.nr - 1];
	return 0;
}

static const struct {
	const char *name;
	int (*begin)(struct restore *s, const struct record *r);
} beginnings[] = {
	{"history", begin_history}, {"row", begin_row},		{"running", begin_running},
	{"row-trace", add_row_trace}, {"pool", begin_pool},	{"failure", begin_failure},
	{"holder", begin_holder},   {"trace", begin_trace},	{"meanwhile", begin_meanwhile},
};

int restore_begin_history(struct restore *s, const struct record *r)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(beginnings) && strcmp(beginnings[i].name, r->name))
		i++;
	if (i == ARRAY_SIZE(beginnings))
		return -ENOENT;
	/* Everything but the history itself needs one, and that needs all devices. */
	if (!s->defined || !s->process || (i && !s->process->history))
		return -EINVAL;
	return beginnings[i].begin(s, r);
}

/* Who tells of a failure looks for its device. */
static bool has_device(const struct ledger_process *p, unsigned int number)
{
	for (size_t i = 0; i < p->devices.nr; i++)
		if (p->devices.items[i]->held && p->devices.items[i]->number == number)
			return true;
	return false;
}

bool restore_history_whole(const struct ledger_process *p)
{
	const struct history *h = p->history;

	for (size_t i = 0; i < h->traces.nr; i++)
		if (h->traces.items[i].has_buffer && !h->traces.items[i].pool)
			return false;
	for (size_t i = 0; i < h->failures.nr; i++)
		if (h->failures.items[i].has_device && !has_device(p, h->failures.items[i].device))
			return false;
	return true;
}
