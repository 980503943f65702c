#include "stream/file_format.h"

#include <errno.h>
#include <string.h>
#include <xxhash.h>

static void add_bytes_of(struct str *s, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		str_add_char(s, (char)(value >> 8 * i));
}

static uint64_t bytes_at(const void *p, size_t len)
{
	const unsigned char *bytes = p;
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++)
		value |= (uint64_t)bytes[i] << 8 * i;
	return value;
}

void file_add_u16(struct str *s, uint16_t value)
{
	add_bytes_of(s, value, 2);
}

void file_add_u32(struct str *s, uint32_t value)
{
	add_bytes_of(s, value, 4);
}

void file_add_u64(struct str *s, uint64_t value)
{
	add_bytes_of(s, value, 8);
}

uint16_t file_u16(const void *p)
{
	return (uint16_t)bytes_at(p, 2);
}

uint32_t file_u32(const void *p)
{
	return (uint32_t)bytes_at(p, 4);
}

uint64_t file_u64(const void *p)
{
	return bytes_at(p, 8);
}

void file_add_varint(struct str *s, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		str_add_char(s, (char)(value | 0x80));
	str_add_char(s, (char)value);
}

bool file_varint(struct file_bytes *b, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && b->p < b->end; shift += 7) {
		uint64_t byte = (unsigned char)*b->p++;

		if (shift == 63 && byte > 1)
			return false;
		value |= (byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret = value;
			return true;
		}
	}
	return false;
}

uint64_t file_checksum(const void *bytes, size_t len)
{
	return XXH3_64bits(bytes, len);
}

uint64_t file_chunk_checksum(char *chunk)
{
	memcpy(chunk + 8, chunk, 8);
	return file_checksum(chunk + 8, 8 + (size_t)file_u32(chunk + 4));
}

static const uint8_t value_types[] = {
	[FIELD_TYPE_NUMBER] = FILE_VALUE_NUMBER,
	[FIELD_TYPE_HEX] = FILE_VALUE_HEX,
	[FIELD_TYPE_TEXT] = FILE_VALUE_TEXT,
};

/* Time goes up by little; the other numbers are small, or differ without a pattern. */
static uint8_t value_type(int field)
{
	return field == FIELD_TIME_NS ? FILE_VALUE_DELTA : value_types[field_descs[field].type];
}

static void add_text(struct str *s, const char *text)
{
	size_t len = strlen(text);

	file_add_varint(s, len);
	str_add_bytes(s, text, len);
}

void file_schema_add(struct str *s)
{
	file_add_varint(s, RECORD_NR - 1);
	for (int kind = RECORD_NONE + 1; kind < RECORD_NR; kind++)
		add_text(s, kind_descs[kind].name);
	file_add_varint(s, FIELD_NR);
	for (int field = 0; field < FIELD_NR; field++) {
		file_add_varint(s, value_type(field));
		add_text(s, field_descs[field].name);
	}
}

/* Length and bytes of a text. The text is not terminated. */
static bool get_text(struct file_bytes *b, struct file_bytes *ret)
{
	uint64_t len = 0;

	if (!file_varint(b, &len) || len > (uint64_t)(b->end - b->p))
		return false;
	*ret = (struct file_bytes){b->p, b->p + len};
	b->p += len;
	return true;
}

static int schema_kinds(struct file_bytes *b, struct file_schema *schema)
{
	uint64_t nr = 0;

	if (!file_varint(b, &nr) || nr > FILE_KINDS_MAX)
		return -EBADMSG;
	for (; schema->nr_kinds < nr; schema->nr_kinds++) {
		struct file_bytes name;
		int kind;

		if (!get_text(b, &name))
			return -EBADMSG;
		kind = kind_by_name(name.p, (size_t)(name.end - name.p));
		schema->kinds[schema->nr_kinds] = (uint16_t)(kind < 0 ? RECORD_NONE : kind);
	}
	return 0;
}

