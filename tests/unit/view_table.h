/* view_table.h: a stream in, the tables of its ticks out. */
#ifndef TESTS_VIEW_TABLE_H
#define TESTS_VIEW_TABLE_H

#include "view_stream.h"

#include "view/table.h"

/* Every tick makes a table; state of the tables before is kept. */
static inline void add_table(struct view *v, const struct record *r, const struct effect *e)
{
	(void)e;
	if (r->kind == RECORD_TICK)
		table_add(&v->out, v->ledger, v->options, v->state);
}

static inline void check_table(const char *stream, const struct table_options *o, const char *expected)
{
	struct table_state state = {};
	struct view v = {.add = add_table, .options = o, .state = &state};

	view_run(&v, stream);
	assert_string_equal(str_text(&v.out), expected);
	table_state_release(&state);
	view_release(&v);
}

#endif
