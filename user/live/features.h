/*
 * features.h: what this kernel has, by trying each thing alone, on ourselves: a tiny program, map or link that is gone when
 * the function returns. Nothing is inferred from a version.
 */
#ifndef LIVE_FEATURES_H
#define LIVE_FEATURES_H

#include "target/host.h"

/* Each is 0, -errno as the kernel said, or FEATURE_NOT_ASKED. Takes a tenth of a second: links are slow to go. */
void features_ask(int ret_features[FEATURE_NR]);
/* FEATURE_RETURN_SECCOMP alone: of a child of ours, which may die of it. */
int features_ask_return(void);

#endif
