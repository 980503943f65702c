/*
 * `books` lines: where the runtime's own books lie.
 *
 *	books owner vtable SYMBOL
 *	books ROLE PLACE                        (list: and vtable SYMBOL)
 *	books blocks address=OFFSET:SIZE bytes=OFFSET:SIZE live=OFFSET:SIZE used=OFFSET:SIZE
 *	books OBJECT ...                        (parse_device.c)
 */
#include "runtime/parser.h"

#include <errno.h>

static int parse_vtable(struct parser *p, char **ret)
{
	int err = lex_expect(&p->lx, "vtable");

	return err ? err : lex_symbol(&p->lx, "a vtable's symbol", ret);
}

static int parse_owner(struct parser *p, struct rt_position at)
{
	char *symbol = NULL;
	int err = parse_vtable(p, &symbol);

	(void)at;
	if (!err)
		vec_push(&p->rt->books.owner_vtables, symbol);
	return err;
}

static const struct place_base from_owner[] = {{"owner", RT_BASE_OWNER}, {}};
static const struct place_base from_arena[] = {{"arena", RT_BASE_ARENA}, {}};
static const struct place_base from_list[] = {{"list", RT_BASE_LIST}, {}};

/* Only `arena` may use an `each` value: an owner has several. */
static const struct books_role {
	const char *name;
	size_t offset; /* of the rt_place in struct rt_books */
	const struct place_base *bases;
	bool needed;
} roles[] = {
	{"arena", offsetof(struct rt_books, arena), from_owner, true},
	{"pool", offsetof(struct rt_books, pool), from_arena, true},
	{"banks", offsetof(struct rt_books, banks), from_arena, true},
	{"align", offsetof(struct rt_books, align), from_arena, false},
	{"lists", offsetof(struct rt_books, lists), from_arena, false},
	{"list", offsetof(struct rt_books, list), from_arena, true},
	{"bank_bytes", offsetof(struct rt_books, bank_bytes), from_list, true},
	{"base", offsetof(struct rt_books, base), from_list, true},
	{"grain", offsetof(struct rt_books, grain), from_list, false},
	{"shrunk", offsetof(struct rt_books, shrunk), from_list, false},
};

static struct rt_place *role_place(struct rt_books *books, const struct books_role *role)
{
	return (struct rt_place *)((char *)books + role->offset);
}

static int parse_role(struct parser *p, const struct books_role *role, struct rt_position at)
{
	struct rt_place *place = role_place(&p->rt->books, role);

	if (place->base >= 0)
		return lex_fail(&p->lx, at, NULL, "there is a second line 'books %s'", role->name);

	int err = parse_place(p, role->bases, place);

	if (!err && role->bases != from_owner && place_is_several(p->rt, place))
		err = lex_fail(&p->lx, place->at, "such a value has its place in 'books arena'",
			       "the place uses a value of which there may be several ('each')");
	if (!err && role->offset == offsetof(struct rt_books, list))
		err = parse_vtable(p, &p->rt->books.list_vtable);
	return err;
}

enum { MEMBERS = 4 };

static const char *const member_names[MEMBERS] = {"address", "bytes", "live", "used"};

static int parse_member(struct parser *p, int32_t *ret_offset, uint32_t *ret_size)
{
	struct rt_position at = p->lx.token.at;
	uint64_t offset = 0;
	int err;

	lex_next(&p->lx);
	if (*ret_size)
		return lex_fail(&p->lx, at, NULL, "the member is there twice");
	err = lex_expect(&p->lx, "=");
	if (!err)
		err = lex_number(&p->lx, "an offset", INT32_MAX, &offset);
	if (!err)
		err = lex_expect(&p->lx, ":");
	if (!err)
		err = parse_size(p, ret_size);
	*ret_offset = (int32_t)offset;
	return err;
}

static int parse_blocks(struct parser *p, struct rt_position at)
{
	struct rt_books *b = &p->rt->books;
	int32_t *offsets[MEMBERS] = {&b->address.offset, &b->bytes.offset, &b->live.offset, &b->used.offset};
	uint32_t *sizes[MEMBERS] = {&b->address.size, &b->bytes.size, &b->live.size, &b->used.size};

	if (b->address.size)
		return lex_fail(&p->lx, at, NULL, "there is a second line 'books blocks'");
	while (p->lx.token.kind != TOKEN_END) {
		size_t i = 0;

		while (i < MEMBERS && !lex_is(&p->lx, member_names[i]))
			i++;
		if (i == MEMBERS)
			return lex_unexpected(&p->lx, "one of: address= bytes= live= used=");

		int err = parse_member(p, offsets[i], sizes[i]);

		if (err)
			return err;
	}
	for (size_t i = 0; i < MEMBERS; i++)
		if (!*sizes[i])
			return lex_fail(&p->lx, p->lx.token.at, NULL, "'%s=OFFSET:SIZE' is missing", member_names[i]);
	return 0;
}

static int parse_line(struct parser *p)
{
	struct rt_position at = p->lx.token.at;

	if (lex_take(&p->lx, "owner"))
		return parse_owner(p, at);
	if (lex_take(&p->lx, "blocks"))
		return parse_blocks(p, at);
	if (lex_take(&p->lx, "buffers"))
		return parse_buffers(p, at);
	if (lex_take(&p->lx, "buffer"))
		return parse_buffer(p, at);
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (lex_take(&p->lx, roles[i].name))
			return parse_role(p, &roles[i], at);
	for (int i = 0; i < RT_OBJECTS; i++)
		if (lex_take(&p->lx, rt_object_name((enum rt_object)i)))
			return parse_books_object(p, (enum rt_object)i);
	return lex_unexpected(&p->lx,
			      "one of: owner arena pool banks align lists list bank_bytes base grain shrunk blocks buffers buffer mesh handle chip");
}

int parse_books(struct parser *p)
{
	int err = parse_line(p);

	return err ? err : lex_expect_end(&p->lx);
}

int parse_check_books(struct parser *p)
{
	struct rt_books *books = &p->rt->books;

	if (!books->present)
		return 0;
	if (!books->owner_vtables.nr)
		return lex_fail(&p->lx, p->books_at, NULL, "the books lack a line 'books owner'");
	if (!books->address.size)
		return lex_fail(&p->lx, p->books_at, NULL, "the books lack a line 'books blocks'");
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (roles[i].needed && role_place(books, &roles[i])->base < 0)
			return lex_fail(&p->lx, p->books_at, NULL, "the books lack a line 'books %s'", roles[i].name);
	return parse_check_devices(p);
}
