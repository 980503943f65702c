/*
 * profile.h: what was allocated, in how many blocks and bytes, by pool and by what tells blocks apart. Of a whole recording:
 * what export and diff count.
 */
#ifndef VIEW_PROFILE_H
#define VIEW_PROFILE_H

#include "base/str.h"
#include "view/call_group.h"
#include "view/lives.h"

enum profile_by {
	PROFILE_BY_POOL,
	PROFILE_BY_SIZE,
	PROFILE_BY_LABEL,
	PROFILE_BY_CALL, /* by `calls`, which whoever reads the profile sets */
	PROFILE_BY_KIND, /* stack, if `calls` are set; or else label, that it is a trace's, size */
};

/* Size classes: of number n are blocks of 2^n to 2^(n+1) - 1 bytes. */
enum { CLASS_NONE = 64, CLASS_EMPTY, CLASS_UNKNOWN, CLASS_TRACE, CLASS_PLAIN, CLASS_BEFORE, CLASS_NO_STACK, CLASS_NO_OP, CLASS_STACK };

struct amount {
	uint64_t blocks, bytes;
};

/* Blocks of one pool (a place) that are of one kind. */
struct profile_node {
	const struct place *place;
	const char *label;  /* NULL: none, or not known; of CLASS_STACK and PROFILE_BY_CALL a group of `calls` */
	unsigned int class; /* CLASS_NONE: it does not matter */
	struct amount allocated; /* while somebody watched */
	struct amount found;	 /* in the books */
	struct amount inuse;	 /* living; of a process that is not watched any more, when it ended */
	struct amount peak;	 /* when the pool had the highest number of bytes; see profile_finish() */
	uint64_t highest;	 /* number of bytes of these, at any time */
	uint64_t failed;	 /* allocations; of a whole pool alone */
	uint64_t round;		 /* of its pool, that `peak` is as of */
};

/* The highest number of bytes of a pool, and how often there was a new one. */
struct pool_peak {
	uint64_t bytes, round;
};

/*
 * `struct profile p; profile_init(&p, by, selection);` Of a selection of time, what lives when it begins is in use, and was neither
 * allocated nor found.
 */
struct profile {
	struct lives lives;
	enum profile_by by;
	struct call_groups *calls; /* of PROFILE_BY_CALL and PROFILE_BY_KIND */
	const struct ledger *ledger; /* of the record under way */
	VEC(struct profile_node *) nodes; /* in the order seen */
	struct map by_key;
	VEC(struct pool_peak) peaks; /* as lives.places */
	bool begun;	     /* what the selection's time begins with has come */
	struct map failures; /* (process, thread) -> its last failure's struct profile_node * */
};

void profile_init(struct profile *p, enum profile_by by, const struct selection *selection);
void profile_release(struct profile *p);
/* @r and its effect on the ledger. */
void profile_apply(struct profile *p, const struct record *r, const struct effect *e);
/* Of PROFILE_BY_POOL: what a pool of a device has so far, made if there is nothing yet. @device: NULL if it is not known. */
const struct profile_node *profile_pool(struct profile *p, const struct ledger_process *process, const struct device *device,
					const char *pool);
/* After the last record: sorts nodes by process, device, pool and kind, and makes their `peak` what it says. */
void profile_finish(struct profile *p);

/* Of all blocks that were seen: what was allocated, and what was found. */
struct amount profile_in_all(const struct profile_node *node);
/* Less than 0: @a comes before @b in a list in which they are equal otherwise. By label, those without one last. */
int profile_compare_names(const struct profile_node *a, const struct profile_node *b);
/* Less than 0: @a is more than @b. */
static inline int profile_compare_most(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

/* "python"; where several have that name "python 4242". Escaped. */
void profile_add_process(struct str *out, const struct profile_node *node, const struct ledger *l);
/* "device 0", "mesh 1 (0-7)", "device ?". Escaped. */
void profile_add_device(struct str *out, const struct profile_node *node);
/* "L1", "?". Escaped. */
void profile_add_pool(struct str *out, const struct profile_node *node);
/* The label, "trace", or "1 MiB to 2 MiB"; nothing where blocks are not told apart. Escaped. */
void profile_add_kind(struct str *out, const struct profile_node *node);

#endif
