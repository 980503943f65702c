#include "ledger/ledger_parts.h"

#include "ledger/words.h"

const struct ledger_runtime *ledger_runtime(const struct ledger *l, uint64_t id)
{
	return id && id <= l->runtimes.nr ? &l->runtimes.items[id - 1] : NULL;
}

const struct ledger_module *ledger_module(const struct ledger *l, uint64_t id)
{
	return id && id <= l->modules.nr ? &l->modules.items[id - 1] : NULL;
}

const struct ledger_module *process_module(const struct ledger *l, const struct ledger_process *p)
{
	return p->probes.uses.nr ? ledger_module(l, p->probes.uses.items[0].module) : NULL;
}

const char *process_path(const struct ledger *l, const struct ledger_process *p)
{
	if (!p->probes.uses.nr)
		return NULL;
	return p->probes.uses.items[0].path ? p->probes.uses.items[0].path : process_module(l, p)->path;
}

bool ledger_says_traced(const struct ledger *l)
{
	for (size_t i = 0; i < l->processes.nr; i++)
		if (l->processes.items[i]->probes.uses.nr)
			return true;
	return false;
}

static void add_missing(const ledger_sites *sites, ledger_site_list *ret)
{
	for (size_t i = 0; i < sites->nr; i++)
		if (!sites->items[i].probed)
			vec_push(ret, &sites->items[i]);
}

void process_missing(const struct ledger *l, const struct ledger_process *p, ledger_site_list *ret)
{
	for (size_t i = 0; i < p->probes.uses.nr; i++)
		add_missing(&ledger_module(l, p->probes.uses.items[i].module)->sites, ret);
	add_missing(&p->probes.missing, ret);
}

bool process_probes(const struct ledger *l, const struct ledger_process *p, size_t *ret_probed, size_t *ret_missing)
{
	*ret_probed = 0;
	*ret_missing = p->probes.missing.nr;
	for (size_t i = 0; i < p->probes.uses.nr; i++) {
		const ledger_sites *sites = &ledger_module(l, p->probes.uses.items[i].module)->sites;

		for (size_t k = 0; k < sites->nr; k++) {
			*ret_probed += sites->items[k].probed;
			*ret_missing += !sites->items[k].probed;
		}
	}
	return p->probes.uses.nr;
}

static bool runtime_fits(const struct ledger *l, const struct record *r)
{
	return r->id == l->runtimes.nr + 1;
}

static bool module_fits(const struct ledger *l, const struct record *r)
{
	return r->module == l->modules.nr + 1 && (!RECORD_HAS(r, ID) || ledger_runtime(l, r->id));
}

/* Of a module, or of a process. */
static bool site_fits(const struct ledger *l, const struct record *r)
{
	if (RECORD_HAS(r, PROCESS))
		return !RECORD_HAS(r, MODULE);
	return ledger_module(l, r->module);
}

static bool use_fits(const struct ledger *l, const struct record *r)
{
	return ledger_module(l, r->module);
}

static void define_runtime(struct ledger *l, struct ledger_process *p, const struct record *r)
{
	(void)p;
	vec_push(&l->runtimes, ((struct ledger_runtime){
				       .name = words_keep(&l->words, r->name),
				       .path = words_keep(&l->words, r->path),
				       .text = words_keep(&l->words, r->text),
			       }));
}

static void define_module(struct ledger *l, struct ledger_process *p, const struct record *r)
{
	(void)p;
	vec_push(&l->modules, ((struct ledger_module){
				      .id = r->module,
				      .runtime = r->id,
				      .path = words_keep(&l->words, r->path),
				      .build_id = words_keep(&l->words, r->build_id),
				      .version = words_keep(&l->words, r->version),
			      }));
}

static void define_site(struct ledger *l, struct ledger_process *p, const struct record *r)
{
	const struct ledger_site site = {
		.probe = words_keep(&l->words, r->probe),
		.symbol = words_keep(&l->words, r->symbol),
		.tag = words_keep(&l->words, r->tag),
		.reason = words_keep(&l->words, r->reason),
		.offset = p ? 0 : r->offset,
		.probed = !p && RECORD_HAS(r, OFFSET),
	};

	vec_push(p ? &p->probes.missing : &l->modules.items[r->module - 1].sites, site);
}

static void define_use(struct ledger *l, struct ledger_process *p, const struct record *r)
{
	vec_push(&p->probes.uses, ((struct ledger_use){r->module, words_keep(&l->words, r->path)}));
}

static const struct {
	bool (*fits)(const struct ledger *l, const struct record *r);
	void (*define)(struct ledger *l, struct ledger_process *p, const struct record *r);
} kinds[RECORD_NR] = {
	[RECORD_RUNTIME] = {runtime_fits, define_runtime},
	[RECORD_MODULE] = {module_fits, define_module},
	[RECORD_SITE] = {site_fits, define_site},
	[RECORD_USES] = {use_fits, define_use},
	[RECORD_FRAME] = {frame_fits, define_frame},
	[RECORD_STACK] = {stack_fits, define_stack},
};

bool traced_fits(const struct ledger *l, const struct record *r)
{
	return kinds[r->kind].fits(l, r);
}

const struct ledger_module *define_traced(struct ledger *l, struct ledger_process *p, const struct record *r)
{
	kinds[r->kind].define(l, RECORD_HAS(r, PROCESS) ? p : NULL, r);
	return r->kind == RECORD_USES ? ledger_module(l, r->module) : NULL;
}

void probes_release(struct ledger_probes *probes)
{
	vec_release(&probes->uses);
	vec_release(&probes->missing);
}

void traced_release(struct ledger *l)
{
	for (size_t i = 0; i < l->modules.nr; i++)
		vec_release(&l->modules.items[i].sites);
	vec_release(&l->modules);
	vec_release(&l->runtimes);
}
