/* emulated.h: what the kernel does with the instruction under a probe, by its bytes. For the files of target/ only. */
#ifndef TARGET_EMULATED_H
#define TARGET_EMULATED_H

#include "base/util.h"

/* Does it emulate the instruction? Else it is single-stepped. */
bool instruction_is_emulated(const uint8_t *code, size_t len);

/*
 * And may a probe stand there where it need not: in every kernel with these probes, and without a risk? A jump or the push of a
 * register. Not a nop: kernels from 6.18 on replace all bytes of some, and old ones refuse some. Not a call: before they knew of
 * shadow stacks, which was late, they wrote no return address to them.
 */
bool instruction_is_site(const uint8_t *code, size_t len);

#endif
