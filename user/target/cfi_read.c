/* Numbers and pointers in .eh_frame. */
#include "target/cfi_internal.h"

#include <string.h>

enum { /* DW_EH_PE_*: the form in the lower half, what it is relative to in the upper */
	FORM = 0x0f,
	FORM_ULEB = 0x01,
	FORM_SLEB = 0x09,
	RELATIVE = 0x70,
	RELATIVE_PC = 0x10,
	RELATIVE_DATA = 0x30,
	INDIRECT = 0x80,
};

uint64_t cfi_take(struct cfi_reader *r, size_t bytes)
{
	uint64_t value = 0;

	if (r->end - r->at < bytes) {
		r->failed = true;
		r->at = r->end;
		return 0;
	}
	memcpy(&value, r->from->p + r->at, bytes);
	r->at += bytes;
	return value;
}

uint64_t cfi_take_uleb(struct cfi_reader *r)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 70; shift += 7) {
		uint64_t byte = cfi_take(r, 1);

		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	r->failed = true;
	return 0;
}

int64_t cfi_take_sleb(struct cfi_reader *r)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 70; shift += 7) {
		uint64_t byte = cfi_take(r, 1);

		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (byte & 0x40 && shift < 57)
			value |= UINT64_MAX << (shift + 7);
		return (int64_t)value;
	}
	r->failed = true;
	return 0;
}

void cfi_skip(struct cfi_reader *r, uint64_t bytes)
{
	if (bytes > r->end - r->at) {
		r->failed = true;
		bytes = r->end - r->at;
	}
	r->at += bytes;
}

static uint64_t take_form(struct cfi_reader *r, uint8_t form)
{
	static const uint8_t sizes[8] = { 8, 0, 2, 4, 8, 0, 0, 0 };
	size_t bytes = sizes[form & 7];
	uint64_t value;

	if (form == FORM_ULEB)
		return cfi_take_uleb(r);
	if (form == FORM_SLEB)
		return (uint64_t)cfi_take_sleb(r);
	if (!bytes) {
		r->failed = true;
		return 0;
	}
	value = cfi_take(r, bytes);
	if (form & 8 && bytes < 8 && value >> (8 * bytes - 1))
		value |= UINT64_MAX << (8 * bytes);
	return value;
}

uint64_t cfi_take_pointer(struct cfi_reader *r, uint8_t encoding, uint64_t data)
{
	uint64_t place = r->from->address + r->at, value = take_form(r, encoding & FORM);

	if (encoding & INDIRECT)
		r->failed = true;
	switch (encoding & RELATIVE) {
	case 0:
		return value;
	case RELATIVE_PC:
		return value + place;
	case RELATIVE_DATA:
		return value + data;
	default:
		r->failed = true;
		return 0;
	}
}
