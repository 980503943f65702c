/*
 * Who is behind a PLT entry: its code jumps through a word of the GOT, a relocation says which symbol
 * the dynamic linker writes there. The entries' forms differ between linkers; the jump does not.
 */
#include "target/elf_file.h"

#include <stdlib.h>
#include <string.h>

#include "target/elf_file_internal.h"

/* What may come before `jmp *disp(%rip)`: endbr64; lld's `mov $index, %r11d`; the bnd of GNU ld. */
static const struct {
	uint8_t bytes[4];
	size_t compared, len;
} leads[] = {
	{ { 0xf3, 0x0f, 0x1e, 0xfa }, 4, 4 },
	{ { 0x41, 0xbb }, 2, 6 },
	{ { 0xf2 }, 1, 1 },
};

static int by_address(const void *a, const void *b)
{
	const struct elf_slot *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

struct names_of_slots {
	Elf_Data *symbols;
	struct elf_names names;
};

static const char *slot_name(struct elf_file *f, const struct names_of_slots *from, const GElf_Rela *rela)
{
	struct elf_symbol resolver;
	GElf_Sym sym;

	switch (GELF_R_TYPE(rela->r_info)) {
	case R_X86_64_IRELATIVE:
		return elf_file_symbol_at(f, (uint64_t)rela->r_addend, &resolver) ? NULL : resolver.name;
	case R_X86_64_JUMP_SLOT:
	case R_X86_64_GLOB_DAT:
		break;
	default:
		return NULL;
	}
	if (!from->symbols || GELF_R_SYM(rela->r_info) > INT32_MAX ||
	    !gelf_getsym(from->symbols, (int)GELF_R_SYM(rela->r_info), &sym) || sym.st_name >= from->names.len)
		return NULL;
	return from->names.bytes + sym.st_name;
}

static void read_relocations(struct elf_file *f, const struct names_of_slots *from, Elf_Data *data)
{
	size_t nr = data->d_size / sizeof(Elf64_Rela);

	for (size_t i = 0; i < nr && i < INT32_MAX; i++) {
		GElf_Rela rela;
		const char *name;

		if (!gelf_getrela(data, (int)i, &rela))
			return;
		name = slot_name(f, from, &rela);
		if (name && *name)
			vec_push(&f->slots, ((struct elf_slot){ .address = rela.r_offset, .name = name }));
	}
}

static void read_slots(struct elf_file *f)
{
	GElf_Shdr header = {};
	struct names_of_slots from = { .symbols = elf_file_section(f, SHT_DYNSYM, &header) };
	Elf_Scn *section = NULL;

	f->slots_read = true;
	if (from.symbols)
		from.names = elf_file_names(f, header.sh_link);
	while ((section = elf_nextscn(f->elf, section))) {
		Elf_Data *data = NULL;

		/* Relocations that are loaded are the dynamic ones: they are of .dynsym. */
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_RELA && header.sh_flags & SHF_ALLOC)
			data = elf_file_data(f, section, &header);
		if (data)
			read_relocations(f, &from, data);
	}
	if (f->slots.nr)
		qsort(f->slots.items, f->slots.nr, sizeof(*f->slots.items), by_address);
}

const char *elf_file_slot(struct elf_file *f, uint64_t address)
{
	const struct elf_slot key = { .address = address };
	const struct elf_slot *found;

	if (!f->slots_read)
		read_slots(f);
	if (!f->slots.nr)
		return NULL;
	found = bsearch(&key, f->slots.items, f->slots.nr, sizeof(key), by_address);
	return found ? found->name : NULL;
}

const char *elf_file_plt(struct elf_file *f, uint64_t address)
{
	uint8_t code[24];
	size_t len = elf_file_read(f, address, code, sizeof(code)), at = 0;
	int32_t displacement;

	for (size_t i = 0; i < ARRAY_SIZE(leads); i++)
		if (len >= at + leads[i].len && !memcmp(code + at, leads[i].bytes, leads[i].compared))
			at += leads[i].len;
	if (len < at + 6 || code[at] != 0xff || code[at + 1] != 0x25)
		return NULL;
	memcpy(&displacement, code + at + 2, sizeof(displacement));
	return elf_file_slot(f, address + at + 6 + (uint64_t)(int64_t)displacement);
}
