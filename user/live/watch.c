#include "live/watch.h"

#include "base/log.h"
#include "base/units.h"
#include "live/closer.h"
#include "live/hold.h"
#include "live/elsewhere.h"
#include "runtime/advice.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct watched *session_watched(const struct session *s, uint64_t process)
{
	if (s->current && s->current->id == process)
		return s->current;
	for (size_t i = 0; i < s->watched.nr; i++)
		if (s->watched.items[i]->id == process)
			return s->watched.items[i];
	return NULL;
}

struct watched *session_find_copy(const struct session *s, int pid, const struct library *l)
{
	for (size_t i = 0; i < s->watched.nr; i++) {
		struct watched *w = s->watched.items[i];

		if (w->process.pid == pid && !w->ended && w->library == l)
			return w;
	}
	return NULL;
}

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
	modules_forget(w);
	stacks_forget(w);
	books_free(w->books);
	memory_free(w->memory);
	map_release(&w->touched);
	map_release(&w->replays);
	driver_uses_release(&w->by_drivers);
	vec_release(&w->in_flight);
	vec_release(&w->buffers);
	devices_release(w);
	check_release(&w->check);
	process_close(&w->process);
	free(w->path);
	free(w->mapped_as);
	free(w);
}

static unsigned int next_number(const struct session *s, int pid)
{
	unsigned int number = 1;

	for (size_t i = 0; i < s->watched.nr; i++)
		number += s->watched.items[i]->process.pid == pid && !s->watched.items[i]->ended;
	return number;
}

/* Tell the books where the file is loaded. Returns how many places are new. */
static size_t add_places(struct watched *w, const struct copy *c)
{
	size_t before = w->nr_places;

	for (size_t i = before; i < c->biases.nr && w->books; i++)
		if (books_add_place(w->books, c->biases.items[i]))
			log_warning("process %d has loaded its runtime %zu times: what the last ones held before is not known",
				    w->process.pid, c->biases.nr);
	if (c->biases.nr > before)
		w->nr_places = c->biases.nr;
	return w->nr_places - before;
}

int watched_add_places(struct session *s, struct watched *w, const struct copy *c)
{
	if (!add_places(w, c) || !w->books || !s->o.census)
		return 0;
	w->tracking = true;
	return census_run(s, w);
}

int watched_open(struct session *s, int pid, const struct copy *c, struct watched **ret, struct diag *d)
{
	struct watched *w = xcalloc(1, sizeof(*w));
	struct library *l = c->library;
	const bool has_books = l->binding->runtime->books.present;
	struct diag why = {};
	int err;

	w->process.pidfd = -1;
	w->library = l;
	w->number = next_number(s, pid);
	w->mapped_as = xstrdup(c->mapping.path);
	w->path = mapping_file(pid, &c->mapping);
	err = process_open(pid, &w->process, d);
	if (!err && !c->biases.nr)
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
		err = books_new(l->binding, w->memory, c->biases.items[0], &w->books, &why);
	add_places(w, c);
	if (err && ((s->o.once && has_books) || err == -ESRCH)) {
		*d = why;
		watched_free(w);
		return err;
	}
	/* One that was held since it mapped the runtime had allocated nothing. */
	if (err && !l->found && !s->o.once && (has_books || !hold_holds(s->hold, pid)))
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
	if (w->number > 1)
		RECORD_SET(&r, COPY, copy, w->number);
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
		struct wire_spec spec = b->rows.items[i].spec;
		int err;

		if (s->stacks && b->rows.items[i].row->verb == VERB_ALLOC)
			spec.flags |= WIRE_STACK_TOO;
		err = kernel_set_spec(s->kernel, l->first_spec + (uint32_t)i, &spec);
		if (err)
			return err;
		vec_push(&s->spec_library, l);
	}
	l->specs_set = true;
	functions_want(s, b->runtime);
	return 0;
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

struct mapped_files {
	struct elsewhere_source source;
	struct session *s;
	int pid;
	bool deep;
};

static const struct elsewhere_file *file_of(struct elsewhere_source *source, const struct mapping *m)
{
	struct mapped_files *files = (struct mapped_files *)source;
	const struct library *l = discover_library(files->s, files->pid, m, files->deep);

	return l && l->elsewhere.build_id ? &l->elsewhere : NULL;
}

static bool any_missing(const struct elsewhere *found, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (!found[i].mapping)
			return true;
	return false;
}

/* A further copy of a runtime may find what the first did: a hit is one step, whatever file it is for. */
static bool is_probed(const struct session *s, const struct watched *w, const struct rt_row *row, const struct elsewhere *found)
{
	for (size_t i = 0; i < s->watched.nr; i++) {
		const struct watched *other = s->watched.items[i];

		if (other == w || other->process.pid != w->process.pid || other->ended)
			continue;
		for (size_t k = 0; k < other->elsewhere.nr; k++) {
			const struct probed_elsewhere *e = &other->elsewhere.items[k];

			if (e->row == row && e->device == found->mapping->device && e->inode == found->mapping->inode &&
			    e->site.file_offset == found->offset)
				return true;
		}
	}
	return false;
}

