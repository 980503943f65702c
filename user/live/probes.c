/* The probes of a process's runtime, in the file that was detected. */
#include "base/log.h"
#include "base/units.h"
#include "live/closer.h"
#include "live/features.h"
#include "live/watch.h"

typedef VEC(struct probe_site) probe_sites;

bool probes_return_allowed(struct session *s)
{
	if (!s->returns_asked && features_ask_return() < 0) {
		s->returns_refused = true;
		log_warning("return probes would kill processes that are under a strict seccomp filter on this kernel: none is set, "
			    "and what rows with 'return' that need one are about is not seen");
	}
	s->returns_asked = true;
	return !s->returns_refused;
}

/* What is told of rows: their entry, entry and return, or entry and ways out. */
enum row_probes { PROBES_ENTRY, PROBES_RETURN, PROBES_WAYS };

static enum row_probes probes_of(const struct bound_row *row)
{
	if (!row->row->returns)
		return PROBES_ENTRY;
	return row->by_ways ? PROBES_WAYS : PROBES_RETURN;
}

/*
 * Those by which what lasts may change come first: probes are set one after another, and another part of the runtime may be traced
 * already.
 */
static void add_sites(probe_sites *sites, const struct watched *w, enum row_probes probes)
{
	const struct library *l = w->library;
	const struct binding *b = l->binding;

	for (size_t i = 0; i < 2 * b->rows.nr; i++) {
		size_t nr = i % b->rows.nr;
		const struct bound_row *row = &b->rows.items[nr];
		bool first = row->spec.flags & WIRE_CHANGES;

		if (first == (i < b->rows.nr) && row->probed && !row->row->any_library && probes_of(row) == probes)
			vec_push(sites, ((struct probe_site){row->file_offset, l->first_spec + (uint32_t)nr, w->life, 0}));
	}
}

static void add_ways(probe_sites *sites, const struct watched *w)
{
	const struct library *l = w->library;

	for (size_t i = 0; i < l->binding->rows.nr; i++) {
		const struct bound_row *row = &l->binding->rows.items[i];

		for (size_t k = 0; row->probed && k < row->ways.nr; k++)
			vec_push(sites, ((struct probe_site){row->ways.items[k].file_offset, l->first_spec + (uint32_t)i, w->life,
							     row->ways.items[k].way}));
	}
}

static bool has_returns(const struct library *l)
{
	for (size_t i = 0; i < l->binding->rows.nr; i++)
		if (probes_of(&l->binding->rows.items[i]) == PROBES_RETURN)
			return true;
	return false;
}

static int attach_ways(struct session *s, struct watched *w, struct diag *d)
{
	probe_sites entries = {}, ways = {};
	int err = 0;

	add_sites(&entries, w, PROBES_WAYS);
	add_ways(&ways, w);
	if (entries.nr)
		err = kernel_attach_ways(s->kernel, w->path, w->process.pid, entries.items, entries.nr, ways.items, ways.nr, &w->links, d);
	vec_release(&entries);
	vec_release(&ways);
	return err;
}

int probes_attach(struct session *s, struct watched *w, struct diag *d)
{
	probe_sites sites = {}, calls = {};
	int err = 0;

	add_sites(&sites, w, PROBES_ENTRY);
	if (has_returns(w->library) && probes_return_allowed(s))
		add_sites(&calls, w, PROBES_RETURN);
	if (sites.nr)
		err = kernel_attach(s->kernel, w->path, w->process.pid, sites.items, sites.nr, &w->links, d);
	if (!err && calls.nr)
		err = kernel_attach_calls(s->kernel, w->path, w->process.pid, calls.items, calls.nr, &w->links, d);
	if (!err)
		err = attach_ways(s, w, d);
	vec_release(&sites);
	vec_release(&calls);
	return err;
}

static void sweep_children(struct session *s, const struct watched *w)
{
	probe_sites sites = {};
	link_fds links = {};

	add_sites(&sites, w, PROBES_ENTRY);
	add_sites(&sites, w, PROBES_RETURN);
	add_sites(&sites, w, PROBES_WAYS);
	add_ways(&sites, w);
	kernel_sweep(s->kernel, w->path, sites.items, sites.nr, &links);
	for (size_t i = 0; i < w->elsewhere.nr; i++)
		kernel_sweep(s->kernel, w->elsewhere.items[i].path, &w->elsewhere.items[i].site, 1, &links);
	closer_close(s->closer, &links);
	vec_release(&sites);
}

/* The probes of a file are taken out of all processes at once. */
static bool is_first(const struct session *s, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (s->watched.items[i]->armed && s->watched.items[i]->library == s->watched.items[index]->library)
			return false;
	return true;
}

/* Most children execute another program soon, and it is not done for each. */
#define SWEEP_AFTER_NS (200 * NS_PER_MS)

void watched_sweep_children(struct session *s, uint64_t now_ns)
{
	uint64_t forks = kernel_forks(s->kernel);

	if (forks != s->forks && s->sweep_due_ns == UINT64_MAX)
		s->sweep_due_ns = now_ns + SWEEP_AFTER_NS;
	if (now_ns < s->sweep_due_ns)
		return;
	s->forks = forks;
	s->sweep_due_ns = UINT64_MAX;
	for (size_t i = 0; i < s->watched.nr; i++)
		if (s->watched.items[i]->armed && is_first(s, i))
			sweep_children(s, s->watched.items[i]);
}
