/* words.h: texts that many blocks share, each kept once, found by their hash: a recording may hold a million different ones. */
#ifndef LEDGER_WORDS_H
#define LEDGER_WORDS_H

#include "base/map.h"

enum { WORDS_RECENT = 64 };

/* `struct words w = {};` is empty and valid. */
struct words {
	struct map map;
	struct {
		const char *given, *kept;
	} recent[WORDS_RECENT]; /* by where they were given: the next one there is often the same */
};

const char *words_find(struct words *words, const char *text); /* for words_keep() */

/* Our own copy of @text, the same for equal texts; lives as long as @words. NULL for NULL. */
static inline const char *words_keep(struct words *words, const char *text)
{
	return text ? words_find(words, text) : NULL;
}

void words_release(struct words *words);

#endif
