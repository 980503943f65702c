/*
 * As the System V ABI for x86-64 and the Linux Standard Base have them: .eh_frame_hdr (sorted, what the unwinder itself searches),
 * .eh_frame, and the tables of the C++ personality. Numbers in them are the file's: each read is bounded by the file, each loop too.
 */
#include "target/landings.h"

#include "target/elf_file_internal.h"

#include <errno.h>
#include <string.h>

/* How pointers are written there. */
enum { FORM = 0x0f, APPLIED = 0x70, OMITTED = 0xff };
enum { FORM_NATIVE = 0, FORM_ULEB = 1, FORM_U2 = 2, FORM_U4 = 3, FORM_U8 = 4, FORM_SLEB = 9, FORM_S2 = 10, FORM_S4 = 11, FORM_S8 = 12 };
enum { TO_ZERO = 0, TO_ITSELF = 0x10 };
/* The table of .eh_frame_hdr: pairs of 4 bytes, from its own address. */
enum { HEADER_BYTES = 12, TABLE_FORM = 0x3b, COUNT_FORM = 0x03, HEADER_POINTER_FORM = 0x1b };
enum { LANDINGS_MAX = 1 << 16, BUFFER = 256 };

struct cursor {
	struct elf_file *elf;
	uint64_t address; /* of the next byte */
	bool bad;
	uint64_t start; /* of the bytes in the buffer */
	size_t len;
	uint8_t buffer[BUFFER];
};

static struct cursor cursor_at(struct elf_file *f, uint64_t address)
{
	struct cursor c;

	memset(&c, 0, sizeof(c));
	c.elf = f;
	c.address = address;
	return c;
}

static uint8_t read_byte(struct cursor *c)
{
	if (c->address - c->start >= c->len) {
		c->start = c->address;
		c->len = elf_file_read(c->elf, c->address, c->buffer, sizeof(c->buffer));
	}
	if (!c->len) {
		c->bad = true;
		return 0;
	}
	return c->buffer[c->address++ - c->start];
}

static uint64_t read_number(struct cursor *c, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)read_byte(c) << (8 * i);
	return value;
}

static uint64_t read_signed(struct cursor *c, unsigned int bytes)
{
	uint64_t value = read_number(c, bytes), sign = 1ULL << (8 * bytes - 1);

	return (value ^ sign) - sign;
}

static uint64_t read_leb(struct cursor *c, bool is_signed)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = read_byte(c);
		if (shift >= 63 && byte & ~1)
			c->bad = true;
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && !c->bad);
	if (is_signed && byte & 0x40 && shift < 64)
		value |= ~0ULL << shift;
	return value;
}

static uint64_t read_form(struct cursor *c, uint8_t form)
{
	static const struct {
		uint8_t form, bytes;
		bool is_signed;
	} forms[] = {
		{ FORM_NATIVE, 8, false }, { FORM_U2, 2, false }, { FORM_U4, 4, false }, { FORM_U8, 8, false },
		{ FORM_S2, 2, true },	   { FORM_S4, 4, true },  { FORM_S8, 8, false },
	};

	if (form == FORM_ULEB || form == FORM_SLEB)
		return read_leb(c, form == FORM_SLEB);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (forms[i].form == form)
			return forms[i].is_signed ? read_signed(c, forms[i].bytes) : read_number(c, forms[i].bytes);
	c->bad = true;
	return 0;
}

/* A pointer. One that is read through another one, or starts elsewhere, is none of a place in code. */
static uint64_t read_pointer(struct cursor *c, uint8_t encoding)
{
	uint64_t here = c->address, value = read_form(c, encoding & FORM);

	if (encoding & 0x80 || ((encoding & APPLIED) != TO_ZERO && (encoding & APPLIED) != TO_ITSELF))
		c->bad = true;
	/* 0 is none, wherever it stands. */
	return (encoding & APPLIED) == TO_ITSELF && value ? value + here : value;
}

/* What a common entry says of those that refer to it. */
struct common {
	uint8_t pointers, landings; /* encodings; OMITTED: none */
	bool sized;		    /* there is a length before what the encodings are for */
};

static void skip(struct cursor *c, uint8_t encoding)
{
	read_form(c, encoding & FORM);
}

/* The letters of an augmentation, behind 'z'. */
static void read_letters(struct cursor *c, const char *letters, struct common *ret)
{
	for (; *letters && !c->bad; letters++) {
		if (*letters == 'R')
			ret->pointers = read_byte(c);
		else if (*letters == 'L')
			ret->landings = read_byte(c);
		else if (*letters == 'P')
			skip(c, read_byte(c));
		else if (*letters != 'S' && *letters != 'B')
			c->bad = true;
	}
}

