#include "runtime/call_tree.h"

#include "base/map.h"
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

struct place {
	struct call_place is;
	uint64_t told; /* its number in the stream; 0: it was not */
};

struct node {
	uint32_t parent, place; /* place: from 1 on */
	bool partial;
	uint64_t told;
};

struct call_tree {
	size_t most;
	VEC(struct place) places; /* by number - 1 */
	VEC(struct node) nodes;	  /* by number - 1 */
	struct map by_code;	  /* (module, address) -> number of the place */
	struct map by_source;	  /* (hash, try) -> number of the place */
	struct map by_parent;	  /* (parent, place and partial) -> number of the node */
	uint64_t nr_frames, nr_stacks; /* told */
};

struct call_tree *call_tree_new(size_t most)
{
	struct call_tree *t = xcalloc(1, sizeof(*t));

	t->most = most;
	return t;
}

void call_tree_free(struct call_tree *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->places.nr; i++) {
		free((char *)(uintptr_t)t->places.items[i].is.path);
		free((char *)(uintptr_t)t->places.items[i].is.function);
	}
	vec_release(&t->places);
	vec_release(&t->nodes);
	map_release(&t->by_code);
	map_release(&t->by_source);
	map_release(&t->by_parent);
	free(t);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	return (hash ^ 0xff) * 0x100000001b3ULL;
}

static uint64_t hash_of(const struct call_place *p)
{
	return hash_text(hash_text(p->line + 0xcbf29ce484222325ULL, p->path), p->function);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_source(const struct call_place *a, const struct call_place *b)
{
	return a->line == b->line && same_text(a->path, b->path) && same_text(a->function, b->function);
}

static uint64_t add_place(struct call_tree *t, const struct call_place *place)
{
	struct place added = {.is = *place};

	added.is.path = place->path ? xstrdup(place->path) : NULL;
	added.is.function = place->function ? xstrdup(place->function) : NULL;
	vec_push(&t->places, added);
	return t->places.nr;
}

static uint64_t source_place(struct call_tree *t, const struct call_place *place)
{
	uint64_t hash = hash_of(place);

	for (uint64_t i = 0;; i++) {
		const struct map_entry *e = map_get(&t->by_source, hash, i);
		uint64_t number;

		if (e && same_source(&t->places.items[e->value - 1].is, place))
			return e->value;
		if (e)
			continue;
		if (t->places.nr >= t->most)
			return 0;
		number = add_place(t, place);
		map_put(&t->by_source, hash, i, NULL)->value = number;
		return number;
	}
}

static uint64_t place_number(struct call_tree *t, const struct call_place *place)
{
	const struct map_entry *e;
	uint64_t number;

	if (place->path || place->function)
		return source_place(t, place);
	e = map_get(&t->by_code, place->module, place->address);
	if (e)
		return e->value;
	if (t->places.nr >= t->most)
		return 0;
	number = add_place(t, place);
	map_put(&t->by_code, place->module, place->address, NULL)->value = number;
	return number;
}

uint32_t call_tree_add(struct call_tree *t, uint32_t parent, const struct call_place *place, bool partial)
{
	uint64_t number = place_number(t, place);
	const struct map_entry *e;

	if (!number)
		return 0;
	e = map_get(&t->by_parent, parent, number << 1 | partial);
	if (e)
		return (uint32_t)e->value;
	if (t->nodes.nr >= t->most)
		return 0;
	vec_push(&t->nodes, ((struct node){.parent = parent, .place = (uint32_t)number, .partial = partial}));
	map_put(&t->by_parent, parent, number << 1 | partial, NULL)->value = t->nodes.nr;
	return (uint32_t)t->nodes.nr;
}

static int tell_place(struct call_tree *t, struct place *p, struct call_tree_files *files, struct sink *sink, uint64_t time_ns)
{
	struct record r = {.kind = RECORD_FRAME};
	int err = p->told ? 0 : files->describe(files, &p->is, &r);

	if (err || p->told)
		return err;
	p->told = ++t->nr_frames;
	RECORD_SET(&r, TIME_NS, time_ns, time_ns);
	RECORD_SET(&r, FRAME, frame, p->told);
	return sink_put(sink, &r);
}

static int tell_node(struct call_tree *t, struct node *n, struct call_tree_files *files, struct sink *sink, uint64_t time_ns)
{
	struct place *p = &t->places.items[n->place - 1];
	struct record r = {.kind = RECORD_STACK};
	int err = tell_place(t, p, files, sink, time_ns);

	if (err)
		return err;
	n->told = ++t->nr_stacks;
	RECORD_SET(&r, TIME_NS, time_ns, time_ns);
	RECORD_SET(&r, STACK, stack, n->told);
	RECORD_SET(&r, FRAME, frame, p->told);
	if (n->parent)
		RECORD_SET(&r, PARENT, parent, t->nodes.items[n->parent - 1].told);
	if (n->partial)
		RECORD_SET(&r, PARTIAL, partial, 1);
	return sink_put(sink, &r);
}

int call_tree_tell(struct call_tree *t, uint32_t stack, struct call_tree_files *files, struct sink *sink, uint64_t time_ns,
		   uint64_t *ret)
{
	VEC(uint32_t) untold = {};
	int err = 0;

	for (uint32_t i = stack; i && !t->nodes.items[i - 1].told; i = t->nodes.items[i - 1].parent)
		vec_push(&untold, i);
	while (untold.nr && !err)
		err = tell_node(t, &t->nodes.items[untold.items[--untold.nr] - 1], files, sink, time_ns);
	vec_release(&untold);
	*ret = t->nodes.items[stack - 1].told;
	return err;
}
