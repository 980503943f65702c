/*
 * `advice` lines: which argument makes a pool larger, and what the runtime makes of it.
 *
 *	advice POOL ARGUMENT [total=STEP] [spread=STEP | bank=STEP] [if FUNCTION]
 */
#include "runtime/parser.h"

#include <errno.h>
#include <string.h>

#define MAX_STEP (1ULL << 40)

static int parse_pool_name(struct parser *p, char **ret)
{
	struct rt_position at = p->lx.token.at;
	int err = lex_word(&p->lx, "a pool's name", ret);

	for (size_t i = 0; !err && i < p->rt->pools.nr; i++)
		if (strcmp(p->rt->pools.items[i].name, *ret) == 0)
			return 0;
	return err ? err : lex_fail(&p->lx, at, "pools are named by a 'pool' line before this one", "unknown pool '%s'", *ret);
}

static int parse_step(struct parser *p, uint64_t *ret)
{
	struct rt_position at = p->lx.token.at;
	int err;

	lex_next(&p->lx);
	if (*ret)
		return lex_fail(&p->lx, at, NULL, "the limit is there twice");
	err = lex_expect(&p->lx, "=");
	at = p->lx.token.at;
	if (!err)
		err = lex_number(&p->lx, "a number of bytes", MAX_STEP, ret);
	if (!err && !*ret)
		return lex_fail(&p->lx, at, "1 if it is not rounded", "nothing can be rounded up to 0");
	return err;
}

static int parse_part(struct parser *p, struct rt_advice *a)
{
	if (lex_is(&p->lx, "total"))
		return parse_step(p, &a->total);
	if (lex_is(&p->lx, "spread"))
		return parse_step(p, &a->spread);
	if (lex_is(&p->lx, "bank"))
		return parse_step(p, &a->bank);
	if (!lex_take(&p->lx, "if"))
		return lex_unexpected(&p->lx, "one of: total=STEP spread=STEP bank=STEP if");

	int err = lex_pattern(&p->lx, "a function's symbol, or the beginning of one and '*'", &a->function);

	return err ? err : lex_expect_end(&p->lx);
}

int parse_advice(struct parser *p, struct rt_position at)
{
	struct rt_advice *a;
	int err;

	if (p->rt->advice.nr == RT_MAX_ADVICE)
		return lex_fail(&p->lx, at, NULL, "there are more than %d 'advice' lines", RT_MAX_ADVICE);
	a = vec_add(&p->rt->advice);
	*a = (struct rt_advice){.at = at};
	err = parse_pool_name(p, &a->pool);
	if (!err)
		err = lex_word(&p->lx, "the argument's name", &a->argument);
	while (!err && p->lx.token.kind != TOKEN_END)
		err = parse_part(p, a);
	if (!err && a->spread && a->bank)
		return lex_fail(&p->lx, at, NULL, "an argument is either spread over the banks or that of a bank");
	if (!err && !a->spread && !a->bank)
		return lex_fail(&p->lx, at, NULL, "'spread=STEP' or 'bank=STEP' is missing: what a bank has of the argument");
	return err;
}
