/*
 * The files that code is mapped of. What a process has mapped is opened through /proc/PID/map_files, which is the very file, whatever
 * its name leads to now. Where that is not allowed, the name does if it leads to the same inode.
 */
#include "target/unwind_module.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/str.h"
#include "base/units.h"
#include "target/memory.h"

enum { VDSO_MAX = 1 << 16, PAGE = 4096 };

struct modules {
	VEC(struct module *) all;
	struct map by_file; /* (device, inode) -> the latest module of it, number + 1 */
	struct map by_name; /* of those that could not be opened: hash of the path, inode -> number + 1 */
};

struct modules *modules_new(void)
{
	return xcalloc(1, sizeof(struct modules));
}

void modules_free(struct modules *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->all.nr; i++) {
		struct module *module = m->all.items[i];

		cfi_free(module->cfi);
		elf_file_free(module->elf);
		free(module->why);
		free(module->build_id);
		free(module->path);
		free(module);
	}
	vec_release(&m->all);
	map_release(&m->by_file);
	map_release(&m->by_name);
	free(m);
}

size_t modules_count(const struct modules *m)
{
	return m->all.nr;
}

struct module *modules_at(const struct modules *m, size_t number)
{
	return m->all.items[number];
}

/* Takes @elf, which may be NULL. */
static struct module *add(struct modules *m, const char *path, struct elf_file *elf)
{
	struct module *module = xcalloc(1, sizeof(*module));

	module->number = (uint32_t)m->all.nr;
	module->path = xstrdup(path);
	module->elf = elf;
	module->build_id = xstrdup(elf ? elf_file_build_id(elf) : "");
	vec_push(&m->all, module);
	return module;
}

struct cfi *module_cfi(struct module *module)
{
	struct diag d = {};

	if (module->cfi_read || !module->elf)
		return module->cfi;
	module->cfi_read = true;
	if (cfi_open(module->elf, &module->cfi, &d)) {
		free(module->why);
		module->why = xstrdup(d.text);
	}
	return module->cfi;
}

/* ---- what cannot be opened ---- */

static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3ULL;
	return hash;
}

static struct module *named(struct modules *m, const struct mapping *mapping, const char *why)
{
	bool is_new;
	struct map_entry *e = map_put(&m->by_name, hash_of(mapping->path), mapping->inode, &is_new);
	struct module *module;

	if (!is_new)
		return m->all.items[e->value];
	e->value = m->all.nr;
	module = add(m, mapping->path, NULL);
	module->why = xstrdup(why);
	return module;
}

/* ---- files ---- */

/* As it is shown: the kernel adds to the name of a removed file that it was. */
static char *shown_path(const char *path, const struct stat *st)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(path), tail = sizeof(deleted) - 1;

	if (!st->st_nlink && len > tail && !strcmp(path + len - tail, deleted))
		len -= tail;
	return xstrndup(path, len);
}

static struct module *of_file(struct modules *m, const char *file, const char *path, const struct stat *st)
{
	uint64_t changed_ns = (uint64_t)st->st_ctim.tv_sec * NS_PER_SEC + (uint64_t)st->st_ctim.tv_nsec;
	struct map_entry *e = map_get(&m->by_file, st->st_dev, st->st_ino);
	_cleanup_(freep) char *shown = NULL;
	struct elf_file *elf = NULL;
	struct module *module;
	int err;

	if (e && m->all.items[e->value]->changed_ns == changed_ns)
		return m->all.items[e->value];
	err = elf_file_open(file, &elf, NULL);
	/* Removing a file changes its times, and nothing that we know of it. */
	if (e && !err && m->all.items[e->value]->elf && elf_file_build_id(elf)[0] &&
	    !strcmp(m->all.items[e->value]->build_id, elf_file_build_id(elf))) {
		elf_file_free(elf);
		m->all.items[e->value]->changed_ns = changed_ns;
		return m->all.items[e->value];
	}
	shown = shown_path(path, st);
	map_put(&m->by_file, st->st_dev, st->st_ino, NULL)->value = m->all.nr;
	module = add(m, shown, elf);
	module->device = st->st_dev;
	module->inode = st->st_ino;
	module->changed_ns = changed_ns;
	if (err == -ENOEXEC)
		module->why = xstrdup("it is no x86-64 program or library");
	else if (err)
		module->why = xasprintf("the file cannot be opened: %s", strerror(-err));
	return module;
}

