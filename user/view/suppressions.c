#include "view/suppressions.h"

#include "view/call_stack.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const kinds[] = {
	[SUPPRESS_LINE] = "line:",
	[SUPPRESS_FUNCTION] = "function:",
	[SUPPRESS_FILE] = "file:",
};

void suppressions_release(struct suppressions *s)
{
	for (size_t i = 0; i < s->items.nr; i++)
		free(s->items.items[i].text);
	vec_release(&s->items);
	map_release(&s->by_stack);
}

static int wrong(const char *name, size_t line, const char *what, const char *text, struct diag *d)
{
	_cleanup_(str_release) struct str escaped = {};

	str_add_escaped(&escaped, name);
	str_addf(&escaped, ":%zu: %s: '", line, what);
	str_add_escaped(&escaped, text);
	diag_set(d, -EINVAL, "%s'", str_text(&escaped));
	if (d)
		diag_hint(d, "a line is line:PATTERN, function:PATTERN or file:PATTERN, such as line:*/cache.py:64; # begins a comment");
	return -EINVAL;
}

/* @text has no blanks around it. */
static int parse_line(struct suppressions *s, const char *name, size_t line, const char *text, struct diag *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t len = strlen(kinds[i]);
		struct suppression *new;

		if (strncmp(text, kinds[i], len) != 0)
			continue;
		if (!text[len])
			return wrong(name, line, "no pattern", text, d);
		new = vec_add(&s->items);
		*new = (struct suppression){.kind = (enum suppression_kind)i, .text = xstrdup(text), .line = line};
		new->pattern = new->text + len;
		return 0;
	}
	return wrong(name, line, "no suppression", text, d);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

int suppressions_parse(struct suppressions *s, const char *name, const char *text, size_t len, struct diag *d)
{
	size_t line = 1;

	for (size_t at = 0; at < len; line++) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t end = newline ? (size_t)(newline - text) : len, next = end + 1;
		_cleanup_(freep) char *part = NULL;
		int err = 0;

		while (at < end && is_blank(text[at]))
			at++;
		while (at < end && is_blank(text[end - 1]))
			end--;
		part = xstrndup(text + at, end - at);
		if (strlen(part) != end - at)
			return wrong(name, line, "a byte that is 0", part, d);
		if (*part && *part != '#')
			err = parse_line(s, name, line, part, d);
		if (err)
			return err;
		at = next;
	}
	return 0;
}

static int read_all(int fd, struct str *ret)
{
	char bytes[16384];

	while (ret->len <= SUPPRESSIONS_BYTES) {
		ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		str_add_bytes(ret, bytes, (size_t)n);
	}
	return -EFBIG;
}

int suppressions_load(struct suppressions *s, const char *path, struct diag *d)
{
	_cleanup_(str_release) struct str text = {}, escaped = {};
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : read_all(fd, &text);

	if (!err)
		return suppressions_parse(s, path, str_text(&text), text.len, d);
	str_add_escaped(&escaped, path);
	return diag_errno(d, err, "cannot read the suppressions '%s'", str_text(&escaped));
}

/* What a pattern of each kind is compared with; empty: it is not known. */
struct names {
	struct str of[ARRAY_SIZE(kinds)];
};

static void add_names(struct names *n, const struct ledger *l, const struct ledger_frame *f)
{
	const struct ledger_module *m = ledger_module(l, f->module);
	const char *file = f->path ? f->path : m ? m->path : NULL;

	call_stack_add_function(&n->of[SUPPRESS_FUNCTION], l, f);
	if (file)
		str_add_escaped(&n->of[SUPPRESS_FILE], file);
	if (f->path && f->line)
		str_addf(&n->of[SUPPRESS_LINE], "%s:%llu", str_text(&n->of[SUPPRESS_FILE]), (unsigned long long)f->line);
}

static size_t match(const struct suppressions *s, const struct names *n)
{
	for (size_t i = 0; i < s->items.nr; i++) {
		const struct suppression *item = &s->items.items[i];

		if (n->of[item->kind].len && !fnmatch(item->pattern, str_text(&n->of[item->kind]), 0))
			return i + 1;
	}
	return 0;
}

const struct suppression *suppressions_find(struct suppressions *s, const struct call_groups *g, const struct ledger *l, uint64_t stack)
{
	const struct ledger_frame *f = s->items.nr ? call_group_caller(g, l, stack) : NULL;
	struct names names = {};
	struct map_entry *e;
	bool is_new;

	if (!f)
		return NULL;
	e = map_put(&s->by_stack, stack, 0, &is_new);
	if (is_new) {
		add_names(&names, l, f);
		e->value = match(s, &names);
		for (size_t i = 0; i < ARRAY_SIZE(names.of); i++)
			str_release(&names.of[i]);
	}
	if (!e->value)
		return NULL;
	s->items.items[e->value - 1].used = true;
	return &s->items.items[e->value - 1];
}
