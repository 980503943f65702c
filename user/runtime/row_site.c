#include "runtime/row_site.h"

#include <linux/types.h>
#include "wire.h"

/* The arguments that its values start from, bits. */
static unsigned int arguments_of(const struct rt_row *row)
{
	unsigned int arguments = 0;

	for (size_t i = 0; i < row->values.nr; i++) {
		int base = row->values.items[i].place.base;

		if (base >= WIRE_ARG0 && base < WIRE_STACK)
			arguments |= 1u << (base - WIRE_ARG0);
	}
	return arguments;
}

void row_site(const struct rt_row *row, struct elf_file *elf, const struct elf_symbol *symbol, struct code_site *ret)
{
	if (row->caller || row->at_entry)
		*ret = (struct code_site){.address = symbol->address};
	else
		code_choose_site(elf, symbol, arguments_of(row), ret);
}
