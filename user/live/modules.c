/* What is traced, told once: runtime files, the files of the processes that have their functions, and the probes in them. */
#include "live/watch.h"

#include <stdlib.h>
#include <string.h>

#include "live/elsewhere.h"
#include "target/wheel.h"

/* A process can have names of any length, and must not end a recording by them. */
enum { PATH_MOST = 4096, SYMBOL_MOST = 1 << 16, REASON_MOST = 4096 };

/* A row as it is in a file. */
struct told_row {
	const struct bound_row *row;
	const char *symbol;
	uint64_t offset;
	bool probed;
};

struct told_file {
	const char *path, *build_id; /* "": it has none */
	uint64_t device, inode;	     /* as in maps */
	VEC(struct told_row) rows;
};

void modules_note(struct watched *w, size_t place, const struct elsewhere *found)
{
	struct row_elsewhere row = {.place = place};

	if (found->mapping) {
		row.path = xstrdup(found->mapping->path);
		row.symbol = xstrdup(found->symbol);
		row.build_id = xstrdup(found->build_id);
		row.device = found->mapping->device;
		row.inode = found->mapping->inode;
		row.offset = found->offset;
	}
	vec_push(&w->rows_elsewhere, row);
}

void modules_forget(struct watched *w)
{
	for (size_t i = 0; i < w->rows_elsewhere.nr; i++) {
		free(w->rows_elsewhere.items[i].path);
		free(w->rows_elsewhere.items[i].symbol);
		free(w->rows_elsewhere.items[i].build_id);
	}
	vec_release(&w->rows_elsewhere);
}

void modules_release(struct session *s)
{
	for (size_t i = 0; i < s->told_modules.nr; i++) {
		free(s->told_modules.items[i].signature);
		free(s->told_modules.items[i].path);
	}
	vec_release(&s->told_modules);
	vec_release(&s->told_runtimes);
}

static void set_text(struct record *r, enum field field, const char *text, size_t most)
{
	if (text && *text && strlen(text) <= most)
		record_set_text(r, field, text);
}

/* As of the attach: nothing has happened in between. */
static int put(struct session *s, struct record *r)
{
	RECORD_SET(r, TIME_NS, time_ns, s->last_ns);
	return session_put(s, r);
}

/* The number of the runtime, which is told if it has not been. */
static int tell_runtime(struct session *s, const struct runtime *rt, uint64_t *ret_id)
{
	struct record r = {.kind = RECORD_RUNTIME};

	for (size_t i = 0; i < s->told_runtimes.nr; i++) {
		*ret_id = i + 1;
		if (s->told_runtimes.items[i] == rt)
			return 0;
	}
	vec_push(&s->told_runtimes, rt);
	*ret_id = s->told_runtimes.nr;
	RECORD_SET(&r, ID, id, *ret_id);
	RECORD_SET(&r, NAME, name, rt->name);
	RECORD_SET(&r, TEXT, text, rt->text);
	set_text(&r, FIELD_PATH, rt->path, PATH_MOST);
	return put(s, &r);
}

static int put_site(struct session *s, const struct told_row *told, enum field of, uint64_t number)
{
	_cleanup_(freep) char *reason = told->row->problem ? xstrndup(told->row->problem, REASON_MOST) : NULL;
	struct record r = {.kind = RECORD_SITE};

	record_set_number(&r, of, number);
	RECORD_SET(&r, PROBE, probe, rt_verb_name(told->row->row->verb));
	set_text(&r, FIELD_SYMBOL, told->symbol, SYMBOL_MOST);
	set_text(&r, FIELD_TAG, told->row->row->tag, SYMBOL_MOST);
	if (told->probed)
		RECORD_SET(&r, OFFSET, offset, told->offset);
	if (reason)
		RECORD_SET(&r, REASON, reason, reason);
	else if (of == FIELD_PROCESS)
		RECORD_SET(&r, REASON, reason, "no file that the process maps defines it");
	return put(s, &r);
}

static int put_module(struct session *s, const struct watched *w, const struct told_file *file, uint64_t runtime, uint64_t module)
{
	_cleanup_(freep) char *version = wheel_of(w->process.pid, file->path);
	struct record r = {.kind = RECORD_MODULE};
	int err;

	RECORD_SET(&r, MODULE, module, module);
	RECORD_SET(&r, ID, id, runtime);
	set_text(&r, FIELD_PATH, file->path, PATH_MOST);
	set_text(&r, FIELD_BUILD_ID, file->build_id, PATH_MOST);
	set_text(&r, FIELD_VERSION, version, PATH_MOST);
	err = put(s, &r);
	for (size_t i = 0; i < file->rows.nr && !err; i++)
		err = put_site(s, &file->rows.items[i], FIELD_MODULE, module);
	return err;
}

