#include "stream/file_format.h"

#include <errno.h>
#include <string.h>
#include <xxhash.h>

#include "stream/file_shape.h"

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

static const uint8_t value_types[] = {
	[FIELD_TYPE_NUMBER] = FILE_VALUE_NUMBER,
	[FIELD_TYPE_HEX] = FILE_VALUE_HEX,
	[FIELD_TYPE_SIGNED] = FILE_VALUE_NUMBER,
	[FIELD_TYPE_TEXT] = FILE_VALUE_TEXT,
};

static void add_text(struct str *s, const char *text)
{
	size_t len = strlen(text);

	file_add_varint(s, len);
	str_add_bytes(s, text, len);
}

void file_schema_ours(struct file_schema *ret)
{
	*ret = (struct file_schema){.nr_kinds = RECORD_NR - 1, .nr_fields = FIELD_NR};
	for (unsigned i = 0; i < ret->nr_kinds; i++) {
		ret->kinds[i] = (uint16_t)(i + 1);
		ret->roles[i] = (uint8_t)file_role_of((enum record_kind)(i + 1));
	}
	for (unsigned i = 0; i < ret->nr_fields; i++) {
		unsigned parameter;

		ret->fields[i] = (int8_t)i;
		ret->types[i] = value_types[field_descs[i].type];
		ret->methods[i] = (uint8_t)file_method_of((enum field)i, &parameter);
		ret->parameters[i] = (uint8_t)parameter;
	}
}

void file_schema_add(struct str *s)
{
	struct file_schema ours;

	file_schema_ours(&ours);
	file_add_varint(s, ours.nr_kinds);
	for (unsigned i = 0; i < ours.nr_kinds; i++) {
		file_add_varint(s, ours.roles[i]);
		add_text(s, kind_descs[i + 1].name);
	}
	file_add_varint(s, ours.nr_fields);
	for (unsigned i = 0; i < ours.nr_fields; i++) {
		file_add_varint(s, ours.types[i]);
		file_add_varint(s, ours.methods[i]);
		file_add_varint(s, ours.parameters[i]);
		add_text(s, field_descs[i].name);
	}
}

bool file_text(struct file_bytes *b, struct file_bytes *ret)
{
	uint64_t len = 0;

	if (!file_varint(b, &len) || len > (uint64_t)(b->end - b->p))
		return false;
	*ret = (struct file_bytes){b->p, b->p + len};
	b->p += len;
	return true;
}

/* A small number; the first format has none, and there it is 0. */
static bool get_small(struct file_bytes *b, unsigned version, unsigned limit, uint8_t *ret)
{
	uint64_t value = 0;

	if (version >= 2 && (!file_varint(b, &value) || value >= limit))
		return false;
	*ret = (uint8_t)value;
	return true;
}

static int schema_kinds(struct file_bytes *b, unsigned version, struct file_schema *schema)
{
	uint64_t nr = 0;

	if (!file_varint(b, &nr) || nr > FILE_KINDS_MAX)
		return -EBADMSG;
	for (; schema->nr_kinds < nr; schema->nr_kinds++) {
		struct file_bytes name;
		int kind;

		if (!get_small(b, version, ROLE_NR, &schema->roles[schema->nr_kinds]) || !file_text(b, &name))
			return -EBADMSG;
		kind = kind_by_name(name.p, (size_t)(name.end - name.p));
		schema->kinds[schema->nr_kinds] = (uint16_t)(kind < 0 ? RECORD_NONE : kind);
	}
	return 0;
}

/* Two numbers for one field would be two values of it in one record. */
static bool has_field(const struct file_schema *schema, unsigned nr, int field)
{
	for (unsigned i = 0; i < nr; i++)
		if (field >= 0 && schema->fields[i] == field)
			return true;
	return false;
}

static int schema_field(struct file_bytes *b, unsigned version, struct file_schema *schema, unsigned number)
{
	struct file_bytes name;
	uint64_t type = 0;
	int field;

	if (!file_varint(b, &type) || type >= (version < 2 ? FILE_VALUE_NR : FILE_VALUE_DELTA) ||
	    !get_small(b, version, METHOD_NR, &schema->methods[number]) ||
	    !get_small(b, version, FILE_FIELDS_MAX, &schema->parameters[number]) || !file_text(b, &name))
		return -EBADMSG;
	field = field_by_name(name.p, (size_t)(name.end - name.p));
	if (has_field(schema, number, field))
		return -EBADMSG;
	if (field >= 0 && (field_descs[field].type == FIELD_TYPE_TEXT) != (type == FILE_VALUE_TEXT))
		field = -1;
	schema->fields[number] = (int8_t)field;
	schema->types[number] = (uint8_t)type;
	return 0;
}

static int schema_fields(struct file_bytes *b, unsigned version, struct file_schema *schema)
{
	uint64_t nr = 0;

	if (!file_varint(b, &nr) || nr > FILE_FIELDS_MAX)
		return -EBADMSG;
	for (; schema->nr_fields < nr; schema->nr_fields++)
		if (schema_field(b, version, schema, schema->nr_fields))
			return -EBADMSG;
	return 0;
}

int file_schema_parse(struct file_bytes payload, unsigned version, struct file_schema *ret, const char **ret_why)
{
	*ret = (struct file_schema){};
	if (schema_kinds(&payload, version, ret)) {
		*ret_why = "its list of kinds is malformed";
		return -EBADMSG;
	}
	if (schema_fields(&payload, version, ret)) {
		*ret_why = "its list of fields is malformed";
		return -EBADMSG;
	}
	return 0;
}
