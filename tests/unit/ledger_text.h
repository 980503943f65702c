/* ledger_text.h: a stream written as text into a ledger, and what it holds then as text out. */
#ifndef TESTS_LEDGER_TEXT_H
#define TESTS_LEDGER_TEXT_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "ledger/ledger.h"
#include "stream/text.h"

struct fold {
	struct sink sink;
	struct ledger *ledger;
	struct effect effect; /* of the last record */
	struct str text;
};

static inline int fold_put(struct sink *sink, const struct record *r)
{
	struct fold *f = (struct fold *)sink;

	return ledger_apply(f->ledger, r, &f->effect);
}

static inline struct fold fold_new(void)
{
	return (struct fold){.sink = {.put = fold_put}, .ledger = ledger_new()};
}

static inline void fold_release(struct fold *f)
{
	ledger_free(f->ledger);
	str_release(&f->text);
}

/* Fold the lines of @text. Returns what the ledger says to the first that it refuses, else 0. */
static inline int fold_try(struct fold *f, const char *text)
{
	struct source *source = text_source_new(text, strlen(text));
	int err = source->run(source, &f->sink);

	if (text_source_diag(source)->text[0])
		fail_msg("%s in '%s'", text_source_diag(source)->text, text);
	source->free(source);
	return err;
}

static inline void fold(struct fold *f, const char *text)
{
	int err = fold_try(f, text);

	if (err)
		fail_msg("the ledger refuses (%d) a line of '%s'", err, text);
}

static inline void add_figures(struct str *s, const struct figures *f)
{
	str_addf(s, "%" PRIu64 " buffers %" PRIu64 " of ", f->buffers, f->reserved);
	if (f->has_capacity)
		str_addf(s, "%" PRIu64, f->capacity);
	else
		str_add(s, "?");
	str_addf(s, " asked %" PRIu64 "+%" PRIu64 "? trace %" PRIu64 "+%" PRIu64 "? peak %s%" PRIu64, f->asked,
		 f->asked_unknown, f->trace, f->trace_unknown, f->peak_known ? "" : ">=", f->peak);
}

static inline int compare_blocks(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static inline void add_known(struct str *s, const char *name, uint64_t value, bool has)
{
	if (has)
		str_addf(s, " %s %" PRIu64, name, value);
	else
		str_addf(s, " %s ?", name);
}

static inline void add_block(struct str *s, const struct block *b)
{
	str_addf(s, "    %" PRIu64 ":", b->address);
	add_known(s, "reserved", b->reserved, b->has_reserved);
	add_known(s, "asked", b->asked, b->has_asked);
	add_known(s, "since", b->time_ns, b->has_time);
	if (b->has_trace)
		str_addf(s, " trace %" PRIu64, b->trace);
	str_addf(s, "%s%s\n", b->is_trace ? " is-trace" : "", b->before_attach ? " from-books" : "");
}

static inline void add_arena(struct str *s, const struct arena *a)
{
	VEC(struct block) blocks = {};
	struct block b;

	str_addf(s, "  arena %" PRIu64 " %s%s: ", a->id, a->pool, a->gone ? " gone" : "");
	add_figures(s, &a->figures);
	str_add_char(s, '\n');
	for (size_t at = 0; blocks_next(&a->blocks, &at, &b);)
		vec_push(&blocks, b);
	if (blocks.nr)
		qsort(blocks.items, blocks.nr, sizeof(*blocks.items), compare_blocks);
	for (size_t i = 0; i < blocks.nr; i++)
		add_block(s, &blocks.items[i]);
	vec_release(&blocks);
}

static inline void add_device(struct str *s, const struct device *d)
{
	str_addf(s, " device 0x%" PRIx64, d->owner);
	if (device_shown(d))
		str_addf(s, " number %u", d->number);
	str_add_char(s, '\n');
	for (size_t i = 0; i < d->arenas.nr; i++)
		add_arena(s, d->arenas.items[i]);
}

static inline void add_process(struct str *s, const struct ledger_process *p)
{
	const char *phase = phase_name(p->phase);

	str_addf(s, "process %" PRIu64 " pid %d phase %s", p->id, p->pid, phase ? phase : "unknown");
	if (p->has_phase_trace)
		str_addf(s, " of %" PRIu64, p->phase_trace);
	str_addf(s,
		 " events %" PRIu64 " failed %" PRIu64 " unsettled %" PRIu64 " corrections %" PRIu64
		 " replays %" PRIu64,
		 p->events, p->failed, p->unsettled, p->corrections, p->replays);
	str_addf(s, "%s%s%s%s\n", p->before_attach ? " before-attach" : "", p->census_running ? " census" : "",
		 p->partial ? " partial" : "", p->ended ? " ended" : "");
	for (size_t i = 0; i < p->devices.nr; i++)
		add_device(s, p->devices.items[i]);
}

/* All of a ledger, but texts and times that are told elsewhere. Lives until the next call. */
static inline const char *ledger_text(struct fold *f)
{
	const struct ledger *l = f->ledger;

	str_clear(&f->text);
	str_addf(&f->text, "events %" PRIu64 " lost %" PRIu64 " corrections %" PRIu64 " unread %" PRIu64, l->events,
		 l->lost, l->corrections, l->unread);
	str_addf(&f->text, " unknown-frees %" PRIu64 " replaced %" PRIu64 " ticks %" PRIu64 " at %" PRIu64 "\n",
		 l->unknown_frees, l->replaced, l->ticks, l->time_ns);
	for (size_t i = 0; i < l->processes.nr; i++)
		add_process(&f->text, l->processes.items[i]);
	return str_text(&f->text);
}

/* "2 buffers 300 of 4096 asked ..." of a device's pool (NULL: all). Lives until the next call. */
static inline const char *pool_text(struct fold *f, const struct device *d, const char *pool)
{
	struct figures figures;

	str_clear(&f->text);
	if (device_figures(d, pool, &figures))
		add_figures(&f->text, &figures);
	return str_text(&f->text);
}

#endif
