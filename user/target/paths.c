/* The graph of a function's instructions, and the walk that fills in what each of them finds. */
#include "target/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

/* A getter has ten instructions, a constructor some hundreds. */
enum { FUNCTION_MAX = 1 << 16, NODES_MAX = 4096, STEPS_MAX = 1 << 16 };

struct walk {
	struct paths *p;
	struct disassembler *decoder;
	struct map by_address;
	VEC(size_t) queue; /* the last comes first */
	struct diag *d;
};

/* What never returns although the code goes on behind the call: an exception's landing pad, often. */
static const char *const endings[] = {
	"_Unwind_Resume",
	"__cxa_throw",
	"__cxa_rethrow",
	"__cxa_bad_cast",
	"__cxa_bad_typeid",
	"__cxa_throw_bad_array_new_length",
	"__cxa_pure_virtual",
	"__cxa_call_unexpected",
	"__cxa_call_terminate",
	"_ZSt9terminatev",
	"__stack_chk_fail",
	"__chk_fail",
	"__assert_fail",
	"abort",
	"exit",
	"_exit",
	"quick_exit",
};

bool name_never_returns(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(endings); i++)
		if (!strcmp(name, endings[i]))
			return true;
	/* std::__throw_out_of_range() and its kind */
	return name && !strncmp(name, "_ZSt", 4) && strstr(name, "__throw_");
}

static const struct code_range *range_of(const struct paths *p, uint64_t address)
{
	for (size_t i = 0; i < p->nr_ranges; i++)
		if (address >= p->range[i].address && address - p->range[i].address < p->range[i].len)
			return &p->range[i];
	return NULL;
}

static int add_range(struct paths *p, const struct elf_symbol *symbol)
{
	struct code_range *r = &p->range[p->nr_ranges];

	if (!symbol->size || symbol->size > FUNCTION_MAX)
		return -ENOTSUP;
	r->address = symbol->address;
	r->bytes = xmalloc(symbol->size);
	r->len = elf_file_read(p->elf, symbol->address, r->bytes, symbol->size);
	p->nr_ranges++;
	return r->len == symbol->size ? 0 : -ENOTSUP;
}

/* gcc moves what is seldom run, throwing for one, into a symbol of its own. */
static const struct code_range *cold_range(struct paths *p, uint64_t address)
{
	struct elf_symbol symbol;

	if (p->nr_ranges == ARRAY_SIZE(p->range) || elf_file_plt(p->elf, address) ||
	    elf_file_symbol_at(p->elf, address, &symbol) || !strstr(symbol.name, ".cold") || add_range(p, &symbol))
		return NULL;
	return range_of(p, address);
}

static int refuse(struct walk *w, const char *what, uint64_t address)
{
	_cleanup_(str_release) struct str text = {};
	bool emulated;

	if (code_instruction(w->p->elf, address, &text, &emulated))
		return diag_set(w->d, -ENOTSUP, "%s at 0x%llx", what, (unsigned long long)address);
	return diag_set(w->d, -ENOTSUP, "%s, '%s' at 0x%llx", what, str_text(&text), (unsigned long long)address);
}

static void queue(struct walk *w, size_t node)
{
	if (w->p->nodes.items[node].queued)
		return;
	w->p->nodes.items[node].queued = true;
	vec_push(&w->queue, node);
}

/* One gets to @address with @state. Returns the node. */
static size_t arrive(struct walk *w, uint64_t address, const struct state *state)
{
	bool new;
	struct map_entry *e = map_put(&w->by_address, address, 0, &new);

	if (!new) {
		if (state_merge(w->p->nodes.items[e->value].before, state, address))
			queue(w, e->value);
		return e->value;
	}
	e->value = w->p->nodes.nr;

	struct path_node *n = vec_add(&w->p->nodes);

	memset(n, 0, sizeof(*n));
	n->address = address;
	n->before = xmalloc(sizeof(*state));
	*n->before = *state;
	queue(w, w->p->nodes.nr - 1);
	return w->p->nodes.nr - 1;
}

static void settle_call(struct walk *w, struct step *step)
{
	const char *name = step->slot ? elf_file_slot(w->p->elf, step->slot) : NULL;

	if (step->target)
		name = elf_file_plt(w->p->elf, step->target);
	if (name_never_returns(name))
		step->falls = false;
}

static void settle_jump(struct walk *w, struct step *step)
{
	const char *name = step->slot ? elf_file_slot(w->p->elf, step->slot) : NULL;

	if (step->jumps && !range_of(w->p, step->target) && !cold_range(w->p, step->target)) {
		step->jumps = false;
		step->leaves = true;
		name = elf_file_plt(w->p->elf, step->target);
	}
	if (step->leaves && name_never_returns(name))
		step->leaves = false;
}

