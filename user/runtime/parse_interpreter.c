/*
 * The parser of `interpreter` files.
 *
 *	interpreter NAME
 *	about TEXT
 *	file WORD
 *	detect SYMBOL                  says SYMBOL     loop SYMBOL     key SYMBOL
 *	refuse SYMBOL TEXT
 *	version N.N [named] FIELD=OFFSET ...           at=OFFSET[:SIZE]
 *	stated N.N cookie=NUMBER [free_threaded=WORD] FIELD=WORD ...
 */
#include "runtime/interpreter.h"
#include "runtime/lex.h"

#include <errno.h>
#include <string.h>

enum { MOST_VERSIONS = 32, MOST_REFUSALS = 16, MOST_WORDS = 128, MOST_OFFSET = 1 << 14, MOST_NUMBER = 255 };

/* What the kernel half reads of a frame, or of a code object, at once. */
enum { MOST_TOGETHER = 256 /* LINE_BYTES of bpf/maps.h */, WORD = 8 };

struct reading {
	struct lexer lx;
	struct interpreter *in;
};

static const struct field {
	const char *word;
	enum interpreter_part part;
	uint32_t bytes;
	bool needed;
} fields[] = {
#define X(ID, word, part, bytes, needed) [INTERPRETER_##ID] = {word, part, bytes, needed},
	INTERPRETER_FIELDS(X)
#undef X
};

static int once(struct reading *r, const char *present, struct rt_position at)
{
	return present ? lex_fail(&r->lx, at, NULL, "there is a second line of this kind") : 0;
}

/* A line with a symbol, or a word. */
static int parse_symbol(struct reading *r, char **ret, struct rt_position at)
{
	int err = once(r, *ret, at);

	if (!err)
		err = lex_symbol(&r->lx, "a symbol", ret);
	return err ? err : lex_expect_end(&r->lx);
}

static int parse_word(struct reading *r, char **ret, struct rt_position at)
{
	int err = once(r, *ret, at);

	if (!err)
		err = lex_word(&r->lx, "a word", ret);
	return err ? err : lex_expect_end(&r->lx);
}

static int parse_about(struct reading *r, struct rt_position at)
{
	int err = once(r, r->in->about, at);

	return err ? err : lex_rest(&r->lx, "a few words about the interpreter", &r->in->about);
}

static int parse_refuse(struct reading *r, struct rt_position at)
{
	struct interpreter_refusal refusal = {};
	int err;

	if (r->in->refusals.nr == MOST_REFUSALS)
		return lex_fail(&r->lx, at, NULL, "there are more than %d 'refuse' lines", MOST_REFUSALS);
	err = lex_symbol(&r->lx, "a symbol", &refusal.symbol);
	if (err)
		return err;
	err = lex_rest(&r->lx, "why it is refused", &refusal.why);
	vec_push(&r->in->refusals, refusal);
	return err;
}

/* ---- versions ---- */

static int parse_number(struct reading *r, unsigned int *major, unsigned int *minor)
{
	uint64_t numbers[2] = {};
	int err = lex_number(&r->lx, "a version, such as 3.12", MOST_NUMBER, &numbers[0]);

	if (!err)
		err = lex_expect(&r->lx, ".");
	if (!err)
		err = lex_number(&r->lx, "the version's second number", MOST_NUMBER, &numbers[1]);
	*major = (unsigned int)numbers[0];
	*minor = (unsigned int)numbers[1];
	return err;
}

/* The field whose word is the current token, and is followed by '='. INTERPRETER_NR: none. */
static enum interpreter_field take_field(struct reading *r)
{
	for (enum interpreter_field i = 0; i < INTERPRETER_NR; i++)
		if (lex_take(&r->lx, fields[i].word))
			return i;
	return INTERPRETER_NR;
}

static int unknown_field(struct reading *r)
{
	return lex_unexpected(&r->lx, "thread_id, frame, frame_in, call, call_before, back, code, at, owner, entry, line, file, name, table, "
				      "version, instructions, length, state, ascii, other, bytes_length or bytes");
}

/* Behind the word: =OFFSET, of `at` with a size. */
static int parse_offset(struct reading *r, enum interpreter_field field, struct interpreter_version *v)
{
	uint64_t offset, size = WORD;
	struct rt_position at;
	int err = lex_expect(&r->lx, "=");

	at = r->lx.token.at;
	if (!err)
		err = lex_number(&r->lx, "an offset in bytes", MOST_OFFSET, &offset);
	if (!err && field == INTERPRETER_AT && lex_take(&r->lx, ":"))
		err = lex_number(&r->lx, "4 or 8", WORD, &size);
	if (err)
		return err;
	if (size != 4 && size != WORD)
		return lex_fail(&r->lx, at, "as in at=96:4", "'at' has 4 or 8 bytes");
	if (offset % (field == INTERPRETER_AT ? size : fields[field].bytes))
		return lex_fail(&r->lx, at, NULL, "'%s' lies at a multiple of %u", fields[field].word,
				field == INTERPRETER_AT ? (unsigned int)size : fields[field].bytes);
	if (field == INTERPRETER_AT)
		v->at_bytes = (uint16_t)size;
	v->offsets[field] = (uint16_t)offset;
	return 0;
}

