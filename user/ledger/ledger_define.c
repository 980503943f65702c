/* What records define: processes, devices, arenas, blocks; as they are when nothing has happened to them yet. */
#include "ledger/ledger_parts.h"

#include "ledger/words.h"

#include <string.h>
#include <strings.h>

static const char *text_of(struct ledger *l, const char *text, size_t len)
{
	char *copy;

	for (size_t i = 0; i < l->texts.nr; i++)
		if (!strncmp(l->texts.items[i], text, len) && !l->texts.items[i][len])
			return l->texts.items[i];
	copy = xstrndup(text, len);
	vec_push(&l->texts, copy);
	return copy;
}

const char *ledger_text(struct ledger *l, const char *text)
{
	return text_of(l, text ? text : "", text ? strlen(text) : 0);
}

void define_source(struct ledger *l, uint64_t number)
{
	while (l->sources.nr < number)
		vec_push(&l->sources, (struct ledger_source){});
}

struct ledger_process *define_process(struct ledger *l, const struct record *r)
{
	struct ledger_process *p = xcalloc(1, sizeof(*p));
	const char *pool = r->pools;

	p->id = r->process;
	p->pid = (int)r->pid;
	p->copy = r->copy > 1 ? r->copy : 1;
	p->host = RECORD_HAS(r, HOST) ? ledger_text(l, r->host) : NULL;
	p->source = r->source;
	define_source(l, r->source);
	p->attached_ns = r->time_ns;
	p->start_ns = r->start_ns;
	p->gap_ns = r->gap_ns;
	p->has_gap = RECORD_HAS(r, GAP_NS);
	p->has_start = RECORD_HAS(r, START_NS);
	p->name = ledger_text(l, r->name);
	p->command = ledger_text(l, r->command);
	p->runtime = ledger_text(l, r->runtime);
	p->advice = ledger_text(l, r->advice);
	p->visible = RECORD_HAS(r, VISIBLE) ? ledger_text(l, r->visible) : NULL;
	while (*pool) {
		size_t len = strcspn(pool, ",");

		vec_push(&p->pools, text_of(l, pool, len));
		pool += len + (pool[len] == ',');
	}
	p->core = RECORD_HAS(r, CORE) ? ledger_text(l, r->core) : NULL;
	vec_push(&l->processes, p);
	return p;
}

struct device *define_device(struct ledger_process *p, uint64_t owner)
{
	struct device *d = xcalloc(1, sizeof(*d));

	d->place = p->devices.nr;
	d->owner = owner;
	vec_push(&p->devices, d);
	return d;
}

static void list_pool(struct ledger_process *p, const char *pool)
{
	for (size_t i = 0; i < p->pools.nr; i++)
		if (p->pools.items[i] == pool)
			return;
	vec_push(&p->pools, pool);
}

struct arena *define_arena(struct ledger *l, struct ledger_process *p, struct device *d, const struct record *r)
{
	struct arena *a = xcalloc(1, sizeof(*a));

	a->id = r->arena;
	a->object = r->object;
	a->owner = r->owner;
	a->has_owner = RECORD_HAS(r, OWNER);
	a->process = p;
	a->device = d;
	a->pool = ledger_text(l, r->pool);
	a->is_inner = pool_is_inner(a->pool);
	if (l->all_layers && a->is_inner)
		list_pool(p, a->pool);
	/* A tag names a pool: what carries the tag "trace" is counted as trace memory wherever it lies. */
	a->is_trace = !strcasecmp(a->pool, "trace");
	a->base = r->base;
	a->has_base = RECORD_HAS(r, BASE);
	a->bank_bytes = r->bank_bytes;
	a->align = r->align;
	a->grain = r->grain;
	a->figures.banks = r->banks;
	a->figures.has_banks = RECORD_HAS(r, BANKS);
	a->figures.has_capacity = RECORD_HAS(r, BANKS) && RECORD_HAS(r, BANK_BYTES);
	a->figures.capacity = r->banks * r->bank_bytes;
	a->figures.peak_known = RECORD_HAS(r, REASON) && !strcmp(r->reason, "new");
	vec_push(&l->arenas, a);
	vec_push(&d->arenas, a);
	return a;
}

struct block define_block(struct ledger *l, const struct record *r)
{
	return (struct block){
		.address = r->address,
		.reserved = r->reserved,
		.has_reserved = RECORD_HAS(r, RESERVED),
		.asked = r->asked,
		.has_asked = RECORD_HAS(r, ASKED),
		.trace = r->trace,
		.has_trace = RECORD_HAS(r, TRACE),
		.is_trace = r->tag && !strcmp(r->tag, "trace"),
		.id = r->id,
		.has_id = RECORD_HAS(r, ID),
		.layout = words_keep(&l->words, r->layout),
		.label = words_keep(&l->words, r->label),
		.tid = (uint32_t)r->tid,
		.stack = ledger_stack(l, r->stack) ? (uint32_t)r->stack : 0,
	};
}
