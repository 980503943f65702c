/*
 * Stacks: from frame to frame, by the row of each return address. Rows are kept by address: programs come back to the same places.
 */
#include "target/unwind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

enum { SITES_MAX = 1 << 16, SLOTS_FIRST = 1 << 10 };

struct area { /* of code */
	uint64_t start, end, offset, device, inode; /* as mapped */
	uint64_t bias;
	struct module *module; /* NULL: of no file */
	uint64_t placed;       /* `bias` is known; no padding behind it: areas are compared */
};

typedef VEC(struct area) areas;

/* What is known of an address in a frame. */
struct site {
	uint64_t place; /* inside of the instruction */
	const struct module *module;
	uint64_t address; /* in the file */
	enum stack_end end; /* STACK_COMPLETE: there is a row */
	const struct cfi *cfi;
	struct cfi_row row;
};

struct unwinder {
	struct modules *modules;
	int pid;
	areas areas; /* sorted */
	VEC(struct site) sites;
	uint32_t *slots; /* hashed by place: index in sites + 1 */
	size_t nr_slots; /* a power of two, at least twice the sites */
};

const char *stack_end_text(enum stack_end end)
{
	static const char *const texts[STACK_END_NR] = {
		[STACK_COMPLETE] = "complete",
		[STACK_NO_MAPPING] = "no code is mapped there",
		[STACK_NO_FILE] = "the code is of no file that can be read",
		[STACK_NO_TABLE] = "the function has no unwind table",
		[STACK_BAD_TABLE] = "the unwind table cannot be understood",
		[STACK_SHORT] = "the copy of the stack ends",
		[STACK_NO_VALUE] = "a register that was not saved is needed",
		[STACK_LOOP] = "the stack leads back",
		[STACK_DEEP] = "there are too many frames",
	};

	return end < STACK_END_NR ? texts[end] : "?";
}

struct unwinder *unwinder_new(struct modules *modules, int pid)
{
	struct unwinder *u = xcalloc(1, sizeof(*u));

	u->modules = modules;
	u->pid = pid;
	u->nr_slots = SLOTS_FIRST;
	u->slots = xcalloc(u->nr_slots, sizeof(*u->slots));
	return u;
}

void unwinder_free(struct unwinder *u)
{
	if (!u)
		return;
	vec_release(&u->areas);
	vec_release(&u->sites);
	free(u->slots);
	free(u);
}

/* ---- mappings ---- */

static int by_start(const void *a, const void *b)
{
	const struct area *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static const struct area *find_area(const struct area *all, size_t nr, uint64_t place)
{
	size_t low = 0, high = nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all[middle].start <= place)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || place >= all[low - 1].end)
		return NULL;
	return &all[low - 1];
}

static void forget_sites(struct unwinder *u)
{
	vec_clear(&u->sites);
	memset(u->slots, 0, u->nr_slots * sizeof(*u->slots));
}

/* What is mapped as it was needs not be looked at again. */
static struct area area_of(struct unwinder *u, const areas *before, const struct mapping *m)
{
	struct area area = {
		.start = m->start, .end = m->end, .offset = m->offset, .device = m->device, .inode = m->inode
	};
	const struct area *known = find_area(before->items, before->nr, m->start);

	if (known && known->start == m->start && known->end == m->end && known->offset == m->offset &&
	    known->device == m->device && known->inode == m->inode && (m->inode || m->path[0]) == (known->module != NULL))
		return *known;
	area.module = modules_mapped(u->modules, u->pid, m);
	if (area.module && area.module->elf)
		area.placed = !elf_file_bias(area.module->elf, m->start, m->offset, &area.bias);
	return area;
}

void unwinder_set_mappings(struct unwinder *u, const mappings *m)
{
	areas before = u->areas;
	bool same;

	u->areas = (areas){};
	for (size_t i = 0; i < m->nr; i++)
		if (m->items[i].permissions[2] == 'x')
			vec_push(&u->areas, area_of(u, &before, &m->items[i]));
	if (u->areas.nr)
		qsort(u->areas.items, u->areas.nr, sizeof(*u->areas.items), by_start);
	same = before.nr == u->areas.nr;
	for (size_t i = 0; same && i < before.nr; i++)
		same = !memcmp(&before.items[i], &u->areas.items[i], sizeof(struct area));
	if (!same)
		forget_sites(u);
	vec_release(&before);
}

