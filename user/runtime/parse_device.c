/*
 * Which objects stand for a device, and what is read of them; and which variables say what its chips' numbers mean.
 *
 *	books OBJECT vtable SYMBOL [or SYMBOL ...]
 *	books OBJECT ROLE PLACE                  (mesh chips: and of BYTES [if OFFSET:SIZE=NUMBER])
 *	environment NAME ...
 */
#include "runtime/parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ITEM_MAX = 4096 };

static const struct place_base bases[RT_OBJECTS][2] = {
	[RT_MESH] = {{"mesh", RT_BASE_MESH}, {}},
	[RT_HANDLE] = {{"handle", RT_BASE_HANDLE}, {}},
	[RT_CHIP] = {{"chip", RT_BASE_CHIP}, {}},
};

static int parse_vtables(struct parser *p, enum rt_object object, struct rt_position at)
{
	struct rt_books *books = &p->rt->books;
	int err = 0;

	if (books->device_vtables[object].nr)
		return lex_fail(&p->lx, at, NULL, "there is a second line 'books %s vtable'", rt_object_name(object));
	do {
		char *symbol = NULL;

		if (books->device_vtables[object].nr > RT_MAX_OTHERS)
			return lex_fail(&p->lx, p->lx.token.at, NULL, "there are more than %d symbols behind 'or'", RT_MAX_OTHERS);
		err = lex_symbol(&p->lx, "a vtable's symbol", &symbol);
		if (!err)
			vec_push(&books->device_vtables[object], symbol);
	} while (!err && lex_take(&p->lx, "or"));
	return err;
}

/* if OFFSET:SIZE=NUMBER */
static int parse_tag(struct parser *p, struct rt_item *item)
{
	struct rt_position at = p->lx.token.at;
	uint64_t offset = 0;
	int err = lex_number(&p->lx, "an offset", INT32_MAX, &offset);

	if (!err)
		err = lex_expect(&p->lx, ":");
	if (!err)
		err = parse_size(p, &item->tag_size);
	if (!err)
		err = lex_expect(&p->lx, "=");
	if (!err)
		err = lex_number(&p->lx, "a number", UINT64_MAX, &item->tag);
	item->tag_offset = (int32_t)offset;
	if (!err && offset + item->tag_size > item->bytes)
		err = lex_fail(&p->lx, at, NULL, "an item has only %u bytes", item->bytes);
	return err;
}

static int parse_item(struct parser *p, struct rt_item *item)
{
	struct rt_position at;
	uint64_t bytes = 0;
	int err = lex_expect(&p->lx, "of");

	at = p->lx.token.at;
	if (!err)
		err = lex_number(&p->lx, "the bytes of an item", ITEM_MAX, &bytes);
	if (err)
		return err;
	if (bytes < 8)
		return lex_fail(&p->lx, at, NULL, "an item begins with a pointer: it has 8 bytes at least");
	item->bytes = (uint32_t)bytes;
	return lex_take(&p->lx, "if") ? parse_tag(p, item) : 0;
}

static int parse_role(struct parser *p, enum rt_device_role role)
{
	enum rt_object object = rt_device_role_object(role);
	struct rt_device_place place = {.role = role};
	struct rt_position at = p->lx.token.at;
	int err;

	if (p->rt->books.device_places.nr == RT_MAX_PLACES)
		return lex_fail(&p->lx, at, NULL, "there are more than %d places of meshes, handles and chips", RT_MAX_PLACES);
	err = parse_place(p, bases[object], &place.place);
	if (!err && place_is_several(p->rt, &place.place))
		err = lex_fail(&p->lx, at, NULL, "the place uses a value of which there may be several ('each')");
	if (!err && !place.place.nr_steps)
		err = lex_fail(&p->lx, at, NULL, "that is the %s itself", rt_object_name(object));
	if (!err && role == RT_MESH_CHIPS)
		err = parse_item(p, &place.item);
	if (!err)
		vec_push(&p->rt->books.device_places, place);
	return err;
}

int parse_books_object(struct parser *p, enum rt_object object)
{
	_cleanup_(str_release) struct str words = {};
	struct rt_position at = p->lx.token.at;

	if (lex_take(&p->lx, "vtable"))
		return parse_vtables(p, object, at);
	str_add(&words, "one of: vtable");
	for (int i = 0; i < RT_DEVICE_ROLES_NR; i++) {
		const char *word = rt_device_role_name((enum rt_device_role)i);

		if (rt_device_role_object((enum rt_device_role)i) != object)
			continue;
		if (lex_take(&p->lx, word))
			return parse_role(p, (enum rt_device_role)i);
		str_addf(&words, " %s", word);
	}
	return lex_unexpected(&p->lx, str_text(&words));
}

/* An object that is described at all needs its vtable, and these. */
static const enum rt_device_role needed[RT_OBJECTS] = {
	[RT_MESH] = RT_MESH_OWNER,
	[RT_HANDLE] = RT_HANDLE_MESH,
	[RT_CHIP] = RT_CHIP_ID,
};

static const struct rt_device_place *find_place(const struct rt_books *books, enum rt_object object,
						enum rt_device_role role)
{
	for (size_t i = 0; i < books->device_places.nr; i++) {
		const struct rt_device_place *place = &books->device_places.items[i];

		if (place->role == role || (role == RT_DEVICE_ROLES_NR && rt_device_role_object(place->role) == object))
			return place;
	}
	return NULL;
}

int parse_check_devices(struct parser *p)
{
	const struct rt_books *books = &p->rt->books;

	for (int i = 0; i < RT_OBJECTS; i++) {
		enum rt_object object = (enum rt_object)i;
		const char *name = rt_object_name(object);
		const struct rt_device_place *any = find_place(books, object, RT_DEVICE_ROLES_NR);

		if (any && !books->device_vtables[object].nr)
			return lex_fail(&p->lx, any->place.at, NULL, "there is no line 'books %s vtable'", name);
		if (books->device_vtables[object].nr && !find_place(books, object, needed[object]))
			return lex_fail(&p->lx, p->books_at, NULL, "the books lack a line 'books %s %s'", name,
					rt_device_role_name(needed[object]));
	}
	return 0;
}

int parse_environment(struct parser *p)
{
	do {
		struct rt_position at = p->lx.token.at;
		char *name = NULL;
		int err;

		if (p->rt->environment.nr == RT_MAX_VARIABLES)
			return lex_fail(&p->lx, at, NULL, "there are more than %d variables", RT_MAX_VARIABLES);
		err = lex_name(&p->lx, "the name of an environment variable", &name);
		if (err)
			return err;
		vec_push(&p->rt->environment, name);
		for (size_t i = 0; i + 1 < p->rt->environment.nr; i++)
			if (strcmp(p->rt->environment.items[i], name) == 0)
				return lex_fail(&p->lx, at, NULL, "'%s' is there twice", name);
	} while (p->lx.token.kind != TOKEN_END);
	return 0;
}
