#include "view/runtimes_interpreter.h"

#include "view/runtimes.h"

static void add_heading(struct str *s, const struct interpreter *in)
{
	str_add_escaped(s, in->name);
	if (in->about) {
		str_add(s, ": ");
		str_add_escaped(s, in->about);
	}
	str_add(s, " (");
	str_add_escaped(s, in->path);
	str_add(s, ")\n");
	str_addf(s, "found by\n  %s in a file with '%s' in its name\n", in->detect, in->file);
}

static void add_version(struct str *s, const struct interpreter_version *v)
{
	str_addf(s, "  %u.%u", v->major, v->minor);
	for (enum interpreter_field i = 0; i < INTERPRETER_NR; i++) {
		if (v->offsets[i] == WIRE_PYTHON_NONE)
			continue;
		str_addf(s, " %s=%u", interpreter_field_name(i), v->offsets[i]);
		if (i == INTERPRETER_AT)
			str_addf(s, ":%u", v->at_bytes);
	}
	str_add(s, v->named ? "; its file is called so\n" : v->stated.present ? "; as it states itself\n" : "\n");
}

void view_interpreter(struct str *s, const struct interpreter *in)
{
	add_heading(s, in);
	str_add(s, "versions\n");
	for (size_t i = 0; i < in->versions.nr; i++)
		add_version(s, &in->versions.items[i]);
	str_add(s, in->refusals.nr ? "refused\n" : "");
	for (size_t i = 0; i < in->refusals.nr; i++) {
		str_addf(s, "  %s: ", in->refusals.items[i].symbol);
		str_add_escaped(s, in->refusals.items[i].why);
		str_add_char(s, '\n');
	}
}