/* From where to where the fields of a part lie. */
static int span_part(struct reading *r, const struct interpreter_version *v, enum interpreter_part part, struct rt_position at, uint16_t *begin,
		     uint16_t *bytes)
{
	uint32_t low = UINT32_MAX, high = 0;

	for (size_t i = 0; i < INTERPRETER_NR; i++) {
		uint32_t size = i == INTERPRETER_AT ? v->at_bytes : fields[i].bytes;

		if (fields[i].part != part || v->offsets[i] == WIRE_PYTHON_NONE)
			continue;
		low = v->offsets[i] < low ? v->offsets[i] : low;
		high = v->offsets[i] + size > high ? v->offsets[i] + size : high;
	}
	low = low / WORD * WORD;
	high = (high + WORD - 1) / WORD * WORD;
	if (high - low > MOST_TOGETHER)
		return lex_fail(&r->lx, at, NULL, "what is read of a %s lies %u bytes apart, which is more than %d",
				part == PART_FRAME ? "frame" : "code object", high - low, MOST_TOGETHER);
	*begin = (uint16_t)low;
	*bytes = (uint16_t)(high - low);
	return 0;
}

static int check_version(struct reading *r, struct interpreter_version *v, struct rt_position at)
{
	int err;

	for (size_t i = 0; i < INTERPRETER_NR; i++)
		if (fields[i].needed && v->offsets[i] == WIRE_PYTHON_NONE)
			return lex_fail(&r->lx, at, NULL, "version %u.%u has no '%s'", v->major, v->minor, fields[i].word);
	if ((v->offsets[INTERPRETER_CALL] == WIRE_PYTHON_NONE) != (v->offsets[INTERPRETER_CALL_BEFORE] == WIRE_PYTHON_NONE))
		return lex_fail(&r->lx, at, NULL, "'call' and 'call_before' are there both, or neither");
	err = span_part(r, v, PART_FRAME, at, &v->frame_begin, &v->frame_bytes);
	return err ? err : span_part(r, v, PART_CODE, at, &v->code_begin, &v->code_bytes);
}

static int parse_version(struct reading *r, struct rt_position at)
{
	struct interpreter_version v = {};
	int err = parse_number(r, &v.major, &v.minor);

	memset(v.offsets, 0xff, sizeof(v.offsets));
	if (!err && interpreter_find_version(r->in, v.major, v.minor))
		return lex_fail(&r->lx, at, NULL, "version %u.%u is there twice", v.major, v.minor);
	if (!err && r->in->versions.nr == MOST_VERSIONS)
		return lex_fail(&r->lx, at, NULL, "there are more than %d versions", MOST_VERSIONS);
	v.named = !err && lex_take(&r->lx, "named");
	while (!err && r->lx.token.kind != TOKEN_END) {
		struct rt_position field_at = r->lx.token.at;
		enum interpreter_field field = take_field(r);

		if (field == INTERPRETER_NR)
			return unknown_field(r);
		if (v.offsets[field] != WIRE_PYTHON_NONE)
			return lex_fail(&r->lx, field_at, NULL, "'%s' is there twice", fields[field].word);
		err = parse_offset(r, field, &v);
	}
	if (!err)
		err = check_version(r, &v, at);
	if (!err)
		vec_push(&r->in->versions, v);
	return err;
}

/* ---- what it states itself ---- */

static struct interpreter_version *own_version(struct reading *r, unsigned int major, unsigned int minor)
{
	const struct interpreter_version *v = interpreter_find_version(r->in, major, minor);

	return v ? &r->in->versions.items[v - r->in->versions.items] : NULL;
}

static int parse_stated_word(struct reading *r, const struct interpreter_version *v, struct interpreter_stated *s)
{
	struct rt_position at = r->lx.token.at;
	bool free_threaded = lex_take(&r->lx, "free_threaded");
	enum interpreter_field field = free_threaded ? INTERPRETER_NR : take_field(r);
	uint16_t *to = free_threaded ? &s->free_threaded : &s->words[field % INTERPRETER_NR];
	uint64_t word;
	int err;

	if (!free_threaded && field == INTERPRETER_NR)
		return unknown_field(r);
	if (*to != WIRE_PYTHON_NONE)
		return lex_fail(&r->lx, at, NULL, "it is there twice");
	if (!free_threaded && v->offsets[field] == WIRE_PYTHON_NONE)
		return lex_fail(&r->lx, at, NULL, "version %u.%u has no '%s'", v->major, v->minor, fields[field].word);
	err = lex_expect(&r->lx, "=");
	if (!err)
		err = lex_number(&r->lx, "the number of a word", MOST_WORDS - 1, &word);
	if (!err)
		*to = (uint16_t)word;
	return err;
}

