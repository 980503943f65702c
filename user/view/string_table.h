/* string_table.h: texts that are known by their number in a table: formats of others write each once. */
#ifndef VIEW_STRING_TABLE_H
#define VIEW_STRING_TABLE_H

#include "base/map.h"
#include "base/vec.h"
#include "ledger/words.h"

/* `struct string_table t = {};` is empty and valid. */
struct string_table {
	struct words words;
	struct map numbers; /* (text, 0) -> its number */
	VEC(const char *) list; /* by number, from 0; they live as long as the table */
};

void string_table_release(struct string_table *t);
/* The number of @text; *@ret_new, which may be NULL: it was not there. */
uint64_t string_table_put(struct string_table *t, const char *text, bool *ret_new);

#endif
