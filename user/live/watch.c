#include "live/watch.h"

#include "base/log.h"
#include "base/units.h"
#include "live/closer.h"
#include "live/elsewhere.h"
#include "runtime/advice.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct watched *session_find(const struct session *s, int pid)
{
	for (size_t i = 0; i < s->watched.nr; i++)
		if (s->watched.items[i]->process.pid == pid && !s->watched.items[i]->ended)
			return s->watched.items[i];
	return NULL;
}

void watched_free(struct watched *w)
{
	if (!w)
		return;
	kernel_detach(&w->links);
	for (size_t i = 0; i < w->elsewhere.nr; i++)
		free(w->elsewhere.items[i].path);
	vec_release(&w->elsewhere);
	books_free(w->books);
	memory_free(w->memory);
	map_release(&w->touched);
	map_release(&w->replays);
	vec_release(&w->in_flight);
	vec_release(&w->buffers);
	devices_release(w);
	check_release(&w->check);
	process_close(&w->process);
	free(w->path);
	free(w);
}

int watched_open(struct session *s, int pid, const struct mapping *m, struct library *l, struct watched **ret, struct diag *d)
{
	struct watched *w = xcalloc(1, sizeof(*w));
	struct diag why = {};
	int err;

	w->process.pidfd = -1;
	w->library = l;
	w->path = mapping_file(pid, m);
	err = process_open(pid, &w->process, d);
	if (!err && elf_file_bias(l->binding->elf, m->start, m->offset, &w->bias))
		err = diag_set(d, -ENOTSUP, "cannot tell where process %d has loaded its runtime: no segment of the file is there",
			       pid);
	if (err) {
		watched_free(w);
		return err;
	}
	/* Without its memory there is no census; tracing still works. */
	err = memory_open(pid, &w->memory, &why);
	if (!err && s->kernel)
		memory_set_pause(w->memory, session_collect, s);
	if (!err)
		err = books_new(l->binding, w->memory, w->bias, &w->books, &why);
	if (err && (s->o.once || err == -ESRCH)) {
		*d = why;
		watched_free(w);
		return err;
	}
	if (err)
		log_warning("process %d: what it allocated before now is not known: %s%s%s", pid, why.text,
			    why.hint[0] ? "; hint: " : "", why.hint);
	*ret = w;
	return 0;
}

static int put_attach(struct session *s, struct watched *w)
{
	struct record r = {.kind = RECORD_ATTACH};
	_cleanup_(str_release) struct str pools = {}, advice = {}, visible = {};
	const struct runtime *rt = w->library->binding->runtime;

	w->id = ++s->nr_processes;
	runtime_add_pools(&pools, rt);
	binding_add_advice(&advice, w->library->binding);
	RECORD_SET(&r, PROCESS, process, w->id);
	RECORD_SET(&r, PID, pid, (uint64_t)w->process.pid);
	RECORD_SET(&r, START_NS, start_ns, w->process.start_ns);
	RECORD_SET(&r, NAME, name, w->process.name);
	RECORD_SET(&r, COMMAND, command, w->process.command);
	RECORD_SET(&r, RUNTIME, runtime, w->library->binding->runtime->name);
	RECORD_SET(&r, POOLS, pools, str_text(&pools));
	if (w->has_gap)
		RECORD_SET(&r, GAP_NS, gap_ns, w->mapped_ns ? units_monotonic_ns() - w->mapped_ns : 0);
	if (advice.len)
		RECORD_SET(&r, ADVICE, advice, str_text(&advice));
	if (rt->environment.nr && !process_environment(w->process.pid, (const char *const *)rt->environment.items,
						       rt->environment.nr, &visible))
		RECORD_SET(&r, VISIBLE, visible, str_text(&visible));
	/* A figure of what nobody looks at would be 0. */
	if (w->library->binding->runtime->core && binding_sees_programs(w->library->binding))
		RECORD_SET(&r, CORE, core, w->library->binding->runtime->core);
	return session_put(s, &r);
}

/* Tell the kernel half what the library's cookies mean, once. */
static int set_specs(struct session *s, struct library *l)
{
	const struct binding *b = l->binding;

	if (l->specs_set)
		return 0;
	l->first_spec = WIRE_FIRST_ROW + (uint32_t)s->spec_library.nr;
	if (l->first_spec + b->rows.nr > WIRE_SPECS)
		return -E2BIG;
	for (size_t i = 0; i < b->rows.nr; i++) {
		int err = kernel_set_spec(s->kernel, l->first_spec + (uint32_t)i, &b->rows.items[i].spec);

		if (err)
			return err;
		vec_push(&s->spec_library, l);
	}
	l->specs_set = true;
	return 0;
}