static int parse_stated(struct reading *r, struct rt_position at)
{
	struct interpreter_stated s = {.present = true, .free_threaded = WIRE_PYTHON_NONE};
	unsigned int major, minor;
	int err = parse_number(r, &major, &minor);
	struct interpreter_version *v;

	if (err)
		return err;
	memset(s.words, 0xff, sizeof(s.words));
	v = own_version(r, major, minor);
	if (!v)
		return lex_fail(&r->lx, at, "its 'version' line comes first", "there is no version %u.%u", major, minor);
	if (v->stated.present)
		return lex_fail(&r->lx, at, NULL, "what version %u.%u states is there twice", major, minor);
	err = lex_expect(&r->lx, "cookie");
	if (!err)
		err = lex_expect(&r->lx, "=");
	if (!err)
		err = lex_number(&r->lx, "a number of 8 bytes", UINT64_MAX, &s.cookie);
	while (!err && r->lx.token.kind != TOKEN_END)
		err = parse_stated_word(r, v, &s);
	v->stated = s;
	return err;
}

/* ---- lines ---- */

static const struct {
	const char *keyword;
	int (*parse)(struct reading *r, struct rt_position at); /* NULL: a symbol, or a word, into: */
	int (*parse_text)(struct reading *r, char **ret, struct rt_position at);
	size_t offset;
} lines[] = {
	{.keyword = "interpreter", .parse_text = parse_word, .offset = offsetof(struct interpreter, name)},
	{.keyword = "about", .parse = parse_about},
	{.keyword = "file", .parse_text = parse_word, .offset = offsetof(struct interpreter, file)},
	{.keyword = "detect", .parse_text = parse_symbol, .offset = offsetof(struct interpreter, detect)},
	{.keyword = "says", .parse_text = parse_symbol, .offset = offsetof(struct interpreter, says)},
	{.keyword = "loop", .parse_text = parse_symbol, .offset = offsetof(struct interpreter, loop)},
	{.keyword = "key", .parse_text = parse_symbol, .offset = offsetof(struct interpreter, key)},
	{.keyword = "refuse", .parse = parse_refuse},
	{.keyword = "version", .parse = parse_version},
	{.keyword = "stated", .parse = parse_stated},
};

#define KEYWORDS "interpreter about file detect says loop key refuse version stated"

static int parse_line(struct reading *r)
{
	struct rt_position at = r->lx.token.at;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		if (!lex_take(&r->lx, lines[i].keyword))
			continue;
		if (lines[i].parse)
			return lines[i].parse(r, at);
		return lines[i].parse_text(r, (char **)((char *)r->in + lines[i].offset), at);
	}
	if (r->lx.token.kind != TOKEN_NAME)
		return lex_unexpected(&r->lx, "a line that begins with: " KEYWORDS);
	return lex_fail(&r->lx, at, "lines are: " KEYWORDS, "unknown line '%.*s'", (int)(r->lx.token.len > 60 ? 60 : r->lx.token.len),
			r->lx.token.p);
}

static int check_whole(struct reading *r)
{
	const struct {
		const char *text, *message;
	} needed[] = {
		{r->in->name, "there is no 'interpreter' line"}, {r->in->file, "there is no 'file' line"},
		{r->in->detect, "there is no 'detect' line"},	 {r->in->key, "there is no 'key' line"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!needed[i].text)
			return lex_fail_file(&r->lx, NULL, needed[i].message);
	return r->in->versions.nr ? 0 : lex_fail_file(&r->lx, NULL, "there is no 'version' line");
}

static int parse_text(struct reading *r, const char *path, const char *text, size_t len, struct diag *d)
{
	int err = lex_start(&r->lx, path, text, len, d);

	if (err)
		return err;
	if (r->lx.token.kind == TOKEN_END && !lex_next_statement(&r->lx))
		return check_whole(r);
	do {
		err = parse_line(r);
	} while (!err && lex_next_statement(&r->lx));
	return err ? err : check_whole(r);
}

int interpreter_parse(const char *path, const char *text, size_t len, struct interpreter **ret, struct diag *d)
{
	struct reading r = {.in = xcalloc(1, sizeof(*r.in))};
	int err;

	r.in->path = xstrdup(path);
	r.in->text = xstrndup(text, len);
	err = parse_text(&r, path, text, len, d);
	if (err)
		interpreter_free(r.in);
	else
		*ret = r.in;
	return err;
}

bool interpreter_is(const char *text, size_t len)
{
	struct diag unused;
	struct lexer lx;

	if (lex_start(&lx, "", text, len, &unused))
		return false;
	return (lx.token.kind != TOKEN_END || lex_next_statement(&lx)) && lex_is(&lx, "interpreter");
}
