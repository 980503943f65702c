#include "stream/file_index.h"

#include <errno.h>

/* Places and times as differences to the chunk before. */
enum { COLUMN_AT, COLUMN_TYPE, COLUMN_TIME, COLUMN_RECORDS };

void file_index_release(struct file_index *index)
{
	for (unsigned i = 0; i < FILE_INDEX_COLUMNS; i++)
		vec_release(&index->columns[i]);
}

void file_index_put(struct file_index *index, const struct file_chunk *c)
{
	const uint64_t values[FILE_INDEX_COLUMNS] = {
		[COLUMN_AT] = column_fold(c->at - index->last.at),
		[COLUMN_TYPE] = file_chunk_type_word(c),
		[COLUMN_TIME] = column_fold(c->time_ns - index->last.time_ns),
		[COLUMN_RECORDS] = c->records,
	};

	if (index->columns[0].nr > FILE_INDEX_MAX)
		return;
	for (unsigned i = 0; i < FILE_INDEX_COLUMNS; i++)
		vec_push(&index->columns[i], values[i]);
	index->last = *c;
}

bool file_index_add(struct str *s, const struct file_index *index)
{
	if (index->columns[0].nr > FILE_INDEX_MAX)
		return false;
	for (unsigned i = 0; i < FILE_INDEX_COLUMNS; i++)
		column_add(s, index->columns[i].items, index->columns[i].nr);
	return true;
}

void file_index_view_release(struct file_index_view *view)
{
	column_pool_release(&view->pool);
}

int file_index_read(struct file_bytes content, struct file_index_view *ret)
{
	column_pool_clear(&ret->pool, (size_t)FILE_INDEX_COLUMNS * FILE_INDEX_MAX);
	for (unsigned i = 0; i < FILE_INDEX_COLUMNS; i++)
		if (column_read(&content, FILE_INDEX_MAX, &ret->pool, &ret->columns[i]) ||
		    ret->columns[i].nr != ret->columns[0].nr)
			return -EBADMSG;
	file_index_rewind(ret);
	return content.p == content.end ? 0 : -EBADMSG;
}

void file_index_rewind(struct file_index_view *view)
{
	view->next = 0;
	view->last = (struct file_chunk){};
}

bool file_index_next(struct file_index_view *view, struct file_chunk *ret)
{
	uint64_t values[FILE_INDEX_COLUMNS];

	if (view->next == view->columns[0].nr)
		return false;
	for (unsigned i = 0; i < FILE_INDEX_COLUMNS; i++) {
		const struct column *c = &view->columns[i];

		values[i] = column_values(&view->pool, c)[view->next & column_mask(c)];
	}
	view->next++;
	file_chunk_set_type(&view->last, (uint32_t)values[COLUMN_TYPE]);
	view->last.at += column_unfold(values[COLUMN_AT]);
	view->last.time_ns += column_unfold(values[COLUMN_TIME]);
	view->last.records = (uint32_t)values[COLUMN_RECORDS];
	*ret = view->last;
	return true;
}