int unwinder_read_mappings(struct unwinder *u, struct diag *d)
{
	mappings all = {};
	int err = mappings_read(u->pid, &all, d);

	if (err)
		return err;
	unwinder_set_mappings(u, &all);
	mappings_release(&all);
	return 0;
}

void unwinder_place(struct unwinder *u, struct module *module, uint64_t start, uint64_t end, uint64_t bias)
{
	vec_push(&u->areas,
		 ((struct area){ .start = start, .end = end, .bias = bias, .module = module, .placed = true }));
	qsort(u->areas.items, u->areas.nr, sizeof(*u->areas.items), by_start);
	forget_sites(u);
}

void unwinder_prepare(struct unwinder *u)
{
	for (size_t i = 0; i < u->areas.nr; i++)
		if (u->areas.items[i].module)
			module_cfi(u->areas.items[i].module);
}

/* ---- sites ---- */

static size_t slot_of(const struct unwinder *u, uint64_t place)
{
	return (place * 0x9e3779b97f4a7c15ULL) >> 32 & (u->nr_slots - 1);
}

static void put_slot(struct unwinder *u, size_t index)
{
	size_t at = slot_of(u, u->sites.items[index].place);

	while (u->slots[at])
		at = (at + 1) & (u->nr_slots - 1);
	u->slots[at] = (uint32_t)index + 1;
}

static void grow_slots(struct unwinder *u)
{
	free(u->slots);
	u->nr_slots *= 2;
	u->slots = xcalloc(u->nr_slots, sizeof(*u->slots));
	for (size_t i = 0; i < u->sites.nr; i++)
		put_slot(u, i);
}

static void look_up(struct unwinder *u, struct site *site)
{
	const struct area *area = find_area(u->areas.items, u->areas.nr, site->place);
	struct cfi *cfi;
	int err;

	site->end = STACK_NO_MAPPING;
	if (!area)
		return;
	site->end = STACK_NO_FILE;
	site->module = area->module;
	if (!area->placed)
		return;
	site->address = site->place - area->bias;
	site->end = STACK_NO_TABLE;
	cfi = module_cfi(area->module);
	if (!cfi)
		return;
	site->cfi = cfi;
	err = cfi_row(cfi, site->address, &site->row);
	if (err != -ENOENT)
		site->end = err ? STACK_BAD_TABLE : STACK_COMPLETE;
}

static const struct site *new_site(struct unwinder *u, uint64_t place)
{
	struct site *site;

	if (u->sites.nr == SITES_MAX)
		forget_sites(u);
	if (u->sites.nr * 2 >= u->nr_slots)
		grow_slots(u);
	site = vec_add(&u->sites);
	site->place = place;
	site->module = NULL;
	site->cfi = NULL;
	site->address = 0;
	look_up(u, site);
	put_slot(u, u->sites.nr - 1);
	return site;
}

static const struct site *site_of(struct unwinder *u, uint64_t place)
{
	for (size_t at = slot_of(u, place); u->slots[at]; at = (at + 1) & (u->nr_slots - 1))
		if (u->sites.items[u->slots[at] - 1].place == place)
			return &u->sites.items[u->slots[at] - 1];
	return new_site(u, place);
}

/* ---- steps ---- */

static enum stack_end end_of(int err)
{
	return err == -EFAULT ? STACK_SHORT : err == -ENODATA ? STACK_NO_VALUE : STACK_BAD_TABLE;
}

static bool is_known(const struct cfi_machine *m, unsigned int reg)
{
	return m->known >> reg & 1;
}

static enum stack_end find_cfa(const struct site *site, const struct cfi_machine *m, uint64_t *ret)
{
	const struct cfi_row *row = &site->row;
	int err;

	if (!row->cfa_len) {
		*ret = m->reg[row->cfa_register] + (uint64_t)(int64_t)row->cfa_value;
		return is_known(m, row->cfa_register) ? STACK_COMPLETE : STACK_NO_VALUE;
	}
	err = cfi_evaluate(site->cfi, row->cfa_value, row->cfa_len, m, NULL, ret);
	return err ? end_of(err) : STACK_COMPLETE;
}

