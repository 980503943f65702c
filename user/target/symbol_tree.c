#include "target/symbol_tree.h"

#include <elf.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/vec.h"
#include "target/elf_file.h"

struct found {
	char *build_id, *path;
};

struct symbol_tree {
	const char *const *folders;
	size_t nr;
	bool read;
	VEC(struct found) files; /* sorted */
};

struct symbol_tree *symbol_tree_new(const char *const *folders, size_t nr)
{
	struct symbol_tree *t = xcalloc(1, sizeof(*t));

	t->folders = folders;
	t->nr = nr;
	return t;
}

void symbol_tree_free(struct symbol_tree *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->files.nr; i++) {
		free(t->files.items[i].build_id);
		free(t->files.items[i].path);
	}
	vec_release(&t->files);
	free(t);
}

/* Most files of a folder are something else. */
static bool is_elf(const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char magic[SELFMAG];

	return fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) && !memcmp(magic, ELFMAG, SELFMAG);
}

static void add(struct symbol_tree *t, const char *path)
{
	struct elf_file *f;

	if (!is_elf(path) || elf_file_open(path, &f, NULL))
		return;
	if (*elf_file_build_id(f))
		vec_push(&t->files, ((struct found){ xstrdup(elf_file_build_id(f)), xstrdup(path) }));
	elf_file_free(f);
}

static void read_folder(struct symbol_tree *t, const char *folder)
{
	_cleanup_(freep) char *root = xstrdup(folder);
	char *const roots[] = { root, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR | FTS_XDEV, NULL);
	FTSENT *e;

	while (walk && (e = fts_read(walk)))
		if (e->fts_info == FTS_F)
			add(t, e->fts_path);
	if (walk)
		fts_close(walk);
}

static int by_build_id(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = strcmp(x->build_id, y->build_id);

	return order ? order : strcmp(x->path, y->path);
}

static void read_all(struct symbol_tree *t)
{
	t->read = true;
	for (size_t i = 0; i < t->nr; i++)
		read_folder(t, t->folders[i]);
	if (t->files.nr)
		qsort(t->files.items, t->files.nr, sizeof(*t->files.items), by_build_id);
}

const char *symbol_tree_path(struct symbol_tree *t, const char *build_id, size_t i)
{
	size_t low = 0, high;

	if (!t->read)
		read_all(t);
	high = t->files.nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(t->files.items[middle].build_id, build_id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return i < t->files.nr - low && !strcmp(t->files.items[low + i].build_id, build_id) ? t->files.items[low + i].path : NULL;
}
