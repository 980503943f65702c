/* What was traced, and with what, written down: see checkpoint.h. */
#include "ledger/checkpoint_parts.h"

static void set_text(struct record *r, enum field field, const char *text)
{
	if (text)
		record_set_text(r, field, text);
}

static void put_runtime(struct checkpoint *c, const struct ledger_runtime *rt, uint64_t id)
{
	struct record r = checkpoint_record(c, RECORD_RUNTIME);

	RECORD_SET(&r, ID, id, id);
	set_text(&r, FIELD_NAME, rt->name);
	set_text(&r, FIELD_PATH, rt->path);
	set_text(&r, FIELD_TEXT, rt->text);
	checkpoint_put(c, &r);
}

static void put_site(struct checkpoint *c, const struct ledger_site *site, enum field of, uint64_t number)
{
	struct record r = checkpoint_record(c, RECORD_SITE);

	record_set_number(&r, of, number);
	set_text(&r, FIELD_PROBE, site->probe);
	set_text(&r, FIELD_SYMBOL, site->symbol);
	set_text(&r, FIELD_TAG, site->tag);
	set_text(&r, FIELD_REASON, site->reason);
	if (site->probed)
		RECORD_SET(&r, OFFSET, offset, site->offset);
	checkpoint_put(c, &r);
}

static void put_module(struct checkpoint *c, const struct ledger_module *m)
{
	struct record r = checkpoint_record(c, RECORD_MODULE);

	RECORD_SET(&r, MODULE, module, m->id);
	if (m->runtime)
		RECORD_SET(&r, ID, id, m->runtime);
	set_text(&r, FIELD_PATH, m->path);
	set_text(&r, FIELD_BUILD_ID, m->build_id);
	set_text(&r, FIELD_VERSION, m->version);
	checkpoint_put(c, &r);
	for (size_t i = 0; i < m->sites.nr; i++)
		put_site(c, &m->sites.items[i], FIELD_MODULE, m->id);
}

void checkpoint_put_modules(struct checkpoint *c, const struct ledger *l)
{
	for (size_t i = 0; i < l->runtimes.nr; i++)
		put_runtime(c, &l->runtimes.items[i], i + 1);
	for (size_t i = 0; i < l->modules.nr; i++)
		put_module(c, &l->modules.items[i]);
}

static void put_frame(struct checkpoint *c, const struct ledger_frame *f, uint64_t number)
{
	struct record r = checkpoint_record(c, RECORD_FRAME);

	RECORD_SET(&r, FRAME, frame, number);
	set_text(&r, FIELD_PATH, f->path);
	set_text(&r, FIELD_SYMBOL, f->symbol);
	if (f->module) {
		RECORD_SET(&r, MODULE, module, f->module);
		RECORD_SET(&r, OFFSET, offset, f->offset);
	}
	if (f->line)
		RECORD_SET(&r, LINE, line, f->line);
	checkpoint_put(c, &r);
}

void checkpoint_put_stacks(struct checkpoint *c, const struct ledger *l)
{
	for (size_t i = 0; i < l->frames.nr; i++)
		put_frame(c, &l->frames.items[i], i + 1);
	for (size_t i = 0; i < l->stacks.nr; i++) {
		const struct ledger_stack *s = &l->stacks.items[i];
		struct record r = checkpoint_record(c, RECORD_STACK);

		RECORD_SET(&r, STACK, stack, i + 1);
		RECORD_SET(&r, FRAME, frame, s->frame);
		if (s->parent)
			RECORD_SET(&r, PARENT, parent, s->parent);
		if (s->partial)
			RECORD_SET(&r, PARTIAL, partial, 1);
		checkpoint_put(c, &r);
	}
}

void checkpoint_put_probes(struct checkpoint *c, const struct ledger_process *p)
{
	for (size_t i = 0; i < p->probes.uses.nr; i++) {
		const struct ledger_use *use = &p->probes.uses.items[i];
		struct record r = checkpoint_record(c, RECORD_USES);

		RECORD_SET(&r, PROCESS, process, p->id);
		RECORD_SET(&r, MODULE, module, use->module);
		set_text(&r, FIELD_PATH, use->path);
		checkpoint_put(c, &r);
	}
	for (size_t i = 0; i < p->probes.missing.nr; i++)
		put_site(c, &p->probes.missing.items[i], FIELD_PROCESS, p->id);
}
