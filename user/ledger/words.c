#include "ledger/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* Eight bytes at a time; the map mixes it. */
static uint64_t hash_of(const char *text, size_t len)
{
	uint64_t hash = len, bytes;

	for (; len >= sizeof(bytes); text += sizeof(bytes), len -= sizeof(bytes)) {
		memcpy(&bytes, text, sizeof(bytes));
		hash = (hash ^ bytes) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
	}
	bytes = 0;
	memcpy(&bytes, text, len);
	return (hash ^ bytes) * 0x9e3779b97f4a7c15ULL;
}

const char *words_keep(struct map *words, const char *text)
{
	if (!text)
		return NULL;
	for (uint64_t hash = hash_of(text, strlen(text)), i = 0;; i++) {
		bool first;
		struct map_entry *e = map_put(words, hash, i, &first);

		if (first)
			e->pointer = xstrdup(text);
		if (!strcmp(e->pointer, text))
			return e->pointer;
	}
}

void words_release(struct map *words)
{
	for (struct map_entry *e = map_next(words, NULL); e; e = map_next(words, e))
		free(e->pointer);
	map_release(words);
}
