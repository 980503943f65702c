/*
 * Which loads of a row's values are read at once: members of one object that lie close together. A read costs nearly the same however
 * short it is.
 */
#include "runtime/bind_parts.h"

#include <string.h>

struct sharing {
	struct wire_spec *spec;
	bool done[WIRE_VALUES][WIRE_LOADS];
};

/* Load number @nr of value @i. */
struct load {
	size_t i, nr;
};

static int32_t offset_of(const struct sharing *s, struct load l)
{
	return s->spec->value[l.i].offset[l.nr];
}

/* To be done, and from the same pointer as @like? */
static bool is_like(const struct sharing *s, struct load l, struct load like)
{
	const struct wire_value *v = &s->spec->value[l.i], *w = &s->spec->value[like.i];

	return l.nr < v->nr_loads && !s->done[l.i][l.nr] && v->base == w->base &&
	       memcmp(v->size, w->size, l.nr * sizeof(v->size[0])) == 0 &&
	       memcmp(v->offset, w->offset, l.nr * sizeof(v->offset[0])) == 0;
}

static int32_t lowest(const struct sharing *s, struct load like)
{
	int32_t ret = offset_of(s, like);

	for (size_t i = 0; i < s->spec->nr_values; i++) {
		struct load l = {i, like.nr};

		if (is_like(s, l, like) && offset_of(s, l) < ret)
			ret = offset_of(s, l);
	}
	return ret;
}

/* Is it in one of the words from @from on? */
static bool reaches(const struct sharing *s, struct load l, int32_t from)
{
	return (int64_t)offset_of(s, l) + s->spec->value[l.i].size[l.nr] - from <= WIRE_SHARED;
}

/* The lowest of those like @like, and all that lie close behind it, are done. */
static void share_from_lowest(struct sharing *s, struct load like)
{
	struct load group[WIRE_VALUES];
	/* Objects begin at words. */
	int32_t from = lowest(s, like) & ~7;
	size_t nr = 0;

	for (size_t i = 0; i < s->spec->nr_values; i++) {
		struct load l = {i, like.nr};

		if (is_like(s, l, like) && reaches(s, l, from))
			group[nr++] = l;
	}
	for (size_t i = 0; i < nr; i++) {
		s->done[group[i].i][group[i].nr] = true;
		if (nr > 1)
			s->spec->value[group[i].i].ahead[group[i].nr] = (__u8)(offset_of(s, group[i]) - from);
	}
}

static void share(struct wire_spec *spec)
{
	struct sharing s = {.spec = spec};

	for (size_t i = 0; i < spec->nr_values; i++)
		for (size_t nr = 0; nr < WIRE_LOADS; nr++) {
			spec->value[i].ahead[nr] = WIRE_ALONE_LOAD;
			/* One that lies in two words, which no compiler makes. */
			s.done[i][nr] = (spec->value[i].offset[nr] & 7) + spec->value[i].size[nr] > 8;
		}
	for (size_t i = 0; i < spec->nr_values; i++)
		for (size_t nr = 0; nr < spec->value[i].nr_loads; nr++)
			while (!s.done[i][nr])
				share_from_lowest(&s, (struct load){i, nr});
}

/* Those that last stand for themselves: BPF reads them by another way. */
static __u8 count_plain(const struct wire_spec *spec)
{
	__u8 nr = 0;

	while (nr < WIRE_PLAIN && nr < spec->nr_values - spec->nr_lasting && !spec->value[nr].nr_loads && !spec->value[nr].each)
		nr++;
	return nr;
}

void bound_reads(struct wire_spec *spec)
{
	spec->nr_plain = count_plain(spec);
	share(spec);
}
