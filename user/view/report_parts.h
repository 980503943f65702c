/* report_parts.h: what the files report*.c share. */
#ifndef VIEW_REPORT_PARTS_H
#define VIEW_REPORT_PARTS_H

#include "view/report.h"
#include "view/table_grid.h"

/* One pool of the devices of one number of a process: at a place there is one at a time. */
struct report_row {
	const struct ledger_process *process;
	const struct device *device; /* the last of them; NULL: not known, of failures */
	const char *pool;	     /* NULL: not known, of failures */
	struct arena_summary sum;
	struct figures end; /* buffers and reserved; capacity as far as it is known */
	uint64_t peak, peak_ns;
	bool peak_known; /* of several arenas at a time it is not */
};

typedef VEC(struct report_row) report_rows;

/* Of what is selected. The caller releases @rows, which was empty. */
void report_rows_fill(const struct report *r, report_rows *rows);

/* Title lines and bytes as the options have them: "2.00 MiB", "2097152". */
void report_add_title(const struct report *r, struct pen *pen, const char *title);
void report_add_bytes(const struct report *r, struct str *out, uint64_t bytes);
/* "14:05:03.123", behind the date if it is not that of the recording's begin. */
void report_add_when(const struct report *r, struct str *out, uint64_t time_ns);
/* "0-7 x8" */
void report_add_device(struct str *out, const struct ledger_process *p, const struct device *d);

/* A column of a table whose lines are about an @item. */
struct report_column {
	const char *title;
	bool left;
	void (*add)(const struct report *r, struct grid_cell *cell, const void *item);
	bool (*has)(const void *item); /* left out if no item has it; NULL: never */
};

void report_add_columns(struct grid *g, const struct report_column *columns, size_t nr);
void report_add_line(const struct report *r, struct grid *g, const struct report_column *columns, const void *item);

/* Sections; nothing when there is nothing to say. */
void report_add_processes(const struct report *r, struct pen *pen);
void report_add_traced(const struct report *r, struct pen *pen);
void report_add_memory(const struct report *r, struct pen *pen, const report_rows *rows);
void report_add_blocks(const struct report *r, struct pen *pen, const report_rows *rows);
void report_add_lives(const struct report *r, struct pen *pen, const report_rows *rows);
void report_add_sizes(const struct report *r, struct pen *pen, const report_rows *rows);
void report_add_phases(const struct report *r, struct pen *pen);
void report_add_doubts(const struct report *r, struct pen *pen, const report_rows *rows);

/* The part of a histogram from class @first up to, not including, @end. */
struct tally report_amounts(const struct tally *classes, size_t first, size_t end);

/* The classes of lifetimes and sizes that are told together. The last ones have no upper bound. */
struct report_class {
	const char *text;
	uint64_t least;	   /* ns, bytes */
	size_t first, end; /* of the summary's classes */
};

enum { REPORT_LIVES = 12, REPORT_SIZES = 7 };
extern const struct report_class report_lives[REPORT_LIVES], report_sizes[REPORT_SIZES];

#endif
