#include "runtime/symbolize.h"

#include "base/map.h"

#include <stdlib.h>
#include <string.h>

/* A file that is open takes descriptors and a child process: whoever has waited longest is closed for another one. */
enum { OPEN_MOST = 32, TEXT_MOST = 1 << 16 };

/* A file that modules are, found when one of them first has a frame that lacks something. */
struct symbolized {
	char *path, *build_id;
	char *why; /* it was not found; NULL: it was */
	struct elf_file *elf; /* NULL: not open */
	struct symbols *symbols;
	uint64_t used; /* when it was asked last */
	uint64_t unnamed;
};

/* What became of a frame. */
enum { HAS_NAME = 1, HAS_LINE = 2, HAD_NAME = 4, HAD_LINE = 8 };

struct symbolizer {
	struct sink sink, *to;
	struct symbol_folders folders;
	VEC(struct symbolized *) files;
	struct map by_name;    /* (hash, try) -> file */
	struct map by_module;  /* (number of the module, 0) -> file */
	struct map frames;     /* (number, 0) -> what became of it */
	uint64_t turn, nr_open;
};

/* ---- files ---- */

static uint64_t hash_of(const char *path, const char *build_id)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (const char *text = path; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3ULL;
	for (const char *text = build_id; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3ULL;
	return hash ^ hash >> 32;
}

/* Modules of several recordings that became one are the same file. */
static struct symbolized *file_of(struct symbolizer *s, const char *path, const char *build_id)
{
	uint64_t hash = hash_of(path, build_id), i = 0;
	struct symbolized *f;
	struct map_entry *e;

	for (; (e = map_get(&s->by_name, hash, i)); i++) {
		f = e->pointer;
		if (!strcmp(f->path, path) && !strcmp(f->build_id, build_id))
			return f;
	}
	f = xcalloc(1, sizeof(*f));
	f->path = xstrdup(path);
	f->build_id = xstrdup(build_id);
	map_put(&s->by_name, hash, i, NULL)->pointer = f;
	vec_push(&s->files, f);
	return f;
}

static void close_file(struct symbolizer *s, struct symbolized *f)
{
	symbols_free(f->symbols);
	elf_file_free(f->elf);
	f->symbols = NULL;
	f->elf = NULL;
	s->nr_open--;
}

static void close_oldest(struct symbolizer *s)
{
	struct symbolized *oldest = NULL;

	for (size_t i = 0; i < s->files.nr; i++) {
		struct symbolized *f = s->files.items[i];

		if (f->elf && (!oldest || f->used < oldest->used))
			oldest = f;
	}
	if (oldest)
		close_file(s, oldest);
}

/* NULL: it is not there. */
static struct symbols *open_file(struct symbolizer *s, struct symbolized *f)
{
	struct diag d = {};

	f->used = ++s->turn;
	if (f->elf || f->why)
		return f->symbols;
	if (s->nr_open == OPEN_MOST)
		close_oldest(s);
	if (symbols_find_file(f->path, f->build_id, &s->folders, &f->elf, &d)) {
		f->elf = NULL;
		f->why = xstrdup(d.text);
		return NULL;
	}
	f->symbols = symbols_new(f->elf, &s->folders);
	s->nr_open++;
	return f->symbols;
}

/* ---- records ---- */

static void take_module(struct symbolizer *s, const struct record *r)
{
	if (RECORD_HAS(r, MODULE))
		map_put(&s->by_module, r->module, 0, NULL)->pointer = file_of(s, r->path ? r->path : "", r->build_id ? r->build_id : "");
}

static void add_name(struct symbols *symbols, struct record *frame)
{
	const char *name;
	uint64_t start;

	if (!symbols_at(symbols, frame->offset, &name, &start) && *name && strlen(name) <= TEXT_MOST)
		record_set_text(frame, FIELD_SYMBOL, name);
}

static void add_line(struct symbols *symbols, struct record *frame)
{
	const char *file;
	unsigned int line;

	if (symbols_line(symbols, frame->offset, &file, &line) || !*file)
		return;
	record_set_text(frame, FIELD_PATH, file);
	RECORD_SET(frame, LINE, line, line);
}

static bool has_line(const struct record *frame)
{
	return RECORD_HAS(frame, PATH) || RECORD_HAS(frame, LINE);
}

static void note_frame(struct symbolizer *s, const struct record *before, const struct record *now)
{
	bool is_new;
	struct map_entry *e = map_put(&s->frames, now->frame, 0, &is_new);

	/* Behind a gap all are told again. */
	if (!is_new)
		return;
	e->value = (RECORD_HAS(now, SYMBOL) ? HAS_NAME : 0) | (has_line(now) ? HAS_LINE : 0) |
		   (RECORD_HAS(before, SYMBOL) ? HAD_NAME : 0) | (has_line(before) ? HAD_LINE : 0);
}

static void take_frame(struct symbolizer *s, struct record *frame)
{
	const struct map_entry *e = map_get(&s->by_module, frame->module, 0);
	const struct record before = *frame;
	struct symbolized *f = e ? e->pointer : NULL;
	struct symbols *symbols;

	if (f && (!RECORD_HAS(frame, SYMBOL) || !has_line(frame)) && (symbols = open_file(s, f))) {
		if (!RECORD_HAS(frame, SYMBOL))
			add_name(symbols, frame);
		/* A line is one of a function: without it nobody knows what was called in it. */
		if (RECORD_HAS(frame, SYMBOL) && !has_line(frame))
			add_line(symbols, frame);
	}
	if (f && !RECORD_HAS(frame, SYMBOL) && !map_get(&s->frames, frame->frame, 0))
		f->unnamed++;
	note_frame(s, &before, frame);
}

static int put(struct sink *sink, const struct record *r)
{
	struct symbolizer *s = (struct symbolizer *)sink;
	struct record copy;

	if (r->kind == RECORD_MODULE)
		take_module(s, r);
	if (r->kind != RECORD_FRAME || !RECORD_HAS(r, FRAME) || !RECORD_HAS(r, MODULE) || !RECORD_HAS(r, OFFSET))
		return sink_put(s->to, r);
	copy = *r;
	take_frame(s, &copy);
	return sink_put(s->to, &copy);
}

static int idle(struct sink *sink)
{
	return sink_idle(((struct symbolizer *)sink)->to);
}

/* ---- for the caller ---- */

struct symbolizer *symbolizer_new(const struct symbol_folders *folders)
{
	struct symbolizer *s = xcalloc(1, sizeof(*s));

	s->sink = (struct sink){.put = put, .idle = idle};
	s->folders = *folders;
	return s;
}

void symbolizer_free(struct symbolizer *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->files.nr; i++) {
		struct symbolized *f = s->files.items[i];

		symbols_free(f->symbols);
		elf_file_free(f->elf);
		free(f->why);
		free(f->path);
		free(f->build_id);
		free(f);
	}
	vec_release(&s->files);
	map_release(&s->by_name);
	map_release(&s->by_module);
	map_release(&s->frames);
	free(s);
}

struct sink *symbolizer_sink(struct symbolizer *s, struct sink *to)
{
	s->to = to;
	return &s->sink;
}

void symbolizer_count(const struct symbolizer *s, struct symbolizer_counts *ret)
{
	*ret = (struct symbolizer_counts){.frames = s->frames.nr};
	for (const struct map_entry *e = map_next(&s->frames, NULL); e; e = map_next(&s->frames, e)) {
		ret->named += !!(e->value & HAS_NAME);
		ret->lined += !!(e->value & HAS_LINE);
		ret->were_named += !!(e->value & HAD_NAME);
		ret->were_lined += !!(e->value & HAD_LINE);
	}
}

void symbolizer_missing(const struct symbolizer *s, symbolizer_missing_list *ret)
{
	for (size_t i = 0; i < s->files.nr; i++)
		if (s->files.items[i]->why && s->files.items[i]->unnamed)
			vec_push(ret, ((struct symbolizer_missing){s->files.items[i]->why, s->files.items[i]->unnamed}));
}
