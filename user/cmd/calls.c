#include "cmd/calls.h"

static const struct {
	enum call_group_by by;
	const char *name;
} groups[] = {
	[BY_LINE] = {CALL_BY_LINE, "line"},
	[BY_OP] = {CALL_BY_OP, "op"},
	[BY_FUNCTION] = {CALL_BY_FUNCTION, "function"},
	[BY_FILE] = {CALL_BY_FILE, "file"},
	[BY_STACK] = {CALL_BY_STACK, "stack"},
};

bool calls_asked(const struct options *o)
{
	return o->by >= BY_LINE || o->tree;
}

const char *calls_by(const struct options *o)
{
	return groups[o->by].name;
}

void calls_init(struct calls *c, const struct options *o, const struct selection *selection)
{
	c->groups = (struct call_groups){
		.by = o->tree ? CALL_BY_FRAMES : groups[o->by].by, .own = o->own.items, .nr_own = o->own.nr};
	profile_init(&c->profile, PROFILE_BY_CALL, selection);
	c->profile.calls = &c->groups;
}

void calls_release(struct calls *c)
{
	profile_release(&c->profile);
	call_groups_release(&c->groups);
}
