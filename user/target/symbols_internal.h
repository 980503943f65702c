/* symbols_internal.h: what the files symbols*.c share. */
#ifndef TARGET_SYMBOLS_INTERNAL_H
#define TARGET_SYMBOLS_INTERNAL_H

#include "base/map.h"
#include "base/vec.h"
#include "target/cfi.h"
#include "target/symbols.h"

struct symbol_extent {
	uint64_t start, end; /* the same: no size is told */
	uint64_t reach;	     /* the largest end of this and all before it */
	const char *name;    /* of the ELF file's; mangled */
	bool local;
};

struct symbol_lines; /* opaque */

struct symbols {
	struct elf_file *file;
	struct symbol_folders folders;
	/* opened when first asked for; NULL: none */
	struct elf_file *packed, *debug;
	bool debug_looked, read, cfi_looked;
	struct cfi *cfi;
	VEC(struct symbol_extent) extents; /* sorted, no two the same; filled when `read` */
	struct map names;		   /* index in extents -> its name, allocated */
	struct symbol_lines *lines;
};

/* symbols_files.c: the file with debug information, NULL if there is none; the symbols that are packed into @f, or NULL. */
struct elf_file *symbols_debug_file(struct symbols *s);
struct elf_file *symbols_packed(struct elf_file *f);

/* symbols_line.c */
void symbol_lines_free(struct symbol_lines *l);

/* symbols_dwarf.c: for a process that may die of what is in the file. Are there lines? Read them; those of an address. */
struct dwarf_lines;
bool dwarf_lines_there(struct elf_file *f);
struct dwarf_lines *dwarf_lines_open(struct elf_file *f);
bool dwarf_lines_find(struct dwarf_lines *l, uint64_t address, const char **ret_file, int *ret_line);

#endif
