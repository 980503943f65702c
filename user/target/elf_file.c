/*
 * An ELF file: its header, its segments, its build id, its bytes. Sections are read by libelf when they
 * are asked for, with pread(): nothing is mapped, and a library of 35 MB costs what its symbols take.
 */
#include "target/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "target/cfi.h"
#include "target/elf_file_internal.h"

/* A section that is larger is no symbol table of ours: a sparse file must not cost memory. */
enum { SECTION_MAX = 1 << 30, NOTES_MAX = 1 << 16, BUILD_ID_MAX = 64 };

const char *elf_file_path(const struct elf_file *f)
{
	return f->path;
}

const char *elf_file_build_id(const struct elf_file *f)
{
	return f->build_id ? f->build_id : "";
}

Elf_Data *elf_file_data(struct elf_file *f, Elf_Scn *section, const GElf_Shdr *header)
{
	if (header->sh_type == SHT_NOBITS || header->sh_size > SECTION_MAX || header->sh_size > f->bytes)
		return NULL;

	Elf_Data *data = elf_getdata(section, NULL);

	return data && data->d_buf ? data : NULL;
}

Elf_Data *elf_file_section(struct elf_file *f, uint32_t type, GElf_Shdr *ret_header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(f->elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_type == type) {
			*ret_header = header;
			return elf_file_data(f, section, &header);
		}
	}
	return NULL;
}

struct elf_names elf_file_names(struct elf_file *f, uint32_t section)
{
	struct elf_names names = {};
	Elf_Scn *scn = elf_getscn(f->elf, section);
	GElf_Shdr header;

	if (!scn || !gelf_getshdr(scn, &header) || header.sh_type != SHT_STRTAB)
		return names;

	Elf_Data *data = elf_file_data(f, scn, &header);

	if (!data)
		return names;
	names.bytes = data->d_buf;
	names.len = data->d_size;
	while (names.len && names.bytes[names.len - 1])
		names.len--;
	return names;
}

static void add_segment(struct elf_file *f, const GElf_Phdr *header)
{
	uint64_t bytes = header->p_filesz;

	if (header->p_offset >= f->bytes || !bytes)
		return;
	if (bytes > f->bytes - header->p_offset)
		bytes = f->bytes - header->p_offset;
	if (header->p_vaddr > UINT64_MAX - bytes)
		return;
	vec_push(&f->segments, ((struct elf_segment){ .address = header->p_vaddr,
						      .offset = header->p_offset,
						      .bytes = bytes,
						      .executable = header->p_flags & PF_X }));
}

static void read_build_id(struct elf_file *f, const GElf_Phdr *header)
{
	if (header->p_filesz > NOTES_MAX || header->p_offset > f->bytes ||
	    header->p_filesz > f->bytes - header->p_offset)
		return;

	Elf_Data *data = elf_getdata_rawchunk(f->elf, (int64_t)header->p_offset, header->p_filesz,
					      header->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	GElf_Nhdr note;
	size_t name, text;

	for (size_t at = 0, next; data && (next = gelf_getnote(data, at, &note, &name, &text)) > at; at = next) {
		const uint8_t *bytes = data->d_buf;
		struct str id = {};

		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || memcmp(bytes + name, "GNU", 4) ||
		    !note.n_descsz || note.n_descsz > BUILD_ID_MAX)
			continue;
		for (size_t i = 0; i < note.n_descsz; i++)
			str_addf(&id, "%02x", bytes[text + i]);
		f->build_id = id.p;
		return;
	}
}

static void read_segments(struct elf_file *f)
{
	size_t nr = 0;

	if (elf_getphdrnum(f->elf, &nr))
		return;
	for (size_t i = 0; i < nr && i < INT32_MAX; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(f->elf, (int)i, &header))
			return;
		if (header.p_type == PT_LOAD)
			add_segment(f, &header);
		if (header.p_type == PT_NOTE && !f->build_id)
			read_build_id(f, &header);
	}
}

static bool is_ours(Elf *elf)
{
	GElf_Ehdr header;

	return elf_kind(elf) == ELF_K_ELF && gelf_getclass(elf) == ELFCLASS64 && gelf_getehdr(elf, &header) &&
	       header.e_ident[EI_DATA] == ELFDATA2LSB && header.e_machine == EM_X86_64 &&
	       (header.e_type == ET_DYN || header.e_type == ET_EXEC);
}

