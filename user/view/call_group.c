#include "view/call_group.h"

#include "view/call_stack.h"

#include <fnmatch.h>
#include <string.h>

void call_groups_release(struct call_groups *g)
{
	words_release(&g->words);
	map_release(&g->by_stack);
}

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

static bool is_own(const struct call_groups *g, const char *path)
{
	for (size_t i = 0; i < g->nr_own; i++)
		if (!fnmatch(g->own[i], path, 0))
			return true;
	return !g->nr_own && !is_foreign(path);
}

/*
 * Whose code it is: the innermost frame of the program's own source; or of any source; or else the innermost one that is not in a file
 * of the runtime; where all are, the outermost one.
 */
static const struct ledger_frame *caller(const struct call_groups *g, const struct ledger *l, uint64_t stack)
{
	const struct ledger_frame *source = NULL, *other = NULL, *f = NULL;

	for (const struct ledger_stack *s = ledger_stack(l, stack); s; s = ledger_stack(l, s->parent)) {
		f = ledger_frame(l, s->frame);
		if (f->path && is_own(g, f->path))
			return f;
		if (f->path && !source)
			source = f;
		if (!other && !is_runtime(l, ledger_module(l, f->module)))
			other = f;
	}
	return source ? source : other ? other : f;
}

static void add_line(const struct call_groups *g, struct str *out, const struct ledger *l, uint64_t stack)
{
	const struct ledger_frame *f = caller(g, l, stack);

	if (!f->path) {
		call_stack_add_frame(out, l, f);
		return;
	}
	str_add_escaped(out, f->path);
	str_addf(out, f->line ? ":%llu " : ":? ", (unsigned long long)f->line);
	call_stack_add_function(out, l, f);
}

static void add_function(const struct call_groups *g, struct str *out, const struct ledger *l, uint64_t stack)
{
	const struct ledger_frame *f = caller(g, l, stack);

	call_stack_add_function(out, l, f);
	if (!f->path)
		return;
	str_add(out, " (");
	str_add_escaped(out, f->path);
	str_add(out, ")");
}

static void add_file(const struct call_groups *g, struct str *out, const struct ledger *l, uint64_t stack)
{
	const struct ledger_frame *f = caller(g, l, stack);
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

		if (source && !f->path)
			return f->module;
		source |= f->path != NULL;
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

		if (f->path || !hidden || f->module != hidden)
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

static void add_stack(const struct call_groups *g, struct str *out, const struct ledger *l, uint64_t stack)
{
	(void)g;
	add_chain(out, l, stack, " > ");
}

static void add_frames(const struct call_groups *g, struct str *out, const struct ledger *l, uint64_t stack)
{
	(void)g;
	add_chain(out, l, stack, (const char[]){CALL_FRAMES_END, '\0'});
}

static const struct {
	const char *word;
	void (*add)(const struct call_groups *g, struct str *out, const struct ledger *l, uint64_t stack);
} kinds[] = {
	[CALL_BY_LINE] = {"line", add_line},	 [CALL_BY_FUNCTION] = {"function", add_function}, [CALL_BY_FILE] = {"file", add_file},
	[CALL_BY_FRAMES] = {"stack", add_frames}, [CALL_BY_STACK] = {"stack", add_stack},
};

const char *call_group_word(enum call_group_by by)
{
	return kinds[by].word;
}

const char *call_group_of(struct call_groups *g, const struct ledger *l, const struct block *b)
{
	_cleanup_(str_release) struct str name = {};
	struct map_entry *e;
	bool is_new;

	if (!ledger_stack(l, b->stack))
		return NULL;
	e = map_put(&g->by_stack, b->stack, 0, &is_new);
	if (!is_new)
		return e->pointer;
	kinds[g->by].add(g, &name, l, b->stack);
	e->pointer = (void *)(uintptr_t)words_keep(&g->words, str_text(&name));
	return e->pointer;
}
