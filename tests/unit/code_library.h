/* The functions of tests/unit/data/code.S in a library, as the state of each test. */
#ifndef TESTS_UNIT_CODE_LIBRARY_H
#define TESTS_UNIT_CODE_LIBRARY_H

#include "assemble.h"
#include "target/elf_file.h"

struct fixture {
	struct assembled made;
	struct elf_file *elf;
};

static inline int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	*state = f;
	return assembled_from_file(&f->made, "code.so", "tests/unit/data/code.S") ?
		       elf_file_open(f->made.path, &f->elf, NULL) : -1;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	elf_file_free(f->elf);
	assembled_release(&f->made);
	free(f);
	return 0;
}

#endif
