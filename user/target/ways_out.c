/*
 * What is reached is found step by step: from the entry along all jumps, into the parts of the function that lie elsewhere, over the
 * tables of its switches, to where exceptions land, and into functions that it jumps to at its end. Nothing else may be reached, and
 * the stack pointer must be known wherever something leads out.
 */
#include "target/ways_out.h"

#include "base/str.h"
#include "target/code.h"
#include "target/flow.h"
#include "target/jump_table.h"
#include "target/paths.h"
#include "target/landings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EXTENTS_MAX = 64, ROUNDS_MAX = 64, INSTRUCTION_MAX = 15 };

/* Code that is all looked at. */
struct code_extent {
	uint64_t address, bytes;
	bool called; /* it is a function that ours jumps to at its end */
	bool shared; /* it is that, or a part of it: others call it as well */
	code_landings landings;
};

struct search {
	struct elf_file *elf;
	const struct elf_symbol *function;
	struct flow flow;
	struct flow_depth *depths;
	VEC(struct code_extent) extents; /* the first is the function's own */
	struct map tables;	    /* jumps whose tables were read, by address */
	struct map edges;	    /* those of the flow, by both ends */
	struct diag *d;
	bool changed; /* there is more than before */
};

static int refuse(const struct search *s, uint64_t address, const char *what)
{
	_cleanup_(str_release) struct str text = {};
	bool emulated;

	if (code_instruction(s->elf, address, &text, &emulated))
		str_add(&text, "?");
	return diag_set(s->d, -ENOTSUP, "'%s' at 0x%llx %s", str_text(&text), (unsigned long long)address, what);
}

static struct code_extent *extent_of(const struct search *s, uint64_t address)
{
	for (size_t i = 0; i < s->extents.nr; i++)
		if (address >= s->extents.items[i].address && address - s->extents.items[i].address < s->extents.items[i].bytes)
			return &s->extents.items[i];
	return NULL;
}

static bool is_decoded(const struct search *s, uint64_t address)
{
	return map_get(&s->flow.by_address, address, 0);
}

/* What the unwind tables say of code that begins at @address. */
static int part_from(const struct search *s, uint64_t address, struct code_part *ret)
{
	int err = code_part_at(s->elf, address, ret);

	if (err == -ENOTSUP)
		return diag_set(s->d, -ENOTSUP, "the file's unwind tables are not understood");
	if (!err && ret->address != address)
		return diag_set(s->d, -ENOTSUP, "the unwind tables know no code that begins at 0x%llx", (unsigned long long)address);
	return err;
}

/* @from: the code that leads there; NULL: it is the function itself. */
static int add_extent(struct search *s, uint64_t address, uint64_t bytes, const struct code_extent *from, bool called)
{
	bool shared = called || (from && from->shared);
	struct code_part part = {};
	struct code_extent *e;
	int err = part_from(s, address, &part);

	if (err && err != -ENOENT)
		return err;
	if (s->extents.nr == EXTENTS_MAX)
		return diag_set(s->d, -ENOTSUP, "it leads to more code than is followed");
	e = vec_add(&s->extents);
	*e = (struct code_extent){ .address = address, .bytes = part.bytes > bytes ? part.bytes : bytes, .called = called,
			       .shared = shared };
	if (code_part_landings(s->elf, &part, &e->landings))
		return diag_set(s->d, -ENOTSUP, "where exceptions land in it is not understood");
	s->changed = true;
	err = s->extents.nr == 1 ? flow_read(s->elf, &(struct elf_symbol){ .address = address, .size = e->bytes }, &s->flow, s->d) :
				   flow_add(s->elf, address, e->bytes, &s->flow, s->d);
	return err;
}

static bool is_cold(const struct elf_symbol *symbol)
{
	return strstr(symbol->name, ".cold");
}

