/* The parser of .rt files: which lines there are, and what must hold for the file as a whole. */
#include "runtime/parser.h"

#include "runtime/arithmetic.h"

#include <errno.h>
#include <string.h>

static int once(struct parser *p, const char *present, const char *keyword, struct rt_position at)
{
	return present ? lex_fail(&p->lx, at, NULL, "there is a second '%s' line", keyword) : 0;
}

static int parse_runtime(struct parser *p, struct rt_position at)
{
	int err = once(p, p->rt->name, "runtime", at);

	if (!err)
		err = lex_word(&p->lx, "the runtime's name", &p->rt->name);
	return err ? err : lex_expect_end(&p->lx);
}

static int parse_about(struct parser *p, struct rt_position at)
{
	int err = once(p, p->rt->about, "about", at);

	return err ? err : lex_rest(&p->lx, "a few words about the runtime", &p->rt->about);
}

static int parse_detect(struct parser *p, struct rt_position at)
{
	static const char what[] = "a symbol, or the beginning of one and '*'";
	int err = once(p, p->rt->detect, "detect", at);

	if (!err)
		err = lex_pattern(&p->lx, what, &p->rt->detect);
	while (!err && lex_take(&p->lx, "or")) {
		char *part = NULL;

		if (p->rt->parts.nr == RT_MAX_OTHERS)
			return lex_fail(&p->lx, p->lx.token.at, NULL, "there are more than %d symbols", RT_MAX_OTHERS + 1);
		err = lex_pattern(&p->lx, what, &part);
		if (!err)
			vec_push(&p->rt->parts, part);
	}
	return err ? err : lex_expect_end(&p->lx);
}

/* NUMBER=NAME, a @noun. */
static int parse_numbered(struct parser *p, rt_numbered *list, const char *noun)
{
	struct rt_position at = p->lx.token.at;
	_cleanup_(freep) char *what = xasprintf("a %s as NUMBER=NAME", noun), *its = xasprintf("the %s's name", noun);
	_cleanup_(freep) char *name = NULL;
	uint64_t id;
	int err = lex_number(&p->lx, what, UINT64_MAX, &id);

	if (!err)
		err = lex_expect(&p->lx, "=");
	if (!err)
		err = lex_word(&p->lx, its, &name);
	if (err)
		return err;
	for (size_t i = 0; i < list->nr; i++) {
		if (list->items[i].id == id)
			return lex_fail(&p->lx, at, NULL, "%s %llu is there twice", noun, (unsigned long long)id);
		if (strcmp(list->items[i].name, name) == 0)
			return lex_fail(&p->lx, at, NULL, "two %ss have the name '%s'", noun, name);
	}
	if (list->nr == RT_MAX_POOLS)
		return lex_fail(&p->lx, at, NULL, "there are more than %d %ss", RT_MAX_POOLS, noun);
	vec_push(list, ((struct rt_pool){.id = id, .name = name}));
	name = NULL;
	return 0;
}

static int parse_line_of(struct parser *p, rt_numbered *list, const char *noun)
{
	int err;

	do {
		err = parse_numbered(p, list, noun);
	} while (!err && p->lx.token.kind != TOKEN_END);
	return err;
}

static int parse_pools(struct parser *p, struct rt_position at)
{
	(void)at;
	return parse_line_of(p, &p->rt->pools, "pool");
}

static int parse_layouts(struct parser *p, struct rt_position at)
{
	(void)at;
	return parse_line_of(p, &p->rt->layouts, "layout");
}

static int parse_core(struct parser *p, struct rt_position at)
{
	int err = once(p, p->rt->core, "core", at);
	struct rt_position name_at = p->lx.token.at;

	if (!err)
		err = lex_word(&p->lx, "the name of a pool", &p->rt->core);
	if (err)
		return err;
	for (size_t i = 0; i < p->rt->pools.nr; i++)
		if (strcmp(p->rt->pools.items[i].name, p->rt->core) == 0)
			return lex_expect_end(&p->lx);
	return lex_fail(&p->lx, name_at, "pools stand in 'pool' lines before it", "no pool '%s'", p->rt->core);
}

