#include "view/export_profile.h"

static void put(struct exporter *x, struct str *out, const struct record *r, const struct effect *e)
{
	struct profile_exporter *p = (struct profile_exporter *)x;

	(void)out;
	p->first_ns = p->first_ns ? p->first_ns : r->time_ns;
	p->last_ns = r->time_ns;
	profile_apply(&p->profile, r, e);
}

static void free_exporter(struct exporter *x)
{
	struct profile_exporter *p = (struct profile_exporter *)x;

	profile_release(&p->profile);
	free(p);
}

struct exporter *profile_exporter_new(const struct export_options *o,
				      void (*finish)(struct exporter *x, struct str *out, const struct ledger *l))
{
	struct profile_exporter *p = xcalloc(1, sizeof(*p));

	p->x = (struct exporter){.put = put, .finish = finish, .free = free_exporter};
	p->sample = o->sample;
	profile_init(&p->profile, PROFILE_BY_KIND, o->selection);
	return &p->x;
}

struct amount profile_sample(const struct profile_node *node, enum export_sample sample)
{
	const struct amount samples[] = {
		[EXPORT_INUSE] = node->inuse,
		[EXPORT_PEAK] = node->peak,
		[EXPORT_ALLOC] = {node->allocated.blocks + node->found.blocks, node->allocated.bytes + node->found.bytes},
	};

	return samples[sample];
}

void frames_fill(struct frames *f, const struct profile_node *node, const struct ledger *l)
{
	*f = (struct frames){};
	profile_add_process(&f->names[0], node, l);
	profile_add_device(&f->names[1], node);
	profile_add_pool(&f->names[2], node);
	profile_add_kind(&f->names[3], node);
}

void frames_release(struct frames *f)
{
	for (size_t i = 0; i < FRAMES; i++)
		str_release(&f->names[i]);
}
