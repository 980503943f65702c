/*
 * target/: the traced program from outside: its ELF files, its machine code, its processes and their
 * memory. The only room that knows elfutils and capstone. Knows nothing of records or runtimes.
 *
 * elf_file.h: symbols, addresses and bytes of one ELF file (x86-64).
 */
#ifndef TARGET_ELF_FILE_H
#define TARGET_ELF_FILE_H

#include "base/diag.h"

struct elf_file; /* opaque; owns its names and bytes */

struct elf_symbol {
	const char *name; /* mangled; lives as long as the file */
	uint64_t address; /* virtual, as in the file */
	uint64_t size;
	bool function; /* else an object (a vtable, say) */
};

/*
 * Open the ELF file at @path, which may be a link in /proc. -ENOEXEC when it is no 64-bit x86 ELF file.
 * Never maps a file in a way that a shrinking file could kill us with SIGBUS.
 */
int elf_file_open(const char *path, struct elf_file **ret, struct diag *d);
void elf_file_free(struct elf_file *f);

const char *elf_file_path(const struct elf_file *f);
/* Build id in hexadecimal, "" when the file has none. */
const char *elf_file_build_id(const struct elf_file *f);

/*
 * Defined symbols that match @pattern: a name, or a prefix when it ends in '*'. From .dynsym, and from
 * .symtab where .dynsym has none. Aliases (C1 and C2 of a constructor, say: same address) count once.
 * Sorted by address. Returns how many matched; stores up to @max of them. O(n), but less than a nanosecond a symbol for names
 * and prefixes of 24 bytes and more.
 */
size_t elf_file_find(struct elf_file *f, const char *pattern, struct elf_symbol *symbols, size_t max);

/*
 * Ask .dynsym alone from now on, if there is one, or .symtab as well, as at first: to read the names that no other file can use
 * takes four times as long.
 */
void elf_file_set_exported(struct elf_file *f, bool exported);

/* The name of the function behind the PLT entry at @address, NULL when that is no PLT entry. */
const char *elf_file_plt(struct elf_file *f, uint64_t address);
/* The name of the symbol whose address the dynamic linker writes to @address (a word of the GOT), or NULL. */
const char *elf_file_slot(struct elf_file *f, uint64_t address);

/* The function symbol whose bytes hold @address. -ENOENT. */
int elf_file_symbol_at(struct elf_file *f, uint64_t address, struct elf_symbol *ret);

/*
 * Does a function begin behind @after, and not behind @last? Also one without a size, and one that only .symtab has.
 */
bool elf_file_begins(struct elf_file *f, uint64_t after, uint64_t last, struct elf_symbol *ret);

/* Bytes at a virtual address, from the file. Returns how many could be read, up to @len. */
size_t elf_file_read(struct elf_file *f, uint64_t address, void *bytes, size_t len);

/* Virtual address <-> file offset, by the program headers. -ENOENT. */
int elf_file_offset(struct elf_file *f, uint64_t address, uint64_t *ret_offset);
int elf_file_address(struct elf_file *f, uint64_t offset, uint64_t *ret_address);
/* Load bias of a process that has mapped the file from @offset on at @start: its addresses minus the virtual ones. -ENOENT. */
int elf_file_bias(struct elf_file *f, uint64_t start, uint64_t offset, uint64_t *ret_bias);

#endif
