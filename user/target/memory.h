/*
 * memory.h: reading a running process's memory, without stopping it and without making a page present
 * that is not (bit 63 of pagemap: reading an absent page would grow the target).
 */
#ifndef TARGET_MEMORY_H
#define TARGET_MEMORY_H

#include "base/diag.h"
#include "base/vec.h"

struct memory; /* opaque: descriptors of one process */

int memory_open(int pid, struct memory **ret, struct diag *d);
void memory_free(struct memory *m);

/*
 * Reading much takes long: @pause is called now and then meanwhile. It must not read this process's memory. NULL: nothing is.
 */
void memory_set_pause(struct memory *m, void (*pause)(void *context), void *context);
/* Call it. */
void memory_pause(struct memory *m);

/* Was a page met that is swapped out, since this was last asked? What lies there is not known, and stays where it is. */
bool memory_met_swapped(struct memory *m);

/* @len bytes at @address, all or nothing. -EFAULT: not present or not mapped; -ESRCH: the process is gone. */
int memory_read(struct memory *m, uint64_t address, void *bytes, size_t len);

/* Several ranges, as one system call where that can be: close together in time. All or nothing. */
struct memory_range {
	uint64_t address;
	void *bytes;
	size_t len;
};
int memory_read_ranges(struct memory *m, const struct memory_range *ranges, size_t nr);

/*
 * Find every 8-byte aligned word that holds one of @words in the present pages of private writable anonymous
 * memory and the heap. @found gets (address, index in words).
 */
struct memory_hit {
	uint64_t address;
	size_t word;
};
typedef VEC(struct memory_hit) memory_hits;
int memory_scan(struct memory *m, const uint64_t *words, size_t nr, memory_hits *found, uint64_t *ret_bytes_read);

#endif
