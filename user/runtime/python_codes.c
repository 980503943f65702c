#include "runtime/python_codes.h"

#include <stdlib.h>
#include <string.h>

struct known {
	struct wire_python_code_key key;
	struct python_code code;
};

static uint64_t hash_of(const struct wire_python_code_key *key)
{
	const uint64_t words[] = {key->epoch, key->code, key->name, key->table, key->unique};
	uint64_t hash = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
	}
	return hash;
}

/* Sets *@ret_try to where it is, or is to be put. */
static struct known *find(const struct python_codes *c, const struct wire_python_code_key *key, uint64_t *ret_try)
{
	for (uint64_t hash = hash_of(key), i = 0;; i++) {
		const struct map_entry *e = map_get(&c->by_key, hash, i);
		struct known *known = e ? e->pointer : NULL;

		*ret_try = i;
		if (!e || !memcmp(&known->key, key, sizeof(*key)))
			return known;
	}
}

const struct python_code *python_codes_find(const struct python_codes *c, const struct wire_python_code_key *key)
{
	uint64_t try;
	const struct known *known = find(c, key, &try);

	return known ? &known->code : NULL;
}

struct python_code *python_codes_put(struct python_codes *c, const struct wire_python_code_key *key)
{
	uint64_t try;
	struct known *known = find(c, key, &try);

	if (known) {
		python_code_release(&known->code);
		return &known->code;
	}
	known = xcalloc(1, sizeof(*known));
	known->key = *key;
	map_put(&c->by_key, hash_of(key), try, NULL)->pointer = known;
	return &known->code;
}

void python_codes_clear(struct python_codes *c)
{
	for (struct map_entry *e = map_next(&c->by_key, NULL); e; e = map_next(&c->by_key, e)) {
		struct known *known = e->pointer;

		python_code_release(&known->code);
		free(known);
	}
	map_clear(&c->by_key);
}

void python_codes_release(struct python_codes *c)
{
	python_codes_clear(c);
	map_release(&c->by_key);
}
