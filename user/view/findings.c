#include "view/findings.h"

#include "view/json_object.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_COLUMN = 11, WHAT_COLUMN = 37 };

static const char *const level_names[] = {
	[FINDING_OK] = "ok",
	[FINDING_NOTE] = "note",
	[FINDING_PROBLEM] = "problem",
};

static _printf_(1, 0) char *format_text(const char *format, va_list args)
{
	_cleanup_(str_release) struct str s = {};

	str_vaddf(&s, format, args);
	return xstrdup(str_text(&s));
}

struct finding *findings_add(findings *f, const char *section, const char *name, enum finding_level level,
			     const char *format, ...)
{
	struct finding *x = vec_add(f);
	va_list args;

	*x = (struct finding){.level = level, .section = section, .name = xstrdup(name)};
	va_start(args, format);
	x->what = format_text(format, args);
	va_end(args);
	return x;
}

void finding_why(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	f->why = format_text(format, args);
	va_end(args);
}

void finding_todo(struct finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	f->todo = format_text(format, args);
	va_end(args);
}

void findings_release(findings *f)
{
	for (size_t i = 0; i < f->nr; i++) {
		struct finding *x = &f->items[i];

		free(x->name);
		free(x->what);
		free(x->why);
		free(x->todo);
		free(x->site.file);
		free(x->site.instruction);
	}
	vec_release(f);
}

size_t findings_count(const findings *f, enum finding_level level)
{
	size_t nr = 0;

	for (size_t i = 0; i < f->nr; i++)
		nr += f->items[i].level == level;
	return nr;
}

static void add_blanks(struct str *out, size_t from, size_t to)
{
	for (; from < to; from++)
		str_add_char(out, ' ');
}

/* @text behind @word; it may hold several lines, each under the first. */
static void add_remark(struct str *out, const char *word, const char *text)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");
		_cleanup_(freep) char *line = xstrndup(text, len);

		add_blanks(out, 0, WHAT_COLUMN);
		str_addf(out, "%-5s", word);
		str_add_escaped(out, line);
		str_add_char(out, '\n');
		text += len + (text[len] == '\n');
		word = "";
	}
}

static void add_finding(struct str *out, const struct finding *x)
{
	size_t start = out->len;

	str_addf(out, "  %s", level_names[x->level]);
	add_blanks(out, out->len - start, NAME_COLUMN);
	str_add_escaped(out, x->name);
	/* A long name moves what stands behind it, of this line alone. */
	str_add_char(out, ' ');
	add_blanks(out, out->len - start, WHAT_COLUMN);
	str_add_escaped(out, x->what);
	str_add_char(out, '\n');
	add_remark(out, "why:", x->why);
	add_remark(out, "do:", x->todo);
}

static void add_heading(struct str *out, const struct finding *x)
{
	str_add(out, x->section);
	if (x->pid)
		str_addf(out, strcmp(x->section, "process") ? " of process %d" : " %d", x->pid);
	str_add_char(out, '\n');
}

static void add_summary(struct str *out, const findings *f)
{
	size_t problems = findings_count(f, FINDING_PROBLEM), notes = findings_count(f, FINDING_NOTE);

	if (problems)
		str_addf(out, "tracing does not work: %zu problem%s", problems, problems > 1 ? "s" : "");
	else
		str_add(out, "tracing works");
	if (notes)
		str_addf(out, ", %zu note%s", notes, notes > 1 ? "s" : "");
	str_add_char(out, '\n');
}

void findings_add_text(struct str *out, const findings *f)
{
	const char *section = NULL;
	int pid = 0;

	for (size_t i = 0; i < f->nr; i++) {
		const struct finding *x = &f->items[i];

		if (!section || strcmp(section, x->section) || pid != x->pid)
			add_heading(out, x);
		section = x->section;
		pid = x->pid;
		add_finding(out, x);
	}
	add_summary(out, f);
}

static json_t *new_finding(const struct finding *x)
{
	json_t *object = json_object();

	if (x->pid)
		set_number(object, "pid", (uint64_t)x->pid);
	set_text(object, "section", x->section);
	set_text(object, "name", x->name);
	set_text(object, "level", level_names[x->level]);
	set_text(object, "what", x->what);
	set_text(object, "why", x->why);
	set_text(object, "do", x->todo);
	set_text(object, "file", x->site.file);
	if (x->site.file)
		set_number(object, "offset", x->site.offset);
	set_text(object, "instruction", x->site.instruction);
	if (x->site.instruction)
		set(object, "emulated", json_boolean(x->site.emulated));
	if (x->site.hit_ns)
		set_number(object, "hit_ns", x->site.hit_ns);
	return object;
}

void findings_add_json(struct str *out, const findings *f)
{
	json_t *object = json_object(), *array = json_array();

	set_number(object, "schema", SCHEMA);
	set(object, "works", json_boolean(!findings_count(f, FINDING_PROBLEM)));
	for (size_t i = 0; i < f->nr; i++)
		json_array_append_new(array, new_finding(&f->items[i]));
	set(object, "findings", array);
	add_line(out, object);
}
