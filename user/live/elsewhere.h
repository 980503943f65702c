/* elsewhere.h: functions of rows `in any library`: not in the file that was detected, but in whichever the process has mapped. */
#ifndef LIVE_ELSEWHERE_H
#define LIVE_ELSEWHERE_H

#include "runtime/runtime.h"
#include "target/elf_file.h"
#include "target/process.h"

/* A function of a row that a file has: of the row's patterns the first that it has. */
struct elsewhere_function {
	const struct rt_row *row;
	size_t pattern;	 /* which, from 0 */
	uint64_t offset; /* of the instruction to probe, see row_site.h */
	char *symbol;
};

struct elsewhere_file {
	char *build_id; /* "": it has none; NULL: it was not looked at */
	VEC(struct elsewhere_function) functions;
};

/* Fill @ret: what @elf has of all such rows of the runtimes. The caller calls elsewhere_file_release(), before it is filled anew too. */
void elsewhere_look(struct elf_file *elf, const runtimes *known, struct elsewhere_file *ret);
void elsewhere_file_release(struct elsewhere_file *f);

struct elsewhere {
	const struct mapping *mapping; /* one of the file's; NULL: no file has the function */
	uint64_t offset; /* as above */
	char *symbol;	/* the function; NULL: as above */
	char *build_id; /* of the file, "": it has none; NULL: as above */
};

/* What the mapped file has; NULL: it cannot be opened. Asked once for each file, in the order of the mappings. */
struct elsewhere_source {
	const struct elsewhere_file *(*file)(struct elsewhere_source *source, const struct mapping *m);
};

/*
 * Where each of the @nr @rows has its function among the files in @maps; @ret has room for as many. A row's first pattern comes
 * before those behind `or`, whatever file they are in; of several files that have it, the first, or, if @near is no NULL, that
 * whose name has the longest beginning in common with it. The caller calls elsewhere_release().
 */
void elsewhere_find(struct elsewhere_source *source, const mappings *maps, const struct rt_row *const *rows, size_t nr,
		    const char *near, struct elsewhere *ret);
void elsewhere_release(struct elsewhere *found, size_t nr);

#endif
