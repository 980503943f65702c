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

static const char *keep(struct map *map, const char *text)
{
	for (uint64_t hash = hash_of(text, strlen(text)), i = 0;; i++) {
		bool first;
		struct map_entry *e = map_put(map, hash, i, &first);

		if (first)
			e->pointer = xstrdup(text);
		if (!strcmp(e->pointer, text))
			return e->pointer;
	}
}

const char *words_find(struct words *words, const char *text)
{
	size_t i = (uintptr_t)text * 0x9e3779b97f4a7c15ULL >> 32 & (WORDS_RECENT - 1);

	if (words->recent[i].given != text || strcmp(words->recent[i].kept, text)) {
		words->recent[i].kept = keep(&words->map, text);
		words->recent[i].given = text;
	}
	return words->recent[i].kept;
}

void words_release(struct words *words)
{
	for (struct map_entry *e = map_next(&words->map, NULL); e; e = map_next(&words->map, e))
		free(e->pointer);
	map_release(&words->map);
	*words = (struct words){};
}
