/*
 * compare.h: two recordings side by side. Processes are the same that have the same name, in the order in which they came;
 * devices, by their number; pools, by name.
 */
#ifndef VIEW_COMPARE_H
#define VIEW_COMPARE_H

#include "view/profile.h"

/*
 * What is compared, of one pool, or of blocks of a kind in it. X(NAME, "name", in bytes)
 *
 * peak       highest, while it was recorded
 * end        when the recording ended, or the process
 * allocated  by all allocations together;  count  how many
 * failed     allocations that failed and programs that were refused; of pools alone
 */
#define FIGURES(X)                       \
	X(PEAK, "peak", true)            \
	X(END, "end", true)              \
	X(ALLOCATED, "allocated", true)  \
	X(COUNT, "count", false)         \
	X(FAILED, "failed", false)

enum figure {
#define X(NAME, name, bytes) FIGURE_##NAME,
	FIGURES(X)
#undef X
	FIGURE_NR
};

struct figure_desc {
	const char *name;
	bool bytes; /* else it is a number */
};

extern const struct figure_desc figure_descs[FIGURE_NR];

enum side { SIDE_OLD, SIDE_NEW, SIDE_NR };

/* Texts are escaped. */
struct compare_row {
	char *process, *device, *pool; /* "python", "python (2)"; "0-7", "?"; "?" */
	char *kind;		       /* label or size class; "" where blocks are not told apart */
	bool placed;		       /* its device is known; else it is about allocations that failed, and nothing else */
	bool has[SIDE_NR];	       /* the process is in that recording; else its figures are 0 */
	uint64_t figures[SIDE_NR][FIGURE_NR];
	uint64_t order[4]; /* of the rows: process, device, pool, size class; those that are equal go by `kind` */
};

/* `struct comparison c = {};` is empty and valid. */
struct comparison {
	VEC(struct compare_row) rows;
	struct words words;
	struct map by_key, processes; /* keys are words */
	VEC(char *) pools; /* names that a recording knows, each once, as they are */
};

void comparison_release(struct comparison *c);
/* What one recording has: its finished profile, and the ledger at its end, which are not needed any more then. */
void comparison_add(struct comparison *c, enum side side, const struct profile *p, const struct ledger *l);
/* After both: puts the rows in their order. */
void comparison_finish(struct comparison *c);
/* Does the row have this figure at all? */
bool compare_row_has(const struct compare_row *row, enum figure f);
bool compare_row_same(const struct compare_row *row);
bool comparison_same(const struct comparison *c);

struct compare_options {
	const char *kind; /* what tells blocks of a pool apart, such as "size"; NULL: nothing does */
	bool bytes; /* plain numbers */
	bool color;
	const char *names[SIDE_NR]; /* of the recordings */
};

/* A line for each figure that changed. */
void comparison_add_text(struct str *out, const struct comparison *c, const struct compare_options *o);

/* "7.69 GiB", "7916 B", "12". */
void figure_add(struct str *out, enum figure f, uint64_t value, bool bytes);
/* "+164 MiB", "-3"; "0" for none. */
void figure_add_change(struct str *out, enum figure f, const struct compare_row *row, bool bytes);
/* "+2.1%"; nothing when it was 0, or did not change. */
void figure_add_percent(struct str *out, enum figure f, const struct compare_row *row);

#endif
