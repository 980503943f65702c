/* symbol_tree.h: the ELF files in some folders and all that is below them, by build id, whatever they are called there. */
#ifndef TARGET_SYMBOL_TREE_H
#define TARGET_SYMBOL_TREE_H

#include <stddef.h>

struct symbol_tree; /* opaque */

/*
 * Of @folders, whose names must live as long. Nothing is read yet: the first question opens each plain file once, on the folder's own
 * file system and without following links.
 */
struct symbol_tree *symbol_tree_new(const char *const *folders, size_t nr);
void symbol_tree_free(struct symbol_tree *t);

/*
 * The path of one file with that build id, by its place among them from 0 on, sorted by path; NULL: there are not so many. It lives as
 * long as @t. Whoever opens it asks for its build id once more: it may be another file by then.
 */
const char *symbol_tree_path(struct symbol_tree *t, const char *build_id, size_t i);

#endif
