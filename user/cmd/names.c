#include "cmd/names.h"

#include "cmd/window.h"
#include "stream/file.h"
#include "view/trigger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct names {
	struct sink sink;
	VEC(char *) items;
};

static void names_release(struct names *n)
{
	for (size_t i = 0; i < n->items.nr; i++)
		free(n->items.items[i]);
	vec_release(&n->items);
}

/* A name once: from "DRAM,L1". */
static void add_names(struct names *n, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ","), i = 0;

		while (i < n->items.nr && (strlen(n->items.items[i]) != len || strncmp(n->items.items[i], list, len)))
			i++;
		if (i == n->items.nr && len)
			vec_push(&n->items, xstrndup(list, len));
		list += len + (list[len] == ',');
	}
}

static int put(struct sink *sink, const struct record *r)
{
	if (r->kind == RECORD_ATTACH && RECORD_HAS(r, POOLS))
		add_names((struct names *)sink, r->pools);
	return 0;
}

static int names_of_recording(const char *path, struct names *n, struct diag *d)
{
	struct source *source = NULL;
	int err = file_source_open(path, NULL, &source, d);

	if (err)
		return err;
	/* How it ends is told when it is read for good. */
	source->run(source, &n->sink);
	source->free(source);
	return 0;
}

static void names_of_runtimes(const runtimes *known, struct names *n)
{
	for (size_t i = 0; i < known->nr; i++)
		for (size_t k = 0; k < known->items[i]->pools.nr; k++)
			add_names(n, known->items[i]->pools.items[k].name);
}

static int select_pools(const struct options *o, const runtimes *known, struct selection *s, struct diag *d)
{
	_cleanup_(names_release) struct names n = {.sink.put = put};
	int err = 0;

	/* A pipe is read once, and not for its names. */
	if (o->recording && recording_is_file(o->recording))
		err = names_of_recording(o->recording, &n, d);
	/* A recording without a process has no names of its own. */
	if (!n.items.nr)
		names_of_runtimes(known, &n);
	for (size_t i = 0; !err && i < o->pools.nr; i++)
		err = selection_add_pools(s, o->pools.items[i], (const char *const *)n.items.items, n.items.nr, d);
	return err;
}

/* A trigger whose pool no runtime has would never fire. */
static int check_triggers(const struct options *o, const runtimes *known, struct diag *d)
{
	_cleanup_(names_release) struct names n = {};
	int err = 0;

	names_of_runtimes(known, &n);
	for (size_t i = 0; i < o->triggers.nr && !err; i++) {
		struct selection of_pool = {};
		struct trigger t;

		err = trigger_parse(o->triggers.items[i], &t, d);
		if (!err && t.condition.pool)
			err = selection_add_pools(&of_pool, t.condition.pool, (const char *const *)n.items.items, n.items.nr, d);
		if (err && t.condition.pool)
			diag_hint(d, "'--trigger' names one pool, or none: then any");
		selection_release(&of_pool);
		trigger_release(&t);
	}
	return err;
}

int names_select(const struct options *o, const runtimes *known, struct selection *ret, struct diag *d)
{
	*ret = (struct selection){.stacks = o->stacks};
	for (size_t i = 0; i < o->devices.nr; i++)
		if (selection_add_devices(ret, o->devices.items[i], d))
			return -EINVAL;
	if (o->triggers.nr && check_triggers(o, known, d))
		return -EINVAL;
	return o->pools.nr ? select_pools(o, known, ret, d) : 0;
}
