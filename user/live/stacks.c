#include "live/stacks.h"

#include "base/log.h"
#include "base/units.h"
#include "live/callee.h"
#include "live/watch.h"
#include "runtime/call_merge.h"
#include "runtime/call_tree.h"
#include "runtime/python_codes.h"
#include "target/symbols.h"
#include "target/unwind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a process has mapped is read again, without having been told that it changed, for so much of the time at most. */
enum { READ_SHARE = 20, CODES_MOST = 1 << 16 };

/* A process can have names of any length. */
enum { PATH_MOST = 4096, SYMBOL_MOST = 1 << 14 };

/*
 * A stack is there before its hit, but either may be read first: a thread may be preempted between them, or while it copies a stack,
 * which is in the way of those behind it.
 */
#define KEEP_NS (10 * NS_PER_SEC)
enum { WAITING_MOST = 1 << 16 };

/* A stack that waits for its hit. */
struct waiting {
	uint64_t thread, sequence;
	uint64_t time_ns; /* CLOCK_MONOTONIC */
};

struct known_module {
	uint64_t told; /* its number in the stream; 0: it was not told */
	struct symbols *symbols; /* NULL: nobody has asked yet, or there are none */
};

struct stacks {
	struct call_tree_files files;
	struct session *session;
	struct modules *modules;
	struct call_tree *tree;
	VEC(struct known_module) known; /* by number of the module */
	struct map by_hit;	    /* (thread, running number) -> stack in the tree, see callee.h */
	VEC(struct waiting) waiting; /* in the order in which they came */
	struct map joined;	     /* (thread, 0) -> running number of its last allocation that was told */
	uint64_t noted_ns;	    /* what was mapped until then is known */
	uint64_t full;		    /* stacks that the tree had no room for, or that came when their allocations had been told */
	uint64_t told_room, told_budget;
	struct stack stack; /* of the sample under way */
	merged_frames merged;
	VEC(char *) refusals;	    /* why Python frames were refused, each reason once */
	struct map python;    /* (thread, 0) -> its struct wire_python_stack, of the stack that comes next */
	struct python_codes codes;
	uint64_t nr_epochs;
};

static void set_text(struct record *r, enum field field, const char *text, size_t most)
{
	if (text && *text && strlen(text) <= most)
		record_set_text(r, field, text);
}

/* ---- what is told of a place ---- */

static struct known_module *known_module(struct stacks *st, const struct module *m)
{
	while (st->known.nr <= m->number)
		vec_push(&st->known, ((struct known_module){}));
	return &st->known.items[m->number];
}

static int tell_module(struct stacks *st, const struct module *m, uint64_t time_ns, uint64_t *ret)
{
	struct known_module *known = known_module(st, m);
	struct session *s = st->session;
	struct record r = {.kind = RECORD_MODULE};

	*ret = known->told;
	if (*ret)
		return 0;
	/* One number for all files; what is in them is none of a runtime here. */
	vec_push(&s->told_modules, ((struct told_module){xstrdup(""), xstrdup(m->path)}));
	*ret = known->told = s->told_modules.nr;
	RECORD_SET(&r, TIME_NS, time_ns, time_ns);
	RECORD_SET(&r, MODULE, module, *ret);
	set_text(&r, FIELD_PATH, m->path, PATH_MOST);
	set_text(&r, FIELD_BUILD_ID, m->build_id, PATH_MOST);
	return session_put(s, &r);
}

/* NULL: not known. Lines would have to be looked for in files that are large: whoever reads the recording may do that. */
static const char *name_of(struct stacks *st, const struct module *m, uint64_t address)
{
	struct known_module *known = known_module(st, m);
	const char *name;
	uint64_t start;

	if (!known->symbols && m->elf)
		known->symbols = symbols_new(m->elf, &(struct symbol_folders){});
	return known->symbols && !symbols_at(known->symbols, address, &name, &start) ? name : NULL;
}

