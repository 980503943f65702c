/* Records that are about no process, or about all of a source. */
#include "ledger/ledger_parts.h"

int totals_lost(struct subject *s, const struct record *r)
{
	s->l->lost += r->count;
	/* It may have been anything: until the books are compared, nobody knows. */
	for (size_t i = 0; i < s->l->processes.nr; i++)
		if (s->l->processes.items[i]->source == r->source)
			s->l->processes.items[i]->unsettled += r->count;
	return 0;
}

int totals_probe(struct subject *s, const struct record *r)
{
	const char *name = ledger_text(s->l, r->probe);
	struct probe_count *p = NULL;

	for (size_t i = 0; i < s->l->probes.nr && !p; i++)
		if (s->l->probes.items[i].probe == name && s->l->probes.items[i].source == r->source)
			p = &s->l->probes.items[i];
	if (!p) {
		p = vec_add(&s->l->probes);
		*p = (struct probe_count){};
	}
	if (r->count > p->lost && circular_is_probe(name))
		for (size_t i = 0; i < s->l->processes.nr; i++)
			if (s->l->processes.items[i]->source == r->source)
				circular_doubt(s->l, s->l->processes.items[i]);
	*p = (struct probe_count){.probe = name, .seen = r->seen, .lost = r->count, .source = r->source,
				  .left = r->left, .has_left = RECORD_HAS(r, LEFT)};
	return 0;
}

int totals_unread(struct subject *s, const struct record *r)
{
	s->l->unread += r->count;
	return 0;
}

int totals_unstacked(struct subject *s, const struct record *r)
{
	s->l->unstacked += r->count;
	return 0;
}

int totals_tick(struct subject *s, const struct record *r)
{
	s->l->ticks++;
	s->l->interval_ns = r->interval_ns;
	return 0;
}

int totals_end(struct subject *s, const struct record *r)
{
	if (!r->source)
		return 0;
	define_source(s->l, r->source);
	if (!s->l->sources.items[r->source - 1].ended_ns)
		s->l->sources.items[r->source - 1].ended_ns = RECORD_HAS(r, FROM_NS) ? r->from_ns : r->time_ns;
	return 0;
}

int totals_gap(struct subject *s, const struct record *r)
{
	if (!s->l->gaps++)
		s->l->gaps_from_ns = r->from_ns;
	else if (r->from_ns < s->l->gaps_from_ns)
		s->l->gaps_from_ns = r->from_ns;
	s->l->gaps_to_ns = r->time_ns;
	return 0;
}
