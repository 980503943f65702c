#include "view/call_group.h"

#include "runtime/runtime.h"
#include "view/call_stack.h"

#include <fnmatch.h>
#include <string.h>

void call_groups_release(struct call_groups *g)
{
	words_release(&g->words);
	map_release(&g->by_stack);
	for (struct map_entry *e = map_next(&g->runtimes, NULL); e; e = map_next(&g->runtimes, e))
		runtime_free(e->pointer);
	map_release(&g->runtimes);
}

/* What tells groups apart. */
struct call_key {
	uint64_t stack;
	uint64_t runtime; /* number of the struct ledger_runtime of its process; 0: not known, or it does not matter */
};

/* Does a runtime have its functions in the file? Its own modules and those of stacks are told apart by number alone. */
static bool is_runtime(const struct ledger *l, const struct ledger_module *m)
{
	for (size_t i = 0; i < l->modules.nr && m; i++) {
		const struct ledger_module *traced = &l->modules.items[i];

		if (traced->sites.nr && (traced == m || (traced->path == m->path && traced->build_id == m->build_id)))
			return true;
	}
	return false;
}

/* Of a package that was installed, of the interpreter itself, or made as the program runs. */
static bool is_foreign(const char *path)
{
	static const char *const folders[] = {"/site-packages/", "/dist-packages/", "/lib/python3"};

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (strstr(path, folders[i]))
			return true;
	return *path == '<';
}

/* A line that an interpreter runs. Machine code may have lines as well: who they are of, only its file says. */
static bool is_source(const struct ledger_frame *f)
{
	return f->path && !f->module;
}

static bool is_own(const struct call_groups *g, const struct ledger_frame *f)
{
	for (size_t i = 0; f->path && i < g->nr_own; i++)
		if (!fnmatch(g->own[i], f->path, 0))
			return true;
	return is_source(f) && !g->nr_own && !is_foreign(f->path);
}

/*
 * Whose code it is: the innermost frame of the program's own source; or of any source; or else the innermost one that is not in a file
 * of the runtime; where all are, the outermost one. Source is what an interpreter runs: without names of own files, lines of machine
 * code that somebody has looked up later do not change whose code it is.
 */
static const struct ledger_frame *caller(const struct call_groups *g, const struct ledger *l, uint64_t stack)
{
	const struct ledger_frame *source = NULL, *other = NULL, *f = NULL;

	for (const struct ledger_stack *s = ledger_stack(l, stack); s; s = ledger_stack(l, s->parent)) {
		f = ledger_frame(l, s->frame);
		if (is_own(g, f))
			return f;
		if (is_source(f) && !source)
			source = f;
		if (!other && !is_runtime(l, ledger_module(l, f->module)))
			other = f;
	}
	return source ? source : other ? other : f;
}

static void add_line(struct call_groups *g, struct str *out, const struct ledger *l, const struct call_key *key)
{
	const struct ledger_frame *f = caller(g, l, key->stack);

	if (!f->path) {
		call_stack_add_frame(out, l, f);
		return;
	}
	str_add_escaped(out, f->path);
	str_addf(out, f->line ? ":%llu " : ":? ", (unsigned long long)f->line);
	call_stack_add_function(out, l, f);
}

static void add_function(struct call_groups *g, struct str *out, const struct ledger *l, const struct call_key *key)
{
	const struct ledger_frame *f = caller(g, l, key->stack);

	call_stack_add_function(out, l, f);
	if (!f->path)
		return;
	str_add(out, " (");
	str_add_escaped(out, f->path);
	str_add(out, ")");
}

static void add_file(struct call_groups *g, struct str *out, const struct ledger *l, const struct call_key *key)
{
	const struct ledger_frame *f = caller(g, l, key->stack);
	const struct ledger_module *m = ledger_module(l, f->module);
	const char *path = f->path ? f->path : m ? m->path : NULL;

	str_add_escaped(out, path ? path : "?");
}

/* The file of machine code that runs source: it has what calls the first frame of it. 0: there is none. */
static uint64_t interpreter(const struct ledger *l, uint64_t stack)
{
	bool source = false;

	for (const struct ledger_stack *s = ledger_stack(l, stack); s; s = ledger_stack(l, s->parent)) {
		const struct ledger_frame *f = ledger_frame(l, s->frame);

		if (source && !is_source(f))
			return f->module;
		source |= is_source(f);
	}
	return 0;
}

