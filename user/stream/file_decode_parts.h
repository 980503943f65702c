/* file_decode_parts.h: what the files of the decoder share: a chunk that was read, and how its rows become records. */
#ifndef STREAM_FILE_DECODE_PARTS_H
#define STREAM_FILE_DECODE_PARTS_H

#include "stream/columns.h"
#include "stream/file_decode.h"
#include "stream/file_shape.h"

/* A field that is written as differences. */
struct row_difference {
	const uint64_t *values; /* the window */
	size_t mask;
	uint64_t *to; /* where its value goes: in the record, or beside it */
};

/* The fields of a group. */
struct row_group {
	const uint64_t *numbers; /* of combinations, from 1; 0: the next one is new */
	size_t mask;
	uint64_t last;		/* the one that the row before had; 0: there was none */
	size_t known, all;	/* combinations so far, and of the chunk */
	const uint64_t *values; /* of the combinations, one behind the other; of texts where they are */
	void *const *to;	/* where each value of a combination goes */
	size_t nr;		/* of them */
};

struct row_place {
	const uint64_t *numbers, *more; /* its columns */
	size_t mask, more_mask;
	size_t nr_more, cursor;	 /* of the second one: how many, and how many of them are used up */
	const uint64_t *context; /* NULL: it has none */
	uint64_t *to, last;
};

/* A text that is in no group, by the number that was read for it. */
struct row_text {
	const uint64_t *number;
	const char **to;
};

/*
 * Records of one kind with the same fields. For each row only that is done which is not the same for all of them; in this
 * order, since a place's context must be there before it.
 */
struct shape {
	struct record record; /* as it was last delivered: the next one has the same fields */
	enum file_role role;
	size_t nr, at; /* rows; the next one */
	unsigned nr_groups, nr_deltas, nr_chains, nr_places, nr_texts;
	struct row_group groups[FILE_FIELDS_MAX];
	struct row_difference deltas[FILE_FIELDS_MAX], chains[FILE_FIELDS_MAX];
	struct row_place places[FILE_FIELDS_MAX];
	struct row_text texts[FILE_FIELDS_MAX];

	struct file_steps steps;
	struct column_stream rows[FILE_FIELDS_MAX]; /* by step: its first column, which has a value for each row */
	struct column more[FILE_COLUMNS_MAX];	    /* by number: all others; of a group, the first one has become all its combinations */
	uint64_t *slot[FILE_FIELDS_MAX];   /* by field in the file, where its number goes: in the record, or to `other` */
	const char **text[FILE_FIELDS_MAX]; /* and where the text goes that this is the number of; NULL: nowhere */
	uint64_t other[FILE_FIELDS_MAX];    /* numbers of texts, and values of fields that are not known here */
	unsigned nr_to;
	void *to[2 * FILE_FIELDS_MAX]; /* of the groups: a text goes to two places if it is a context */
};

struct context {
	numbers addresses, made; /* in order */
	uint64_t last_new, last_taken;
};

struct file_decoder {
	const struct file_schema *schema;
	struct shape *shapes;
	size_t nr_shapes, cap_shapes;
	struct column_pool pool;
	struct column_stream order;
	size_t nr, at;
	VEC(const char *) texts;
	VEC(uint32_t) places;	      /* by number of the context: where it is in `contexts`, from 1; 0: not in use */
	VEC(struct context) contexts; /* those behind `used` wait for the next chunk */
	VEC(uint32_t) used;	      /* numbers of those in use */
	uint64_t chain;
};

/* Read the columns of a shape, and make their groups' values ready. Returns why it cannot be, NULL if it can. */
const char *decode_columns(struct file_decoder *d, struct shape *s, struct file_bytes *b);
/* When all columns of the chunk have their place: what the rows need at hand. */
void decode_prepare_rows(const struct file_decoder *d, struct shape *s);

#endif
