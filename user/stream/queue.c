#include "stream/queue.h"

#include <string.h>

enum { MARK_BITS = 8 };

void queue_release(struct queue *q)
{
	vec_release(&q->words);
	str_release(&q->texts);
	q->at = 0;
}

static bool is_text(enum field field)
{
	return field_descs[field].type == FIELD_TYPE_TEXT;
}

static uint64_t pack(struct queue *q, const struct record *r, enum field field)
{
	size_t begin = q->texts.len;
	const char *text;

	if (!is_text(field))
		return record_number(r, field);
	text = record_text(r, field);
	str_add_bytes(&q->texts, text, strlen(text) + 1);
	return begin;
}

void queue_put(struct queue *q, const struct record *r, unsigned int mark)
{
	if (q->at == q->words.nr) {
		vec_clear(&q->words);
		str_clear(&q->texts);
		q->at = 0;
	}
	vec_push(&q->words, (uint64_t)r->kind << MARK_BITS | mark);
	vec_push(&q->words, r->has);
	for (uint64_t has = r->has; has; has &= has - 1) {
		uint64_t value = pack(q, r, (enum field)__builtin_ctzll(has));

		vec_push(&q->words, value);
	}
}

bool queue_take(struct queue *q, struct record *ret, unsigned int *ret_mark)
{
	const uint64_t *word;

	if (q->at == q->words.nr)
		return false;
	word = q->words.items + q->at;
	*ret_mark = *word & ((1U << MARK_BITS) - 1);
	*ret = (struct record){.kind = (enum record_kind)(*word++ >> MARK_BITS), .has = 0};
	for (uint64_t has = *word++; has; has &= has - 1) {
		enum field field = (enum field)__builtin_ctzll(has);

		if (is_text(field))
			record_set_text(ret, field, q->texts.p + *word++);
		else
			record_set_number(ret, field, *word++);
	}
	q->at = (size_t)(word - q->words.items);
	return true;
}
