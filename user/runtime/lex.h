/*
 * lex.h: the words of a .rt file, with their places, and the errors that point at them. A statement is a line; a
 * backslash at the end of a line continues it; '#' begins a comment. Private to the parser.
 */
#ifndef RUNTIME_LEX_H
#define RUNTIME_LEX_H

#include "runtime/runtime.h"

enum { LEX_LINE_BYTES = 512, LEX_TEXT_BYTES = 1 << 20 };

enum token_kind {
	TOKEN_END,    /* of the statement */
	TOKEN_NAME,   /* letters, digits and '_', no digit first */
	TOKEN_NUMBER, /* decimal or 0x; anything that begins with a digit, `bad` says why it is none */
	TOKEN_MARK,   /* any other character */
};

struct token {
	enum token_kind kind;
	const char *p; /* into the text */
	size_t len;
	uint64_t number;
	const char *bad;
	struct rt_position at;
};

struct lexer {
	const char *path;
	const char *text, *end;
	const char *p; /* behind the current token */
	const char *line_start;
	unsigned int line;
	struct token token; /* the current one */
	struct diag *d;
};

/*
 * Look at the whole text once: it must be UTF-8 without control characters, its lines not too long. Then the current
 * token is the first of the first statement. The lexer keeps @path, @text and @d. -EINVAL.
 */
int lex_start(struct lexer *lx, const char *path, const char *text, size_t len, struct diag *d);

/* The next token of the statement; at its end, TOKEN_END again and again. */
void lex_next(struct lexer *lx);
/* The first token of the next statement that is not empty. False at the end of the text. */
bool lex_next_statement(struct lexer *lx);

/* Is the current token this name or mark? lex_take(): and go to the next if so. */
bool lex_is(const struct lexer *lx, const char *text);
bool lex_take(struct lexer *lx, const char *text);
/* Is the character behind the current token (and behind blanks) @c? */
bool lex_followed_by(const struct lexer *lx, char c);

/*
 * Read what must stand here, and go on. @what names it in the error ("a symbol"). Texts are the caller's to free. -EINVAL.
 *
 * name     as TOKEN_NAME;  word: may also hold '-' and '.'
 * symbol   as it stands in an ELF file;  pattern: may end in '*'
 * glob     of a name in a program's source: as symbol, also with ':', '*', '?' and '[A-Z]'
 * rest     of the line, without a comment
 */
int lex_expect(struct lexer *lx, const char *text);
int lex_expect_end(struct lexer *lx);
int lex_name(struct lexer *lx, const char *what, char **ret);
int lex_word(struct lexer *lx, const char *what, char **ret);
int lex_symbol(struct lexer *lx, const char *what, char **ret);
int lex_pattern(struct lexer *lx, const char *what, char **ret);
int lex_glob(struct lexer *lx, const char *what, char **ret);
int lex_rest(struct lexer *lx, const char *what, char **ret);
int lex_number(struct lexer *lx, const char *what, uint64_t max, uint64_t *ret);

/* The current token is not what was expected: a hint says what was. Returns -EINVAL. */
int lex_unexpected(struct lexer *lx, const char *expected);
/* "path:line:column: message", the line, a caret under the column; @hint may be NULL. Returns -EINVAL. */
int lex_fail(struct lexer *lx, struct rt_position at, const char *hint, const char *format, ...) _printf_(4, 5);
/* As lex_fail(), for a byte that is not text; all before it in its line is. */
int lex_fail_byte(struct lexer *lx, struct rt_position at, const char *point);
/* As lex_fail(), for the file as a whole. */
int lex_fail_file(struct lexer *lx, const char *hint, const char *message);

#endif
