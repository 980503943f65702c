#include "view/string_table.h"

void string_table_release(struct string_table *t)
{
	words_release(&t->words);
	map_release(&t->numbers);
	vec_release(&t->list);
}

uint64_t string_table_put(struct string_table *t, const char *text, bool *ret_new)
{
	const char *own = words_keep(&t->words, text);
	bool is_new;
	struct map_entry *e = map_put(&t->numbers, (uintptr_t)own, 0, &is_new);

	if (ret_new)
		*ret_new = is_new;
	if (is_new) {
		e->value = t->list.nr;
		vec_push(&t->list, own);
	}
	return e->value;
}
