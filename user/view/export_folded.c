/* export_folded.c: a line for each stack or kind of blocks, as flamegraph.pl reads it: frames, outermost first, and bytes. */
#include "view/export_profile.h"

#include <inttypes.h>

/* A semicolon ends a frame. */
static void add_frame(struct str *out, const char *name)
{
	for (; *name; name++)
		str_add(out, *name == ';' ? "\\x3b" : (char[]){*name, '\0'});
}

static void add_node(struct str *out, const struct profile_node *node, uint64_t bytes, const struct ledger *l)
{
	struct frames frames;

	frames_fill(&frames, node, l);
	for (size_t i = 0; i < frames.names.nr; i++) {
		str_add(out, i ? ";" : "");
		add_frame(out, str_text(&frames.names.items[i]));
	}
	str_addf(out, " %" PRIu64 "\n", bytes);
	frames_release(&frames);
}

static void finish(struct exporter *x, struct str *out, const struct ledger *l)
{
	struct profile_exporter *p = (struct profile_exporter *)x;

	profile_finish(&p->profile);
	x->empty = true;
	for (size_t i = 0; i < p->profile.nodes.nr; i++) {
		const struct profile_node *node = p->profile.nodes.items[i];
		uint64_t bytes = profile_sample(node, p->sample).bytes;

		if (!bytes)
			continue;
		add_node(out, node, bytes, l);
		x->empty = false;
	}
}

struct exporter *export_folded_new(const struct export_options *o)
{
	return profile_exporter_new(o, finish);
}
