#include "live/watch.h"

#include "base/log.h"
#include "base/units.h"
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
	books_free(w->books);
	memory_free(w->memory);
	map_release(&w->touched);
	map_release(&w->replays);
	vec_release(&w->in_flight);
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
	_cleanup_(str_release) struct str pools = {}, advice = {};

	w->id = ++s->nr_processes;
	runtime_add_pools(&pools, w->library->binding->runtime);
	binding_add_advice(&advice, w->library->binding);
	RECORD_SET(&r, PROCESS, process, w->id);
	RECORD_SET(&r, PID, pid, (uint64_t)w->process.pid);
	RECORD_SET(&r, START_NS, start_ns, w->process.start_ns);
	RECORD_SET(&r, NAME, name, w->process.name);
	RECORD_SET(&r, COMMAND, command, w->process.command);
	RECORD_SET(&r, RUNTIME, runtime, w->library->binding->runtime->name);
	RECORD_SET(&r, POOLS, pools, str_text(&pools));
	if (advice.len)
		RECORD_SET(&r, ADVICE, advice, str_text(&advice));
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

static int attach_library(struct session *s, struct watched *w, struct diag *d)
{
	const struct binding *b = w->library->binding;
	VEC(struct probe_site) sites = {};
	int err;

	for (size_t i = 0; i < b->rows.nr; i++) {
		const struct bound_row *row = &b->rows.items[i];

		if (row->probed && !row->row->any_library)
			vec_push(&sites, ((struct probe_site){row->file_offset, w->library->first_spec + (uint32_t)i}));
	}
	err = kernel_attach(s->kernel, w->path, w->process.pid, sites.items, sites.nr, &w->links, d);
	vec_release(&sites);
	return err;
}

/* Symbols that may be in any file: the one __cxa_throw of the C++ library, which all its users share. Always with a pid. */
static int attach_others(struct session *s, struct watched *w, struct diag *d)
{
	const struct binding *b = w->library->binding;
	int err = 0;

	for (size_t i = 0; i < b->rows.nr && !err; i++) {
		struct probe_site site = {.spec = w->library->first_spec + (uint32_t)i};
		const struct rt_row *row = b->rows.items[i].row;
		_cleanup_(freep) char *path = NULL;

		if (!row->any_library || !b->rows.items[i].probed)
			continue;
		if (discover_symbol(w->process.pid, row->symbol, &path, &site.file_offset))
			log_debug("process %d: no file defines '%s'", w->process.pid, row->symbol);
		else
			err = kernel_attach(s->kernel, path, w->process.pid, &site, 1, &w->links, d);
	}
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
	kernel_detach(&w->links);
	if (s->kernel)
		kernel_forget_counts(s->kernel, w->process.pid);
	if (!w->id)
		return 0;
	decoder_process_end(s->decoder, w->id);
	RECORD_SET(&r, REASON, reason, reason);
	return session_put(s, &r);
}
