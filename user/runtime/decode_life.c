/* How a decoder begins and ends, and what becomes of processes in it. */
#include "runtime/decode_step.h"

struct decoder *decoder_new(struct sink *sink, struct decode_target *target, uint64_t wall_offset_ns)
{
	struct decoder *d = xcalloc(1, sizeof(*d));

	d->sink = sink;
	d->target = target;
	d->wall_offset_ns = wall_offset_ns;
	return d;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	for (struct map_entry *e = map_next(&d->threads, NULL); e; e = map_next(&d->threads, e))
		free(e->pointer);
	map_release(&d->threads);
	map_release(&d->arenas);
	map_release(&d->constructed);
	map_release(&d->references);
	map_release(&d->views);
	map_release(&d->owners);
	tables_forget(d, 0);
	programs_forget(d, 0);
	free(d);
}

void decoder_attached(struct decoder *d, uint64_t process)
{
	for (struct map_entry *e = map_next(&d->threads, NULL); e; e = map_next(&d->threads, e)) {
		struct thread *t = e->pointer;

		if (t->process != process)
			continue;
		t->alone = "attach";
		if (t->placing.none)
			t->placing.none = "attach";
	}
}

static void forget(struct map *m, uint64_t process)
{
	struct map kept = {};

	for (struct map_entry *e = map_next(m, NULL); e; e = map_next(m, e))
		if (e->a != process)
			map_put(&kept, e->a, e->b, NULL)->value = e->value;
	map_release(m);
	*m = kept;
}

void decoder_process_end(struct decoder *d, uint64_t process)
{
	struct map kept = {};

	for (struct map_entry *e = map_next(&d->threads, NULL); e; e = map_next(&d->threads, e)) {
		if (((struct thread *)e->pointer)->process == process)
			free(e->pointer);
		else
			map_put(&kept, e->a, e->b, NULL)->pointer = e->pointer;
	}
	map_release(&d->threads);
	d->threads = kept;
	forget(&d->arenas, process);
	forget(&d->constructed, process);
	forget(&d->references, process);
	forget(&d->views, process);
	forget(&d->owners, process);
	tables_forget(d, process);
	programs_forget(d, process);
}
