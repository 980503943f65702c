/* ledger/blocks.h against plain arrays, which are searched, on random blocks. */
#include "random_records.h"

#include "ledger/blocks.h"

enum { STEPS = 40009, ADDRESSES = 700, LABELS = 5 };

struct naive {
	struct block blocks[ADDRESSES];
	bool live[ADDRESSES];
	size_t nr;
};

static const char *const labels[LABELS] = {NULL, "a", "b", "c", "d"};

/* Every member; those of an origin from a few, or from very many. */
static struct block random_block(struct random *random, uint64_t address)
{
	uint64_t bits = random_next(random);
	bool rare = !random_below(random, 3);

	return (struct block){
		.address = address,
		.reserved = random_number(random),
		.asked = random_number(random),
		.trace = rare ? random_number(random) : random_below(random, 2),
		.time_ns = random_number(random),
		.id = random_number(random),
		.layout = labels[random_below(random, LABELS)],
		.label = labels[random_below(random, LABELS)],
		.tid = (uint32_t)(rare ? random_number(random) : random_below(random, 3)),
		.has_reserved = bits & 1,
		.has_asked = bits & 2,
		.has_trace = bits & 4,
		.has_time = bits & 8,
		.has_id = bits & 16,
		.is_trace = bits & 32,
		.before_attach = bits & 64,
	};
}

static void assert_same(const struct block *a, const struct block *b)
{
	assert_int_equal(a->address, b->address);
	assert_int_equal(a->reserved, b->reserved);
	assert_int_equal(a->asked, b->asked);
	assert_int_equal(a->trace, b->trace);
	assert_int_equal(a->time_ns, b->time_ns);
	assert_int_equal(a->id, b->id);
	assert_ptr_equal(a->layout, b->layout);
	assert_ptr_equal(a->label, b->label);
	assert_int_equal(a->tid, b->tid);
	assert_int_equal(a->has_reserved, b->has_reserved);
	assert_int_equal(a->has_asked, b->has_asked);
	assert_int_equal(a->has_trace, b->has_trace);
	assert_int_equal(a->has_time, b->has_time);
	assert_int_equal(a->has_id, b->has_id);
	assert_int_equal(a->is_trace, b->is_trace);
	assert_int_equal(a->before_attach, b->before_attach);
}

static void check_lowest(const struct naive *n, struct blocks *b, uint64_t step)
{
	uint64_t lowest, first = 0;

	while (first < ADDRESSES && !n->live[first])
		first++;
	assert_int_equal(blocks_lowest(b, &lowest), n->nr > 0);
	if (n->nr)
		assert_int_equal(lowest, first * step);
}

static void check_all(const struct naive *n, struct blocks *b, uint64_t step)
{
	struct block found;
	size_t nr = 0;

	check_lowest(n, b, step);

	assert_int_equal(b->nr, n->nr);
	for (size_t i = 0; i < ADDRESSES; i++)
		assert_int_equal(blocks_get(b, i * step, NULL), n->live[i]);
	for (size_t at = 0; blocks_next(b, &at, &found); nr++) {
		assert_true(n->live[found.address / step]);
		assert_same(&found, &n->blocks[found.address / step]);
	}
	assert_int_equal(nr, n->nr);
}

/* Addresses are @step apart; the number of blocks rises and falls. */
static void check_addresses(uint64_t step)
{
	struct naive *n = xcalloc(1, sizeof(*n));
	struct random random = {.state = step};
	struct blocks b = {};
	struct block found;

	for (uint64_t i = 0; i < STEPS; i++) {
		size_t place = random_below(&random, ADDRESSES);
		bool put = random_below(&random, 100) < (i / 4001 % 2 ? 30 : 70);

		/* Of this address, or of another one. */
		if (random_below(&random, 2)) {
			size_t sought = random_below(&random, 4) ? place : random_below(&random, ADDRESSES);

			assert_int_equal(blocks_seek(&b, sought * step, &found), n->live[sought]);
			if (n->live[sought])
				assert_same(&found, &n->blocks[sought]);
		}
		if (put) {
			n->nr += !n->live[place];
			n->blocks[place] = random_block(&random, place * step);
			blocks_put(&b, &n->blocks[place]);
		} else {
			n->nr -= n->live[place];
			blocks_remove(&b, place * step);
		}
		n->live[place] = put;
		assert_int_equal(blocks_get(&b, place * step, &found), put);
		if (put)
			assert_same(&found, &n->blocks[place]);
		if (i % 7 == 0)
			check_lowest(n, &b, step);
		if (i % 997 == 0)
			check_all(n, &b, step);
	}
	check_all(n, &b, step);
	/* What those that are gone came from is forgotten. */
	assert_true(b.origins.nr < 3 * ADDRESSES);
	blocks_release(&b);
	assert_false(blocks_get(&b, 0, NULL));
	assert_int_equal(b.nr, 0);
	free(n);
}

static void blocks_are_as_they_were_put_until_they_are_removed(void **state)
{
	(void)state;
	check_addresses(1);
	check_addresses(32);
	check_addresses(0x1000000);
	check_addresses(1ULL << 54);
}

/* Where each group has passed something on, there is none at which the search for what is not there would end. */
static void what_is_not_there_is_not_found_in_an_index_that_is_nearly_full(void **state)
{
	enum { LIVING = 21 };
	uint64_t living[LIVING];
	struct random random = {31};
	struct blocks b = {};
	size_t nr = 0;

	(void)state;
	for (uint64_t i = 1; i < 200000; i++) {
		size_t victim = (size_t)random_below(&random, LIVING);

		assert_false(blocks_get(&b, i * 32, NULL));
		if (nr == LIVING) {
			blocks_remove(&b, living[victim]);
			living[victim] = living[--nr];
		}
		blocks_put(&b, &(struct block){.address = i * 32, .reserved = 1, .has_reserved = true});
		living[nr++] = i * 32;
	}
	assert_int_equal(b.nr, nr);
	blocks_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_as_they_were_put_until_they_are_removed),
		cmocka_unit_test(what_is_not_there_is_not_found_in_an_index_that_is_nearly_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
