/* words.h: texts that many blocks share, each kept once, found by their hash: a recording may hold a million different ones. */
#ifndef LEDGER_WORDS_H
#define LEDGER_WORDS_H

#include "base/map.h"

/* The map's own copy of @text, the same for equal texts; lives as long as the map. NULL for NULL. */
const char *words_keep(struct map *words, const char *text);
void words_release(struct map *words);

#endif