typedef VEC(struct probe_site) probe_sites;

static void add_sites(probe_sites *sites, const struct library *l)
{
	const struct binding *b = l->binding;

	for (size_t i = 0; i < b->rows.nr; i++) {
		const struct bound_row *row = &b->rows.items[i];

		if (row->probed && !row->row->any_library)
			vec_push(sites, ((struct probe_site){row->file_offset, l->first_spec + (uint32_t)i}));
	}
}

static int attach_library(struct session *s, struct watched *w, struct diag *d)
{
	probe_sites sites = {};
	int err;

	add_sites(&sites, w->library);
	err = kernel_attach(s->kernel, w->path, w->process.pid, sites.items, sites.nr, &w->links, d);
	vec_release(&sites);
	return err;
}

static void sweep_children(struct session *s, const struct watched *w)
{
	probe_sites sites = {};
	link_fds links = {};

	add_sites(&sites, w->library);
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

static const struct rt_row **rows_elsewhere(const struct binding *b, size_t *places, size_t *ret_nr)
{
	const struct rt_row **rows = xcalloc(b->rows.nr ? b->rows.nr : 1, sizeof(*rows));

	*ret_nr = 0;
	for (size_t i = 0; i < b->rows.nr; i++) {
		if (!b->rows.items[i].row->any_library || !b->rows.items[i].probed)
			continue;
		places[*ret_nr] = i;
		rows[(*ret_nr)++] = b->rows.items[i].row;
	}
	return rows;
}

/* Symbols that may be in any file: the one __cxa_throw of the C++ library, which all its users share. Always with a pid. */
static int attach_others(struct session *s, struct watched *w, struct diag *d)
{
	const struct binding *b = w->library->binding;
	_cleanup_(freep) size_t *places = xcalloc(b->rows.nr ? b->rows.nr : 1, sizeof(*places));
	size_t nr;
	_cleanup_(freep) const struct rt_row **rows = rows_elsewhere(b, places, &nr);
	_cleanup_(freep) struct elsewhere *found = xcalloc(nr ? nr : 1, sizeof(*found));
	mappings maps = {};
	int err = mappings_read(w->process.pid, &maps, d);

	if (err)
		return err;
	elsewhere_find(w->process.pid, &maps, rows, nr, found);
	for (size_t i = 0; i < nr && !err; i++) {
		struct probe_site site = {.file_offset = found[i].offset, .spec = w->library->first_spec + (uint32_t)places[i]};
		_cleanup_(freep) char *path = NULL;

		if (!found[i].mapping) {
			log_debug("process %d: no file defines '%s'", w->process.pid, rows[i]->symbol);
			continue;
		}
		path = mapping_file(w->process.pid, found[i].mapping);
		err = kernel_attach(s->kernel, path, w->process.pid, &site, 1, &w->links, d);
		vec_push(&w->elsewhere, ((struct probed_elsewhere){xstrdup(path), site}));
	}
	mappings_release(&maps);
	return err;
}

int watched_attach(struct session *s, struct watched *w, struct diag *d)
{
	int err = set_specs(s, w->library);

	if (err)
		return diag_errno(d, err, "cannot set up the probes");
	err = attach_library(s, w, d);
	if (!err)
		err = attach_others(s, w, d);
	if (!err) {
		w->tracking = true;
		err = put_attach(s, w);
	}
	if (!err) {
		/* From here on hits pass: uprobe_multi arms its symbols one after another. */
		err = kernel_arm(s->kernel, w->process.pid);
		w->armed = !err;
	}
	return err;
}

int watched_once(struct session *s, struct watched *w)
{
	int err = put_attach(s, w);

	vec_push(&s->watched, w);
	return err ? err : census_once(s, w);
}

void watched_say_slow(const struct session *s, const struct watched *w)
{
	if (s->kernel && kernel_mode(s->kernel) == ATTACH_SINGLE && w->links.nr > 1 && process_alive(&w->process))
		log_info("removing %zu probes from process %d: without uprobe_multi this takes a few seconds", w->links.nr,
			 w->process.pid);
}

int watched_detach(struct session *s, struct watched *w, const char *reason)
{
	struct record r = watched_record(w, RECORD_DETACH);

	if (w->armed)
		kernel_disarm(s->kernel, w->process.pid);
	w->armed = false;
	w->ended = true;
	watched_say_slow(s, w);
	closer_close(s->closer, &w->links);
	if (s->kernel)
		kernel_forget_counts(s->kernel, w->process.pid);
	if (!w->id)
		return 0;
	decoder_process_end(s->decoder, w->id);
	RECORD_SET(&r, REASON, reason, reason);
	return session_put(s, &r);
}