static int parse_value_line(struct parser *p, struct rt_position at)
{
	(void)at;
	return parse_value(p);
}

static int parse_on_line(struct parser *p, struct rt_position at)
{
	if (p->rt->rows.nr == RT_MAX_ROWS)
		return lex_fail(&p->lx, at, NULL, "there are more than %d rows", RT_MAX_ROWS);
	return parse_on(p);
}

static int parse_let_line(struct parser *p, struct rt_position at)
{
	if (p->rt->lets.nr == RT_MAX_LETS)
		return lex_fail(&p->lx, at, NULL, "there are more than %d 'let' lines", RT_MAX_LETS);
	return parse_let(p);
}

static int parse_books_line(struct parser *p, struct rt_position at)
{
	if (!p->rt->books.present)
		p->books_at = at;
	p->rt->books.present = true;
	return parse_books(p);
}

static int parse_environment_line(struct parser *p, struct rt_position at)
{
	(void)at;
	return parse_environment(p);
}

static int parse_api_line(struct parser *p, struct rt_position at)
{
	(void)at;
	return parse_api(p);
}

static const struct {
	const char *keyword;
	int (*parse)(struct parser *p, struct rt_position at);
} lines[] = {
	{"runtime", parse_runtime}, {"about", parse_about}, {"detect", parse_detect}, {"pool", parse_pools},
	{"value", parse_value_line}, {"on", parse_on_line}, {"let", parse_let_line}, {"books", parse_books_line},
	{"advice", parse_advice}, {"layout", parse_layouts}, {"core", parse_core},
	{"environment", parse_environment_line}, {"api", parse_api_line},
};

#define KEYWORDS "runtime about detect pool core layout value on let books advice environment api"

static int parse_statement(struct parser *p)
{
	struct rt_position at = p->lx.token.at;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (lex_take(&p->lx, lines[i].keyword))
			return lines[i].parse(p, at);
	if (p->lx.token.kind != TOKEN_NAME)
		return lex_unexpected(&p->lx, "a line that begins with: " KEYWORDS);
	return lex_fail(&p->lx, at, "lines are: " KEYWORDS, "unknown line '%.*s'",
			(int)(p->lx.token.len > 60 ? 60 : p->lx.token.len), p->lx.token.p);
}

static int check_whole(struct parser *p)
{
	if (!p->rt->name)
		return lex_fail_file(&p->lx, "its first line is: runtime NAME", "there is no 'runtime' line");
	if (!p->rt->detect)
		return lex_fail_file(&p->lx, "a line 'detect SYMBOL' says which mapped files have this runtime",
				     "there is no 'detect' line");

	int err = parse_check_names(p);

	return err ? err : parse_check_books(p);
}

static int parse_text(struct parser *p, const char *path, const char *text, size_t len, struct diag *d)
{
	int err = lex_start(&p->lx, path, text, len, d);

	if (err)
		return err;
	if (p->lx.token.kind == TOKEN_END && !lex_next_statement(&p->lx))
		return check_whole(p);
	do {
		err = parse_statement(p);
	} while (!err && lex_next_statement(&p->lx));
	return err ? err : check_whole(p);
}

static void books_init(struct rt_books *books)
{
	struct rt_place *places[] = {&books->arena, &books->pool, &books->banks, &books->align, &books->lists,
				     &books->list, &books->bank_bytes, &books->base, &books->grain, &books->shrunk};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		places[i]->base = -1;
	books->buffers.base = -1;
	for (size_t i = 0; i < RT_BUFFER_NR; i++)
		books->buffer[i].base = -1;
}

int runtime_parse(const char *path, const char *text, size_t len, struct runtime **ret, struct diag *d)
{
	struct parser p = {.rt = xcalloc(1, sizeof(*p.rt))};

	p.rt->path = xstrdup(path);
	p.rt->text = xstrndup(text, len);
	books_init(&p.rt->books);

	int err = parse_text(&p, path, text, len, d);

	if (err)
		runtime_free(p.rt);
	else
		*ret = p.rt;
	return err;
}
