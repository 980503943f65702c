#include "view/recorded.h"

#include "view/host_name.h"
#include "view/json_object.h"
#include "view/runtimes.h"
#include "view/select.h"

#include <inttypes.h>
#include <string.h>

enum { WIDTH = RUNTIMES_WIDTH };

void recorded_add_missing(struct str *out, const struct ledger *l, const struct ledger_process *p)
{
	ledger_site_list missing = {};
	struct map told = {};

	process_missing(l, p, &missing);
	for (size_t i = 0; i < missing.nr; i++) {
		bool first;

		map_put(&told, (uintptr_t)missing.items[i]->probe, 0, &first);
		if (!first)
			continue;
		str_add(out, i ? ", " : "");
		str_add_escaped(out, missing.items[i]->probe);
	}
	str_add(out, missing.nr ? "" : "-");
	map_release(&told);
	vec_release(&missing);
}

static const char *use_path(const struct ledger *l, const struct ledger_use *use)
{
	return use->path ? use->path : ledger_module(l, use->module)->path;
}

static void add_known(struct str *out, const char *text)
{
	str_add_escaped(out, text ? text : "?");
}

static bool same_sites(const ledger_sites *a, const ledger_sites *b)
{
	if (a->nr != b->nr)
		return false;
	for (size_t i = 0; i < a->nr; i++)
		if (a->items[i].probe != b->items[i].probe || a->items[i].symbol != b->items[i].symbol)
			return false;
	return true;
}

/* Had both the same runtime, modules and rows? */
static bool same_probes(const struct ledger_process *a, const struct ledger_process *b)
{
	if (strcmp(a->runtime, b->runtime) || a->probes.uses.nr != b->probes.uses.nr)
		return false;
	for (size_t i = 0; i < a->probes.uses.nr; i++)
		if (a->probes.uses.items[i].module != b->probes.uses.items[i].module)
			return false;
	return same_sites(&a->probes.missing, &b->probes.missing);
}

static uint64_t hash_of(const struct ledger_process *p)
{
	uint64_t hash = p->probes.missing.nr;

	for (size_t i = 0; i < p->probes.uses.nr; i++)
		hash = (hash ^ p->probes.uses.items[i].module) * 0x9e3779b97f4a7c15ULL;
	return hash;
}

/* Those that had the same are a chain, which its first one begins. */
struct link {
	size_t next; /* 0: none */
	size_t last; /* of the chain, in its first one */
	bool first;
};

static void add_link(const struct ledger *l, struct link *links, struct map *firsts, size_t i)
{
	const struct ledger_process *p = l->processes.items[i];

	for (uint64_t hash = hash_of(p), try = 0;; try++) {
		struct map_entry *e = map_put(firsts, hash, try, &links[i].first);
		struct link *chain = &links[e->value];

		if (links[i].first) {
			e->value = i;
			links[i].last = i;
			return;
		}
		if (!same_probes(l->processes.items[e->value], p))
			continue;
		links[chain->last].next = i;
		chain->last = i;
		return;
	}
}

static void add_process(struct str *out, const struct ledger *l, const struct ledger_process *p)
{
	str_add(out, "process ");
	process_add_pid(out, p);
	str_add_char(out, ' ');
	str_add_escaped(out, *p->command ? p->command : *p->name ? p->name : "?");
	process_add_on_host(out, p);
	if (p->probes.uses.nr) {
		str_add(out, " maps ");
		add_known(out, use_path(l, &p->probes.uses.items[0]));
	}
	str_add_char(out, '\n');
}

static void add_module(struct str *out, const struct ledger *l, const struct ledger_use *use)
{
	const struct ledger_module *m = ledger_module(l, use->module);

	add_known(out, use_path(l, use));
	str_add(out, " (build id ");
	add_known(out, m->build_id);
	if (m->version) {
		str_add(out, ", ");
		str_add_escaped(out, m->version);
	}
	str_add(out, ")\n");
}

