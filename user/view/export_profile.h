/* export_profile.h: what the formats share that are made of a whole recording: see profile.h. */
#ifndef VIEW_EXPORT_PROFILE_H
#define VIEW_EXPORT_PROFILE_H

#include "view/export.h"
#include "view/profile.h"

struct profile_exporter {
	struct exporter x;
	struct profile profile;
	struct call_groups calls;
	enum export_sample sample;
	uint64_t first_ns, last_ns; /* times of the records; 0: there was none */
};

/* An exporter by kind, whose profile is finished when @finish is called. */
struct exporter *profile_exporter_new(const struct export_options *o,
				      void (*finish)(struct exporter *x, struct str *out, const struct ledger *l));

/* Blocks of the node that the sample is of. */
struct amount profile_sample(const struct profile_node *node, enum export_sample sample);

enum { FRAME_PROCESS, FRAME_DEVICE, FRAME_POOL, FRAME_KIND };

/*
 * Outermost first: process, device, pool; then the frames of the allocations' stack, or what takes its place, the kind. Escaped.
 * Released by frames_release().
 */
struct frames {
	VEC(struct str) names;
};

void frames_fill(struct frames *f, const struct profile_node *node, const struct ledger *l);
void frames_release(struct frames *f);

#endif
