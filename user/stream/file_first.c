#include "stream/file_first.h"

#include <errno.h>
#include <string.h>

#include "stream/columns.h"

/* A text, terminated: its bytes move to where its length began, which makes room for the NUL. */
static bool take_text(struct file_bytes *b, const char **ret)
{
	char *at = b->p;
	struct file_bytes text;
	size_t len;

	if (!file_text(b, &text))
		return false;
	len = (size_t)(text.end - text.p);
	if (memchr(text.p, '\0', len))
		return false;
	memmove(at, text.p, len);
	at[len] = '\0';
	*ret = at;
	return true;
}

static const char *take_value(struct file_first *reader, unsigned number, struct record *r)
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
		reader->last[number] += column_unfold(value);
		value = reader->last[number];
	}
	if (field >= 0)
		record_set_number(r, (enum field)field, value);
	return NULL;
}

static const char *take_record(struct file_first *reader, struct record *r)
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

int file_first_next(struct file_first *reader, struct record *ret, const char **ret_why)
{
	const char *why;

	*ret = (struct record){};
	why = take_record(reader, ret);
	if (!why)
		return 0;
	*ret_why = why;
	return -EBADMSG;
}