static void add_site(struct str *out, const struct ledger_site *site)
{
	str_add(out, "  ");
	str_add_escaped(out, site->probe);
	for (size_t columns = str_columns(site->probe); columns < WIDTH; columns++)
		str_add_char(out, ' ');
	str_add_char(out, ' ');
	add_known(out, site->symbol);
	if (site->tag) {
		str_add(out, " tag=");
		str_add_escaped(out, site->tag);
	}
	if (site->probed)
		str_addf(out, "\n  %-*s at 0x%" PRIx64 "\n", WIDTH, "", site->offset);
	else
		str_addf(out, "\n  %-*s no probe\n", WIDTH, "");
	if (site->reason)
		runtimes_add_reason(out, site->reason);
}

static void add_sites(struct str *out, const ledger_sites *sites)
{
	for (size_t i = 0; i < sites->nr; i++)
		add_site(out, &sites->items[i]);
}

static void add_heading(struct str *out, const struct ledger *l, const struct ledger_process *p)
{
	const struct ledger_module *m = process_module(l, p);
	const struct ledger_runtime *rt = m ? ledger_runtime(l, m->runtime) : NULL;

	str_add_escaped(out, p->runtime);
	str_add(out, " (");
	add_known(out, rt ? rt->path : NULL);
	str_add(out, ")\n");
}

static void add_probes(struct str *out, const struct ledger *l, const struct ledger_process *p)
{
	size_t probed, missing;

	add_heading(out, l, p);
	if (!process_probes(l, p, &probed, &missing)) {
		str_add(out, "its files and probes are not in this recording\n");
		return;
	}
	for (size_t i = 0; i < p->probes.uses.nr; i++) {
		str_add(out, i ? "and in\n  " : "found in\n  ");
		add_module(out, l, &p->probes.uses.items[i]);
		if (!i)
			str_add(out, probed || missing ? "probes\n" : "probes\n  none: nothing was probed\n");
		add_sites(out, &ledger_module(l, p->probes.uses.items[i].module)->sites);
	}
	if (p->probes.missing.nr)
		str_add(out, "in no file\n");
	add_sites(out, &p->probes.missing);
}

void recorded_add(struct str *out, const struct ledger *l)
{
	_cleanup_(freep) struct link *links = xcalloc(l->processes.nr + 1, sizeof(*links));
	struct map firsts = {};

	for (size_t i = 0; i < l->processes.nr; i++)
		add_link(l, links, &firsts, i);
	for (size_t i = 0; i < l->processes.nr; i++) {
		if (!links[i].first)
			continue;
		str_add(out, out->len ? "\n" : "");
		add_process(out, l, l->processes.items[i]);
		for (size_t k = links[i].next; k; k = links[k].next)
			add_process(out, l, l->processes.items[k]);
		add_probes(out, l, l->processes.items[i]);
	}
	map_release(&firsts);
}

static json_t *new_module(const struct ledger *l, const struct ledger_use *use)
{
	const struct ledger_module *m = ledger_module(l, use->module);
	json_t *object = json_object();
	uint64_t probes = 0;

	for (size_t i = 0; i < m->sites.nr; i++)
		probes += m->sites.items[i].probed;
	set_text(object, "path", use_path(l, use));
	set_text(object, "build_id", m->build_id);
	set_text(object, "version", m->version);
	set_number(object, "probes", probes);
	return object;
}

static json_t *new_missing(const struct ledger_site *site)
{
	json_t *object = json_object();

	set_text(object, "probe", site->probe);
	set_text(object, "symbol", site->symbol);
	set_text(object, "reason", site->reason);
	return object;
}

static json_t *new_traced(const struct ledger *l, const struct ledger_process *p)
{
	json_t *traced = json_object(), *modules = json_array(), *rows = json_array();
	ledger_site_list missing = {};

	process_missing(l, p, &missing);
	for (size_t i = 0; i < p->probes.uses.nr; i++)
		json_array_append_new(modules, new_module(l, &p->probes.uses.items[i]));
	for (size_t i = 0; i < missing.nr; i++)
		json_array_append_new(rows, new_missing(missing.items[i]));
	set(traced, "modules", modules);
	set(traced, "missing", rows);
	vec_release(&missing);
	return traced;
}

void recorded_set_json(json_t *object, const struct ledger *l, const struct ledger_process *p)
{
	if (p->probes.uses.nr)
		set(object, "traced", new_traced(l, p));
}
