#include "stream/file_chunk.h"

#include <string.h>

enum {
	MARK_BYTES = 4,
	CHECKED_BYTES = 32, /* of a header, by the four behind them */
	TYPE_MASK = 0xff,
	TYPE_MORE = 0x100,
	TYPE_CONTINUES = 0x200,
	TYPE_BITS = TYPE_MASK | TYPE_MORE | TYPE_CONTINUES,
};

uint32_t file_chunk_type_word(const struct file_chunk *c)
{
	return (uint32_t)c->type | (c->more ? TYPE_MORE : 0) | (c->continues ? TYPE_CONTINUES : 0);
}

void file_chunk_set_type(struct file_chunk *c, uint32_t word)
{
	c->type = word & ~(uint32_t)TYPE_BITS ? 0 : word & TYPE_MASK;
	c->more = word & TYPE_MORE;
	c->continues = word & TYPE_CONTINUES;
}

void file_chunk_add_header(struct str *s, const struct file_chunk *c, const char *payload)
{
	size_t begin = s->len;

	str_add_bytes(s, FILE_CHUNK_MARK, MARK_BYTES);
	file_add_u32(s, file_chunk_type_word(c));
	file_add_u32(s, c->len);
	file_add_u32(s, c->records);
	file_add_u64(s, c->time_ns);
	file_add_u64(s, file_checksum(payload, c->len));
	file_add_u32(s, (uint32_t)file_checksum(s->p + begin, CHECKED_BYTES));
}

bool file_chunk_parse_header(const char *p, struct file_chunk *ret)
{
	uint32_t type = file_u32(p + 4);

	*ret = (struct file_chunk){
		.len = file_u32(p + 8),
		.records = file_u32(p + 12),
		.time_ns = file_u64(p + 16),
		.checksum = file_u64(p + 24),
		.header = FILE_CHUNK_HEADER,
	};
	file_chunk_set_type(ret, type);
	return !memcmp(p, FILE_CHUNK_MARK, MARK_BYTES) && type & TYPE_MASK && ret->len <= FILE_CHUNK_MAX &&
	       (uint32_t)file_checksum(p, CHECKED_BYTES) == file_u32(p + CHECKED_BYTES);
}

static bool parse_first_header(const char *p, struct file_chunk *ret)
{
	uint32_t type = file_u32(p);

	*ret = (struct file_chunk){
		.type = type,
		.len = file_u32(p + 4),
		.checksum = file_u64(p + 8),
		.header = FILE_CHUNK_HEADER_FIRST,
	};
	return type && type <= TYPE_MASK && ret->len <= FILE_CHUNK_MAX;
}

/* In the first format the checksum is of type and length as well, which are put next to the payload for it. */
static bool is_whole(char *p, unsigned version, const struct file_chunk *c)
{
	if (version >= 2)
		return file_checksum(c->payload, c->len) == c->checksum;
	memcpy(p + 8, p, 8);
	return file_checksum(p + 8, 8 + (size_t)c->len) == c->checksum;
}

int file_chunk_next(struct file_input *in, unsigned version, struct file_chunk *ret)
{
	size_t header = version >= 2 ? FILE_CHUNK_HEADER : FILE_CHUNK_HEADER_FIRST;
	int err = file_input_want(in, header);
	bool valid;

	*ret = (struct file_chunk){.at = in->offset, .header = (uint32_t)header};
	if (err)
		return err;
	if (file_input_len(in) < header)
		return file_input_len(in) ? CHUNK_CUT_HEADER : CHUNK_NONE;
	valid = version >= 2 ? file_chunk_parse_header(file_input_bytes(in), ret) :
			       parse_first_header(file_input_bytes(in), ret);
	ret->at = in->offset;
	if (!valid)
		return CHUNK_WRONG;
	err = file_input_want(in, header + ret->len);
	if (err)
		return err;
	if (file_input_len(in) < header + ret->len)
		return CHUNK_CUT;
	ret->payload = file_input_bytes(in) + header;
	ret->whole = is_whole(file_input_bytes(in), version, ret);
	return CHUNK_FOUND;
}

/* Skip to the next byte that may begin a chunk, one at least. */
static void skip_to_mark(struct file_input *in)
{
	size_t len = file_input_len(in);
	char *p = file_input_bytes(in), *mark = memchr(p + 1, FILE_CHUNK_MARK[0], len - 1);

	file_input_skip(in, mark ? (size_t)(mark - p) : len);
}

int file_chunk_resume(struct file_input *in, unsigned version, bool *ret_found)
{
	int err = file_input_want(in, 1);
	struct file_chunk c;

	*ret_found = false;
	while (!err && file_input_len(in)) {
		skip_to_mark(in);
		err = file_input_want(in, FILE_CHUNK_HEADER);
		if (err || file_input_len(in) < FILE_CHUNK_HEADER || version < 2)
			continue;
		*ret_found = file_chunk_parse_header(file_input_bytes(in), &c);
		if (*ret_found)
			break;
	}
	return err;
}
