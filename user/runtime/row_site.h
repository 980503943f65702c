/* row_site.h: where the probe of a row stands in a function. */
#ifndef RUNTIME_ROW_SITE_H
#define RUNTIME_ROW_SITE_H

#include "runtime/runtime.h"
#include "target/code_site.h"

/*
 * The instruction of @symbol that @row's probe is set on: see code_site.h. Of a row `called by`, whose symbol is a call, that one.
 * The stack pointer is there where it is at the entry: so a return probe may stand there, and hits are paired by it. The caller
 * calls code_site_release().
 */
void row_site(const struct rt_row *row, struct elf_file *elf, const struct elf_symbol *symbol, struct code_site *ret);

#endif
