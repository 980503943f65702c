/* What a code object says: its texts, and the line of an instruction. Tables are read as they may be: cut, or of another object. */
#include "runtime/python.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

static void add_character(struct str *s, uint32_t c)
{
	if (c < 0x80) {
		str_add_char(s, (char)c);
	} else if (c < 0x800) {
		str_add_char(s, (char)(0xc0 | c >> 6));
		str_add_char(s, (char)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		str_add_char(s, (char)(0xe0 | c >> 12));
		str_add_char(s, (char)(0x80 | (c >> 6 & 63)));
		str_add_char(s, (char)(0x80 | (c & 63)));
	} else {
		str_add_char(s, (char)(0xf0 | (c >> 18 & 7)));
		str_add_char(s, (char)(0x80 | (c >> 12 & 63)));
		str_add_char(s, (char)(0x80 | (c >> 6 & 63)));
		str_add_char(s, (char)(0x80 | (c & 63)));
	}
}

static uint32_t character(const uint8_t *p, unsigned int kind)
{
	uint32_t c = 0;

	memcpy(&c, p, kind);
	return c;
}

/* A text of which all was read, in UTF-8. NULL: it is none, or was cut. */
static char *read_text(const struct python *p, const uint8_t *bytes, size_t got)
{
	const struct wire_python *w = &p->wire;
	struct str out = {};
	uint64_t length;
	uint32_t state;
	unsigned int kind, start;

	if (got < w->text_length + sizeof(length) || got < w->text_state + sizeof(state))
		return NULL;
	memcpy(&length, bytes + w->text_length, sizeof(length));
	memcpy(&state, bytes + w->text_state, sizeof(state));
	kind = state >> 2 & 7;
	start = state >> 6 & 1 ? w->text_ascii : w->text_other;
	/* Not compact: its characters are elsewhere. */
	if (!(state >> 5 & 1) || (kind != 1 && kind != 2 && kind != 4) || got < start || length > (got - start) / kind)
		return NULL;
	for (uint64_t i = 0; i < length; i++) {
		uint32_t c = character(bytes + start + i * kind, kind);

		if (!c)
			break;
		add_character(&out, c);
	}
	str_add(&out, "");
	return out.p ? out.p : xstrdup("");
}

void python_code_read(const struct python *p, const struct wire_python_code *wire, struct python_code *ret)
{
	size_t bytes = wire->got_table <= sizeof(wire->table) ? wire->got_table : 0;

	*ret = (struct python_code){.first_line = (uint32_t)wire->key.unique, .table_bytes = bytes};
	ret->path = read_text(p, wire->file, wire->got_file <= sizeof(wire->file) ? wire->got_file : 0);
	ret->name = read_text(p, wire->name, wire->got_name <= sizeof(wire->name) ? wire->got_name : 0);
	ret->table = xmalloc(bytes ? bytes : 1);
	memcpy(ret->table, wire->table, bytes);
}

void python_code_release(struct python_code *code)
{
	free(code->path);
	free(code->name);
	free(code->table);
	*code = (struct python_code){};
}

enum { NO_LINE_HERE = -128, CODE_SHORT_END = 10, CODE_ONE_LINE_END = 13, CODE_NO_COLUMNS = 13, CODE_LONG = 14, CODE_NONE = 15 };

/* 3.10: pairs of bytes, how far and how many lines. */
static uint32_t line_of_pairs(const struct python_code *code, int64_t at)
{
	int64_t line = code->first_line, end = 0;

	if (at < 0)
		return code->first_line;
	for (size_t i = 0; i + 1 < code->table_bytes; i += 2) {
		int8_t lines = (int8_t)code->table[i + 1];

		line += lines == NO_LINE_HERE ? 0 : lines;
		end += code->table[i];
		if (at < end)
			return lines == NO_LINE_HERE || line <= 0 || line > UINT32_MAX ? 0 : (uint32_t)line;
	}
	return 0;
}

struct locations {
	const uint8_t *p, *end;
};

static bool read_varint(struct locations *l, uint32_t *ret)
{
	*ret = 0;
	for (unsigned int shift = 0; l->p < l->end && shift < 32; shift += 6) {
		uint8_t byte = *l->p++;

		*ret |= (uint32_t)(byte & 63) << shift;
		if (!(byte & 64))
			return true;
	}
	return false;
}

/* What follows the first byte of an entry. False: it is cut. */
static bool read_location(struct locations *l, unsigned int code, int64_t *line)
{
	size_t skipped = code < CODE_SHORT_END ? 1 : code < CODE_ONE_LINE_END ? 2 : 0;
	uint32_t number, ignored;

	if (code >= CODE_SHORT_END && code < CODE_ONE_LINE_END)
		*line += code - CODE_SHORT_END;
	if (code == CODE_NO_COLUMNS || code == CODE_LONG) {
		if (!read_varint(l, &number))
			return false;
		*line += number & 1 ? -(int64_t)(number >> 1) : (int64_t)(number >> 1);
	}
	for (int i = 0; i < 3 && code == CODE_LONG; i++)
		if (!read_varint(l, &ignored))
			return false;
	if ((size_t)(l->end - l->p) < skipped)
		return false;
	l->p += skipped;
	return true;
}

/* 3.11 and later: entries of varying length, for some units of 2 bytes each. */
static uint32_t line_of_locations(const struct python_code *code, int64_t at)
{
	struct locations l = {code->table, code->table + code->table_bytes};
	int64_t line = code->first_line, end = 0;

	if (at < 0)
		return code->first_line;
	while (l.p < l.end) {
		uint8_t first = *l.p++;
		unsigned int kind = first >> 3 & 15;

		if (!read_location(&l, kind, &line))
			return 0;
		end += 2 * ((first & 7) + 1);
		if (at < end)
			return kind == CODE_NONE || line <= 0 || line > UINT32_MAX ? 0 : (uint32_t)line;
	}
	return 0;
}

uint32_t python_line(const struct python *p, const struct python_code *code, const struct wire_python_frame *frame)
{
	if (p->instructions == WIRE_PYTHON_NONE)
		return line_of_pairs(code, (int64_t)(int32_t)frame->at * 2);
	return line_of_locations(code, (int64_t)(frame->at - frame->key.code - p->instructions));
}
