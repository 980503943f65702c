#include "view/call_stack.h"

#include "view/json_object.h"

#include <string.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static const char *module_path(const struct ledger *l, const struct ledger_frame *f)
{
	const struct ledger_module *m = ledger_module(l, f->module);

	return m ? m->path : NULL;
}

static void add_place(struct str *out, const char *path, uint64_t line)
{
	str_add_escaped(out, path);
	if (line)
		str_addf(out, ":%llu", (unsigned long long)line);
}

/* Machine code of which no name is known. */
static void add_address(struct str *out, const struct ledger *l, const struct ledger_frame *f)
{
	const char *path = module_path(l, f);

	if (path)
		str_add_escaped(out, base_name(path));
	if (f->module)
		str_addf(out, "+0x%llx", (unsigned long long)f->offset);
	else
		str_add(out, "?");
}

void call_stack_add_function(struct str *out, const struct ledger *l, const struct ledger_frame *f)
{
	if (f->symbol)
		str_add_escaped(out, f->symbol);
	else if (f->path)
		add_place(out, f->path, f->line);
	else
		add_address(out, l, f);
}

void call_stack_add_frame(struct str *out, const struct ledger *l, const struct ledger_frame *f)
{
	const char *module = module_path(l, f);

	call_stack_add_function(out, l, f);
	if (!f->symbol || (!f->path && !module))
		return;
	str_add(out, " (");
	if (f->path)
		add_place(out, f->path, f->line);
	else
		str_add_escaped(out, base_name(module));
	str_add(out, ")");
}

/* The end of the brackets that @text begins with; NULL: they are none, or part of a name. */
static const char *behind_brackets(const char *text)
{
	static const char unnamed[] = "(anonymous namespace)";
	enum { DEEPEST = 64 };
	char open[DEEPEST];
	size_t depth = 0;

	if (!strncmp(text, unnamed, sizeof(unnamed) - 1))
		return NULL;
	for (; *text; text++) {
		if ((*text == '<' || *text == '(') && depth < DEEPEST)
			open[depth++] = *text == '<' ? '>' : ')';
		/* Within "(3 > 2)" the other one is none, nor is that of "->". */
		else if (depth && *text == open[depth - 1] && text[-1] != '-')
			depth--;
		if (!depth)
			return text + 1;
	}
	return NULL;
}

/* "operator<", "operator()" and their like are names. */
static size_t operator_length(const char *text)
{
	static const char word[] = "operator";
	size_t len = sizeof(word) - 1;

	if (strncmp(text, word, len))
		return 0;
	if (!strncmp(text + len, "()", 2))
		return len + 2;
	return len + strspn(text + len, "<>=-");
}

/* Templates' arguments and parameters become @angle and @round. */
static void add_symbol_without(struct str *out, const char *symbol, const char *angle, const char *round)
{
	_cleanup_(str_release) struct str name = {};

	while (*symbol) {
		size_t whole = operator_length(symbol);
		const char *behind = *symbol == '<' || *symbol == '(' ? behind_brackets(symbol) : NULL;

		if (behind) {
			str_add(&name, *symbol == '<' ? angle : round);
			symbol = behind;
			continue;
		}
		whole = whole ? whole : 1;
		str_add_bytes(&name, symbol, whole);
		symbol += whole;
	}
	str_add_escaped(out, str_text(&name));
}

void call_stack_add_short(struct str *out, const struct ledger *l, const struct ledger_frame *f)
{
	if (f->path) {
		add_place(out, base_name(f->path), f->line);
		str_add_char(out, ' ');
		str_add_escaped(out, f->symbol ? f->symbol : "?");
	} else if (f->symbol) {
		add_symbol_without(out, f->symbol, "<...>", "(...)");
	} else {
		add_address(out, l, f);
	}
}

void call_stack_add_plain(struct str *out, const struct ledger_frame *f)
{
	const char *clone = f->symbol ? strstr(f->symbol, " [clone ") : NULL;
	_cleanup_(freep) char *whole = clone ? xstrndup(f->symbol, (size_t)(clone - f->symbol)) : NULL;

	if (f->symbol)
		add_symbol_without(out, whole ? whole : f->symbol, "", "");
	/* Of "operator<< <char>". */
	while (out->len && out->p[out->len - 1] == ' ')
		out->p[--out->len] = '\0';
}

void call_stack_add_lines(struct str *out, const struct ledger *l, uint64_t stack)
{
	for (const struct ledger_stack *s = ledger_stack(l, stack); s; s = ledger_stack(l, s->parent)) {
		str_add(out, "    ");
		call_stack_add_frame(out, l, ledger_frame(l, s->frame));
		str_add(out, s->partial ? "\n    ... (what called it is not known)\n" : "\n");
	}
}

static json_t *new_frame(const struct ledger *l, const struct ledger_frame *f)
{
	const struct ledger_module *m = ledger_module(l, f->module);
	json_t *frame = json_object();

	set_text(frame, "function", f->symbol);
	set_text(frame, "file", f->path);
	if (f->line)
		set_number(frame, "line", f->line);
	if (!m)
		return frame;
	set_text(frame, "module", m->path);
	set_text(frame, "build_id", m->build_id);
	set_number(frame, "address", f->offset);
	return frame;
}

void call_stack_set_json(json_t *object, const struct ledger *l, uint64_t stack)
{
	json_t *frames = json_array();
	bool partial = false;

	for (const struct ledger_stack *s = ledger_stack(l, stack); s; s = ledger_stack(l, s->parent)) {
		json_array_append_new(frames, new_frame(l, ledger_frame(l, s->frame)));
		partial = s->partial;
	}
	set(object, "stack", frames);
	if (partial)
		set(object, "stack_partial", json_true());
}
