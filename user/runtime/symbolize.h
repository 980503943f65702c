/*
 * symbolize.h: names of functions, source files and lines for the stacks of a recording, on any machine that has its files: a filter
 * between two streams that fills what `frame`s of machine code lack. All else passes as it is, and what a frame has it keeps.
 */
#ifndef RUNTIME_SYMBOLIZE_H
#define RUNTIME_SYMBOLIZE_H

#include "base/vec.h"
#include "stream/record.h"
#include "target/symbols.h"

struct symbolizer; /* opaque */

/* Files are found by build id, and by nothing else. What @folders point to lives longer. */
struct symbolizer *symbolizer_new(const struct symbol_folders *folders);
void symbolizer_free(struct symbolizer *s);

/* What is put into it comes out in @to. One at a time, and as long as @s. */
struct sink *symbolizer_sink(struct symbolizer *s, struct sink *to);

/* Frames of machine code that passed, each number once; of how many the name and the line is known, and was before. */
struct symbolizer_counts {
	uint64_t frames, named, lined, were_named, were_lined;
};

void symbolizer_count(const struct symbolizer *s, struct symbolizer_counts *ret);

/* A file that was not found, and has frames without a name. */
struct symbolizer_missing {
	const char *why; /* with its path and build id, escaped; lives as long as the symbolizer */
	uint64_t frames;
};

typedef VEC(struct symbolizer_missing) symbolizer_missing_list;
/* Added to @ret in the order in which they were met. */
void symbolizer_missing(const struct symbolizer *s, symbolizer_missing_list *ret);

#endif
