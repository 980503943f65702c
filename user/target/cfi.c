/* Which entry of .eh_frame is a function's: by the linker's search table, or by walking over all of them once. */
#include "target/cfi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/cfi_internal.h"
#include "target/elf_file_internal.h"

enum {
	TABLE_FORM = 0x3b, /* of .eh_frame_hdr: 4 bytes, signed, relative to its beginning; what all linkers write */
	OMITTED = 0xff,
	PAIR = 8, /* bytes of one entry of the table */
	SECTION_MAX = 1 << 27,
	LETTERS_MAX = 16,
};

/* ---- entries ---- */

/* The next entry: its first byte behind the length, and its end. False at the end of all. */
static bool next_entry(struct cfi_reader *r, struct cfi_reader *ret)
{
	uint64_t len = cfi_take(r, 4);

	if (len == UINT32_MAX)
		len = cfi_take(r, 8);
	if (r->failed || !len || len > r->end - r->at)
		return false;
	*ret = (struct cfi_reader){ .from = r->from, .at = r->at, .end = r->at + len };
	r->at += len;
	return true;
}

/* What the letters of an augmentation say. False: one that is not known, behind which nothing can be understood. */
static bool take_augmentation(struct cfi_reader *r, const char *letters, struct cfi_entry *e)
{
	uint64_t len = cfi_take_uleb(r);
	size_t end = r->at + len;

	if (r->failed || len > r->end - r->at)
		return false;
	for (; *letters; letters++) {
		uint8_t form;

		switch (*letters) {
		case 'R':
			e->encoding = (uint8_t)cfi_take(r, 1);
			break;
		case 'L':
			e->landings_encoding = (uint8_t)cfi_take(r, 1);
			break;
		case 'P':
			/* Of another function; that it may be indirect is nothing to us. */
			form = (uint8_t)cfi_take(r, 1);
			cfi_take_pointer(r, form & 0x7f, 0);
			break;
		case 'S':
			e->signal = true;
			break;
		default:
			return false;
		}
	}
	if (r->failed || r->at > end)
		return false;
	r->at = end;
	return true;
}

/* What functions have in common, at offset @at. Sets @ret_sized when their entries have augmentations. */
static bool read_common(const struct cfi *c, size_t at, struct cfi_entry *e, bool *ret_sized)
{
	struct cfi_reader all = { .from = &c->frames, .at = at, .end = c->frames.len }, r;
	const char *letters;
	uint64_t version;

	if (at > c->frames.len || !next_entry(&all, &r) || cfi_take(&r, 4))
		return false;
	version = cfi_take(&r, 1);
	letters = (const char *)c->frames.p + r.at;
	if ((version != 1 && version != 3) ||
	    !memchr(letters, '\0', r.end - r.at < LETTERS_MAX ? r.end - r.at : LETTERS_MAX))
		return false;
	cfi_skip(&r, strlen(letters) + 1);
	e->code_factor = cfi_take_uleb(&r);
	e->data_factor = cfi_take_sleb(&r);
	if ((version == 1 ? cfi_take(&r, 1) : cfi_take_uleb(&r)) != CFI_RIP || r.failed)
		return false;
	*ret_sized = *letters == 'z';
	if (*letters && (!*ret_sized || !take_augmentation(&r, letters + 1, e)))
		return false;
	e->first = r.at;
	e->first_end = r.end;
	return true;
}

/* The function that the entry at @r is of. False: it is none, or cannot be understood. */
static bool read_function(const struct cfi *c, struct cfi_reader r, struct cfi_entry *ret)
{
	struct cfi_entry e = { .landings_encoding = OMITTED };
	size_t here = r.at;
	uint64_t back = cfi_take(&r, 4);
	bool sized;

	if (!back || back > here || !read_common(c, here - back, &e, &sized))
		return false;
	e.start = cfi_take_pointer(&r, e.encoding, 0);
	e.end = e.start + cfi_take_pointer(&r, e.encoding & 0x0f, 0);
	e.own = r.at;
	if (sized) {
		uint64_t len = cfi_take_uleb(&r);

		e.landings = len ? r.at : 0;
		cfi_skip(&r, len);
		e.own = r.at;
	}
	e.own_end = r.end;
	*ret = e;
	return !r.failed && e.start < e.end;
}

