/*
 * What the runtime itself knows of its living buffers, which its lists of blocks do not say.
 *
 *	books buffers PLACE
 *	books buffer address=PLACE pool=PLACE [owner=PLACE] [asked=PLACE] [id=PLACE] [layout=PLACE]
 */
#include "runtime/parser.h"

#include <string.h>

static const struct {
	enum rt_name name;
	bool needed;
} members[RT_BUFFER_NR] = {
	[RT_BUFFER_ADDRESS] = {RT_ADDRESS, true}, [RT_BUFFER_POOL] = {RT_POOL, true},
	[RT_BUFFER_OWNER] = {RT_OWNER, false},	  [RT_BUFFER_ASKED] = {RT_ASKED, false},
	[RT_BUFFER_ID] = {RT_ID, false},	  [RT_BUFFER_LAYOUT] = {RT_LAYOUT, false},
};

static int check_one(struct parser *p, const struct rt_place *place)
{
	if (!place_is_several(p->rt, place))
		return 0;
	return lex_fail(&p->lx, place->at, "such a value has its place in 'books arena'",
			"the place uses a value of which there may be several ('each')");
}

int parse_buffers(struct parser *p, struct rt_position at)
{
	static const struct place_base from_owner[] = {{"owner", RT_BASE_OWNER}, {}};
	struct rt_place *place = &p->rt->books.buffers;

	if (place->base >= 0)
		return lex_fail(&p->lx, at, NULL, "there is a second line 'books buffers'");

	int err = parse_place(p, from_owner, place);

	if (!err && !place->nr_steps)
		err = lex_fail(&p->lx, place->at, "as in: books buffers *buffers(owner)",
			       "the place must be that of the set's first word, a load");
	return err ? err : check_one(p, place);
}

static int parse_member(struct parser *p)
{
	static const struct place_base from_buffer[] = {{"buffer", RT_BASE_BUFFER}, {}};
	struct rt_position at = p->lx.token.at;

	for (size_t i = 0; i < RT_BUFFER_NR; i++) {
		const char *name = rt_name_text(members[i].name);
		struct rt_place *place = &p->rt->books.buffer[i];

		if (!lex_take(&p->lx, name))
			continue;
		if (place->base >= 0)
			return lex_fail(&p->lx, at, NULL, "'%s' is there twice", name);

		int err = lex_expect(&p->lx, "=");

		if (!err)
			err = parse_place(p, from_buffer, place);
		return err ? err : check_one(p, place);
	}
	return lex_unexpected(&p->lx, "one of: address= pool= owner= asked= id= layout=");
}

int parse_buffer(struct parser *p, struct rt_position at)
{
	struct rt_place *buffer = p->rt->books.buffer;

	if (buffer[RT_BUFFER_ADDRESS].base >= 0)
		return lex_fail(&p->lx, at, NULL, "there is a second line 'books buffer'");
	while (p->lx.token.kind != TOKEN_END) {
		int err = parse_member(p);

		if (err)
			return err;
	}
	for (size_t i = 0; i < RT_BUFFER_NR; i++)
		if (members[i].needed && buffer[i].base < 0)
			return lex_fail(&p->lx, p->lx.token.at, NULL, "'%s=PLACE' is missing",
					rt_name_text(members[i].name));
	return 0;
}
