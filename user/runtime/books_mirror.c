/*
 * books_mirror.c: where a device (tt-metal: a mesh, in hybrid mode) lets its chips hand out parts of their banks by themselves,
 * each chip's own arena repeats what the device has allocated, lest it is handed out again. That is no second allocation.
 */
#include "runtime/books_parts.h"

#include <errno.h>

/* Is @chip among those of the device of another owner, a mesh? */
static int stands_in_mesh(struct books *books, uint64_t owner, uint64_t chip)
{
	for (size_t i = 0; i < books->owners.nr; i++) {
		struct book_device d;
		bool found = false;
		int err = books->owners.items[i].address == owner ? -ENOENT : books_device(books, books->owners.items[i].address, &d);

		if (err == -ESRCH)
			return err;
		for (size_t k = 0; !err && k < d.chips.nr; k++)
			found |= d.has_mesh && d.chips.items[k] == chip;
		if (!err)
			book_device_release(&d);
		if (found)
			return 1;
	}
	return 0;
}

int books_mirrors(struct books *books, const struct book_arena *a)
{
	struct book_device d;
	uint64_t chip = 0;
	bool alone;
	int err = a->lists > 1 && a->owner ? books_device(books, a->owner, &d) : -ENOENT;

	if (err)
		return err == -ESRCH ? err : 0;
	alone = !d.has_mesh && d.chips.nr == 1;
	if (alone)
		chip = d.chips.items[0];
	book_device_release(&d);
	return alone ? stands_in_mesh(books, a->owner, chip) : 0;
}

bool books_hide(struct books *books, uint64_t object)
{
	struct book_arena a;

	return !books_arena(books, object, &a) && books_mirrors(books, &a) == 1;
}