/* ---- the kernel's own ---- */

/* Pages that the process has not touched are not read, but all have touched the first: if that is ours, so is the rest. */
static size_t read_vdso(struct memory *memory, const struct mapping *mapping, uint8_t *image)
{
	const uint8_t *own = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
	size_t bytes = mapping->end - mapping->start, own_bytes;
	Elf64_Ehdr header;

	if (memory_read(memory, mapping->start, image, PAGE))
		return 0;
	memcpy(&header, image, sizeof(header));
	/* Its section headers are its end. */
	own_bytes = header.e_shoff + (size_t)header.e_shnum * header.e_shentsize;
	if (!own || memcmp(own, image, PAGE) || own_bytes > bytes)
		return memory_read(memory, mapping->start, image, bytes) ? 0 : bytes;
	memcpy(image, own, own_bytes);
	return own_bytes;
}

static struct elf_file *elf_of_bytes(const uint8_t *bytes, size_t len)
{
	_cleanup_(closep) int fd = memfd_create("vdso", MFD_CLOEXEC);
	_cleanup_(freep) char *path = xasprintf("/proc/self/fd/%d", fd);
	struct elf_file *elf = NULL;

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || elf_file_open(path, &elf, NULL))
		return NULL;
	return elf;
}

static struct module *of_vdso(struct modules *m, int pid, const struct mapping *mapping)
{
	size_t bytes = mapping->end - mapping->start;
	_cleanup_(freep) uint8_t *image = NULL;
	struct memory *memory = NULL;
	struct elf_file *elf = NULL;

	if (bytes < PAGE || bytes > VDSO_MAX || memory_open(pid, &memory, NULL))
		return named(m, mapping, "its bytes cannot be read");
	image = xmalloc(bytes);
	bytes = read_vdso(memory, mapping, image);
	memory_free(memory);
	elf = bytes ? elf_of_bytes(image, bytes) : NULL;
	if (!elf)
		return named(m, mapping, "its bytes cannot be read");
	for (size_t i = 0; i < m->all.nr; i++)
		if (!m->all.items[i]->inode && m->all.items[i]->elf &&
		    !strcmp(m->all.items[i]->build_id, elf_file_build_id(elf))) {
			elf_file_free(elf);
			return m->all.items[i];
		}
	return add(m, mapping->path, elf);
}

/* ---- */

static bool is_same_file(const char *file, const struct mapping *mapping, const struct stat *st)
{
	/* File systems in layers show other devices in maps than to stat(); inodes are the same. */
	return strstr(file, "/map_files/") || st->st_ino == mapping->inode;
}

struct module *modules_mapped(struct modules *m, int pid, const struct mapping *mapping)
{
	_cleanup_(freep) char *file = NULL;
	struct diag d = {};
	struct stat st;

	if (!mapping->path[0])
		return NULL;
	if (!strcmp(mapping->path, "[vdso]"))
		return of_vdso(m, pid, mapping);
	if (!mapping->inode)
		return named(m, mapping, "it is no file");
	file = mapping_file(pid, mapping);
	if (stat(file, &st)) {
		diag_errno(&d, -errno, "the file cannot be opened");
		return named(m, mapping, d.text);
	}
	if (!is_same_file(file, mapping, &st))
		return named(m, mapping, "the file was replaced after it was mapped");
	return of_file(m, file, mapping->path, &st);
}

struct module *modules_file(struct modules *m, const char *path, struct diag *d)
{
	_cleanup_(str_release) struct str escaped = {};
	struct module *module;
	struct stat st;

	str_add_escaped(&escaped, path);
	if (stat(path, &st)) {
		diag_errno(d, -errno, "cannot open '%s'", str_text(&escaped));
		return NULL;
	}
	module = of_file(m, path, path, &st);
	if (module->elf)
		return module;
	diag_set(d, -ENOEXEC, "'%s': %s", str_text(&escaped), module->why);
	return NULL;
}
