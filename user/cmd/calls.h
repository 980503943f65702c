/* calls.h: `--by line` and its like: which groups there are, for the commands that have it. */
#ifndef CMD_CALLS_H
#define CMD_CALLS_H

#include "cmd/options.h"
#include "view/profile.h"

/* Allocations by what called them. Not to be moved while it is in use. */
struct calls {
	struct profile profile;
	struct call_groups groups;
};

/* Is it what --by asks for? */
bool calls_asked(const struct options *o);
/* What --by names: "line". */
const char *calls_by(const struct options *o);
/* @o and @selection outlive it. Also after calls_release(). */
void calls_init(struct calls *c, const struct options *o, const struct selection *selection);
void calls_release(struct calls *c);

#endif
