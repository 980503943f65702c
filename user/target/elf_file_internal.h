/*
 * elf_file_internal.h: what the files elf_file*.c share. Every number in it that came from the file has
 * been checked against the file's size, or is checked where it is used.
 */
#ifndef TARGET_ELF_FILE_INTERNAL_H
#define TARGET_ELF_FILE_INTERNAL_H

#include "base/vec.h"
#include "target/elf_file.h"

#include <gelf.h>

struct elf_segment { /* of PT_LOAD, cut to what the file holds */
	uint64_t address, offset, bytes;
	bool executable;
};

struct elf_extent { /* a function with a size, sorted by address */
	uint64_t address, end;
	uint64_t reach; /* the largest end of this and all before it */
	const struct elf_symbol *symbol;
};

struct elf_table { /* .dynsym or .symtab, read when first asked */
	bool read, ordered;
	VEC(struct elf_symbol) symbols;	  /* in the file's order */
	VEC(uint64_t) heads;		  /* of each: a number that the beginning of its name gives */
	VEC(struct elf_extent) functions; /* filled when `ordered` */
};

struct elf_slot { /* a word that the dynamic linker fills in: the GOT */
	uint64_t address;
	const char *name;
};

struct elf_file {
	char *path;
	char *build_id;
	int fd;
	uint64_t bytes; /* of the file when it was opened; a later read may find less */
	Elf *elf;
	VEC(struct elf_segment) segments;
	struct elf_table dynamic, full;
	bool exported; /* .symtab is not asked where there is a .dynsym */
	bool slots_read;
	VEC(struct elf_slot) slots; /* sorted by address */
	bool cfi_looked;
	struct cfi *cfi; /* cfi_of() */
};

/* Names of a string section: a name is valid if its offset is less than `len`. */
struct elf_names {
	const char *bytes;
	size_t len;
};

/* The first section of type @type. NULL if there is none, or if it is not as large as it says. */
Elf_Data *elf_file_section(struct elf_file *f, uint32_t type, GElf_Shdr *ret_header);
/* The contents of a section. NULL when they are not all in the file. */
Elf_Data *elf_file_data(struct elf_file *f, Elf_Scn *section, const GElf_Shdr *header);
/* The string section with index @section; empty when that is none. */
struct elf_names elf_file_names(struct elf_file *f, uint32_t section);

void elf_table_release(struct elf_table *t);

#endif
