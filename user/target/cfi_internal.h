/* cfi_internal.h: what the files cfi*.c share. Of the bytes nothing is believed: each read looks at what is left. */
#ifndef TARGET_CFI_INTERNAL_H
#define TARGET_CFI_INTERNAL_H

#include "base/vec.h"
#include "target/cfi.h"

struct cfi_place { /* of a function's entry, in files without a search table */
	uint64_t start;
	size_t offset;
};

struct cfi {
	struct cfi_bytes frames, header;
	uint8_t *owned[2]; /* what cfi_open() has read */
	size_t table;	/* where the search table begins in `header`; 0: there is none */
	size_t nr;	/* its entries */
	bool walked;
	VEC(struct cfi_place) places; /* sorted by start; filled when `walked` */
};

/* A position in bytes. What would read behind the end reads 0 and says so. */
struct cfi_reader {
	const struct cfi_bytes *from;
	size_t at, end;
	bool failed;
};

/* A little-endian number of @bytes (1, 2, 4, 8). */
uint64_t cfi_take(struct cfi_reader *r, size_t bytes);
uint64_t cfi_take_uleb(struct cfi_reader *r);
int64_t cfi_take_sleb(struct cfi_reader *r);
void cfi_skip(struct cfi_reader *r, uint64_t bytes);
/* A pointer in one of the forms of DW_EH_PE_*; @data is what those are relative to that say so. */
uint64_t cfi_take_pointer(struct cfi_reader *r, uint8_t encoding, uint64_t data);

/* An entry: what is common to many functions, and what is one's own. */
struct cfi_entry {
	uint64_t start, end;	  /* of the function */
	uint64_t code_factor;
	int64_t data_factor;
	uint8_t encoding;
	uint8_t landings_encoding; /* 0xff: it has no table of these */
	size_t landings;	   /* where the pointer to it stands */
	bool signal;
	size_t first, first_end;  /* instructions of the CIE, in .eh_frame */
	size_t own, own_end;	  /* of the FDE */
};

/* The entry of the function that holds @address. */
int cfi_entry(struct cfi *c, uint64_t address, struct cfi_entry *ret);
/* The address of its table of where exceptions land, 0: it has none. -EINVAL: that cannot be understood. */
int cfi_entry_landings(const struct cfi *c, const struct cfi_entry *e, uint64_t *ret);

#endif