int elf_file_open(const char *path, struct elf_file **ret, struct diag *d)
{
	/* A FIFO that somebody put there must not hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct str escaped = {};
	struct stat st;
	int err = 0;

	str_add_escaped(&escaped, path);
	if (fd < 0 || fstat(fd, &st)) {
		err = diag_errno(d, -errno, "cannot open '%s'", str_text(&escaped));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err = diag_set(d, -ENOEXEC, "'%s' is not a regular file", str_text(&escaped));
		goto out;
	}

	struct elf_file *f = xcalloc(1, sizeof(*f));

	f->path = xstrdup(path);
	f->fd = fd;
	f->bytes = (uint64_t)st.st_size;
	elf_version(EV_CURRENT);
	f->elf = elf_begin(fd, ELF_C_READ, NULL);
	fd = -1;
	if (f->elf && is_ours(f->elf)) {
		read_segments(f);
		*ret = f;
	} else {
		elf_file_free(f);
		err = diag_set(d, -ENOEXEC, "'%s' is no x86-64 program or library", str_text(&escaped));
	}
out:
	closep(&fd);
	str_release(&escaped);
	return err;
}

void elf_file_free(struct elf_file *f)
{
	if (!f)
		return;
	vec_release(&f->segments);
	vec_release(&f->slots);
	elf_table_release(&f->dynamic);
	elf_table_release(&f->full);
	cfi_free(f->cfi);
	elf_end(f->elf);
	closep(&f->fd);
	free(f->build_id);
	free(f->path);
	free(f);
}

static const struct elf_segment *segment_at(const struct elf_file *f, uint64_t address)
{
	for (size_t i = 0; i < f->segments.nr; i++) {
		const struct elf_segment *s = &f->segments.items[i];

		if (address >= s->address && address - s->address < s->bytes)
			return s;
	}
	return NULL;
}

size_t elf_file_read(struct elf_file *f, uint64_t address, void *bytes, size_t len)
{
	const struct elf_segment *s = segment_at(f, address);
	size_t done = 0;

	if (!s)
		return 0;

	uint64_t skip = address - s->address;

	if (len > s->bytes - skip)
		len = s->bytes - skip;
	while (done < len) {
		ssize_t n = pread(f->fd, (char *)bytes + done, len - done, (off_t)(s->offset + skip + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

int elf_file_offset(struct elf_file *f, uint64_t address, uint64_t *ret_offset)
{
	const struct elf_segment *s = segment_at(f, address);

	if (!s)
		return -ENOENT;
	*ret_offset = s->offset + (address - s->address);
	return 0;
}

int elf_file_address(struct elf_file *f, uint64_t offset, uint64_t *ret_address)
{
	const struct elf_segment *best = NULL;

	for (size_t i = 0; i < f->segments.nr; i++) {
		const struct elf_segment *s = &f->segments.items[i];

		/* Two segments may hold the same bytes at a page's border: offsets come from code. */
		if (offset >= s->offset && offset - s->offset < s->bytes &&
		    (!best || (s->executable && !best->executable)))
			best = s;
	}
	if (!best)
		return -ENOENT;
	*ret_address = best->address + (offset - best->offset);
	return 0;
}

/*
 * A mapping begins at the page that its segment begins in, which may hold the end of the segment before: the one that begins
 * last. It may be smaller than its page, and the next one begin there as well: that is no code.
 */
int elf_file_bias(struct elf_file *f, uint64_t start, uint64_t offset, uint64_t *ret_bias)
{
	uint64_t last = offset + (uint64_t)sysconf(_SC_PAGESIZE) - 1;
	const struct elf_segment *best = NULL;

	for (size_t i = 0; i < f->segments.nr; i++) {
		const struct elf_segment *s = &f->segments.items[i];

		if (s->offset > last || (s->offset <= offset && offset - s->offset >= s->bytes))
			continue;
		if (!best || (s->executable == best->executable ? s->offset > best->offset : s->executable))
			best = s;
	}
	if (!best)
		return -ENOENT;
	*ret_bias = start - offset + best->offset - best->address;
	return 0;
}
