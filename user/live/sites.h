/*
 * sites.h: small functions of our own to set probes on, each beginning with another instruction. Nobody else calls them, so
 * that no other probe's hits are counted.
 */
#ifndef LIVE_SITES_H
#define LIVE_SITES_H

#include "base/util.h"

struct site {
	const char *instruction; /* the mnemonic of its first one */
	bool emulated;		 /* by the kernel, as code_instruction() says */
	void (*call)(uint64_t arg0);
};

/* The first: "push". Ends with an instruction that is NULL. */
extern const struct site sites[];

/* The site for an instruction ("push %rbp"); one of the same kind where its mnemonic has none. */
const struct site *site_for(const char *instruction, bool emulated);

/* The file that all of them are in. */
#define SITES_PATH "/proc/self/exe"
/* Where a site is in it. -ENOENT: /proc does not show us. */
int site_offset(const struct site *site, uint64_t *ret_offset);

#endif
