/* branches.h: stacks of a pool merged from the outermost function inwards: the tree of `report --tree`. */
#ifndef VIEW_BRANCHES_H
#define VIEW_BRANCHES_H

#include "view/profile.h"

enum { BRANCHES_DEPTH = 512 /* what is called deeper is counted where that ends */ };

/* A function that was called there, or the whole pool. */
struct branch {
	const char *name; /* `bytes` of it; escaped. NULL: of the pool, and of what has no stack */
	size_t bytes;
	unsigned int class; /* as of the struct profile_node */
	struct amount now, peak, allocated; /* of blocks that it and what it called allocated */
	VEC(struct branch *) calls;
};

/* The tree of the nodes from @first on that are of the same pool, which are before *@ret_end. Names live as long as @p. */
struct branch *branches_new(const struct profile *p, size_t first, size_t *ret_end);
void branches_free(struct branch *branch);
/* Those that hold most first: @now, at the end; else when the pool held most. */
void branches_sort(struct branch *branch, bool now);

#endif
