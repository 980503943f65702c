/* row_return.h: how it is seen what a call of a row with `return` gives back. */
#ifndef RUNTIME_ROW_RETURN_H
#define RUNTIME_ROW_RETURN_H

#include "runtime/bind.h"
#include "target/code_site.h"

/*
 * By a return probe, if the function is one of C and the runtime file knows of no exceptions. Else by probes at all its ways out,
 * which are filled in in @ret; where these cannot be found @ret has no probe. @site may become the function's entry: no probe may
 * stand where another one that has to come later stands. Of rows without `return` nothing is done.
 */
void row_return(const struct runtime *rt, struct elf_file *elf, const struct elf_symbol *symbol, struct code_site *site,
		struct bound_row *ret);

/* May a row of @rt, in some file, be one whose returns are seen at ways out? */
bool runtime_has_ways(const struct runtime *rt);

/* When all rows are bound: a function with a row of its own tells of its calls, be they the end of another one's or not. */
void binding_check_ways(struct binding *b);

#endif
