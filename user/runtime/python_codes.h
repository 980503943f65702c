/* python_codes.h: the code objects that were met, by their keys. */
#ifndef RUNTIME_PYTHON_CODES_H
#define RUNTIME_PYTHON_CODES_H

#include "base/map.h"
#include "runtime/python.h"

/* All 0: none was met. */
struct python_codes {
	struct map by_key; /* (hash, try) -> one of these */
};

/* NULL: it was not met. */
const struct python_code *python_codes_find(const struct python_codes *c, const struct wire_python_code_key *key);
/* Where it is to be read to. What was known of it is released. It stays there until all are forgotten. */
struct python_code *python_codes_put(struct python_codes *c, const struct wire_python_code_key *key);
/* Forgets all. */
void python_codes_clear(struct python_codes *c);
void python_codes_release(struct python_codes *c);

#endif
