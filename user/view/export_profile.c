#include "view/export_profile.h"

#include <string.h>

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
	call_groups_release(&p->calls);
	free(p);
}

struct exporter *profile_exporter_new(const struct export_options *o,
				      void (*finish)(struct exporter *x, struct str *out, const struct ledger *l))
{
	struct profile_exporter *p = xcalloc(1, sizeof(*p));

	p->x = (struct exporter){.put = put, .finish = finish, .free = free_exporter};
	p->sample = o->sample;
	p->calls.by = CALL_BY_FRAMES;
	profile_init(&p->profile, PROFILE_BY_KIND, o->selection);
	p->profile.calls = &p->calls;
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

static struct str *next(struct frames *f)
{
	struct str *name = vec_add(&f->names);

	*name = (struct str){};
	return name;
}

static void split(struct frames *f, const char *stack)
{
	for (;;) {
		size_t len = strcspn(stack, (const char[]){CALL_FRAMES_END, '\0'});

		str_add_bytes(next(f), stack, len);
		if (!stack[len])
			return;
		stack += len + 1;
	}
}

void frames_fill(struct frames *f, const struct profile_node *node, const struct ledger *l)
{
	*f = (struct frames){};
	profile_add_process(next(f), node, l);
	profile_add_device(next(f), node);
	profile_add_pool(next(f), node);
	if (node->class == CLASS_STACK)
		split(f, node->label);
	else
		profile_add_kind(next(f), node);
}

void frames_release(struct frames *f)
{
	for (size_t i = 0; i < f->names.nr; i++)
		str_release(&f->names.items[i]);
	vec_release(&f->names);
}
