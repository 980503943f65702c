/*
 * columns.h: the columns of the table: one description of each (title, alignment, what a cell says, what its change is
 * counted of), used for titles, rows and the changes.
 */
#ifndef VIEW_COLUMNS_H
#define VIEW_COLUMNS_H

#include "view/device_rows.h"
#include "view/table.h"
#include "view/table_grid.h"

/* What a row is about, and what is needed to write it. */
struct row {
	const struct table_options *options;
	const struct map *before; /* figures of the table before, NULL: no change is known */
	const struct device_row *device;
	const char *pool; /* of a row a pool; else NULL */
};

struct column;

struct column_kind {
	const char *title; /* NULL: the pool's name */
	unsigned int width;
	bool left;
	unsigned int spare; /* as that of a grid's column */
	/* "-": it does not apply here; "?": it is not known. Never 0 for either. */
	void (*add)(struct grid_cell *cell, const struct row *row, const struct column *c);
	/* Of add_value(): false if it is not known. */
	bool (*value)(const struct figures *f, uint64_t *ret);
	/* What it shows, as a number; 0 where it does not apply. False: not known. NULL: it has no change. */
	bool (*figure)(const struct row *row, const struct column *c, uint64_t *ret);
	void (*add_amount)(struct str *out, const struct table_options *o, uint64_t amount);
	const char *mark; /* what it says in a row of changes, NULL: nothing */
};

struct column {
	const struct column_kind *kind;
	const char *pool; /* of a column a pool; else NULL */
};

typedef VEC(struct column) columns;

/* A pool that has a column, and one for its use if any device says what it can hold. */
struct pool_column {
	const char *name; /* of the ledger */
	bool has_capacity;
	bool is_core; /* its banks are the cores' own memory, where programs have circular buffers: these have columns */
};

/* How much a narrow terminal can do without them. */
enum { COLUMN_SPARE_CORE = 4 };
/* Where there are several hosts it comes first. */
extern const struct column_kind column_host;
extern const struct column_kind column_circular, column_circular_room;

/* The columns for these options and pools. @several: a row is of several chips, and says of how many. */
void columns_add(columns *c, const struct table_options *o, const struct pool_column *pools, size_t nr_pools, bool several);

/* Is it the column of the process's name, which the lines above the table say as well when there is one process? */
bool column_is_name(const struct column *c);

/* @cell gets the change since the table before: "+2.00 MiB", "-" for none, "?" when one of the two is not known. */
void column_add_change(struct grid_cell *cell, const struct row *row, const struct column *c);
/* Remember what the row's columns show, for the next table. */
void column_remember(struct map *figures, const struct row *row, const struct column *c);

/*
 * Is it known what the row's chips had in the table before? What a process that was shown had no row for held nothing; of a
 * sum that is only known if there was one.
 */
bool row_known(const struct row *row);
/* For that, of each process and each sum that was shown. */
void process_remember(struct map *figures, const struct ledger_process *p);
void sum_remember(struct map *figures, const struct row *row);

#endif