static int describe(struct call_tree_files *files, const struct call_place *place, struct record *frame)
{
	struct stacks *st = (struct stacks *)files;
	const struct module *m = place->module ? modules_at(st->modules, place->module - 1) : NULL;
	uint64_t module;
	int err;

	set_text(frame, FIELD_PATH, place->path, PATH_MOST);
	set_text(frame, FIELD_SYMBOL, place->function, SYMBOL_MOST);
	if (place->line)
		RECORD_SET(frame, LINE, line, place->line);
	if (!m)
		return 0;
	err = tell_module(st, m, st->session->last_ns, &module);
	RECORD_SET(frame, MODULE, module, module);
	RECORD_SET(frame, OFFSET, offset, place->address);
	if (!st->session->o.symbols_later)
		set_text(frame, FIELD_SYMBOL, name_of(st, m, place->address), SYMBOL_MOST);
	return err;
}

/* ---- stacks come in ---- */

static struct unwinder *unwinder_of(struct stacks *st, struct watched *w)
{
	uint64_t begin;

	if (!w->unwinder || w->remapped) {
		if (!w->unwinder)
			w->unwinder = unwinder_new(st->modules, w->process.pid);
		w->remapped = false;
		begin = units_monotonic_ns();
		unwinder_read_mappings(w->unwinder, NULL);
		w->mapped_read_ns = units_monotonic_ns();
		w->reading_ns = w->mapped_read_ns - begin;
	}
	return w->unwinder;
}

static void unwind(struct stacks *st, struct watched *w, const struct stack_sample *sample)
{
	struct unwinder *u = unwinder_of(st, w);

	unwinder_unwind(u, sample, &st->stack);
	/* Where the kernel does not tell what is mapped, or it is code of no file. */
	if (st->stack.end != STACK_NO_MAPPING || units_monotonic_ns() - w->mapped_read_ns < w->reading_ns * READ_SHARE)
		return;
	w->remapped = true;
	unwinder_unwind(unwinder_of(st, w), sample, &st->stack);
}

/* ---- code objects ---- */

static void set_python(struct stacks *st, const struct watched *w)
{
	w->python->wire.epoch = ++st->nr_epochs;
	if (kernel_set_python(st->session->kernel, w->process.pid, &w->python->wire))
		log_warning("process %d: no Python frames: there are too many interpreters", w->process.pid);
}

/* Programs that make code as they run never come to an end of it: then all is told anew. */
static void make_room(struct stacks *st)
{
	const struct session *s = st->session;

	if (st->codes.by_key.nr < CODES_MOST)
		return;
	python_codes_clear(&st->codes);
	for (size_t i = 0; i < s->watched.nr; i++)
		if (s->watched.items[i]->python && !s->watched.items[i]->ended)
			set_python(st, s->watched.items[i]);
}

static void receive_code(struct stacks *st, const struct watched *w, const struct wire_python_code *wire)
{
	if (!python_codes_find(&st->codes, &wire->key))
		make_room(st);
	python_code_read(w->python, wire, python_codes_put(&st->codes, &wire->key));
}

/* ---- into the tree ---- */

static struct call_place python_place(const struct stacks *st, const struct watched *w, const struct wire_python_frame *f)
{
	const struct python_code *code = f->unread ? NULL : python_codes_find(&st->codes, &f->key);

	if (!code || !code->path || !code->name)
		return (struct call_place){};
	return (struct call_place){.path = code->path, .function = code->name, .line = python_line(w->python, code, f)};
}

static struct call_place native_place(const struct stack_frame *f)
{
	if (!f || !f->module)
		return (struct call_place){};
	return (struct call_place){.module = f->module->number + 1, .address = f->address};
}

/* The stack's number in the tree, from its outermost frame inwards. 0: there is no room. */
static uint32_t plant(const struct stacks *st, const struct watched *w, bool partial)
{
	uint32_t at = 0;

	for (size_t i = st->merged.nr; i; i--) {
		const struct merged_frame *f = &st->merged.items[i - 1];
		const struct call_place place = f->python ? python_place(st, w, f->python) : native_place(f->native);

		at = call_tree_add(st->tree, at, &place, partial && i == st->merged.nr);
		if (!at)
			return 0;
	}
	return at;
}

/* Has the hit's allocation been told, or a later one of its thread? */
static bool is_told(const struct stacks *st, uint64_t thread, uint64_t sequence)
{
	const struct map_entry *e = map_get(&st->joined, thread, 0);

	return e && e->value >= sequence;
}

