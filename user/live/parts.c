/* Runtimes in parts: of a process with several of their files one stands in the stream for all. */
#include "live/watch.h"

static const struct watched *find_part(const struct session *s, const struct watched *w)
{
	const struct runtime *rt = w->library->binding->runtime;

	for (size_t i = 0; i < s->watched.nr && (rt->parts.nr || functions_are_found(rt)); i++) {
		const struct watched *other = s->watched.items[i];

		if (other != w && !other->ended && other->id && other->process.pid == w->process.pid &&
		    other->library->binding->runtime == rt)
			return other;
	}
	return NULL;
}

bool parts_join(const struct session *s, struct watched *w)
{
	const struct watched *part = find_part(s, w);

	w->id = part ? part->id : 0;
	return part;
}

bool parts_go_on(const struct session *s, const struct watched *w)
{
	return find_part(s, w);
}

bool parts_whole(struct decode_target *t, uint64_t process)
{
	const struct session *s = (struct session *)((char *)t - offsetof(struct session, target));
	bool any = false;

	for (size_t i = 0; i < s->watched.nr; i++) {
		const struct watched *w = s->watched.items[i];

		if (w->id != process || w->ended)
			continue;
		/* It was held since it mapped the file. */
		if (!w->has_gap || w->mapped_ns)
			return false;
		any = true;
	}
	return any;
}
