/*
 * json_object.h: one JSON object being made, by the rules of docs/json.md: what is not known is left out. For the files
 * that write JSON.
 */
#ifndef VIEW_JSON_OBJECT_H
#define VIEW_JSON_OBJECT_H

#include "base/str.h"
#include "base/units.h"

#include <jansson.h>
#include <stdlib.h>

enum { SCHEMA = 1 };

/* Takes @value over. */
static inline void set(json_t *object, const char *key, json_t *value)
{
	int err = json_object_set_new_nocheck(object, key, value);

	BUG_ON(err);
}

/* JSON's readers agree on signed 64 bits only: a larger number, which no runtime gives, is left out. */
static inline void set_number(json_t *object, const char *key, uint64_t number)
{
	if (number <= INT64_MAX)
		set(object, key, json_integer((json_int_t)number));
}

/* Escaped as in the table: always valid UTF-8, and harmless on a terminal. Nothing for NULL. */
static inline void set_text(json_t *object, const char *key, const char *text)
{
	struct str escaped = {};

	if (!text)
		return;
	str_add_escaped(&escaped, text);
	set(object, key, json_string(str_text(&escaped)));
	str_release(&escaped);
}

/* What says how something was at @time_ns: schema, time. */
static inline json_t *new_page(uint64_t time_ns)
{
	_cleanup_(str_release) struct str time = {};
	json_t *page = json_object();

	units_add_time(&time, time_ns);
	set_number(page, "schema", SCHEMA);
	set_text(page, "time", str_text(&time));
	return page;
}

/* The object as a line. Releases @object. */
static inline void add_line(struct str *out, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	BUG_ON(!text);
	str_add(out, text);
	str_add_char(out, '\n');
	free(text);
	json_decref(object);
}

#endif
