/* Who is called by a function, and where. */
#include "target/code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/paths.h"

void callee_find(struct elf_file *f, const char *pattern, struct callee *ret)
{
	ret->pattern = pattern;
	ret->nr = elf_file_find(f, pattern, ret->symbols, CALLEES_MAX);
	if (ret->nr > CALLEES_MAX)
		ret->nr = CALLEES_MAX;
}

static bool matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (!name)
		return false;
	return len && pattern[len - 1] == '*' ? !strncmp(pattern, name, len - 1) : !strcmp(pattern, name);
}

bool callee_is_met(const struct callee *callee, const struct paths *p, const struct step *step)
{
	if (!step->calls && !step->leaves)
		return false;
	if (step->slot)
		return matches(callee->pattern, elf_file_slot(p->elf, step->slot));
	if (!step->target)
		return false;
	for (size_t i = 0; i < callee->nr; i++)
		if (callee->symbols[i].address == step->target)
			return true;
	return matches(callee->pattern, elf_file_plt(p->elf, step->target));
}

static int by_address(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct sites {
	uint64_t *addresses;
	size_t max, nr;
};

static int find_calls(const struct paths *p, const struct callee *callee, struct sites *sites, struct diag *d)
{
	for (size_t i = 0; i < p->order.nr; i++) {
		const struct path_node *n = &p->nodes.items[p->order.items[i]];

		if (!callee_is_met(callee, p, &n->step))
			continue;
		if (!n->step.calls)
			return diag_set(d, -ENOTSUP, "it jumps there at its end, at 0x%llx", (unsigned long long)n->address);
		if (sites->nr == sites->max)
			return diag_set(d, -ENOTSUP, "it calls it in more than %zu places", sites->max);
		sites->addresses[sites->nr++] = n->address;
	}
	if (!sites->nr)
		return diag_set(d, -ENOENT, "it does not call that function");
	qsort(sites->addresses, sites->nr, sizeof(*sites->addresses), by_address);
	return 0;
}

int code_calls(struct elf_file *f, const struct elf_symbol *function, const char *callee, uint64_t *addresses, size_t max,
	       size_t *ret_nr, struct diag *d)
{
	_cleanup_(str_release) struct str name = {};
	struct sites sites = {.addresses = addresses, .max = max};
	struct diag inner = {};
	struct callee to;
	struct paths p;
	int err;

	callee_find(f, callee, &to);
	err = paths_follow(f, function, NULL, &p, &inner);
	if (!err)
		err = find_calls(&p, &to, &sites, &inner);
	paths_release(&p);
	if (!err) {
		*ret_nr = sites.nr;
		return 0;
	}
	str_add_escaped(&name, function->name);
	return diag_set(d, err, "cannot tell what '%s' calls: %s", str_text(&name), inner.text);
}