/* ---- finding ---- */

static int by_start(const void *a, const void *b)
{
	const struct cfi_place *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

static void walk(struct cfi *c)
{
	struct cfi_reader all = { .from = &c->frames, .end = c->frames.len }, r;

	c->walked = true;
	for (size_t at = 0; next_entry(&all, &r); at = all.at) {
		struct cfi_entry e;

		if (read_function(c, r, &e))
			vec_push(&c->places, ((struct cfi_place){ .start = e.start, .offset = at }));
	}
	if (c->places.nr)
		qsort(c->places.items, c->places.nr, sizeof(*c->places.items), by_start);
}

/* How many functions begin at @address or before it, and where the last one's entry is. */
static size_t find_walked(struct cfi *c, uint64_t address, size_t *ret)
{
	size_t low = 0, high;

	if (!c->walked)
		walk(c);
	high = c->places.nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->places.items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low)
		*ret = c->places.items[low - 1].offset;
	return low;
}

static int32_t table_word(const struct cfi *c, size_t index, size_t word)
{
	int32_t value;

	memcpy(&value, c->header.p + c->table + PAIR * index + 4 * word, sizeof(value));
	return value;
}

static size_t find_in_table(const struct cfi *c, uint64_t address, size_t *ret)
{
	int64_t relative = (int64_t)(address - c->header.address);
	size_t low = 0, high = c->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table_word(c, middle, 0) <= relative)
			low = middle + 1;
		else
			high = middle;
	}
	if (low)
		*ret = c->header.address + (uint64_t)(int64_t)table_word(c, low - 1, 1) - c->frames.address;
	return low;
}

int cfi_entry(struct cfi *c, uint64_t address, struct cfi_entry *ret)
{
	struct cfi_reader all = { .from = &c->frames, .end = c->frames.len }, r;

	if (!(c->table ? find_in_table(c, address, &all.at) : find_walked(c, address, &all.at)))
		return -ENOENT;
	if (all.at > all.end || !next_entry(&all, &r) || !read_function(c, r, ret))
		return -EINVAL;
	return address >= ret->start && address < ret->end ? 0 : -ENOENT;
}

int cfi_entry_landings(const struct cfi *c, const struct cfi_entry *e, uint64_t *ret)
{
	struct cfi_reader r = { .from = &c->frames, .at = e->landings, .end = e->own };

	*ret = 0;
	if (e->landings_encoding == OMITTED || !e->landings)
		return 0;

	/* 0 is none, wherever it stands. */
	uint64_t value = cfi_take_pointer(&r, e->landings_encoding & 0x0f, 0);

	if (!value && !r.failed)
		return 0;
	r = (struct cfi_reader){ .from = &c->frames, .at = e->landings, .end = e->own };
	*ret = cfi_take_pointer(&r, e->landings_encoding, 0);
	return r.failed ? -EINVAL : 0;
}

int cfi_function(struct cfi *c, uint64_t address, uint64_t *ret_start, uint64_t *ret_end)
{
	struct cfi_entry e;
	int err = cfi_entry(c, address, &e);

	if (err)
		return err;
	*ret_start = e.start;
	*ret_end = e.end;
	return 0;
}

/* ---- the bytes ---- */

