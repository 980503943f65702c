/*
 * .eh_frame says of each function where the table of its C++ personality lies (Itanium C++ ABI: Exception Handling, "LSDA"). Numbers
 * in it are the file's: each read is bounded by what was read of the file, each loop too.
 */
#include "target/landings.h"

#include "target/cfi_internal.h"
#include "target/elf_file_internal.h"

#include <errno.h>
#include <stdlib.h>

/* HEADER: two bytes and two numbers of at most 10 each before the calls, and a pointer. */
enum { OMITTED = 0xff, FORM = 0x0f, HEADER = 32, TABLE_MAX = 1 << 20 };

int code_part_at(struct elf_file *f, uint64_t address, struct code_part *ret)
{
	struct cfi *c = cfi_of(f);
	struct cfi_entry e;
	int err = c ? cfi_entry(c, address, &e) : -ENOENT;

	*ret = (struct code_part){};
	if (!err)
		err = cfi_entry_landings(c, &e, &ret->landings);
	if (err)
		return err == -EINVAL ? -ENOTSUP : err;
	ret->address = e.start;
	ret->bytes = e.end - e.start;
	return 0;
}

/* What stands before the calls. */
struct head {
	uint64_t from;	  /* pads are told from here */
	uint8_t encoding; /* of the calls */
	uint64_t end;	  /* of these, from the table's beginning */
};

static bool take_head(struct cfi_reader *r, const struct code_part *part, struct head *ret)
{
	uint8_t encoding = (uint8_t)cfi_take(r, 1);

	*ret = (struct head){ .from = encoding == OMITTED ? part->address : cfi_take_pointer(r, encoding, 0) };
	/* Types, which do not matter here. */
	if (cfi_take(r, 1) != OMITTED)
		cfi_take_uleb(r);
	ret->encoding = (uint8_t)cfi_take(r, 1);
	ret->end = cfi_take_uleb(r);
	if (r->failed || ret->encoding & ~FORM || ret->end > TABLE_MAX)
		return false;
	ret->end += r->at;
	return true;
}

static int take_calls(struct cfi_reader *r, const struct code_part *part, const struct head *head, code_landings *ret)
{
	while (r->at < r->end) {
		struct code_landing landing = { .address = part->address + cfi_take_pointer(r, head->encoding, 0) };

		landing.bytes = cfi_take_pointer(r, head->encoding, 0);
		landing.pad = cfi_take_pointer(r, head->encoding, 0);
		cfi_take_uleb(r);
		if (r->failed)
			return -ENOTSUP;
		if (!landing.pad)
			continue;
		landing.pad += head->from;
		vec_push(ret, landing);
	}
	return 0;
}

int code_part_landings(struct elf_file *f, const struct code_part *part, code_landings *ret)
{
	uint8_t first[HEADER];
	struct cfi_bytes bytes = { .p = first, .address = part->landings };
	struct cfi_reader r = { .from = &bytes };
	struct head head;

	if (!part->landings)
		return 0;
	bytes.len = r.end = elf_file_read(f, part->landings, first, sizeof(first));
	if (!take_head(&r, part, &head))
		return -ENOTSUP;

	_cleanup_(freep) uint8_t *table = xmalloc(head.end);

	bytes.p = table;
	bytes.len = r.end = elf_file_read(f, part->landings, table, head.end);
	return r.end == head.end ? take_calls(&r, part, &head, ret) : -ENOTSUP;
}