/* The code at @to, outside of what is known, to which step @i leads. @depth: bytes that the stack pointer is away from the return address. */
static int reach_outside(struct search *s, size_t i, uint64_t to, int64_t depth)
{
	const struct flow_step *step = &s->flow.steps.items[i];
	const struct code_extent *e = extent_of(s, step->address);
	uint64_t from = step->address;
	struct elf_symbol symbol = {};
	struct code_part part = {};
	bool named = !elf_file_symbol_at(s->elf, to, &symbol);
	int err;

	if (named && symbol.address != to && !is_cold(&symbol))
		return refuse(s, from, "leads into the middle of another function");
	err = code_part_at(s->elf, to, &part);
	if (err == -ENOTSUP)
		return part_from(s, to, &part);
	if (err && !named)
		return refuse(s, from, "leads to code of which nothing is known");
	if (named && is_cold(&symbol))
		return add_extent(s, symbol.address, symbol.size, e, false);
	/* In the middle of the frame it is a part of the function, whatever it is called. */
	if (depth && !named)
		return add_extent(s, part.address, part.bytes, e, false);
	if (depth)
		return refuse(s, from, "leads to another function, but not at its end");
	if (!err && part.address != to)
		return refuse(s, from, "leads into the middle of other code");
	if (step->kind != FLOW_JUMP)
		return refuse(s, from, "may lead to another function, or not");
	return add_extent(s, to, named ? symbol.size : part.bytes, e, true);
}

/* Step @i leads to @to. */
static int reach(struct search *s, size_t i, uint64_t to)
{
	const struct flow_step *step = &s->flow.steps.items[i];
	const struct code_extent *from = extent_of(s, step->address), *into = extent_of(s, to);
	int64_t depth = s->depths[i].bytes;
	uint64_t address = step->address;
	const char *name;

	if (to == s->function->address)
		return refuse(s, address, "leads to the entry again");
	if (into && !is_decoded(s, to))
		return refuse(s, address, "leads between instructions");
	if (into && into == from)
		return 0;
	if (into && !into->called)
		return into->shared == from->shared ? 0 : refuse(s, address, "leads to a part of another function");
	if (into && (to != into->address || depth || step->kind != FLOW_JUMP))
		return refuse(s, address, "leads to another function, but not as its last jump");
	if (into)
		return 0;
	name = elf_file_plt(s->elf, to);
	if (!name)
		return reach_outside(s, i, to, depth);
	if (name_never_returns(name))
		return 0;
	return diag_set(s->d, -ENOTSUP, "its last jump, at 0x%llx, is to '%s', which may be another file's", (unsigned long long)address,
			name);
}

static void add_edge(struct search *s, uint64_t from, uint64_t to)
{
	bool new = false;

	map_put(&s->edges, from, to, &new);
	if (!new)
		return;
	vec_push(&s->flow.edges, ((struct flow_edge){ from, to }));
	s->changed = true;
}

/* The jump of step @i is to an address that was computed. */
static int follow_table(struct search *s, size_t i)
{
	uint64_t from = s->flow.steps.items[i].address;
	addresses to = {};
	bool new = false;
	int err = 0;

	map_put(&s->tables, from, 0, &new);
	if (!new)
		return 0;
	if (!jump_table_read(s->elf, &s->flow, i, &to))
		err = refuse(s, from, "leads nobody knows where");
	for (size_t k = 0; k < to.nr && !err; k++) {
		err = reach(s, i, to.items[k]);
		add_edge(s, from, to.items[k]);
	}
	vec_release(&to);
	return err;
}

/* The name of the function that the instruction calls or jumps to through a word of the GOT; NULL: it does not. */
static const char *name_in_slot(const struct search *s, const struct flow_step *step)
{
	uint8_t code[8];
	int32_t displacement;
	size_t at = step->bytes == 7;

	if ((step->bytes != 6 && step->bytes != 7) || elf_file_read(s->elf, step->address, code, step->bytes) != step->bytes ||
	    code[at] != 0xff || (code[at + 1] != 0x15 && code[at + 1] != 0x25))
		return NULL;
	memcpy(&displacement, code + at + 2, sizeof(displacement));
	return elf_file_slot(s->elf, step->address + step->bytes + (uint64_t)(int64_t)displacement);
}

/* A call that never comes back: of such a function, or at the end of code, where nothing follows that would be its own. */
static bool is_last(const struct search *s, const struct flow_step *step)
{
	const char *name = step->target ? elf_file_plt(s->elf, step->target) : name_in_slot(s, step);

	return name_never_returns(name) || extent_of(s, step->address) != extent_of(s, step->address + step->bytes);
}

