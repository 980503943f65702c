/* A parsed runtime: its words, its pools, and its end. */
#include "runtime/runtime.h"

#include "runtime/arithmetic.h"

#include <stdlib.h>
#include <string.h>

#include <linux/types.h>
#include "wire.h"

const char *rt_verb_name(enum rt_verb verb)
{
	static const char *const names[] = {
#define X(VERB, name, flags) [VERB_##VERB] = name,
		RT_VERBS(X)
#undef X
	};

	return names[verb];
}

unsigned int rt_verb_flags(enum rt_verb verb)
{
	static const unsigned int verb_flags[] = {
#define X(VERB, name, flags) [VERB_##VERB] = (flags),
		RT_VERBS(X)
#undef X
	};

	return verb_flags[verb];
}

bool rt_is_mangled(const char *symbol)
{
	return !strncmp(symbol, "_Z", 2) || !strncmp(symbol, "__Z", 3);
}

const char *rt_name_text(enum rt_name name)
{
	static const char *const names[] = {
#define X(NAME, name) [RT_##NAME] = name,
		RT_NAMES(X)
#undef X
	};

	return names[name];
}

static const char *name_of(const rt_numbered *list, uint64_t id)
{
	for (size_t i = 0; i < list->nr; i++)
		if (list->items[i].id == id)
			return list->items[i].name;
	return NULL;
}

const char *rt_object_name(enum rt_object object)
{
	static const char *const names[] = {[RT_MESH] = "mesh", [RT_HANDLE] = "handle", [RT_CHIP] = "chip"};

	return names[object];
}

const char *rt_device_role_name(enum rt_device_role role)
{
	static const char *const names[] = {
#define X(NAME, object, word) [RT_##NAME] = word,
		RT_DEVICE_ROLES(X)
#undef X
	};

	return names[role];
}

enum rt_object rt_device_role_object(enum rt_device_role role)
{
	static const enum rt_object objects[] = {
#define X(NAME, object, word) [RT_##NAME] = RT_##object,
		RT_DEVICE_ROLES(X)
#undef X
	};

	return objects[role];
}

const char *runtime_pool(const struct runtime *rt, uint64_t id)
{
	return name_of(&rt->pools, id);
}

const char *runtime_layout(const struct runtime *rt, uint64_t id)
{
	return name_of(&rt->layouts, id);
}

void runtime_add_pools(struct str *s, const struct runtime *rt)
{
	for (size_t i = 0; i < rt->pools.nr; i++)
		str_addf(s, "%s%s", i ? "," : "", rt->pools.items[i].name);
}

void rt_value_release(struct rt_value *value)
{
	free(value->name);
	free(value->function);
	for (size_t i = 0; i < value->others.nr; i++)
		free(value->others.items[i]);
	vec_release(&value->others);
	free(value->callee);
}

static void alternatives_release(struct rt_value *value)
{
	while (value->other) {
		struct rt_value *other = value->other;

		value->other = other->other;
		rt_value_release(other);
		free(other);
	}
	rt_value_release(value);
}

static void row_release(struct rt_row *row)
{
	for (size_t i = 0; i < row->values.nr; i++)
		free(row->values.items[i].name);
	vec_release(&row->values);
	for (size_t i = 0; i < row->others.nr; i++)
		free(row->others.items[i]);
	vec_release(&row->others);
	free(row->symbol);
	free(row->caller);
	free(row->tag);
	free(row->label);
}

static void books_release(struct rt_books *books)
{
	for (size_t i = 0; i < books->owner_vtables.nr; i++)
		free(books->owner_vtables.items[i]);
	vec_release(&books->owner_vtables);
	free(books->list_vtable);
	for (size_t i = 0; i < RT_OBJECTS; i++) {
		for (size_t k = 0; k < books->device_vtables[i].nr; k++)
			free(books->device_vtables[i].items[k]);
		vec_release(&books->device_vtables[i]);
	}
	vec_release(&books->device_places);
}

static void numbered_release(rt_numbered *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->items[i].name);
	vec_release(list);
}

void runtime_free(struct runtime *rt)
{
	if (!rt)
		return;
	numbered_release(&rt->pools);
	numbered_release(&rt->layouts);
	for (size_t i = 0; i < rt->values.nr; i++)
		alternatives_release(&rt->values.items[i]);
	for (size_t i = 0; i < rt->rows.nr; i++)
		row_release(&rt->rows.items[i]);
	for (size_t i = 0; i < rt->lets.nr; i++)
		rt_let_free(rt->lets.items[i]);
	vec_release(&rt->values);
	vec_release(&rt->rows);
	vec_release(&rt->lets);
	for (size_t i = 0; i < rt->advice.nr; i++) {
		free(rt->advice.items[i].pool);
		free(rt->advice.items[i].argument);
		free(rt->advice.items[i].function);
	}
	vec_release(&rt->advice);
	for (size_t i = 0; i < rt->environment.nr; i++)
		free(rt->environment.items[i]);
	vec_release(&rt->environment);
	for (size_t i = 0; i < rt->api.nr; i++)
		free(rt->api.items[i]);
	vec_release(&rt->api);
	books_release(&rt->books);
	free(rt->name);
	free(rt->about);
	free(rt->path);
	free(rt->text);
	free(rt->detect);
	for (size_t i = 0; i < rt->parts.nr; i++)
		free(rt->parts.items[i]);
	vec_release(&rt->parts);
	free(rt->core);
	free(rt);
}
