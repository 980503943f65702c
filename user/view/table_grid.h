/* table_grid.h: text in columns: widths, alignment, colours, and the cut at the terminal's edge. Knows no ledger. */
#ifndef VIEW_TABLE_GRID_H
#define VIEW_TABLE_GRID_H

#include "base/str.h"
#include "base/vec.h"

enum tone { TONE_PLAIN, TONE_TITLE, TONE_MORE, TONE_LESS, TONE_WARNING };

/* Writes lines of at most `columns` columns (0: no limit), colours only if asked, and no blanks at a line's end. */
struct pen {
	struct str *out;
	unsigned int columns;
	bool color;
	bool wrap; /* `columns` is set; what pen_add_words() has no room for goes to a further line, not beyond the edge */
	size_t used, blanks; /* of the line that is being written */
};

void pen_add(struct pen *pen, const char *text, enum tone tone);
/* @between, if something stands on the line, and @text, which goes to a further line as a whole if it fits there. */
void pen_add_words(struct pen *pen, const char *between, const char *text, enum tone tone);
void pen_add_blanks(struct pen *pen, size_t nr);
void pen_end_line(struct pen *pen);

struct grid_column {
	const char *title; /* lives as long as the grid; escaped already */
	unsigned int width; /* at least, where there is room */
	bool left;
	unsigned int least; /* of its cells so much is left before another column is left out: they lose their beginning. 0: all */
	unsigned int spare; /* left out when the lines would be too long: the highest first, of equals the last; 0: never */
};

struct grid_cell {
	struct str text;
	enum tone tone;
};

/* A line of cells, as many as there are columns; or, with no cells, a note. */
struct grid_line {
	struct grid_cell *cells;
	struct str note;
};

/* Columns first, then lines. `struct grid g = {};` is empty and valid. */
struct grid {
	VEC(struct grid_column) columns;
	VEC(struct grid_line) lines;
};

void grid_release(struct grid *g);
/* The new line's cells, empty. Valid until the grid is released. */
struct grid_cell *grid_add_line(struct grid *g);
/* The new line's text. Valid until the next line is added. */
struct str *grid_add_note(struct grid *g);
/* Titles and lines. */
void grid_print(const struct grid *g, struct pen *pen);

#endif
