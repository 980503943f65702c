/* bind_parts.h: what the files that make a binding share. Private to them. */
#ifndef RUNTIME_BIND_PARTS_H
#define RUNTIME_BIND_PARTS_H

#include "runtime/bind.h"

/* Fill @ret: the value's chains as the functions of @elf show them, or the problem. */
void bound_value_find(struct bound_value *ret, const struct rt_value *value, struct elf_file *elf);

/* The row has no probe, and why not. Takes @why over. */
void bound_row_refuse(struct bound_row *row, char *why);

/* When the row's values are bound: which of them are plain, and which of their loads are read at once. */
void bound_reads(struct wire_spec *spec);

/* When the row's values are bound: which `let` lines give which of the other names. */
void bound_row_lets(const struct binding *b, struct bound_row *row);

/* When the values are bound: where the objects of devices have what is read of them. */
void binding_devices(struct binding *b);

#endif
