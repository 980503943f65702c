/*
 * code_site.h: which instruction of a function is probed. What a hit costs depends on it: some the kernel emulates, for all others
 * it lets the thread execute a copy and traps again, which takes several times as long. Many functions begin with one of those
 * (endbr64, mov), and have one that is emulated (push) right behind it.
 */
#ifndef TARGET_CODE_SITE_H
#define TARGET_CODE_SITE_H

#include "target/elf_file.h"

struct code_site {
	uint64_t address; /* of the instruction */
	uint32_t into;	  /* bytes behind the function's entry */
	/* Of another one than the entry: "after endbr64". Of the entry: why it is that, NULL when that is emulated. Owned. */
	char *why;
};

/*
 * The first instruction of @function that is emulated and that a probe may stand on, when that is as good as the entry: every call
 * passes it once, with the arguments in their registers (of those whose bit 1 << i is in @arguments), the memory that they point to
 * as the caller left it, and the stack pointer at the return address. Else the entry. A call that faults before it has done
 * nothing yet, and is not seen.
 *
 * That it is passed once holds by the function's own code: no jump or call in it leads behind the entry and not behind the site,
 * and no other function begins there. A computed jump (a switch's) might; it cannot where the stack pointer is elsewhere.
 */
void code_choose_site(struct elf_file *f, const struct elf_symbol *function, unsigned int arguments, struct code_site *ret);
void code_site_release(struct code_site *site);

#endif
