/* trial.h: whether it all works together, and what it costs: tried on functions of our own. Nothing of it stays. */
#ifndef LIVE_TRIAL_H
#define LIVE_TRIAL_H

#include "target/host.h"

/*
 * Load the real programs, set one on a function of our own, call it some times and receive the hits: what a user's
 * processes would see. With no error, hits that are fewer than calls say that the kernel half does not know us.
 */
void trial_run(struct trial *ret);

/* The mnemonic of ours that stands for an instruction ("push %rbp"): the same, or one of its kind. */
const char *trial_mnemonic(const char *instruction, bool emulated);

/*
 * What a hit at instruction @instruction ("push %rbp") costs: of an empty program at a function of ours that begins with
 * trial_mnemonic(). ret->ns is 0 where it cannot be measured. Takes some 30 ms.
 */
void trial_cost(const char *instruction, bool emulated, struct hit_cost *ret);

#endif