static int schema_fields(struct file_bytes *b, struct file_schema *schema)
{
	uint64_t nr = 0;

	if (!file_varint(b, &nr) || nr > FILE_FIELDS_MAX)
		return -EBADMSG;
	for (; schema->nr_fields < nr; schema->nr_fields++) {
		struct file_bytes name;
		uint64_t type = 0;
		int field;

		if (!file_varint(b, &type) || type >= FILE_VALUE_NR || !get_text(b, &name))
			return -EBADMSG;
		field = field_by_name(name.p, (size_t)(name.end - name.p));
		if (field >= 0 && (field_descs[field].type == FIELD_TYPE_TEXT) != (type == FILE_VALUE_TEXT))
			field = -1;
		schema->fields[schema->nr_fields] = (int8_t)field;
		schema->types[schema->nr_fields] = (uint8_t)type;
	}
	return 0;
}

int file_schema_parse(struct file_bytes payload, struct file_schema *ret, const char **ret_why)
{
	*ret = (struct file_schema){};
	if (schema_kinds(&payload, ret)) {
		*ret_why = "its list of kinds is malformed";
		return -EBADMSG;
	}
	if (schema_fields(&payload, ret)) {
		*ret_why = "its list of fields is malformed";
		return -EBADMSG;
	}
	return 0;
}

void file_record_add(struct str *s, struct file_deltas *deltas, const struct record *r)
{
	BUG_ON(r->kind <= RECORD_NONE || r->kind >= RECORD_NR);
	BUG_ON(FIELD_NR < 64 && r->has >> FIELD_NR);
	file_add_varint(s, r->kind - 1);
	file_add_varint(s, r->has);
	for (int field = 0; field < FIELD_NR; field++) {
		if (!(r->has & 1ULL << field))
			continue;
		if (field_descs[field].type == FIELD_TYPE_TEXT) {
			add_text(s, record_text(r, (enum field)field));
			continue;
		}

		uint64_t value = record_number(r, (enum field)field);

		if (value_type(field) == FILE_VALUE_DELTA) {
			uint64_t difference = value - deltas->last[field];

			deltas->last[field] = value;
			value = difference << 1 ^ -(difference >> 63);
		}
		file_add_varint(s, value);
	}
}

/* A text, terminated: its bytes move to where its length began, which makes room for the NUL. */
static bool take_text(struct file_bytes *b, const char **ret)
{
	char *at = b->p;
	struct file_bytes text;
	size_t len;

	if (!get_text(b, &text))
		return false;
	len = (size_t)(text.end - text.p);
	if (memchr(text.p, '\0', len))
		return false;
	memmove(at, text.p, len);
	at[len] = '\0';
	*ret = at;
	return true;
}

static const char *take_value(struct file_reader *reader, unsigned number, struct record *r)
{
	enum file_value_type type = reader->schema->types[number];
	int field = reader->schema->fields[number];
	const char *text = NULL;
	uint64_t value = 0;

	if (type == FILE_VALUE_TEXT) {
		if (!take_text(&reader->bytes, &text))
			return "a text is malformed";
		if (field >= 0)
			record_set_text(r, (enum field)field, text);
		return NULL;
	}
	if (!file_varint(&reader->bytes, &value))
		return "a number is malformed";
	if (type == FILE_VALUE_DELTA) {
		reader->deltas.last[number] += value >> 1 ^ -(value & 1);
		value = reader->deltas.last[number];
	}
	if (field >= 0)
		record_set_number(r, (enum field)field, value);
	return NULL;
}

static const char *take_record(struct file_reader *reader, struct record *r)
{
	const struct file_schema *schema = reader->schema;
	uint64_t kind = 0, mask = 0;

	if (!file_varint(&reader->bytes, &kind) || kind >= schema->nr_kinds)
		return "a record has a kind that the schema lacks";
	if (!file_varint(&reader->bytes, &mask) || (schema->nr_fields < 64 && mask >> schema->nr_fields))
		return "a record has a field that the schema lacks";
	r->kind = (enum record_kind)schema->kinds[kind];
	for (unsigned number = 0; number < schema->nr_fields; number++) {
		const char *why = mask & 1ULL << number ? take_value(reader, number, r) : NULL;

		if (why)
			return why;
	}
	return NULL;
}

int file_record_next(struct file_reader *reader, struct record *ret, const char **ret_why)
{
	const char *why;

	*ret = (struct record){};
	why = take_record(reader, ret);
	if (!why)
		return 0;
	*ret_why = why;
	return -EBADMSG;
}
