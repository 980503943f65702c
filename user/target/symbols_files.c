/* Files that hold the symbols of another one. */
#include "target/symbols.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/plain_file.h"
#include "base/str.h"
#include "target/elf_file_internal.h"
#include "target/symbols_internal.h"

enum { BUILD_ID_MIN = 8, PACKED_MAX = 1 << 26, UNPACKED_MAX = 1 << 26, DECODER_MAX = 1 << 27, PART = 1 << 16 };

static const char debug_folder[] = "/usr/lib/debug";

/* It becomes a part of a path. */
static bool is_build_id(const char *id)
{
	size_t len = strlen(id);

	return len >= BUILD_ID_MIN && strspn(id, "0123456789abcdef") == len;
}

/* What was met instead of the wanted file: the last that is worth telling. */
struct looking {
	const char *build_id;
	struct str other;
};

static struct elf_file *try_file(struct looking *l, const char *path)
{
	struct elf_file *f = NULL;
	struct stat st;
	const char *id;

	/* A recording may name anything: some devices do something when they are opened. */
	if (!plain_file(path, &st) || elf_file_open(path, &f, NULL))
		return NULL;
	id = elf_file_build_id(f);
	if (!strcmp(id, l->build_id))
		return f;
	str_clear(&l->other);
	str_add(&l->other, "'");
	str_add_escaped(&l->other, path);
	str_addf(&l->other, "' is another file (%s%s)", id[0] ? "build id " : "no build id", id);
	elf_file_free(f);
	return NULL;
}

static struct elf_file *try_debug(struct looking *l, const char *folder)
{
	_cleanup_(freep) char *path = xasprintf("%s/.build-id/%.2s/%s.debug", folder, l->build_id, l->build_id + 2);

	return try_file(l, path);
}

/* The first file of the tree of which @is_wanted is true; without it, any. */
static struct elf_file *try_tree(struct looking *l, struct symbol_tree *tree, bool (*is_wanted)(struct elf_file *f))
{
	const char *path;

	for (size_t i = 0; tree && (path = symbol_tree_path(tree, l->build_id, i)); i++) {
		struct elf_file *f = try_file(l, path);

		if (f && (!is_wanted || is_wanted(f)))
			return f;
		elf_file_free(f);
	}
	return NULL;
}

/* Not one that has nothing but what was taken out of another one. */
static bool is_loadable(struct elf_file *f)
{
	GElf_Shdr header;

	return elf_file_section(f, SHT_DYNSYM, &header);
}

static bool has_symbols(struct elf_file *f)
{
	GElf_Shdr header;

	return elf_file_section(f, SHT_SYMTAB, &header);
}

static struct elf_file *try_folders(struct looking *l, const char *name, const struct symbol_folders *folders)
{
	struct elf_file *f = NULL;

	for (size_t i = 0; !f && i < folders->nr; i++) {
		_cleanup_(freep) char *path = xasprintf("%s/%s", folders->paths[i], name);

		f = try_file(l, path);
	}
	if (!f)
		f = try_tree(l, folders->tree, is_loadable);
	for (size_t i = 0; !f && i < folders->nr; i++)
		f = try_debug(l, folders->paths[i]);
	if (!f)
		f = try_debug(l, debug_folder);
	return f ? f : try_tree(l, folders->tree, NULL);
}

int symbols_find_file(const char *path, const char *build_id, const struct symbol_folders *folders, struct elf_file **ret,
		      struct diag *d)
{
	struct looking l = { .build_id = build_id };
	_cleanup_(str_release) struct str escaped = {};
	const char *slash = strrchr(path, '/');
	struct elf_file *f = NULL;

	str_add_escaped(&escaped, path);
	if (!is_build_id(build_id))
		return diag_set(d, -EINVAL, "'%s' had no build id that it could be known by", str_text(&escaped));
	if (path[0] == '/')
		f = try_file(&l, path);
	if (!f)
		f = try_folders(&l, slash ? slash + 1 : path, folders);
	if (f)
		*ret = f;
	else
		diag_set(d, -ENOENT, "no file '%s' with build id %s: %s", str_text(&escaped), build_id,
			 l.other.len ? str_text(&l.other) : "there is none");
	str_release(&l.other);
	return f ? 0 : -ENOENT;
}

struct elf_file *symbols_debug_file(struct symbols *s)
{
	struct looking l = { .build_id = elf_file_build_id(s->file) };

	if (s->debug_looked || !is_build_id(l.build_id))
		return s->debug;
	s->debug_looked = true;
	for (size_t i = 0; !s->debug && i < s->folders.nr; i++)
		s->debug = try_debug(&l, s->folders.paths[i]);
	if (!s->debug)
		s->debug = try_debug(&l, debug_folder);
	if (!s->debug)
		s->debug = try_tree(&l, s->folders.tree, dwarf_lines_there);
	if (!s->debug)
		s->debug = try_tree(&l, s->folders.tree, has_symbols);
	str_release(&l.other);
	return s->debug;
}

/* ---- .gnu_debugdata: a small ELF file, packed by xz ---- */

static Elf_Data *packed_section(struct elf_file *f)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(f->elf, &names))
		return NULL;
	while ((section = elf_nextscn(f->elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_size > PACKED_MAX)
			continue;
		name = elf_strptr(f->elf, names, header.sh_name);
		if (name && !strcmp(name, ".gnu_debugdata"))
			return elf_file_data(f, section, &header);
	}
	return NULL;
}

static bool write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* A few bytes may unpack to terabytes. */
static bool unpack(const Elf_Data *packed, int fd)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	uint8_t part[PART];
	lzma_ret said = LZMA_OK;
	size_t written = 0;

	if (lzma_stream_decoder(&stream, DECODER_MAX, 0) != LZMA_OK)
		return false;
	stream.next_in = packed->d_buf;
	stream.avail_in = packed->d_size;
	while (said == LZMA_OK && written <= UNPACKED_MAX) {
		size_t len;

		stream.next_out = part;
		stream.avail_out = sizeof(part);
		said = lzma_code(&stream, LZMA_FINISH);
		len = sizeof(part) - stream.avail_out;
		if (!write_all(fd, part, len))
			said = LZMA_PROG_ERROR;
		written += len;
	}
	lzma_end(&stream);
	return said == LZMA_STREAM_END;
}

struct elf_file *symbols_packed(struct elf_file *f)
{
	Elf_Data *packed = packed_section(f);
	_cleanup_(closep) int fd = packed ? memfd_create("debugdata", MFD_CLOEXEC) : -1;
	_cleanup_(freep) char *path = xasprintf("/proc/self/fd/%d", fd);
	struct elf_file *ret = NULL;

	if (fd < 0 || !unpack(packed, fd) || elf_file_open(path, &ret, NULL))
		return NULL;
	return ret;
}
