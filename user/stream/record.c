#include "stream/record.h"

#include <string.h>

const struct field_desc field_descs[FIELD_NR] = {
#define X(member, NAME, type) [FIELD_##NAME] = {#member, FIELD_TYPE_##type, offsetof(struct record, member)},
	RECORD_FIELDS(X)
#undef X
};

#define F(NAME) FIELD_BIT(NAME)
const struct kind_desc kind_descs[RECORD_NR] = {
	[RECORD_NONE] = {"none", 0},
#define X(NAME, name, required) [RECORD_##NAME] = {name, F(TIME_NS) | (required)},
	RECORD_KINDS(X)
#undef X
};
#undef F

_Static_assert(FIELD_NR <= 64, "struct record has one bit a field");

int field_by_name(const char *name, size_t len)
{
	for (int i = 0; i < FIELD_NR; i++)
		if (strlen(field_descs[i].name) == len && !memcmp(field_descs[i].name, name, len))
			return i;
	return -1;
}

int kind_by_name(const char *name, size_t len)
{
	for (int i = RECORD_NONE + 1; i < RECORD_NR; i++)
		if (strlen(kind_descs[i].name) == len && !memcmp(kind_descs[i].name, name, len))
			return i;
	return -1;
}

uint64_t record_number(const struct record *r, enum field f)
{
	uint64_t value;

	BUG_ON(field_descs[f].type == FIELD_TYPE_TEXT);
	memcpy(&value, (const char *)r + field_descs[f].offset, sizeof(value));
	return value;
}

const char *record_text(const struct record *r, enum field f)
{
	const char *text;

	BUG_ON(field_descs[f].type != FIELD_TYPE_TEXT);
	memcpy(&text, (const char *)r + field_descs[f].offset, sizeof(text));
	return text;
}

void record_set_number(struct record *r, enum field f, uint64_t value)
{
	BUG_ON(field_descs[f].type == FIELD_TYPE_TEXT);
	memcpy((char *)r + field_descs[f].offset, &value, sizeof(value));
	r->has |= 1ULL << f;
}

uint64_t *record_slot(struct record *r, enum field f)
{
	BUG_ON(field_descs[f].type == FIELD_TYPE_TEXT);
	return (uint64_t *)(void *)((char *)r + field_descs[f].offset);
}

const char **record_text_slot(struct record *r, enum field f)
{
	BUG_ON(field_descs[f].type != FIELD_TYPE_TEXT);
	return (const char **)(void *)((char *)r + field_descs[f].offset);
}

void record_set_text(struct record *r, enum field f, const char *text)
{
	BUG_ON(field_descs[f].type != FIELD_TYPE_TEXT);
	memcpy((char *)r + field_descs[f].offset, &text, sizeof(text));
	r->has |= 1ULL << f;
}
