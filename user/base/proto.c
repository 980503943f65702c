#include "base/proto.h"

#include <string.h>

enum { WIRE_NUMBER = 0, WIRE_BYTES = 2, NUMBER_MAX_BYTES = 10 };

static size_t encode(unsigned char bytes[NUMBER_MAX_BYTES], uint64_t value)
{
	size_t len = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[len++] = (unsigned char)(value | 0x80);
	bytes[len++] = (unsigned char)value;
	return len;
}

void proto_add_packed(struct str *s, uint64_t value)
{
	unsigned char bytes[NUMBER_MAX_BYTES];

	str_add_bytes(s, bytes, encode(bytes, value));
}

void proto_add_number(struct str *s, unsigned int field, uint64_t value)
{
	proto_add_packed(s, (uint64_t)field << 3 | WIRE_NUMBER);
	proto_add_packed(s, value);
}

void proto_add_text(struct str *s, unsigned int field, const char *text)
{
	size_t len = strlen(text);

	proto_add_packed(s, (uint64_t)field << 3 | WIRE_BYTES);
	proto_add_packed(s, len);
	str_add_bytes(s, text, len);
}

size_t proto_begin(struct str *s, unsigned int field)
{
	proto_add_packed(s, (uint64_t)field << 3 | WIRE_BYTES);
	/* Most messages are shorter than 128 bytes: their length takes one. */
	str_add_char(s, 0);
	return s->len;
}

void proto_end(struct str *s, size_t begin)
{
	unsigned char bytes[NUMBER_MAX_BYTES];
	size_t len = s->len - begin, more = encode(bytes, len) - 1;

	if (more) {
		str_add_bytes(s, bytes, more);
		memmove(s->p + begin + more, s->p + begin, len);
	}
	memcpy(s->p + begin - 1, bytes, more + 1);
}
