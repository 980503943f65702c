/*
 * trend.h: does what one place allocates grow for ever? A series of bounded size, and a rule that says yes, no, or that nobody knows.
 *
 * Its axis is the number of allocations of the whole process since the first one of the place (`order`), not the clock: a pause is no
 * plateau, and a slow machine comes to the same answer. It is cut into 16 to 32 windows of equal width; when it grows out of them the
 * width doubles. What lived at the end of a window, and what of it never went away again (the floor), is the evidence.
 */
#ifndef VIEW_TREND_H
#define VIEW_TREND_H

#include "base/util.h"

enum { TREND_WINDOWS = 32, TREND_LEAST = 16 /* with fewer after the first there is no verdict but that nothing grew */ };

struct trend_window {
	uint64_t end, low;     /* bytes that lived at its end, and least in it */
	uint64_t time_ns;      /* of its last allocation; 0: it has none */
	uint64_t made, living; /* blocks that were allocated in it; of these, that are still there */
};

/* `struct trend t = {};` is empty and valid: nothing was allocated yet. */
struct trend {
	struct trend_window windows[TREND_WINDOWS];
	unsigned int nr, shift; /* a window is 2^shift allocations of the process */
	uint64_t first, first_ns; /* order and time of the first allocation */
	uint64_t level;		  /* bytes that live now */
};

enum trend_verdict {
	TREND_STEADY,  /* what is left was there in the first window */
	TREND_STOPPED, /* it grew, and no more */
	TREND_UNCLEAR, /* it grew lately, and not all the time; or too little was seen */
	TREND_GROWS,   /* a leak */
};

struct trend_evidence {
	enum trend_verdict verdict;
	unsigned int windows, grew; /* those after the first; and those in which the floor rose */
	uint64_t growth;	    /* bytes, of the floor, after the first window */
	uint64_t early, early_living; /* blocks that were made in the first half; and that are still there */
	uint64_t span_ns;	      /* from the first allocation to the end; 0: all was at once */
};

/* Orders and times never go back, but an earlier one than the first counts as the first. */
void trend_grow(struct trend *t, uint64_t order, uint64_t time_ns, uint64_t bytes);
void trend_shrink(struct trend *t, uint64_t order, uint64_t bytes);
/* A block that had no size has one now. */
void trend_resize(struct trend *t, uint64_t order, uint64_t bytes);
/* At the end, for each block that is still there: the order with which it was made. */
void trend_living(struct trend *t, uint64_t order);
/*
 * As of @order and @time_ns, the end. It grows if, in each quarter of the windows after the first, the floor rose and blocks that were
 * made in it are still there; if at least a fifth of what it rose by was in the second half; and if the last rise was in
 * the second half of the time as well, since a process that does other things than allocate has no windows for them.
 */
struct trend_evidence trend_judge(struct trend *t, uint64_t order, uint64_t time_ns);
/* Bytes a minute. False: all was at once, so nobody knows. */
bool trend_per_minute(const struct trend_evidence *e, uint64_t *ret);

#endif
