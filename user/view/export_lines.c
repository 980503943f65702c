/* export_lines.c: a line an event: CSV (RFC 4180), and JSON as `events --json` has it. */
#include "view/event_fields.h"
#include "view/export.h"
#include "view/json.h"

#include <inttypes.h>
#include <string.h>

struct lines {
	struct exporter x;
	const struct selection *selection;
	void (*add)(struct str *out, const struct event *event);
	bool csv, titled;
};

/* "" is a text that is empty; what is not known is nothing at all. */
static void add_quoted(struct str *out, const char *text)
{
	if (*text && !strpbrk(text, ",\"\r\n")) {
		str_add(out, text);
		return;
	}
	str_add_char(out, '"');
	for (; *text; text++)
		str_add(out, *text == '"' ? "\"\"" : (char[]){*text, '\0'});
	str_add_char(out, '"');
}

static void add_cell(struct str *out, const struct event *event, const struct event_field *field)
{
	struct str text = {};
	uint64_t number = 0;

	if (event_get(event, field, &text, &number)) {
		if (field->type == EVENT_TEXT)
			add_quoted(out, str_text(&text));
		else if (field->type == EVENT_SIGNED)
			str_addf(out, "%" PRId64, (int64_t)number);
		else
			str_addf(out, "%" PRIu64, number);
	}
	str_release(&text);
}

static void add_csv(struct str *out, const struct event *event)
{
	for (size_t i = 0; i < EVENT_FIELDS_NR; i++) {
		str_add(out, i ? "," : "");
		add_cell(out, event, &event_fields[i]);
	}
	str_add(out, "\r\n");
}

static void add_titles(struct lines *lines, struct str *out)
{
	if (!lines->csv || lines->titled)
		return;
	lines->titled = true;
	for (size_t i = 0; i < EVENT_FIELDS_NR; i++)
		str_addf(out, "%s%s", i ? "," : "", event_fields[i].name);
	str_add(out, "\r\n");
}

static void put(struct exporter *x, struct str *out, const struct record *r, const struct effect *e)
{
	struct lines *lines = (struct lines *)x;
	struct events events;

	add_titles(lines, out);
	all_events_of(r, e, lines->selection, &events);
	for (size_t i = 0; i < events.nr; i++)
		lines->add(out, &events.items[i]);
}

static void finish(struct exporter *x, struct str *out, const struct ledger *l)
{
	(void)l;
	add_titles((struct lines *)x, out);
}

static void free_lines(struct exporter *x)
{
	free(x);
}

static struct exporter *lines_new(const struct export_options *o, void (*add)(struct str *out, const struct event *event))
{
	struct lines *lines = xcalloc(1, sizeof(*lines));

	*lines = (struct lines){.selection = o->selection, .add = add, .csv = add == add_csv};
	lines->x = (struct exporter){.put = put, .finish = finish, .free = free_lines};
	return &lines->x;
}

struct exporter *export_csv_new(const struct export_options *o)
{
	return lines_new(o, add_csv);
}

struct exporter *export_ndjson_new(const struct export_options *o)
{
	return lines_new(o, json_add_event_line);
}
