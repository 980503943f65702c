/*
 * file_shape.h: how records become columns. Records of one kind with the same fields have one shape; a chunk holds a
 * table for each shape, and the order in which the tables' rows stood in the stream. What is written of a value is how
 * it differs from what could be expected: that is its field's method. Writer and reader follow the same steps.
 */
#ifndef STREAM_FILE_SHAPE_H
#define STREAM_FILE_SHAPE_H

#include "stream/file_format.h"

/*
 * How a field's values are written.
 *
 * DELTA   the difference to the one before in this shape, at first 0
 * CHAIN   the difference to the one before in any shape
 * GROUP   fields of one group (the parameter) often have the same values together: the number of the combination among
 *         those that the shape had so far, from 1; 0: a new one, whose values follow, as differences to the last new
 *         ones. A combination may be new more than once
 * PLACE   an address. Of a kind that makes blocks: its number among the addresses of its context (the field that the
 *         parameter names) so far, from 1; 0: a new one, which follows as a difference to the last new one. Of a kind
 *         that takes blocks: how many blocks of the context were made since it was, from 1; 0: it was not made in this
 *         chunk: it follows as a difference to the last such one. Of others, and of contexts above FILE_CONTEXT_MAX: 0,
 *         and the address, as a difference to the last such one in this shape
 */
enum file_method { METHOD_DELTA, METHOD_CHAIN, METHOD_GROUP, METHOD_PLACE, METHOD_NR };

/* What a kind does to the block at its PLACE. */
enum file_role { ROLE_NONE, ROLE_MAKES, ROLE_TAKES, ROLE_NR };

/* Of a chunk. A few bytes may stand for so many values and no more. */
enum {
	FILE_CONTEXT_MAX = 65535,
	FILE_RECORDS_MAX = 1 << 16,
	FILE_SHAPES_MAX = 1 << 8,
	FILE_TEXTS_MAX = 1 << 20,
	FILE_VALUES_MAX = 1 << 20, /* in all columns */
	FILE_COLUMNS_MAX = 2 * FILE_FIELDS_MAX, /* of a shape */
};

/* Methods and roles of what we write, by our numbers. */
enum file_method file_method_of(enum field field, unsigned *ret_parameter);
enum file_role file_role_of(enum record_kind kind);

/* One step: a field, or all fields of a group. Its columns stand one behind the other. */
struct file_step {
	uint8_t method;
	uint8_t field; /* number in the file; of a group, its first */
	uint8_t nr_members;
	uint8_t members[FILE_FIELDS_MAX]; /* of a group */
	uint8_t context;		  /* of a place: number of the field; FILE_FIELDS_MAX: the shape lacks it */
	uint16_t column;		  /* the first of: 1; place: 2; group: 1 + members */
};

struct file_steps {
	unsigned nr, nr_columns;
	struct file_step step[FILE_FIELDS_MAX];
};

/* The steps of records with the fields of @mask. */
void file_steps(const struct file_schema *schema, uint64_t mask, struct file_steps *ret);

#endif
