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

static int no_such_device(const char *text, int err, const char *what, struct diag *d)
{
	struct str shown = {};

	str_add_escaped(&shown, text);
	diag_set(d, err, "no device '%s': %s", str_text(&shown), what);
	diag_hint(d, "devices are numbered from 0; several are separated by commas, and 4-7 is 4 to 7");
	str_release(&shown);
	return err;
}

/* "3" or "4-7". */
static int add_range(struct selection *s, const char *text, struct diag *d)
{
	size_t len = strcspn(text, "-");
	_cleanup_(freep) char *begin = xstrndup(text, len);
	uint64_t first = 0, last = 0;
	int err = units_parse_number(begin, UINT_MAX, &first);

	if (!err)
		err = units_parse_number(text[len] ? text + len + 1 : text, UINT_MAX, &last);
	if (err)
		return no_such_device(text, err, "a number is wanted", d);
	if (last < first)
		return no_such_device(text, -EINVAL, "a range ends with the higher number", d);
	vec_push(&s->devices, ((struct chip_range){(unsigned int)first, (unsigned int)last}));
	return 0;
}

int selection_add_devices(struct selection *s, const char *text, struct diag *d)
{
	for (const char *p = text;;) {
		size_t len = strcspn(p, ",");
		_cleanup_(freep) char *range = xstrndup(p, len);
		int err = add_range(s, range, d);

		if (err || !p[len])
			return err;
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

bool selection_has_time(const struct selection *s, uint64_t time_ns)
{
	return !s || !s->timed || (time_ns >= s->from_ns && time_ns <= s->to_ns);
}

static bool has_number(const struct selection *s, unsigned int number)
{
	for (size_t i = 0; i < s->devices.nr; i++)
		if (s->devices.items[i].first <= number && number <= s->devices.items[i].last)
			return true;
	return false;
}

static bool has_chips(const struct selection *s, const chip_list *chips, const struct device *d)
{
	if (!s || !s->devices.nr)
		return true;
	for (size_t i = 0; i < chips->nr; i++)
		if (has_number(s, chips->items[i]))
			return true;
	return !chips->nr && has_number(s, d->number);
}

bool selection_has_device(const struct selection *s, const struct device *d)
{
	return has_chips(s, &d->chips, d);
}

bool selection_has_group(const struct selection *s, const struct chip_group *g)
{
	return has_chips(s, &g->chips, g->devices.items[0]);
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
	struct block b;

	if (!a->figures.trace)
		return;
	for (size_t at = 0; blocks_next(&a->blocks, &at, &b);) {
		if (!b.is_trace)
			continue;
		add(&sum->buffers, 1);
		add(&sum->reserved, b.reserved);
		add(&sum->trace, b.reserved);
		add(&sum->asked, b.has_asked ? b.asked : 0);
		add(&sum->asked_unknown, !b.has_asked);
	}
}

static void add_device(struct figures *sum, const struct selection *s, const struct device *d)
{
	for (size_t i = 0; i < d->arenas.nr; i++) {
		const struct arena *a = d->arenas.items[i];

		if (a->gone || pool_is_inner(a->pool) || !listed(a->process, a->pool))
			continue;
		if (selection_has_pool(s, a->pool)) {
			add_arena(sum, &a->figures);
		} else if (selection_seeks_trace(s)) {
			add_trace_blocks(sum, a);
			add(&sum->trace_unknown, a->figures.trace_unknown);
		}
	}
}

void selection_figures(const struct selection *s, const struct chip_group *g, struct figures *ret)
{
	*ret = (struct figures){};
	for (size_t i = 0; i < g->devices.nr; i++)
		add_device(ret, s, g->devices.items[i]);
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

void process_add_pid(struct str *out, const struct ledger_process *p)
{
	str_addf(out, "%d", p->pid);
	if (p->copy > 1)
		str_addf(out, "/%llu", (unsigned long long)p->copy);
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
	uint64_t age_ns = 0;
	bool equal = true;

	for (size_t i = 0; i < l->processes.nr; i++) {
		const struct ledger_process *p = l->processes.items[i];

		if (!process_current(l, p))
			continue;
		if (!p->checked_ns)
			return false;
		if (ledger_now(l, p) - p->checked_ns > age_ns)
			age_ns = ledger_now(l, p) - p->checked_ns;
		equal &= p->check_equal;
	}
	if (!l->processes.nr)
		return false;
	*ret_age_ns = age_ns;
	*ret_equal = equal;
	return true;
}
