/*
 * call_tree.h: the call stacks that were met, as a tree, and what of it was told: those that have their outer part in common share
 * it, and each place and each stack becomes a record once, when the first allocation is told that has it. Pure.
 */
#ifndef RUNTIME_CALL_TREE_H
#define RUNTIME_CALL_TREE_H

#include "stream/record.h"

/* A place in code, by what it is known again by. What is absent is 0, or NULL. */
struct call_place {
	uint32_t module;      /* number of a file of machine code, from 1 on */
	uint64_t address;     /* in it, as it was linked */
	const char *path;     /* of a source file */
	const char *function; /* its name there */
	uint64_t line;
};

/* Whoever knows the files of machine code. */
struct call_tree_files {
	/* Put what has to be told of the place's file, and set in @frame what is known of the place. 0, or what the sink returned. */
	int (*describe)(struct call_tree_files *files, const struct call_place *place, struct record *frame);
};

enum { CALL_TREE_MOST = 1 << 20 /* stacks, and places */ };

struct call_tree;

/* @most: CALL_TREE_MOST but in tests. */
struct call_tree *call_tree_new(size_t most);
void call_tree_free(struct call_tree *t);

/*
 * The stack that is @place, called by the last place of stack @parent (0: by nothing; @partial: by what is not known). Texts are
 * copied. Returns its number in the tree, from 1 on; 0: there is no room for more, now or later.
 */
uint32_t call_tree_add(struct call_tree *t, uint32_t parent, const struct call_place *place, bool partial);

/*
 * Put into @sink, with time @time_ns, what has not been told of a stack, and give its number in the stream in @ret. 0, or what the
 * sink returned.
 */
int call_tree_tell(struct call_tree *t, uint32_t stack, struct call_tree_files *files, struct sink *sink, uint64_t time_ns,
		   uint64_t *ret);

#endif