/* Symbols that may be in any file: the one __cxa_throw of the C++ library, which all its users share. Always with a pid. */
static int attach_others(struct session *s, struct watched *w, struct diag *d)
{
	const struct binding *b = w->library->binding;
	_cleanup_(freep) size_t *places = xcalloc(b->rows.nr ? b->rows.nr : 1, sizeof(*places));
	size_t nr;
	_cleanup_(freep) const struct rt_row **rows = rows_elsewhere(b, places, &nr);
	_cleanup_(freep) struct elsewhere *found = xcalloc(nr ? nr : 1, sizeof(*found));
	struct mapped_files files = {{file_of}, s, w->process.pid, false};
	mappings maps = {};
	int err = mappings_read(w->process.pid, &maps, d);

	if (err)
		return err;
	elsewhere_find(&files.source, &maps, rows, nr, w->number > 1 ? w->mapped_as : NULL, found);
	if (any_missing(found, nr)) {
		files.deep = true;
		elsewhere_release(found, nr);
		elsewhere_find(&files.source, &maps, rows, nr, w->number > 1 ? w->mapped_as : NULL, found);
	}
	for (size_t i = 0; i < nr && !err; i++) {
		struct probe_site site = {found[i].offset, w->library->first_spec + (uint32_t)places[i], w->life, 0};
		_cleanup_(freep) char *path = NULL;

		modules_note(w, places[i], &found[i]);
		if (!found[i].mapping) {
			log_debug("process %d: no file defines '%s'", w->process.pid, rows[i]->symbol);
			continue;
		}
		if (is_probed(s, w, rows[i], &found[i]) || (rows[i]->returns && !probes_return_allowed(s)))
			continue;
		path = mapping_file(w->process.pid, found[i].mapping);
		err = (rows[i]->returns ? kernel_attach_calls : kernel_attach)(s->kernel, path, w->process.pid, &site, 1,
									       &w->links, d);
		vec_push(&w->elsewhere, ((struct probed_elsewhere){.path = xstrdup(path),
								   .device = found[i].mapping->device,
								   .inode = found[i].mapping->inode,
								   .row = rows[i],
								   .site = site}));
	}
	elsewhere_release(found, nr);
	mappings_release(&maps);
	return err;
}

/* Another runtime of the same process, watched at the moment. */
static struct watched *find_armed_sibling(const struct session *s, const struct watched *w)
{
	for (size_t i = 0; i < s->watched.nr; i++) {
		struct watched *other = s->watched.items[i];

		if (other != w && other->armed && other->process.pid == w->process.pid)
			return other;
	}
	return NULL;
}

/* To arm a process anew would take away what was counted in it. */
static int arm(struct session *s, struct watched *w)
{
	bool is_armed = false;
	int err = 0;

	w->armed_ns = units_monotonic_ns();
	for (size_t i = 0; i < s->watched.nr; i++) {
		const struct watched *other = s->watched.items[i];

		if (other == w || !other->armed || other->process.pid != w->process.pid)
			continue;
		is_armed = true;
		decoder_attached(s->decoder, other->id);
	}
	if (!is_armed)
		err = kernel_arm(s->kernel, w->process.pid, w->life);
	w->armed = !err;
	return err;
}

int watched_attach(struct session *s, struct watched *w, struct diag *d)
{
	const struct watched *sibling = find_armed_sibling(s, w);
	int err = set_specs(s, w->library);

	w->life = sibling ? sibling->life : (s->last_life = kernel_free_life(s->kernel, s->last_life));
	w->headless = process_reader(w->process.pid) != w->process.pid;
	if (!err && !w->life)
		err = -E2BIG;
	if (err)
		return diag_errno(d, err, "cannot set up the probes");
	stacks_prepare(s, w);
	err = probes_attach(s, w, d);
	if (!err)
		err = attach_others(s, w, d);
	if (!err) {
		w->tracking = true;
		err = parts_join(s, w) ? 0 : put_attach(s, w);
	}
	/* From here on hits pass: uprobe_multi arms its symbols one after another. */
	if (!err)
		err = arm(s, w);
	return err ? err : modules_put(s, w);
}

int watched_once(struct session *s, struct watched *w)
{
	int err = parts_join(s, w) ? 0 : put_attach(s, w);

	vec_push(&s->watched, w);
	if (!err)
		err = modules_put(s, w);
	if (!err)
		err = drivers_begin(s, w);
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

	const bool last = !find_armed_sibling(s, w);

	if (w->armed && last)
		kernel_disarm(s->kernel, w->process.pid);
	w->armed = false;
	w->ended = true;
	watched_say_slow(s, w);
	closer_close(s->closer, &w->links);
	if (s->kernel && w->library->file.inode)
		kernel_set_attached(s->kernel, w->process.pid, &w->library->file, false);
	if (s->kernel && last)
		kernel_forget_counts(s->kernel, w->process.pid);
	if (w->python)
		kernel_forget_python(s->kernel, w->process.pid);
	if (!w->id || parts_go_on(s, w))
		return 0;
	decoder_process_end(s->decoder, w->id);
	RECORD_SET(&r, REASON, reason, reason);
	return session_put(s, &r);
}
