/*
 * In static binaries only. The libelf.a and libdw.a of elfutils 0.192 (Debian 13) call these functions of their own and do not hold them
 * (sourceware's bug 32293). Libraries that do bring stronger ones. No lock: one thread uses a file.
 */
#include <search.h>
#include <stddef.h>

struct search_tree {
	void *root; /* a lock may follow */
};

typedef int compare_keys(const void *a, const void *b);

__attribute__((weak)) void eu_search_tree_init(struct search_tree *tree);
__attribute__((weak)) void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *node));
__attribute__((weak)) void *eu_tsearch(const void *key, struct search_tree *tree, compare_keys *compare);
__attribute__((weak)) void *eu_tfind(const void *key, struct search_tree *tree, compare_keys *compare);
__attribute__((weak)) void *eu_tdelete(const void *key, struct search_tree *tree, compare_keys *compare);

void eu_search_tree_init(struct search_tree *tree)
{
	tree->root = NULL;
}

void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *node))
{
	tdestroy(tree->root, free_node);
	tree->root = NULL;
}

void *eu_tsearch(const void *key, struct search_tree *tree, compare_keys *compare)
{
	return tsearch(key, &tree->root, compare);
}

void *eu_tfind(const void *key, struct search_tree *tree, compare_keys *compare)
{
	return tfind(key, &tree->root, compare);
}

void *eu_tdelete(const void *key, struct search_tree *tree, compare_keys *compare)
{
	return tdelete(key, &tree->root, compare);
}
