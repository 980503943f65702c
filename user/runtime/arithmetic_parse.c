/* From the text of a `let` line to steps: a parser by precedence. */
#include "runtime/arithmetic.h"
#include "runtime/arithmetic_ops.h"
#include "runtime/lex.h"

#include <errno.h>
#include <string.h>

enum { NESTING = 32 };

struct compiler {
	struct lexer *lx;
	struct rt_let *let;
	struct rt_position at; /* of the last operand */
	unsigned int depth;    /* of the text */
	unsigned int stack;    /* items at this point of a run */
};

static const struct {
	const char *name;
	unsigned int arguments;
	enum arithmetic_code code;
} functions[] = {
	{"roundup", 2, ARITHMETIC_ROUNDUP}, {"ceildiv", 2, ARITHMETIC_CEILDIV}, {"bit", 2, ARITHMETIC_BIT},
	{"low32", 1, ARITHMETIC_LOW32},	    {"min", 2, ARITHMETIC_MIN},		{"max", 2, ARITHMETIC_MAX},
	{"same", 2, ARITHMETIC_SAME},	    {"else", 2, ARITHMETIC_ELSE},
};

static const struct {
	const char *mark;
	unsigned int level; /* higher binds tighter */
	enum arithmetic_code code;
} operators[] = {
	{"+", 0, ARITHMETIC_ADD}, {"-", 0, ARITHMETIC_SUB}, {"*", 1, ARITHMETIC_MUL}, {"/", 1, ARITHMETIC_DIV},
};

enum { LEVELS = 2 };

static int emit(struct compiler *c, enum arithmetic_code code, uint64_t operand, int grows)
{
	c->stack = (unsigned int)((int)c->stack + grows);
	if (c->let->ops.nr == ARITHMETIC_OPS || c->stack > ARITHMETIC_STACK)
		return lex_fail(c->lx, c->at, "give a part of it a name with a 'let' line of its own",
				"the expression is too long");
	vec_push(&c->let->ops, ((struct arithmetic_op){.code = code, .operand = operand}));
	return 0;
}

static int parse_ternary(struct compiler *c);

static int parse_name(struct compiler *c)
{
	struct rt_let *let = c->let;
	struct rt_position at = c->lx->token.at;
	_cleanup_(freep) char *name = NULL;
	size_t i = 0;
	int err = lex_name(c->lx, "a name", &name);

	if (err)
		return err;
	while (i < let->names.nr && strcmp(let->names.items[i], name) != 0)
		i++;
	if (i == ARITHMETIC_NAMES)
		return lex_fail(c->lx, at, "give a part of it a name with a 'let' line of its own",
				"the expression has more than %d names", ARITHMETIC_NAMES);
	if (i == let->names.nr) {
		vec_push(&let->names, name);
		vec_push(&let->names_at, at);
		name = NULL;
	}
	return emit(c, ARITHMETIC_NAME, i, 1);
}

static int parse_function(struct compiler *c)
{
	size_t f = 0;

	while (f < ARRAY_SIZE(functions) && !lex_is(c->lx, functions[f].name))
		f++;
	if (f == ARRAY_SIZE(functions)) {
		size_t len = c->lx->token.len > 60 ? 60 : c->lx->token.len;

		return lex_fail(c->lx, c->lx->token.at, "functions are: roundup ceildiv bit low32 min max same else",
				"unknown function '%.*s'", (int)len, c->lx->token.p);
	}
	lex_next(c->lx);
	for (unsigned int i = 0; i < functions[f].arguments; i++) {
		int err = lex_expect(c->lx, i ? "," : "(");

		if (!err)
			err = parse_ternary(c);
		if (err)
			return err;
	}

	int err = lex_expect(c->lx, ")");

	return err ? err : emit(c, functions[f].code, 0, 1 - (int)functions[f].arguments);
}

static int parse_primary(struct compiler *c)
{
	uint64_t number = 0;
	int err;

	c->at = c->lx->token.at;
	if (c->lx->token.kind == TOKEN_NUMBER) {
		err = lex_number(c->lx, "a number", UINT64_MAX, &number);
		return err ? err : emit(c, ARITHMETIC_CONSTANT, number, 1);
	}
	if (c->lx->token.kind == TOKEN_NAME)
		return lex_followed_by(c->lx, '(') ? parse_function(c) : parse_name(c);
	if (!lex_take(c->lx, "("))
		return lex_unexpected(c->lx, "a number, a name, a function or '('");
	err = parse_ternary(c);
	return err ? err : lex_expect(c->lx, ")");
}

static size_t take_operator(struct compiler *c, unsigned int level)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(operators) && !(operators[i].level == level && lex_take(c->lx, operators[i].mark)))
		i++;
	return i;
}

static int parse_level(struct compiler *c, unsigned int level)
{
	if (level == LEVELS)
		return parse_primary(c);

	int err = parse_level(c, level + 1);

	while (!err) {
		size_t op = take_operator(c, level);

		if (op == ARRAY_SIZE(operators))
			break;
		err = parse_level(c, level + 1);
		if (!err)
			err = emit(c, operators[op].code, 0, -1);
	}
	return err;
}

static int parse_branches(struct compiler *c)
{
	int err = parse_ternary(c);

	if (!err)
		err = lex_expect(c->lx, ":");
	if (!err)
		err = parse_ternary(c);
	return err ? err : emit(c, ARITHMETIC_SELECT, 0, -2);
}

static int parse_ternary(struct compiler *c)
{
	if (c->depth == NESTING)
		return lex_fail(c->lx, c->lx->token.at, NULL, "the expression is nested too deeply");
	c->depth++;

	int err = parse_level(c, 0);

	if (!err && lex_take(c->lx, "?"))
		err = parse_branches(c);
	c->depth--;
	return err;
}

int arithmetic_parse(struct lexer *lx, struct rt_let *let)
{
	struct compiler c = {.lx = lx, .let = let};
	int err = parse_ternary(&c);

	if (!err && lx->token.kind != TOKEN_END)
		err = lex_unexpected(lx, "an operator (+ - * / ?) or the end of the line");
	return err;
}
