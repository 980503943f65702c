#include "view/runtimes_advice.h"

#include "runtime/advice.h"

#include <inttypes.h>
#include <string.h>

static void add_limit(struct str *s, const char *name, uint64_t step)
{
	if (step)
		str_addf(s, " %s=%" PRIu64, name, step);
}

void view_advice(struct str *s, const struct runtime *rt)
{
	if (rt->advice.nr)
		str_add(s, "advice\n");
	for (size_t i = 0; i < rt->advice.nr; i++) {
		const struct rt_advice *a = &rt->advice.items[i];

		str_addf(s, "  %s %s", a->pool, a->argument);
		add_limit(s, "total", a->total);
		add_limit(s, "spread", a->spread);
		add_limit(s, "bank", a->bank);
		str_addf(s, "%s%s\n", a->function ? " if " : "", a->function ? a->function : "");
	}
}

void view_bound_advice(struct str *s, const struct binding *b)
{
	_cleanup_(str_release) struct str text = {};
	const char *p;

	binding_add_advice(&text, b);
	p = str_text(&text);
	str_add(s, *p ? "advice\n" : "");
	while (*p) {
		size_t len = strcspn(p, ",");

		str_add(s, "  ");
		for (size_t i = 0; i < len; i++)
			str_add_char(s, p[i] == ':' ? ' ' : p[i]);
		str_add_char(s, '\n');
		p += len + (p[len] == ',');
	}
}
