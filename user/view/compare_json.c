/* compare_json.c: two recordings side by side as JSON; docs/json.md is the contract. */
#include "view/condition.h"
#include "view/json_object.h"

#include <string.h>

static json_t *new_figures(const struct compare_row *row, enum side side)
{
	json_t *object = json_object();

	for (enum figure f = 0; f < FIGURE_NR; f++)
		if (compare_row_has(row, f))
			set_number(object, figure_descs[f].name, row->figures[side][f]);
	return object;
}

/* Texts are escaped already. */
static void set_escaped(json_t *object, const char *key, const char *text)
{
	set(object, key, json_string(text));
}

static json_t *new_row(const struct compare_row *row, const char *kind)
{
	json_t *object = json_object();

	set_escaped(object, "process", row->process);
	if (strcmp(row->device, "?"))
		set_escaped(object, "device", row->device);
	if (strcmp(row->pool, "?"))
		set_escaped(object, "pool", row->pool);
	if (kind)
		set_escaped(object, kind, row->kind);
	if (row->has[SIDE_OLD])
		set(object, "old", new_figures(row, SIDE_OLD));
	if (row->has[SIDE_NEW])
		set(object, "new", new_figures(row, SIDE_NEW));
	return object;
}

static json_t *new_condition(const struct condition *c, const struct comparison *pools)
{
	json_t *object = json_object(), *rows = json_array();

	set_text(object, "condition", c->text);
	for (size_t i = 0; i < pools->rows.nr; i++)
		if (condition_holds(c, &pools->rows.items[i]))
			json_array_append_new(rows, new_row(&pools->rows.items[i], NULL));
	set(object, "holds", json_boolean(json_array_size(rows)));
	set(object, "rows", rows);
	return object;
}

void comparison_add_json(struct str *out, const struct comparison *c, const struct compare_options *o,
			 const struct condition *conditions, size_t nr, const struct comparison *pools)
{
	json_t *object = json_object(), *rows = json_array(), *tested = json_array();

	set_number(object, "schema", SCHEMA);
	set_text(object, "old", o->names[SIDE_OLD]);
	set_text(object, "new", o->names[SIDE_NEW]);
	set(object, "same", json_boolean(comparison_same(c)));
	for (size_t i = 0; i < c->rows.nr; i++)
		json_array_append_new(rows, new_row(&c->rows.items[i], o->kind));
	set(object, "rows", rows);
	for (size_t i = 0; i < nr; i++)
		json_array_append_new(tested, new_condition(&conditions[i], pools));
	if (nr)
		set(object, "conditions", tested);
	else
		json_decref(tested);
	add_line(out, object);
}
