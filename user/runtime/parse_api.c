/*
 * `api` lines: which functions are the runtime's for programs, by the names that their source has.
 *
 *	api PATTERN ...
 */
#include "runtime/parser.h"

#include <errno.h>
#include <string.h>

static int check_pattern(struct parser *p, struct rt_position at, const char *pattern)
{
	const char *open = strchr(pattern, '[');

	while (open) {
		const char *close = strchr(open, ']');

		if (!close)
			return lex_fail(&p->lx, at, "[A-Z] is any one of these letters", "'[' is not closed in '%s'", pattern);
		open = strchr(close, '[');
	}
	return 0;
}

int parse_api(struct parser *p)
{
	do {
		struct rt_position at = p->lx.token.at;
		char *pattern = NULL;
		int err;

		if (p->rt->api.nr == RT_MAX_API)
			return lex_fail(&p->lx, at, NULL, "there are more than %d patterns", RT_MAX_API);
		err = lex_glob(&p->lx, "a function's name as its source has it, in which '*' stands for any part", &pattern);
		if (err)
			return err;
		vec_push(&p->rt->api, pattern);
		err = check_pattern(p, at, pattern);
		for (size_t i = 0; !err && i + 1 < p->rt->api.nr; i++)
			if (strcmp(p->rt->api.items[i], pattern) == 0)
				err = lex_fail(&p->lx, at, NULL, "'%s' is there twice", pattern);
		if (err)
			return err;
	} while (p->lx.token.kind != TOKEN_END);
	return 0;
}