static void keep(struct stacks *st, const struct wire_stack_head *head, uint64_t at)
{
	if (!at || is_told(st, head->thread, head->sequence)) {
		st->full++;
		return;
	}
	map_put(&st->by_hit, head->thread, head->sequence, NULL)->value = at;
	vec_push(&st->waiting, ((struct waiting){head->thread, head->sequence, head->time_ns}));
}

static void receive_native(struct stacks *st, struct watched *w, const struct wire_stack *wire)
{
	struct stack_sample sample = {.start = wire->reg[WIRE_REGISTER_SP], .bytes = wire->bytes, .stack = wire->stack};
	struct map_entry *e = map_get(&st->python, wire->head.thread, 0);
	struct wire_python_stack *python = e ? e->pointer : NULL;
	uint64_t at;

	memcpy(sample.reg, wire->reg, sizeof(sample.reg));
	unwind(st, w, &sample);
	if (python && (!w->python || python->head.sequence != wire->head.sequence))
		python = NULL;
	call_merge(w->python, python, &st->stack, &sample, &st->merged);
	at = plant(st, w, st->stack.end != STACK_COMPLETE);
	keep(st, &wire->head, at && wire->flags & WIRE_STACK_CALLED ? at | CALLEE_GONE : at);
}

/* Its stack is to come, if it is wanted. */
static void receive_python(struct stacks *st, const struct watched *w, const struct wire_python_stack *wire)
{
	struct map_entry *e;

	if (st->session->o.stacks == STACKS_ALL) {
		e = map_put(&st->python, wire->head.thread, 0, NULL);
		if (!e->pointer)
			e->pointer = xmalloc(sizeof(*wire));
		memcpy(e->pointer, wire, offsetof(struct wire_python_stack, frame) + wire->nr * sizeof(wire->frame[0]));
		return;
	}
	st->stack.nr = 0;
	call_merge(w->python, wire, &st->stack, &(struct stack_sample){}, &st->merged);
	keep(st, &wire->head, plant(st, w, wire->flags));
}

static int receive_stack(void *context, const struct wire_stack_head *head)
{
	struct session *s = context;
	struct stacks *st = s->stacks;
	struct watched *w = session_find(s, (int)head->tgid);

	if (!w || w->execed)
		return 0;
	if (head->time_ns >= st->noted_ns) {
		st->noted_ns = units_monotonic_ns();
		arrivals_receive(s);
	}
	if (head->kind == WIRE_STACK_NATIVE)
		receive_native(st, w, (const struct wire_stack *)head);
	else if (w->python && head->kind == WIRE_STACK_CODE)
		receive_code(st, w, (const struct wire_python_code *)head);
	else if (w->python)
		receive_python(st, w, (const struct wire_python_stack *)head);
	return 0;
}

int stacks_drain(struct session *s)
{
	return s->stacks ? kernel_drain_stacks(s->kernel, receive_stack, s) : 0;
}

int stacks_join(struct session *s, struct record *alloc)
{
	struct stacks *st = s->stacks;
	const struct map_entry *e = st && s->hit ? map_get(&st->by_hit, s->hit->thread, s->hit->sequence) : NULL;
	uint64_t number;
	uint32_t at;
	int err;

	if (st && s->hit)
		map_put(&st->joined, s->hit->thread, 0, NULL)->value = s->hit->sequence;
	if (!e)
		return 0;
	at = callee_join(s, st->modules, st->tree, e->value);
	err = call_tree_tell(st->tree, at, &st->files, &s->stack_sink, alloc->time_ns, &number);
	RECORD_SET(alloc, STACK, stack, number);
	return err;
}

void stacks_settle(struct session *s)
{
	struct stacks *st = s->stacks;
	uint64_t now = units_monotonic_ns();
	size_t nr, kept = 0;

	if (!st)
		return;
	nr = st->waiting.nr;
	for (size_t i = 0; i < nr; i++) {
		struct waiting w = st->waiting.items[i];
		bool over = w.time_ns + KEEP_NS < now || nr - i > WAITING_MOST;

		if (over || is_told(st, w.thread, w.sequence))
			map_del(&st->by_hit, w.thread, w.sequence);
		else
			st->waiting.items[kept++] = w;
	}
	st->waiting.nr = kept;
}

