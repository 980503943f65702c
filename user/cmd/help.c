/* help.c: the table of options as text. */
#include "cmd/option_table.h"

#include <string.h>

enum { HELP_COLUMN = 34, HELP_COLUMNS = 80 };

static void add_blanks(struct str *out, size_t nr)
{
	while (nr--)
		str_add_char(out, ' ');
}

/* @text from @column on, wrapped before column 80. */
static void add_wrapped(struct str *out, const char *text, size_t column)
{
	size_t at = column;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (at > column && at + 1 + len > HELP_COLUMNS) {
			str_add(out, "\n");
			add_blanks(out, column);
			at = column;
		} else if (at > column) {
			str_add_char(out, ' ');
			at++;
		}
		str_add_bytes(out, text, len);
		at += len;
		text += len + (text[len] == ' ');
	}
	str_add(out, "\n");
}

static void add_row(struct str *out, const struct option_row *row)
{
	size_t start = out->len;

	if (row->letter)
		str_addf(out, "  -%c, ", row->letter);
	else
		str_add(out, "      ");
	str_addf(out, "--%s%s%s", row->name, row->argument && !option_is_optional(row) ? " " : "",
		 row->argument ? row->argument : "");

	size_t used = out->len - start;

	if (used >= HELP_COLUMN) {
		str_add(out, "\n");
		used = 0;
	}
	add_blanks(out, HELP_COLUMN - used);
	add_wrapped(out, row->help, HELP_COLUMN);
}

static void add_commands(struct str *out)
{
	str_add(out, "commands:\n");
	for (const struct command *c = commands; c->name; c++)
		str_addf(out, "  %-10s%s%s\n", c->name, c->summary, c == commands ? " (the default)" : "");
	str_add(out, "\n'pooltrace COMMAND --help' describes one.\n\n");
}

static void add_examples(struct str *out)
{
	str_add(out, "\nexamples:\n"
		     "  pooltrace                                  every process with a known runtime\n"
		     "  pooltrace -p 4242                          one process, twice a second\n"
		     "  pooltrace --once --json                    one look, for a script\n"
		     "  pooltrace events -p 4242 --pool TRACE      a line for each trace buffer\n"
		     "  pooltrace record -o run.pt -- ./serve.py   record a command until it ends\n"
		     "  pooltrace report run.pt                    what it held at the end\n"
		     "\nTracing needs root, reading a recording does not.\n");
}

void options_add_help(struct str *out, const struct options *o)
{
	const struct command *c = o->command;

	if (o->named) {
		str_addf(out, "usage: pooltrace %s [OPTIONS]%s%s\n\n%s\n\n", c->name, *c->arguments ? " " : "",
			 c->arguments, c->summary);
		str_add(out, "options:\n");
	} else {
		str_add(out, "usage: pooltrace [COMMAND] [OPTIONS]\n\n"
			     "Shows where the memory of an accelerator goes, of running processes.\n\n");
		add_commands(out);
		str_addf(out, "options of '%s':\n", c->name);
	}
	for (const struct option_row *r = option_rows; r->name; r++)
		if (r->commands & c->bit)
			add_row(out, r);
	if (!o->named)
		add_examples(out);
}
