/*
 * proto.h: protocol buffers, written: fields of a message in the order of the calls. Numbers of fields and their meaning
 * are those of whoever reads them.
 */
#ifndef BASE_PROTO_H
#define BASE_PROTO_H

#include "base/str.h"

/* A uint64, uint32, bool, enum, or an int64 that is not negative. */
void proto_add_number(struct str *s, unsigned int field, uint64_t value);
/* @text is well-formed UTF-8, as str_add_escaped() makes it. */
void proto_add_text(struct str *s, unsigned int field, const char *text);

/*
 * A message within the message, or numbers that are packed: what is added between the two calls. @begin is what
 * proto_begin() returned.
 */
size_t proto_begin(struct str *s, unsigned int field);
void proto_end(struct str *s, size_t begin);
/* One of the numbers that are packed. */
void proto_add_packed(struct str *s, uint64_t value);

#endif
