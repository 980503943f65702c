#include "view/select.h"

#include "base/str.h"
#include "base/units.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#define ENDED_SHOWN_NS (60 * NS_PER_SEC)

static const char *find(const char *const *known, size_t nr_known, const char *name)
{
	for (size_t i = 0; i < nr_known; i++)
		if (!strcasecmp(known[i], name))
			return known[i];
	return NULL;
}

static int no_such_pool(const char *name, const char *const *known, size_t nr_known, struct diag *d)
{
	struct str text = {};

	str_add(&text, "no pool '");
	str_add_escaped(&text, name);
	str_add(&text, "': there are ");
	for (size_t i = 0; i < nr_known; i++) {
		str_add(&text, !i ? "" : i + 1 == nr_known ? " and " : ", ");
		str_add_escaped(&text, known[i]);
	}
	if (!nr_known)
		str_add(&text, "none");
	diag_set(d, -EINVAL, "%s", str_text(&text));
	diag_hint(d, "several are separated by commas; '!%s' is all but that one", nr_known ? known[0] : "POOL");
	str_release(&text);
	return -EINVAL;
}

int selection_add_pools(struct selection *s, const char *text, const char *const *known, size_t nr_known, struct diag *d)
{
	bool negated = text[0] == '!';
	const char *p = text + negated;

	if (s->pools.nr && negated != s->pools_negated)
		return diag_set(d, -EINVAL, "pools are either selected or left out: '!' is for all of them or none");
	for (;;) {
		size_t len = strcspn(p, ",");
		_cleanup_(freep) char *name = xstrndup(p, len);
		const char *found = find(known, nr_known, name);

		if (!found)
			return no_such_pool(name, known, nr_known, d);
		vec_push(&s->pools, xstrdup(found));
		s->pools_negated = negated;
		if (!p[len])
			return 0;
		p += len + 1;
	}
}

int selection_add_devices(struct selection *s, const char *text, struct diag *d)
{
	for (const char *p = text;;) {
		size_t len = strcspn(p, ",");
		_cleanup_(freep) char *number = xstrndup(p, len);
		uint64_t value;
		int err = units_parse_number(number, UINT_MAX, &value);

		if (err) {
			struct str shown = {};

			str_add_escaped(&shown, number);
			diag_set(d, err, "no device '%s': a number is wanted", str_text(&shown));
			diag_hint(d, "devices are numbered from 0; several are separated by commas");
			str_release(&shown);
			return err;
		}
		vec_push(&s->devices, (unsigned int)value);
		if (!p[len])
			return 0;
		p += len + 1;
	}
}

void selection_release(struct selection *s)
{
	for (size_t i = 0; i < s->pools.nr; i++)
		free(s->pools.items[i]);
	vec_release(&s->pools);
	vec_release(&s->devices);
	s->pools_negated = false;
}

bool selection_has_pool(const struct selection *s, const char *pool)
{
	if (!s || !s->pools.nr)
		return true;
	return !find((const char *const *)s->pools.items, s->pools.nr, pool) == s->pools_negated;
}

bool selection_seeks_trace(const struct selection *s)
{
	return s && s->pools.nr && !s->pools_negated && selection_has_pool(s, SELECT_TRACE);
}

bool selection_has_block(const struct selection *s, const char *pool, const struct block *b)
{
	return selection_has_pool(s, pool) || (b->is_trace && selection_seeks_trace(s));
}

bool selection_has_device(const struct selection *s, const struct device *d)
{
	if (!s || !s->devices.nr)
		return true;
	for (size_t i = 0; i < s->devices.nr; i++)
		if (s->devices.items[i] == d->number)
			return true;
	return false;
}

static bool listed(const struct ledger_process *p, const char *pool)
{
	return find(p->pools.items, p->pools.nr, pool);
}

/* Only a broken recording has sums of more than 64 bits: the largest number says so, a small one would not. */
static void add(uint64_t *sum, uint64_t x)
{
	if (__builtin_add_overflow(*sum, x, sum))
		*sum = UINT64_MAX;
}

static void add_arena(struct figures *sum, const struct figures *f)
{
	add(&sum->buffers, f->buffers);
	add(&sum->reserved, f->reserved);
	add(&sum->asked, f->asked);
	add(&sum->asked_unknown, f->asked_unknown);
	add(&sum->trace, f->trace);
	add(&sum->trace_unknown, f->trace_unknown);
}

static void add_trace_blocks(struct figures *sum, const struct arena *a)
{
	if (!a->figures.trace)
		return;
	for (struct map_entry *e = map_next(&a->blocks, NULL); e; e = map_next(&a->blocks, e)) {
		const struct block *b = e->pointer;

		if (!b->is_trace)
			continue;
		add(&sum->buffers, 1);
		add(&sum->reserved, b->reserved);
		add(&sum->trace, b->reserved);
		add(&sum->asked, b->has_asked ? b->asked : 0);
		add(&sum->asked_unknown, !b->has_asked);
	}
}

void selection_figures(const struct selection *s, const struct ledger_process *p, const struct device *d,
		       struct figures *ret)
{
	*ret = (struct figures){};
	for (size_t i = 0; i < d->arenas.nr; i++) {
		const struct arena *a = d->arenas.items[i];

		if (a->gone || !listed(p, a->pool))
			continue;
		if (selection_has_pool(s, a->pool)) {
			add_arena(ret, &a->figures);
		} else if (selection_seeks_trace(s)) {
			add_trace_blocks(ret, a);
			add(&ret->trace_unknown, a->figures.trace_unknown);
		}
	}
}

bool process_current(const struct ledger *l, const struct ledger_process *p)
{
	if (!p->ended)
		return true;
	for (size_t i = 0; i < l->processes.nr; i++)
		if (!l->processes.items[i]->ended)
			return false;
	return true;
}

bool process_shown(const struct ledger *l, const struct ledger_process *p)
{
	return l->time_ns - p->ended_ns < ENDED_SHOWN_NS || process_current(l, p);
}

bool process_partial(const struct ledger_process *p)
{
	return p->partial || p->census_running || p->unsettled;
}

bool ledger_from_books(const struct ledger *l)
{
	if (!l->processes.nr || l->interval_ns || l->events || l->lost || l->unread)
		return false;
	for (size_t i = 0; i < l->processes.nr; i++)
		if (l->processes.items[i]->checked_ns || l->processes.items[i]->replays)
			return false;
	return true;
}

bool ledger_checked(const struct ledger *l, uint64_t *ret_age_ns, bool *ret_equal)
{
	uint64_t oldest = l->time_ns;
	bool equal = true;

	for (size_t i = 0; i < l->processes.nr; i++) {
		const struct ledger_process *p = l->processes.items[i];

		if (!process_current(l, p))
			continue;
		if (!p->checked_ns)
			return false;
		oldest = p->checked_ns < oldest ? p->checked_ns : oldest;
		equal &= p->check_equal;
	}
	if (!l->processes.nr)
		return false;
	*ret_age_ns = l->time_ns - oldest;
	*ret_equal = equal;
	return true;
}
