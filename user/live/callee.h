/* callee.h: the function that a return probe is on: its frame is gone by then, and its stack begins with who called it. */
#ifndef LIVE_CALLEE_H
#define LIVE_CALLEE_H

#include "runtime/call_tree.h"
#include "target/unwind_module.h"

struct session;

/* With the number of a stack in the tree: it begins with who called the function of its hit. */
#define CALLEE_GONE (1ULL << 32)

/*
 * The number of that stack with the function of the hit under way inside of it. Without room for that, or where its file is none of
 * @modules, it is the stack of the caller, which is true as well.
 */
uint32_t callee_join(const struct session *s, const struct modules *modules, struct call_tree *tree, uint64_t stack);

#endif