static int visit(struct walk *w, size_t node)
{
	uint64_t address = w->p->nodes.items[node].address;
	const struct code_range *code = range_of(w->p, address);
	struct state state = *w->p->nodes.items[node].before;
	size_t next[2] = {}, nr_next = 0;
	struct step step;

	if (decoder_step(w->decoder, code, address, &state, &step))
		return refuse(w, "an instruction that is not followed", address);
	if (step.calls && step.target != w->p->range[0].address && range_of(w->p, step.target))
		return refuse(w, "a call into the function", address);
	if (step.calls)
		settle_call(w, &step);
	else
		settle_jump(w, &step);
	/* The last that is queued is the first to be visited. */
	if (step.jumps)
		next[nr_next++] = arrive(w, step.target, &state);
	if (step.falls && range_of(w->p, step.next))
		next[nr_next++] = arrive(w, step.next, &state);

	struct path_node *n = &w->p->nodes.items[node];

	n->step = step;
	memcpy(n->next, next, sizeof(next));
	n->nr_next = nr_next;
	return 0;
}

static int walk(struct walk *w)
{
	for (size_t nr = 0; w->queue.nr; nr++) {
		size_t node = w->queue.items[--w->queue.nr];
		struct path_node *n = &w->p->nodes.items[node];

		n->queued = false;
		if (!n->met)
			vec_push(&w->p->order, node);
		n->met = true;
		if (nr == STEPS_MAX || w->p->nodes.nr > NODES_MAX)
			return diag_set(w->d, -ENOTSUP, "more code than is followed");

		int err = visit(w, node);

		if (err)
			return err;
	}
	return 0;
}

static void mark_ends(struct paths *p)
{
	for (bool changed = true; changed;) {
		changed = false;
		for (size_t i = p->nodes.nr; i-- > 0;) {
			struct path_node *n = &p->nodes.items[i];
			bool ends = n->step.returns || n->step.leaves;

			for (size_t k = 0; k < n->nr_next; k++)
				ends |= p->nodes.items[n->next[k]].ends_well;
			changed |= ends != n->ends_well;
			n->ends_well = ends;
		}
	}
}

int paths_follow(struct elf_file *f, const struct elf_symbol *function, const struct code_constants *constants,
		 struct paths *ret, struct diag *d)
{
	struct walk w = { .p = ret, .d = d };
	struct state entry;
	int err;

	*ret = (struct paths){ .elf = f };
	if (add_range(ret, function))
		return diag_set(d, -ENOTSUP,
				"its size is unknown or more than %d bytes, or its code is not in the file",
				FUNCTION_MAX);
	w.decoder = disassembler_new();
	state_init(&entry, constants);
	arrive(&w, function->address, &entry);
	err = walk(&w);
	if (!err)
		mark_ends(ret);
	disassembler_free(w.decoder);
	map_release(&w.by_address);
	vec_release(&w.queue);
	return err;
}

void paths_release(struct paths *p)
{
	for (size_t i = 0; i < p->nodes.nr; i++)
		free(p->nodes.items[i].before);
	vec_release(&p->nodes);
	vec_release(&p->order);
	for (size_t i = 0; i < p->nr_ranges; i++)
		free(p->range[i].bytes);
	p->nr_ranges = 0;
}

/* Take away nodes that nothing leads to until none is left: what stays leads to itself. */
bool paths_loop(const struct paths *p)
{
	_cleanup_(freep) size_t *nr_before = xcalloc(p->nodes.nr, sizeof(*nr_before));
	VEC(size_t) free_nodes = {};
	size_t left = 0;

	for (size_t i = 0; i < p->nodes.nr; i++)
		for (size_t k = 0; p->nodes.items[i].ends_well && k < p->nodes.items[i].nr_next; k++)
			nr_before[p->nodes.items[i].next[k]]++;
	for (size_t i = 0; i < p->nodes.nr; i++) {
		left += p->nodes.items[i].ends_well;
		if (p->nodes.items[i].ends_well && !nr_before[i])
			vec_push(&free_nodes, i);
	}
	while (free_nodes.nr) {
		const struct path_node *n = &p->nodes.items[free_nodes.items[--free_nodes.nr]];

		left--;
		for (size_t k = 0; k < n->nr_next; k++)
			if (!--nr_before[n->next[k]] && p->nodes.items[n->next[k]].ends_well)
				vec_push(&free_nodes, n->next[k]);
	}
	vec_release(&free_nodes);
	return left;
}