/* Before it is known what is reached: behind such a call nothing is. */
static void settle_calls(struct search *s)
{
	for (size_t i = 0; i < s->flow.steps.nr; i++)
		if (s->flow.steps.items[i].kind == FLOW_CALL && is_last(s, &s->flow.steps.items[i]))
			s->flow.steps.items[i].kind = FLOW_LAST_CALL;
}

static int look_at_call(const struct search *s, const struct flow_step *step)
{
	const struct code_extent *into = step->target ? extent_of(s, step->target) : NULL;

	return into && step->target != into->address ? refuse(s, step->address, "calls into the function itself") : 0;
}

static int look_away(const struct search *s, const struct flow_step *step)
{
	const char *name = name_in_slot(s, step);

	if (name_never_returns(name))
		return 0;
	if (name)
		return diag_set(s->d, -ENOTSUP, "its last jump, at 0x%llx, is to '%s', which may be another file's",
				(unsigned long long)step->address, name);
	return refuse(s, step->address, "is its last jump, and nobody knows where it leads");
}

static int look_at_step(struct search *s, size_t i)
{
	const struct flow_step step = s->flow.steps.items[i];
	const struct code_extent *e = extent_of(s, step.address);
	bool goes_on = step.kind == FLOW_ON || step.kind == FLOW_BRANCH, leads = step.kind == FLOW_JUMP || step.kind == FLOW_BRANCH;
	int err = 0;

	if (goes_on && (!is_decoded(s, step.address + step.bytes) || (e && extent_of(s, step.address + step.bytes) != e)))
		return refuse(s, step.address, "is the last instruction, and goes on");
	if (step.kind == FLOW_CALL || step.kind == FLOW_LAST_CALL)
		return look_at_call(s, &step);
	if (s->depths[i].known != DEPTH_KNOWN && !goes_on && step.kind != FLOW_END && step.kind != FLOW_JUMP)
		return refuse(s, step.address, "is reached with the stack pointer nobody knows where");
	if (leads && !(is_decoded(s, step.target) && extent_of(s, step.target) == e) && s->depths[i].known != DEPTH_KNOWN)
		return refuse(s, step.address, "is reached with the stack pointer nobody knows where");
	if (leads)
		err = reach(s, i, step.target);
	else if (step.kind == FLOW_SOMEWHERE)
		err = follow_table(s, i);
	else if (step.kind == FLOW_AWAY)
		err = look_away(s, &step);
	else if (step.kind == FLOW_RETURN && s->depths[i].bytes)
		err = refuse(s, step.address, "is reached with the stack pointer elsewhere");
	return err;
}

static bool is_reached(const struct search *s, size_t i)
{
	return s->depths[i].known != DEPTH_UNSEEN;
}

/* Edges to the pad, from calls in its bytes or from whatever is there. Returns how many. */
static size_t add_edges(struct search *s, const struct code_landing *l, bool calls)
{
	size_t nr = 0;

	/* A call counts by its last byte. */
	for (uint64_t at = l->address - INSTRUCTION_MAX + 1; at - l->address + INSTRUCTION_MAX - 1 < l->bytes + INSTRUCTION_MAX - 1; at++) {
		const struct map_entry *e = map_get(&s->flow.by_address, at, 0);
		const struct flow_step *step = e ? &s->flow.steps.items[e->value] : NULL;

		if (!e || !is_reached(s, e->value) || at + step->bytes <= l->address || at + step->bytes > l->address + l->bytes ||
		    (calls && step->kind != FLOW_CALL && step->kind != FLOW_LAST_CALL))
			continue;
		add_edge(s, at, l->pad);
		nr++;
	}
	return nr;
}

static int add_landing(struct search *s, const struct code_extent *from, const struct code_landing *l)
{
	struct elf_symbol symbol;
	struct code_part part;

	if (is_decoded(s, l->pad)) {
		if (!add_edges(s, l, true))
			add_edges(s, l, false);
		return 0;
	}
	if (extent_of(s, l->pad) || code_part_at(s->elf, l->pad, &part) ||
	    (!elf_file_symbol_at(s->elf, l->pad, &symbol) && !is_cold(&symbol)))
		return diag_set(s->d, -ENOTSUP, "exceptions land at 0x%llx, which is no code of its own", (unsigned long long)l->pad);
	return add_extent(s, part.address, part.bytes, from, false);
}