/* What the interpreter does between two lines of source says nothing of them. */
static void add_chain(struct str *out, const struct ledger *l, uint64_t stack, const char *between)
{
	VEC(const struct ledger_frame *) chain = {};
	uint64_t hidden = interpreter(l, stack);
	bool partial = false;

	for (const struct ledger_stack *s = ledger_stack(l, stack); s; s = ledger_stack(l, s->parent)) {
		const struct ledger_frame *f = ledger_frame(l, s->frame);

		if (is_source(f) || !hidden || f->module != hidden)
			vec_push(&chain, f);
		partial = s->partial;
	}
	if (partial)
		str_addf(out, "...%s", between);
	for (size_t i = chain.nr; i; i--) {
		call_stack_add_short(out, l, chain.items[i - 1]);
		str_add(out, i > 1 ? between : "");
	}
	vec_release(&chain);
}

static void add_stack(struct call_groups *g, struct str *out, const struct ledger *l, const struct call_key *key)
{
	(void)g;
	add_chain(out, l, key->stack, " > ");
}

static void add_frames(struct call_groups *g, struct str *out, const struct ledger *l, const struct call_key *key)
{
	(void)g;
	add_chain(out, l, key->stack, (const char[]){CALL_FRAMES_END, '\0'});
}

/* The recording has its file: no other release's functions are looked for. NULL: it has none, or one that cannot be read. */
static const struct runtime *runtime_of(struct call_groups *g, const struct ledger *l, uint64_t number)
{
	const struct ledger_runtime *said = ledger_runtime(l, number);
	bool is_new;
	struct map_entry *e;

	if (!said || !said->text)
		return NULL;
	e = map_put(&g->runtimes, number, 0, &is_new);
	if (is_new) {
		struct runtime *rt = NULL;
		struct diag d = {};

		e->pointer = runtime_parse("", said->text, strlen(said->text), &rt, &d) ? NULL : rt;
	}
	return e->pointer;
}

/* Of frames from the innermost on, the last one that is of the API. */
static void add_op(struct call_groups *g, struct str *out, const struct ledger *l, const struct call_key *key)
{
	const struct runtime *rt = runtime_of(g, l, key->runtime);
	_cleanup_(str_release) struct str name = {};

	for (const struct ledger_stack *s = ledger_stack(l, key->stack); rt && s; s = ledger_stack(l, s->parent)) {
		const struct ledger_frame *f = ledger_frame(l, s->frame);

		str_clear(&name);
		if (f->module)
			call_stack_add_plain(&name, f);
		if (!name.len || !runtime_has_api(rt, str_text(&name)))
			continue;
		str_clear(out);
		str_add(out, str_text(&name));
	}
}

bool call_groups_lack_api(struct call_groups *g, const struct ledger *l)
{
	for (size_t i = 1; i <= l->runtimes.nr; i++) {
		const struct runtime *rt = runtime_of(g, l, i);

		if (rt && rt->api.nr)
			return false;
	}
	return true;
}

const char *call_group_of(struct call_groups *g, const struct ledger *l, const struct ledger_process *p, const struct block *b)
{
	static void (*const add[])(struct call_groups *g, struct str *out, const struct ledger *l, const struct call_key *key) = {
		[CALL_BY_LINE] = add_line,
		[CALL_BY_OP] = add_op,
		[CALL_BY_FUNCTION] = add_function,
		[CALL_BY_FILE] = add_file,
		[CALL_BY_FRAMES] = add_frames,
		[CALL_BY_STACK] = add_stack,
	};
	const struct ledger_module *m = g->by == CALL_BY_OP && p ? process_module(l, p) : NULL;
	const struct call_key key = {.stack = b->stack, .runtime = m ? m->runtime : 0};
	_cleanup_(str_release) struct str name = {};
	struct map_entry *e;
	bool is_new;

	if (!ledger_stack(l, b->stack))
		return NULL;
	e = map_put(&g->by_stack, key.stack, key.runtime, &is_new);
	if (!is_new)
		return e->pointer;
	add[g->by](g, &name, l, &key);
	e->pointer = name.len ? (void *)(uintptr_t)words_keep(&g->words, str_text(&name)) : NULL;
	return e->pointer;
}

const struct ledger_frame *call_group_caller(const struct call_groups *g, const struct ledger *l, uint64_t stack)
{
	return caller(g, l, stack);
}