/* The search table, if it is one. Returns .eh_frame's address as the header has it, 0 if it does not say. */
static uint64_t read_header(struct cfi *c)
{
	struct cfi_reader r = { .from = &c->header, .end = c->header.len };
	uint8_t form[4]; /* version, and of the pointer, the count and the table */
	uint64_t frames, nr;

	for (size_t i = 0; i < sizeof(form); i++)
		form[i] = (uint8_t)cfi_take(&r, 1);
	if (form[0] != 1 || form[1] == OMITTED)
		return 0;
	frames = cfi_take_pointer(&r, form[1], c->header.address);
	if (r.failed)
		return 0;
	if (form[2] == OMITTED || form[3] != TABLE_FORM)
		return frames;
	nr = cfi_take_pointer(&r, form[2], c->header.address);
	if (r.failed || !nr || nr > (r.end - r.at) / PAIR)
		return frames;
	c->table = r.at;
	c->nr = nr;
	return frames;
}

struct cfi *cfi_new(const struct cfi_bytes *frames, const struct cfi_bytes *header)
{
	struct cfi *c = xcalloc(1, sizeof(*c));

	c->frames = *frames;
	c->header = *header;
	if (read_header(c) != frames->address)
		c->table = 0;
	return c;
}

void cfi_free(struct cfi *c)
{
	if (!c)
		return;
	vec_release(&c->places);
	free(c->owned[0]);
	free(c->owned[1]);
	free(c);
}

/* The section that holds @address or, if that is 0, is called .eh_frame. */
static bool find_section(struct elf_file *f, uint64_t address, GElf_Shdr *ret)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(f->elf, &names))
		return false;
	while ((section = elf_nextscn(f->elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, ret) || ret->sh_type == SHT_NOBITS || !(ret->sh_flags & SHF_ALLOC))
			continue;
		name = elf_strptr(f->elf, names, ret->sh_name);
		if (address ? address >= ret->sh_addr && address - ret->sh_addr < ret->sh_size :
			      name && !strcmp(name, ".eh_frame"))
			return true;
	}
	return false;
}

/* Up to @len bytes at @address, into memory that becomes *@owned. */
static struct cfi_bytes read_bytes(struct elf_file *f, uint64_t address, uint64_t len, uint8_t **owned)
{
	struct cfi_bytes ret = { .address = address };

	if (len > f->bytes || len > SECTION_MAX)
		len = f->bytes < SECTION_MAX ? f->bytes : SECTION_MAX;
	*owned = xmalloc(len + 1);
	ret.len = elf_file_read(f, address, *owned, len);
	*owned = xreallocarray(*owned, ret.len + 1, 1);
	ret.p = *owned;
	return ret;
}

static struct cfi_bytes read_header_bytes(struct elf_file *f, uint8_t **owned)
{
	size_t nr = 0;

	if (elf_getphdrnum(f->elf, &nr))
		nr = 0;
	for (size_t i = 0; i < nr && i < INT32_MAX; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(f->elf, (int)i, &header) && header.p_type == PT_GNU_EH_FRAME)
			return read_bytes(f, header.p_vaddr, header.p_filesz, owned);
	}
	return (struct cfi_bytes){};
}

int cfi_open(struct elf_file *f, struct cfi **ret, struct diag *d)
{
	struct cfi *c = xcalloc(1, sizeof(*c));
	uint64_t address, len = UINT64_MAX;
	GElf_Shdr section;

	c->header = read_header_bytes(f, &c->owned[0]);
	address = read_header(c);
	if (find_section(f, address, &section)) {
		address = address ? address : section.sh_addr;
		len = section.sh_size - (address - section.sh_addr);
	}
	if (address)
		c->frames = read_bytes(f, address, len, &c->owned[1]);
	if (c->frames.len) {
		*ret = c;
		return 0;
	}
	cfi_free(c);
	return diag_set(d, -ENOENT, "the file has no tables to unwind with (.eh_frame)");
}

struct cfi *cfi_of(struct elf_file *f)
{
	if (!f->cfi_looked) {
		f->cfi_looked = true;
		cfi_open(f, &f->cfi, NULL);
	}
	return f->cfi;
}