static int add_landings(struct search *s)
{
	for (size_t e = 0; e < s->extents.nr; e++)
		for (size_t i = 0; i < s->extents.items[e].landings.nr; i++) {
			struct code_landing landing = s->extents.items[e].landings.items[i];
			int err = add_landing(s, &s->extents.items[e], &landing);

			if (err)
				return err;
		}
	return 0;
}

static int by_from(const void *a, const void *b)
{
	const struct flow_edge *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static void find_depths(struct search *s)
{
	if (s->flow.edges.nr)
		qsort(s->flow.edges.items, s->flow.edges.nr, sizeof(*s->flow.edges.items), by_from);
	free(s->depths);
	s->depths = flow_depths(&s->flow);
}

/* Until there is nothing more to be reached. */
static int explore(struct search *s)
{
	int err = 0;

	for (int round = 0; s->changed && !err; round++) {
		size_t nr = s->flow.steps.nr;

		if (round == ROUNDS_MAX)
			return diag_set(s->d, -ENOTSUP, "it leads to more code than is followed");
		s->changed = false;
		settle_calls(s);
		find_depths(s);
		/* Of what was decoded meanwhile no depth is known yet. */
		for (size_t i = 0; i < nr && s->flow.steps.nr == nr && !err; i++)
			if (is_reached(s, i))
				err = look_at_step(s, i);
		if (!err && s->flow.steps.nr == nr)
			err = add_landings(s);
	}
	return err;
}

/* Bytes that are read in two ways: in one of them they are not what was looked at. */
static int check_overlap(const struct search *s)
{
	for (size_t i = 0; i < s->flow.steps.nr; i++) {
		const struct flow_step *step = &s->flow.steps.items[i];

		for (uint64_t k = 1; is_reached(s, i) && k < step->bytes; k++) {
			const struct map_entry *e = map_get(&s->flow.by_address, step->address + k, 0);

			if (e && is_reached(s, e->value))
				return refuse(s, step->address, "is two instructions at once");
		}
	}
	return 0;
}

static void add_way(struct ways_out *ret, uint64_t address, enum way_kind kind)
{
	for (size_t i = 0; i < ret->ways.nr; i++)
		if (ret->ways.items[i].address == address)
			return;
	vec_push(&ret->ways, ((struct way_out){ address, kind }));
}

static bool is_shared(const struct search *s, uint64_t address)
{
	const struct code_extent *e = extent_of(s, address);

	return e && e->shared;
}

static bool is_called(const struct search *s, uint64_t address)
{
	const struct code_extent *e = extent_of(s, address);

	return e && e->called;
}

static void add_ways(const struct search *s, struct ways_out *ret)
{
	for (size_t i = 0; i < s->flow.steps.nr; i++) {
		const struct flow_step *step = &s->flow.steps.items[i];

		if (!is_reached(s, i))
			continue;
		if (step->kind == FLOW_RETURN) {
			add_way(ret, step->address, is_shared(s, step->address) ? WAY_SHARED_RETURN : WAY_RETURN);
			ret->nr_returns++;
		}
		if (step->kind != FLOW_JUMP || extent_of(s, step->target) == extent_of(s, step->address) ||
		    !is_called(s, step->target))
			continue;
		add_way(ret, step->address, WAY_JUMP);
		add_way(ret, step->target, WAY_ENTRY);
	}
}

static int by_address(const void *a, const void *b)
{
	const struct way_out *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

int code_ways_out(struct elf_file *f, const struct elf_symbol *function, struct ways_out *ret, struct diag *d)
{
	struct search s = { .elf = f, .function = function, .d = d };
	int err = add_extent(&s, function->address, function->size, NULL, false);

	*ret = (struct ways_out){};
	if (!err)
		err = explore(&s);
	if (!err)
		err = check_overlap(&s);
	if (!err)
		add_ways(&s, ret);
	if (ret->ways.nr)
		qsort(ret->ways.items, ret->ways.nr, sizeof(*ret->ways.items), by_address);
	for (size_t i = 0; i < s.extents.nr; i++)
		vec_release(&s.extents.items[i].landings);
	vec_release(&s.extents);
	map_release(&s.tables);
	map_release(&s.edges);
	free(s.depths);
	flow_release(&s.flow);
	return err;
}

void ways_out_release(struct ways_out *ways)
{
	vec_release(&ways->ways);
	ways->nr_returns = 0;
}
