#include "stream/tee.h"

static int put(struct sink *sink, const struct record *r)
{
	struct tee *t = (struct tee *)sink;
	int first = 0;

	for (size_t i = 0; i < t->sinks.nr; i++) {
		int err = sink_put(t->sinks.items[i], r);

		if (!first)
			first = err;
	}
	return first;
}

static int idle(struct sink *sink)
{
	struct tee *t = (struct tee *)sink;
	int first = 0;

	for (size_t i = 0; i < t->sinks.nr; i++) {
		int err = sink_idle(t->sinks.items[i]);

		if (!first)
			first = err;
	}
	return first;
}

void tee_init(struct tee *t)
{
	*t = (struct tee){.sink = {.put = put, .idle = idle}};
}

void tee_release(struct tee *t)
{
	vec_release(&t->sinks);
}

struct sink *tee_sink(struct tee *t)
{
	return t->sinks.nr == 1 ? t->sinks.items[0] : &t->sink;
}

void tee_add(struct tee *t, struct sink *sink)
{
	vec_push(&t->sinks, sink);
}
