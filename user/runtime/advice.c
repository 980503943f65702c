#include "runtime/advice.h"

#include <inttypes.h>
#include <string.h>

static bool holds(const struct binding *b, const struct rt_advice *a)
{
	struct elf_symbol symbol;

	return !a->function || elf_file_find(b->elf, a->function, &symbol, 1);
}

static bool said_before(const struct binding *b, size_t nr)
{
	const struct rt_advice *advice = b->runtime->advice.items;

	for (size_t i = 0; i < nr; i++)
		if (!strcmp(advice[i].pool, advice[nr].pool) && holds(b, &advice[i]))
			return true;
	return false;
}

static void add_limit(struct str *s, const char *name, uint64_t step)
{
	if (step)
		str_addf(s, ":%s=%" PRIu64, name, step);
}

void binding_add_advice(struct str *s, const struct binding *b)
{
	for (size_t i = 0; i < b->runtime->advice.nr; i++) {
		const struct rt_advice *a = &b->runtime->advice.items[i];

		if (!holds(b, a) || said_before(b, i))
			continue;
		str_addf(s, "%s%s:%s", s->len ? "," : "", a->pool, a->argument);
		add_limit(s, "total", a->total);
		add_limit(s, "spread", a->spread);
		add_limit(s, "bank", a->bank);
	}
}
