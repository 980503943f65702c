/* parser.h: what the parts of the parser share. One file a kind of line. Private to the parser. */
#ifndef RUNTIME_PARSER_H
#define RUNTIME_PARSER_H

#include "runtime/lex.h"

enum { RT_MAX_POOLS = 32, RT_MAX_VALUES = 64, RT_MAX_ROWS = 128, RT_MAX_LETS = 32, RT_MAX_OTHERS = 7, RT_MAX_ADVICE = 32, RT_MAX_PLACES = 32,
       RT_MAX_VARIABLES = 8, RT_MAX_API = 32 };

struct parser {
	struct lexer lx;
	struct runtime *rt;
	struct rt_position books_at; /* the first `books` line */
};

/* Lines. The current token is the one behind the keyword; all of them read to the end of the line. -EINVAL. */
int parse_value(struct parser *p);
int parse_on(struct parser *p);
int parse_let(struct parser *p);
int parse_books(struct parser *p);
/* `books buffers` and `books buffer`, behind these words. */
int parse_buffers(struct parser *p, struct rt_position at);
int parse_buffer(struct parser *p, struct rt_position at);
int parse_advice(struct parser *p, struct rt_position at);
int parse_environment(struct parser *p);
int parse_api(struct parser *p);
/* Of `books mesh`, `books handle`, `books chip`. */
int parse_books_object(struct parser *p, enum rt_object object);

/* Does the row capture a value of this name? */
bool rt_row_has(const struct rt_row *row, const char *name);

/* What can only be known when the whole file was read. -EINVAL. */
int parse_check_names(struct parser *p);
/* Is there a `let` line of that name? */
bool parse_has_let(const struct runtime *rt, const char *name);
int parse_check_books(struct parser *p);
int parse_check_devices(struct parser *p);

/* A place; @bases are those that may stand here, ends with a NULL name. -EINVAL. */
struct place_base {
	const char *name;
	int base;
};
extern const struct place_base place_bases_row[];
/* Of a row at the return: with `ret`. */
extern const struct place_base place_bases_return[];
int parse_place(struct parser *p, const struct place_base *bases, struct rt_place *ret);
/* Does the place use a value of which there are several (`each`)? */
bool place_is_several(const struct runtime *rt, const struct rt_place *place);
/* 1, 2, 4 or 8. */
int parse_size(struct parser *p, uint32_t *ret);

/* The name of an argument, "arg3". -EINVAL. */
int parse_argument(struct parser *p, int *ret);

#endif
