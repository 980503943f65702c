/*
 * jump_table.h: where a switch leads to: a jump to an address that was computed from a table of distances, of which compilers make
 * just one form, and the comparison before it that says how many entries there are.
 */
#ifndef TARGET_JUMP_TABLE_H
#define TARGET_JUMP_TABLE_H

#include "target/flow.h"

typedef VEC(uint64_t) addresses;

/*
 * The addresses that step @jump of @flow may lead to, each once and in no order, added to @ret. False: it is no such table, or not
 * all of what says so stands right before the jump.
 */
bool jump_table_read(struct elf_file *f, const struct flow *flow, size_t jump, addresses *ret);

#endif