static int read_common(struct elf_file *f, uint64_t address, struct common *ret)
{
	struct cursor c = cursor_at(f, address);
	uint64_t bytes = read_number(&c, 4), id = read_number(&c, 4);
	char letters[8] = "";
	uint8_t version = read_byte(&c);
	size_t nr = 0;

	*ret = (struct common){ .landings = OMITTED };
	if (bytes == UINT32_MAX || id || (version != 1 && version != 3))
		return -ENOTSUP;
	while (nr < sizeof(letters) && (letters[nr] = (char)read_byte(&c)))
		nr++;
	if (nr == sizeof(letters) || (nr && letters[0] != 'z'))
		return -ENOTSUP;
	read_leb(&c, false);
	read_leb(&c, true);
	if (version == 1)
		read_byte(&c);
	else
		read_leb(&c, false);
	ret->sized = nr;
	if (nr) {
		read_leb(&c, false);
		read_letters(&c, letters + 1, ret);
	}
	return c.bad ? -ENOTSUP : 0;
}

static int read_part(struct elf_file *f, uint64_t address, struct code_part *ret)
{
	struct cursor c = cursor_at(f, address);
	uint64_t bytes = read_number(&c, 4), back = read_number(&c, 4);
	struct common common;

	if (c.bad || bytes == UINT32_MAX || !back || back > address + 4 || read_common(f, address + 4 - back, &common))
		return -ENOTSUP;
	*ret = (struct code_part){ .address = read_pointer(&c, common.pointers) };
	ret->bytes = read_form(&c, common.pointers & FORM);
	if (common.sized && read_leb(&c, false) && common.landings != OMITTED)
		ret->landings = read_pointer(&c, common.landings);
	return c.bad ? -ENOTSUP : 0;
}

/* Where .eh_frame_hdr is. False: there is none. */
static bool find_header(struct elf_file *f, uint64_t *ret)
{
	size_t nr = 0;

	if (elf_getphdrnum(f->elf, &nr))
		return false;
	for (size_t i = 0; i < nr && i < INT32_MAX; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(f->elf, (int)i, &header) && header.p_type == PT_GNU_EH_FRAME && header.p_filesz) {
			*ret = header.p_vaddr;
			return true;
		}
	}
	return false;
}

struct table {
	uint64_t header, entries;
	uint64_t nr;
};

static int open_table(struct elf_file *f, struct table *ret)
{
	struct cursor c;

	*ret = (struct table){};
	if (!find_header(f, &ret->header))
		return -ENOENT;
	c = cursor_at(f, ret->header);

	uint8_t version = read_byte(&c), pointer = read_byte(&c), count = read_byte(&c), table = read_byte(&c);

	if (version != 1 || pointer != HEADER_POINTER_FORM || count != COUNT_FORM || table != TABLE_FORM)
		return -ENOTSUP;
	read_number(&c, 4);
	ret->nr = read_number(&c, 4);
	ret->entries = c.address;
	return c.bad ? -ENOTSUP : 0;
}

/* Entry @i: where code begins, and what is said of it. */
static bool read_entry(struct elf_file *f, const struct table *t, uint64_t i, uint64_t *ret_code, uint64_t *ret_entry)
{
	struct cursor c = cursor_at(f, t->entries + 8 * i);

	*ret_code = t->header + read_signed(&c, 4);
	*ret_entry = t->header + read_signed(&c, 4);
	return !c.bad;
}

int code_part_at(struct elf_file *f, uint64_t address, struct code_part *ret)
{
	uint64_t low = 0, high, code, entry;
	struct table t;
	int err = open_table(f, &t);

	*ret = (struct code_part){};
	if (err)
		return err;
	/* The last one that does not begin behind the address is below @high. */
	for (high = t.nr; low < high;) {
		uint64_t middle = low + (high - low) / 2;

		if (!read_entry(f, &t, middle, &code, &entry))
			return -ENOTSUP;
		if (code <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return -ENOENT;
	if (!read_entry(f, &t, low - 1, &code, &entry) || read_part(f, entry, ret) || ret->address != code)
		return -ENOTSUP;
	if (address - ret->address < ret->bytes)
		return 0;
	*ret = (struct code_part){};
	return -ENOENT;
}

int code_part_landings(struct elf_file *f, const struct code_part *part, code_landings *ret)
{
	struct cursor c = cursor_at(f, part->landings);
	uint64_t from = part->address, end;
	uint8_t encoding;

	if (!part->landings)
		return 0;
	encoding = read_byte(&c);
	if (encoding != OMITTED)
		from = read_pointer(&c, encoding);
	/* Types, which do not matter here. */
	if (read_byte(&c) != OMITTED)
		read_leb(&c, false);
	encoding = read_byte(&c);
	end = read_leb(&c, false);
	if (c.bad || encoding & ~FORM || end > UINT64_MAX - c.address)
		return -ENOTSUP;
	end += c.address;
	for (size_t i = 0; c.address < end; i++) {
		struct code_landing landing = { .address = part->address + read_form(&c, encoding) };

		landing.bytes = read_form(&c, encoding);
		landing.pad = read_form(&c, encoding);
		read_leb(&c, false);
		if (c.bad || i > LANDINGS_MAX)
			return -ENOTSUP;
		if (!landing.pad)
			continue;
		landing.pad += from;
		vec_push(ret, landing);
	}
	return 0;
}
