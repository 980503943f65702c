/* What those who compare with the books ask of a decoder. */
#include "runtime/decode_step.h"

bool decoder_constructed(const struct decoder *d, uint64_t process, uint64_t object)
{
	return map_get(&d->constructed, process, object);
}

bool decoder_allocating(const struct decoder *d, uint64_t process, uint64_t object, uint64_t since_ns)
{
	for (struct map_entry *e = map_next(&d->threads, NULL); e; e = map_next(&d->threads, e)) {
		const struct thread *t = e->pointer;

		if (t->call.process == process && t->call.state == CALL_OPEN && t->call.object == object &&
		    t->call.time_ns >= since_ns)
			return true;
	}
	return false;
}

bool decoder_freeing(const struct decoder *d, uint64_t process, uint64_t object, uint64_t address, uint64_t since_ns)
{
	for (struct map_entry *e = map_next(&d->threads, NULL); e; e = map_next(&d->threads, e)) {
		const struct thread *t = e->pointer;

		if (t->process == process && t->freeing && t->free_object == object && t->free_address == address &&
		    t->free_ns >= since_ns)
			return true;
	}
	return false;
}
