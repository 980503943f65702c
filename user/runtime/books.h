/*
 * books.h: the runtime's own books, read from outside while the process runs. tt-metal: each device's allocator has four
 * managers, each manager a free list whose vectors say which blocks are allocated.
 */
#ifndef RUNTIME_BOOKS_H
#define RUNTIME_BOOKS_H

#include "runtime/bind.h"
#include "target/memory.h"

struct book_block {
	uint64_t address; /* as the runtime gives it: base added */
	uint64_t bytes;	  /* of a bank */
};

/* One pool's page in the books. */
struct book_arena {
	uint64_t object, owner;
	const char *pool; /* the runtime's name */
	uint64_t list; /* address of the free list */
	uint64_t banks, bank_bytes, base, grain, align;
	uint64_t shrunk; /* bytes of each bank before `base` that were taken away from it */
	uint64_t lists; /* that it has, 0: not known; blocks are those of the first */
	bool consistent; /* the blocks tile the bank: nothing was torn */
	VEC(struct book_block) blocks; /* live ones, by address */
};

typedef VEC(struct book_arena) book_arenas;
void book_arenas_release(book_arenas *a);

struct books; /* opaque: a process's owners, found by a scan */

/* @bias: load address minus virtual address of the bound ELF file in the process. -ENOTSUP: the runtime has no books. */
int books_new(const struct binding *b, struct memory *memory, uint64_t bias, struct books **ret, struct diag *d);
void books_free(struct books *books);
/*
 * The process has loaded the same file again, at @bias (dlmopen): what is there is found by the next scan. -E2BIG: it has been
 * loaded too often, and this is left out.
 */
int books_add_place(struct books *books, uint64_t bias);

/* Look for owners in the whole memory (12 ms for 30 MB): at first, and when a hit named an arena that is not known. */
int books_scan(struct books *books, struct diag *d);
/*
 * Was nothing swapped out of what the last scan and the last books_read() looked at? Else there may be more than was found, and
 * what was not found may be there.
 */
bool books_whole(const struct books *books);
/* True if the arena's object is one that the last scan found. */
bool books_know(const struct books *books, uint64_t object);

/*
 * Read every known arena; a torn one is tried again up to @tries times, then has consistent = false and no blocks.
 * An owner whose object is gone is left out. Returns 0, -ESRCH when the process is gone.
 */
int books_read(struct books *books, unsigned int tries, book_arenas *ret);
/* Read one arena by its object's address, known or not (owner 0 when unknown); blocks not read when @blocks is false. */
int books_read_arena(struct books *books, uint64_t object, bool blocks, struct book_arena *ret);

/*
 * Is the arena at @object one that books_read() leaves out, although it is a pool's, since it repeats what another device's has
 * allocated? Looks at what the last scan found.
 */
bool books_hide(struct books *books, uint64_t object);

/* What is known of the device that an owner belongs to. */
struct book_device {
	uint64_t mesh; /* the runtime's number of the object */
	uint64_t parent; /* owner of the mesh that it is a part of; 0: none, or not known */
	size_t count; /* of chips; 0: not known */
	VEC(uint64_t) chips; /* their numbers, ascending; none: not known */
	bool has_mesh;
};
void book_device_release(struct book_device *d);

/*
 * What is known now of the device of @owner, from the objects that the last scan found; does not scan. Returns 0, -ENOENT when
 * nothing is, -ENOTSUP when nothing ever will be, -ESRCH when the process is gone. The caller releases @ret after 0.
 */
int books_device(struct books *books, uint64_t owner, struct book_device *ret);

/*
 * The owner that a device uses, by the address of any of its objects (tt-metal: a MeshDevice, its MeshDeviceImpl, a chip's
 * Device). 0: not known. Reads the process's memory; needs no scan.
 */
uint64_t books_owner_of_device(struct books *books, uint64_t object);

#endif
