/*
 * trigger.h: what --trigger names: moments of a recording that is being made.
 *
 *	failure		an allocation failed, or a program was refused
 *	SIGUSR2		somebody sent this signal: told by the caller
 *	peak(DRAM) > 90%	see condition.h: when it becomes true for a pool of a device, and again after it was false
 */
#ifndef VIEW_TRIGGER_H
#define VIEW_TRIGGER_H

#include "view/condition.h"

enum trigger_kind { TRIGGER_FAILURE, TRIGGER_SIGNAL, TRIGGER_CONDITION };

struct trigger {
	const char *text; /* as it was given */
	enum trigger_kind kind;
	struct condition condition;
	VEC(bool) holds; /* by the place's index */
};

/* Read @text, which lives as long as @ret. -EINVAL: @d says why. The caller releases @ret in any case. */
int trigger_parse(const char *text, struct trigger *ret, struct diag *d);
void trigger_release(struct trigger *t);
/* What a file is called after: "failure", "SIGUSR2", "peak-DRAM". */
void trigger_add_name(struct str *out, const struct trigger *t);

/* All of them, and what they are tested on. */
struct triggers {
	VEC(struct trigger) items;
	bool conditions; /* there is one */
	struct selection all;
	struct profile profile;
};

/* `struct triggers t; triggers_init(&t);` then parse into new items; triggers_begin() when there are all. */
void triggers_init(struct triggers *t);
void triggers_begin(struct triggers *t);
void triggers_release(struct triggers *t);
/*
 * @r and its effect on the ledger. Returns the first trigger whose moment it is, and in @what what happened, without a line's end;
 * NULL: none.
 */
const struct trigger *triggers_apply(struct triggers *t, const struct record *r, const struct effect *e, struct str *what);
/* The first of that kind, NULL if there is none. */
const struct trigger *triggers_find(const struct triggers *t, enum trigger_kind kind);

#endif