/* All that a module's records say, but for names that the same file may have in other processes. */
static void add_signature(struct str *s, const struct told_file *file, uint64_t runtime)
{
	str_addf(s, "%llu %llx:%llx %s\n", (unsigned long long)runtime, (unsigned long long)file->device,
		 (unsigned long long)file->inode, file->build_id);
	for (size_t i = 0; i < file->rows.nr; i++) {
		const struct told_row *row = &file->rows.items[i];

		str_addf(s, "%u %s %d %llx\n", row->row->row->at.line, row->symbol, row->probed, (unsigned long long)row->offset);
	}
}

/* The number of the file, which is told with its rows if it has not been. */
static int tell_module(struct session *s, const struct watched *w, const struct told_file *file, uint64_t runtime,
		       uint64_t *ret_module)
{
	_cleanup_(str_release) struct str signature = {};

	add_signature(&signature, file, runtime);
	for (size_t i = 0; i < s->told_modules.nr; i++) {
		*ret_module = i + 1;
		if (!strcmp(s->told_modules.items[i].signature, str_text(&signature)))
			return 0;
	}
	vec_push(&s->told_modules, ((struct told_module){xstrdup(str_text(&signature)), xstrdup(file->path)}));
	*ret_module = s->told_modules.nr;
	return put_module(s, w, file, runtime, *ret_module);
}

/* That the process uses the file. */
static int tell_use(struct session *s, const struct watched *w, const struct told_file *file, uint64_t runtime)
{
	struct record r = watched_record(w, RECORD_USES);
	uint64_t module;
	int err = tell_module(s, w, file, runtime, &module);

	if (err)
		return err;
	RECORD_SET(&r, MODULE, module, module);
	if (strcmp(file->path, s->told_modules.items[module - 1].path))
		set_text(&r, FIELD_PATH, file->path, PATH_MOST);
	return put(s, &r);
}

/* The file that has the runtime; where nothing is probed, without rows. */
static int tell_library(struct session *s, const struct watched *w, uint64_t runtime)
{
	const struct library *l = w->library;
	struct told_file file = {w->mapped_as, elf_file_build_id(l->binding->elf), l->device, l->inode, {}};
	int err;

	for (size_t i = 0; s->kernel && i < l->binding->rows.nr; i++) {
		const struct bound_row *row = &l->binding->rows.items[i];
		const char *symbol = row->symbol ? row->symbol : row->row->symbol;

		if (!row->probed || !row->row->any_library)
			vec_push(&file.rows, ((struct told_row){row, symbol, row->file_offset, row->probed}));
	}
	err = tell_use(s, w, &file, runtime);
	vec_release(&file.rows);
	return err;
}

static bool same_file(const struct row_elsewhere *a, const struct row_elsewhere *b)
{
	return b->path && a->device == b->device && a->inode == b->inode;
}

static bool is_told(const struct watched *w, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_file(&w->rows_elsewhere.items[i], &w->rows_elsewhere.items[k]))
			return true;
	return false;
}

/* A further file, with all rows that were found in it. */
static int tell_further(struct session *s, const struct watched *w, const struct row_elsewhere *first, uint64_t runtime)
{
	struct told_file file = {first->path, first->build_id, first->device, first->inode, {}};
	int err;

	for (size_t i = 0; i < w->rows_elsewhere.nr; i++) {
		const struct row_elsewhere *row = &w->rows_elsewhere.items[i];

		if (same_file(first, row))
			vec_push(&file.rows, ((struct told_row){&w->library->binding->rows.items[row->place], row->symbol,
								row->offset, true}));
	}
	err = tell_use(s, w, &file, runtime);
	vec_release(&file.rows);
	return err;
}

static int tell_elsewhere(struct session *s, const struct watched *w, size_t i, uint64_t runtime)
{
	const struct row_elsewhere *e = &w->rows_elsewhere.items[i];
	const struct bound_row *row = &w->library->binding->rows.items[e->place];
	const struct told_row missing = {row, row->row->symbol, 0, false};

	if (!e->path)
		return put_site(s, &missing, FIELD_PROCESS, w->id);
	return is_told(w, i) ? 0 : tell_further(s, w, e, runtime);
}

int modules_put(struct session *s, const struct watched *w)
{
	uint64_t runtime;
	int err = tell_runtime(s, w->library->binding->runtime, &runtime);

	if (!err)
		err = tell_library(s, w, runtime);
	for (size_t i = 0; i < w->rows_elsewhere.nr && !err; i++)
		err = tell_elsewhere(s, w, i, runtime);
	return err;
}
