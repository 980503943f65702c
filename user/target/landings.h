/*
 * landings.h: what a file's unwind tables (.eh_frame) say of its code: which bytes belong together, and where in them an exception
 * that passes is caught, or stopped by for a while. They are there in stripped files as well: no exception passes code without.
 */
#ifndef TARGET_LANDINGS_H
#define TARGET_LANDINGS_H

#include "base/vec.h"
#include "target/elf_file.h"

/* A function, or a part of one that was moved elsewhere. */
struct code_part {
	uint64_t address, bytes;
	uint64_t landings; /* address of the table of these, 0: none */
};

/* An exception out of a call that lies in these bytes goes on at @pad, in the same frame. */
struct code_landing {
	uint64_t address, bytes, pad;
};

typedef VEC(struct code_landing) code_landings;

/* The part that holds @address. -ENOENT: the tables have none, or there are no tables; -ENOTSUP: they are not understood. */
int code_part_at(struct elf_file *f, uint64_t address, struct code_part *ret);

/* Where exceptions land that pass the part: added to @ret. -ENOTSUP: that is not understood. */
int code_part_landings(struct elf_file *f, const struct code_part *part, code_landings *ret);

#endif