static int put_unstacked(struct session *s, uint64_t now, uint64_t *told, const char *reason)
{
	struct record r = {.kind = RECORD_UNSTACKED};

	if (now == *told)
		return 0;
	RECORD_SET(&r, COUNT, count, now - *told);
	RECORD_SET(&r, REASON, reason, reason);
	*told = now;
	return session_put(s, &r);
}

int stacks_put_losses(struct session *s)
{
	struct stacks *st = s->stacks;
	int err;

	if (!st)
		return 0;
	err = put_unstacked(s, kernel_stacks_lost(s->kernel) + st->full, &st->told_room, "room");
	return err ? err : put_unstacked(s, kernel_stacks_over(s->kernel), &st->told_budget, "budget");
}

/* ---- processes ---- */

/* Of many processes alike once. */
static void say_refusal(struct stacks *st, int pid, const char *why)
{
	for (size_t i = 0; i < st->refusals.nr; i++)
		if (!strcmp(st->refusals.items[i], why))
			return;
	vec_push(&st->refusals, xstrdup(why));
	log_warning("process %d: %s", pid, why);
}

/* An interpreter may be mapped, or begin to run, later. */
static void find_python(struct stacks *st, struct watched *w)
{
	mappings maps = {};
	const struct python_process process = {w->process.pid, st->modules, &maps, w->memory};
	struct python python = {};
	struct diag d = {};
	int err;

	if (w->python || !w->memory || st->session->o.stacks == STACKS_NATIVE || mappings_read(w->process.pid, &maps, NULL))
		return;
	err = python_find(&process, &st->session->o.runtimes->interpreters, &python, &d);
	mappings_release(&maps);
	if (err == -ENOTSUP)
		say_refusal(st, w->process.pid, d.text);
	if (err)
		return;
	w->python = xmalloc(sizeof(python));
	*w->python = python;
	set_python(st, w);
}

void stacks_prepare(struct session *s, struct watched *w)
{
	if (!s->stacks || w->number != 1)
		return;
	unwinder_prepare(unwinder_of(s->stacks, w));
	find_python(s->stacks, w);
}

void stacks_remapped(const struct session *s, int pid)
{
	for (size_t i = 0; i < s->watched.nr; i++)
		if (s->watched.items[i]->process.pid == pid)
			s->watched.items[i]->remapped = true;
}

void stacks_step(struct session *s)
{
	for (size_t i = 0; i < s->watched.nr && s->stacks; i++)
		if (s->watched.items[i]->unwinder && s->watched.items[i]->remapped && !s->watched.items[i]->ended) {
			unwinder_prepare(unwinder_of(s->stacks, s->watched.items[i]));
			find_python(s->stacks, s->watched.items[i]);
		}
}

void stacks_forget(struct watched *w)
{
	unwinder_free(w->unwinder);
	w->unwinder = NULL;
	free(w->python);
	w->python = NULL;
}

static int put_record(struct sink *sink, const struct record *r)
{
	struct session *s = (struct session *)((char *)sink - offsetof(struct session, stack_sink));
	struct record copy = *r;

	return session_put(s, &copy);
}

struct stacks *stacks_new(struct session *s)
{
	struct stacks *st = xcalloc(1, sizeof(*st));

	st->files.describe = describe;
	st->session = s;
	st->modules = modules_new();
	st->tree = call_tree_new(CALL_TREE_MOST);
	s->stack_sink.put = put_record;
	return st;
}

void stacks_free(struct stacks *st)
{
	if (!st)
		return;
	call_tree_free(st->tree);
	for (size_t i = 0; i < st->known.nr; i++)
		symbols_free(st->known.items[i].symbols);
	vec_release(&st->known);
	modules_free(st->modules);
	map_release(&st->by_hit);
	vec_release(&st->waiting);
	map_release(&st->joined);
	for (size_t i = 0; i < st->refusals.nr; i++)
		free(st->refusals.items[i]);
	vec_release(&st->refusals);
	vec_release(&st->merged);
	python_codes_release(&st->codes);
	for (struct map_entry *e = map_next(&st->python, NULL); e; e = map_next(&st->python, e))
		free(e->pointer);
	map_release(&st->python);
	free(st);
}
