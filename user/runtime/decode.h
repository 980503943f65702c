/*
 * decode.h: hits to records. The steps of one call are paired by thread; what is lost never becomes a false statement.
 * Pure: what it must know of the target's memory it asks through struct decode_target.
 */
#ifndef RUNTIME_DECODE_H
#define RUNTIME_DECODE_H

#include "runtime/bind.h"
#include "stream/record.h"

/* What a hit tells of an arena: fields that are not known have no bit in `has` (FIELD_BITs). */
struct arena_hint {
	uint64_t has;
	uint64_t owner, banks, align, grain;
	const char *pool;
	bool constructed; /* its construction was seen: nothing was in it before */
	bool made_up;	  /* its object is none of the process: the runtime has pools, but no objects for them */
	bool has_number;
	uint64_t number; /* of the device that the owner stands for */
};

#define ARENA_HIDDEN UINT64_MAX

struct decode_target {
	/*
	 * The number of the arena at @object, which is not known yet; its `arena` record has been put. 0: it cannot be known, or it
	 * is no pool that is shown. ARENA_HIDDEN: nothing that happens there is to be told, but that an allocation throws.
	 */
	uint64_t (*arena)(struct decode_target *t, uint64_t process, uint64_t object, const struct arena_hint *hint);
	/* The owner that a device uses, by the address of one of its objects. 0: not known. NULL: nothing is known of devices. */
	uint64_t (*device)(struct decode_target *t, uint64_t process, uint64_t object);
	/*
	 * The number of the arena that holds the block at @address, 0: none does. Of several one of layer @layer comes first. NULL:
	 * none is ever known.
	 */
	uint64_t (*holder)(struct decode_target *t, uint64_t process, uint64_t address, unsigned int layer);
	/* The function whose name has this number, see wire.h, is at @address. NULL: nobody wants to know. */
	void (*lookup)(struct decode_target *t, uint64_t process, uint64_t name, uint64_t address);
	/* Has all that the process has called been seen, from its beginning? NULL: that is never known. */
	bool (*whole)(struct decode_target *t, uint64_t process);
};

/* The layer of an arena, by the name of its pool: "POOL" 0, "POOL/1" 1 ... */
unsigned int layer_of_pool(const char *pool);

struct decoder;

/* @wall_offset_ns: wall clock minus the hits' clock. @target and @sink must outlive the decoder. */
struct decoder *decoder_new(struct sink *sink, struct decode_target *target, uint64_t wall_offset_ns);
void decoder_free(struct decoder *d);

/*
 * One hit of a row, in the order of the ring. Returns what the sink returned. @process: in the stream; a thread may have hits of
 * several, where its process has several runtimes.
 */
int decoder_hit(struct decoder *d, uint64_t process, const struct binding *b, const struct bound_row *row,
		const struct wire_hit *hit);
/* One that came before all probes of its row's file were armed: it is none of a step, but the thread's running number. */
int decoder_skip(struct decoder *d, uint64_t process, const struct wire_hit *hit);
/* Threads of @process may be inside a call, now, of another file that has just begun to be traced. */
void decoder_attached(struct decoder *d, uint64_t process);
int decoder_thread_exit(struct decoder *d, uint64_t process, const struct wire_hit *hit);
/* Forget a process and what it left open. */
void decoder_process_end(struct decoder *d, uint64_t process);

/* The arena at @object has number @arena (from a census), or is gone (0). */
void decoder_set_arena(struct decoder *d, uint64_t process, uint64_t object, uint64_t arena);
uint64_t decoder_arena(const struct decoder *d, uint64_t process, uint64_t object);

/* Was the construction of the arena at @object seen? Then nothing was in it before. */
bool decoder_constructed(const struct decoder *d, uint64_t process, uint64_t object);

/*
 * Has a thread begun to allocate from the arena at @object, at @since_ns or later (the hits' clock), and not been seen to end it?
 * Calls take microseconds: one that was begun long ago has ended, and its end was lost.
 */
bool decoder_allocating(const struct decoder *d, uint64_t process, uint64_t object, uint64_t since_ns);
/*
 * Was the last that a thread did the entry of a free of this block, at @since_ns or later? Then the books may still hold it.
 */
bool decoder_freeing(const struct decoder *d, uint64_t process, uint64_t object, uint64_t address, uint64_t since_ns);

#endif