static enum stack_end apply_rule(const struct site *site, const struct cfi_rule *rule, const struct cfi_machine *old,
				 uint64_t cfa, uint64_t *ret)
{
	uint64_t plain = cfa + (uint64_t)(int64_t)rule->value;
	int err = 0;

	switch ((enum cfi_kind)rule->kind) {
	case CFI_IS_CFA:
		*ret = plain;
		return STACK_COMPLETE;
	case CFI_IS_REGISTER:
		*ret = old->reg[rule->value];
		return is_known(old, (unsigned int)rule->value) ? STACK_COMPLETE : STACK_NO_VALUE;
	case CFI_AT:
	case CFI_IS:
		err = cfi_evaluate(site->cfi, rule->value, rule->len, old, &cfa, &plain);
		break;
	default:
		break;
	}
	if (err)
		return end_of(err);
	if (rule->kind == CFI_IS) {
		*ret = plain;
		return STACK_COMPLETE;
	}
	return cfi_machine_read(old, plain, ret) ? STACK_COMPLETE : STACK_SHORT;
}

/* The registers of the caller. */
static enum stack_end apply_row(const struct site *site, uint64_t cfa, struct cfi_machine *m)
{
	const struct cfi_row *row = &site->row;
	struct cfi_machine old;

	if (!row->simple)
		old = *m;
	m->known &= row->kept;
	if (!is_known(m, CFI_RSP)) {
		m->reg[CFI_RSP] = cfa;
		m->known |= 1U << CFI_RSP;
	}
	for (size_t i = 0; i < row->nr; i++) {
		const struct cfi_rule *rule = &row->rules[i];
		enum stack_end end = STACK_COMPLETE;

		if (!row->simple)
			end = apply_rule(site, rule, &old, cfa, &m->reg[rule->reg]);
		else if (!cfi_machine_read(m, cfa + (uint64_t)(int64_t)rule->value, &m->reg[rule->reg]))
			end = STACK_SHORT;
		/* What lies elsewhere is not known; it may never be asked for. */
		if (end != STACK_COMPLETE && (rule->reg == CFI_RIP || rule->reg == CFI_RSP))
			return end;
		if (end == STACK_COMPLETE)
			m->known |= 1U << rule->reg;
		else
			m->known &= ~(1U << rule->reg);
	}
	return is_known(m, CFI_RIP) ? STACK_COMPLETE : STACK_NO_VALUE;
}

/* From one frame to its caller. STACK_COMPLETE: there is one, unless @ret_outermost. */
static enum stack_end step(const struct site *site, struct cfi_machine *m, struct stack_frame *frame, bool *ret_outermost)
{
	uint64_t cfa = 0;
	enum stack_end end = site->end;

	if (end == STACK_COMPLETE)
		end = find_cfa(site, m, &cfa);
	*ret_outermost = site->end == STACK_COMPLETE && site->row.outermost;
	if (end != STACK_COMPLETE)
		return *ret_outermost ? STACK_COMPLETE : end;
	frame->cfa = cfa;
	return *ret_outermost ? STACK_COMPLETE : apply_row(site, cfa, m);
}

void unwinder_unwind(struct unwinder *u, const struct stack_sample *sample, struct stack *ret)
{
	struct cfi_machine m = { .known = (1U << CFI_REGISTERS) - 1,
				 .stack = sample->stack,
				 .bytes = sample->bytes,
				 .start = sample->start };
	bool interrupted = true, outermost = false;
	uint64_t below = 0; /* the CFA of the frame before */

	memcpy(m.reg, sample->reg, sizeof(m.reg));
	ret->end = STACK_COMPLETE;
	for (ret->nr = 0; ret->end == STACK_COMPLETE && !outermost && (!ret->nr || m.reg[CFI_RIP]);) {
		struct stack_frame *frame = &ret->frames[ret->nr];
		const struct site *site;

		if (ret->nr == STACK_FRAMES) {
			ret->end = STACK_DEEP;
			break;
		}
		site = site_of(u, m.reg[CFI_RIP] - !interrupted);
		*frame = (struct stack_frame){ .pc = m.reg[CFI_RIP],
					       .sp = m.reg[CFI_RSP],
					       .module = site->module,
					       .address = site->address };
		ret->nr++;
		ret->end = step(site, &m, frame, &outermost);
		interrupted = site->end == STACK_COMPLETE && site->row.signal;
		if (ret->end == STACK_COMPLETE && !outermost && !interrupted && frame->cfa <= below)
			ret->end = STACK_LOOP;
		below = interrupted ? 0 : frame->cfa;
	}
}
