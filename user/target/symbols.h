/*
 * symbols.h: which function, file and line an address of a file is in: from the file, from the part of its symbols that some
 * distributions pack into it (.gnu_debugdata), and from the files with debug information that were made with it. Of a running
 * process, or long after, on another machine: a build id says whether a file is the right one.
 */
#ifndef TARGET_SYMBOLS_H
#define TARGET_SYMBOLS_H

#include "target/elf_file.h"
#include "target/symbol_tree.h"

/*
 * Where files are looked for besides their own place: DIR/.build-id/ab/cdef.debug and DIR/NAME; anywhere in a tree; /usr/lib/debug is
 * always one of them.
 */
struct symbol_folders {
	const char *const *paths;
	size_t nr;
	struct symbol_tree *tree; /* NULL: none; lives longer */
};

/*
 * Open the file that was at @path when it had the build id @build_id: that one if it is the same still, or what a folder has. -ENOENT
 * with what is there instead; -EINVAL when there is no build id to know it by.
 */
int symbols_find_file(const char *path, const char *build_id, const struct symbol_folders *folders, struct elf_file **ret,
		      struct diag *d);

struct symbols; /* opaque */

/* Of @f, which must live longer, as must the folders' names. Nothing is read yet. */
struct symbols *symbols_new(struct elf_file *f, const struct symbol_folders *folders);
void symbols_free(struct symbols *s);

/*
 * The function that holds @address: its name as in the source, and where it begins. The name lives as long as @s. -ENOENT: it has
 * none. Never the nearest one: it holds the address by its size, or, having none, by its entry in .eh_frame.
 */
int symbols_at(struct symbols *s, uint64_t address, const char **ret_name, uint64_t *ret_start);

/*
 * Source file and line of the instruction at @address, in the function that symbols_at() names, if there is debug information: of
 * an inlined call the line where it stands. The name lives as long as @s. -ENOENT: not known. The first question reads all debug
 * information of the file, in a child process, which may take seconds; symbols_free() ends it.
 */
int symbols_line(struct symbols *s, uint64_t address, const char **ret_file, unsigned int *ret_line);

#endif
