/* books.h: what a toy runtime's books say is read as it is; books that do not fit together are never believed. */
#include "runtime/books.h"

#include <errno.h>

#include "toy_books.h"

static void assert_some_blocks(const struct book_arena *a, const struct toy_owner *owner)
{
	assert_true(a->consistent);
	assert_int_equal(a->owner, (uintptr_t)owner);
	assert_int_equal(a->object, (uintptr_t)owner->arenas[0]);
	assert_int_equal(a->list, (uintptr_t)owner->arenas[0]->inline_slot);
	assert_string_equal(a->pool, "FAR");
	assert_int_equal(a->banks, 12);
	assert_int_equal(a->align, 16);
	assert_int_equal(a->grain, GRAIN);
	assert_int_equal(a->base, BASE);
	assert_int_equal(a->bank_bytes, SOME_BYTES);
	assert_int_equal(a->blocks.nr, 2);
	assert_int_equal(a->blocks.items[0].address, BASE);
	assert_int_equal(a->blocks.items[0].bytes, 256);
	assert_int_equal(a->blocks.items[1].address, BASE + 384);
	assert_int_equal(a->blocks.items[1].bytes, 256);
}

static void every_owners_named_pools_are_read_with_their_live_blocks(void **state)
{
	struct toy *t = *state;
	const struct toy_owner *owners[] = { toy_owner(t, OWNER_VTABLE), toy_owner(t, OTHER_VTABLE) };
	book_arenas arenas = {};

	toy_start(t, NULL);
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_int_equal(arenas.nr, 4);
	for (size_t i = 0; i < 2; i++) {
		assert_some_blocks(&arenas.items[2 * i], owners[i]);
		for (size_t k = 0; k < ARENAS; k++)
			assert_true(books_know(t->books, (uintptr_t)owners[i]->arenas[k]));
	}
	assert_false(books_know(t->books, (uintptr_t)owners[0]));
	book_arenas_release(&arenas);
}

static void a_pool_without_banks_is_consistent_and_empty(void **state)
{
	struct toy *t = *state;
	book_arenas arenas = {};

	toy_owner(t, OWNER_VTABLE);
	toy_start(t, NULL);
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_string_equal(arenas.items[1].pool, "NEAR");
	assert_int_equal(arenas.items[1].banks, 0);
	assert_int_equal(arenas.items[1].bank_bytes, 0);
	assert_true(arenas.items[1].consistent);
	assert_int_equal(arenas.items[1].blocks.nr, 0);
	book_arenas_release(&arenas);
}

static void what_was_an_owner_is_none(void **state)
{
	struct toy *t = *state;
	struct toy_owner *gone = toy_owner(t, OWNER_VTABLE), *other = toy_owner(t, OWNER_VTABLE),
			 *freed = toy_owner(t, OWNER_VTABLE), *copied = toy_owner(t, OWNER_VTABLE),
			 *copy = place(t, sizeof(*copy)), *living = toy_owner(t, OTHER_VTABLE);
	book_arenas arenas = {};

	gone->arenas[0]->inline_slot->vtable = 0;
	other->arenas[2]->slot = NULL;
	freed->arenas[1] = (struct toy_arena *)(t->region + REGION - 16); /* never touched */
	memcpy(copy, copied, sizeof(*copy));
	/* The word alone: at the end of the memory, and where nothing behind it is an owner's. */
	memcpy(t->region + REGION / 2 - 8, &(uint64_t){ OWNER_VTABLE + BIAS }, 8);
	place(t, 64);
	memcpy(place(t, 8), &(uint64_t){ OTHER_VTABLE + BIAS }, 8);
	toy_start(t, NULL);
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_int_equal(arenas.nr, 4);
	assert_int_equal(arenas.items[0].owner, (uintptr_t)copied);
	assert_some_blocks(&arenas.items[2], living);
	assert_false(books_know(t->books, (uintptr_t)gone->arenas[1]));
	book_arenas_release(&arenas);
}

static void without_a_vtable_of_the_list_its_figures_must_do(void **state)
{
	struct toy *t = *state;
	struct toy_owner *owner = toy_owner(t, OWNER_VTABLE), *odd = toy_owner(t, OWNER_VTABLE);
	book_arenas arenas = {};

	t->binding.list_vtable = 0;
	owner->arenas[0]->inline_slot->vtable = 0;
	odd->arenas[0]->banks = 1 << 20;
	toy_start(t, NULL);
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_int_equal(arenas.nr, 2);
	assert_some_blocks(&arenas.items[0], owner);
	book_arenas_release(&arenas);
}

/* As toy_start(), in a file that has no vtable for owners. */
static void start_without_owner_vtables(struct toy *t)
{
	for (size_t i = 0; i < t->binding.owner_vtables.nr; i++)
		t->binding.owner_vtables.items[i] = 0;
	toy_start(t, NULL);
}

static void owners_without_a_vtable_are_found_by_their_lists(void **state)
{
	struct toy *t = *state;
	const struct toy_owner *owners[] = { toy_owner(t, 1), toy_owner(t, 2) };
	book_arenas arenas = {};

	start_without_owner_vtables(t);
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_int_equal(arenas.nr, 4);
	for (size_t i = 0; i < 2; i++) {
		assert_some_blocks(&arenas.items[2 * i], owners[i]);
		for (size_t k = 0; k < ARENAS; k++)
			assert_true(books_know(t->books, (uintptr_t)owners[i]->arenas[k]));
	}
	book_arenas_release(&arenas);
}

static void what_only_looks_like_an_owner_without_a_vtable_is_none(void **state)
{
	struct toy *t = *state;
	struct toy_owner *gone = toy_owner(t, 1), *cut = toy_owner(t, 1), *twice = toy_owner(t, 1);
	struct toy_arena **copies = place(t, ARENAS * sizeof(*copies));
	struct toy_owner *living = toy_owner(t, 1);
	book_arenas arenas = {};

	gone->arenas[2]->inline_slot->vtable = 0;
	cut->arenas[1] = NULL;
	twice->arenas[1] = twice->arenas[0];
	/* Pointers in an owner's order, below it: nothing points to where they would be an owner's. */
	memcpy(copies, living->arenas, sizeof(living->arenas));
	/* And a list that no arena leads to. */
	toy_list(t, some_blocks, ARRAY_SIZE(some_blocks), SOME_BYTES);
	start_without_owner_vtables(t);
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_int_equal(arenas.nr, 2);
	assert_some_blocks(&arenas.items[0], living);
	assert_false(books_know(t->books, (uintptr_t)gone->arenas[0]));
	assert_false(books_know(t->books, (uintptr_t)cut->arenas[0]));
	assert_false(books_know(t->books, (uintptr_t)twice->arenas[0]));
	book_arenas_release(&arenas);
}

static void an_owner_without_a_vtable_that_goes_is_left_out(void **state)
{
	struct toy *t = *state;
	struct toy_owner *first = toy_owner(t, 1), *second = toy_owner(t, 1);
	book_arenas arenas = {};
	struct diag d = {};

	start_without_owner_vtables(t);
	toy_write_word(t, &first->arenas[1], 0);
	toy_write_word(t, &second->arenas[0]->inline_slot->vtable, 1);
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_int_equal(arenas.nr, 0);
	toy_write_word(t, &first->arenas[1], (uintptr_t)first->arenas[1]);
	assert_int_equal(books_scan(t->books, &d), 0);
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_int_equal(arenas.nr, 2);
	assert_some_blocks(&arenas.items[0], first);
	book_arenas_release(&arenas);
	child_kill(&t->child);
	assert_int_equal(books_scan(t->books, &d), -ESRCH);
}

static void an_owner_that_goes_is_left_out_and_found_when_it_comes_again(void **state)
{
	struct toy *t = *state;
	struct toy_owner *first = toy_owner(t, OWNER_VTABLE), *second = toy_owner(t, OWNER_VTABLE);
	struct toy_arena *third = toy_arena(t, 0, 12, toy_list(t, some_blocks, ARRAY_SIZE(some_blocks), SOME_BYTES));
	book_arenas arenas = {};
	struct diag d = {};

	toy_start(t, NULL);
	toy_write_word(t, first, 0);
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_int_equal(arenas.nr, 2);
	assert_some_blocks(&arenas.items[0], second);
	book_arenas_release(&arenas);
	toy_write_word(t, &second->arenas[0]->inline_slot->vtable, 1);
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_int_equal(arenas.nr, 0);
	book_arenas_release(&arenas);
	/* An object again, but not the one that was there: not without a scan. */
	toy_write_word(t, first, OTHER_VTABLE + BIAS);
	toy_write_word(t, &first->arenas[0], (uintptr_t)third);
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_int_equal(arenas.nr, 0);
	toy_write_word(t, &first->arenas[0], (uintptr_t)first->arenas[0]);
	assert_int_equal(books_scan(t->books, &d), 0);
	assert_false(books_know(t->books, (uintptr_t)second->arenas[0]));
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_int_equal(arenas.nr, 2);
	assert_some_blocks(&arenas.items[0], first);
	book_arenas_release(&arenas);
}

/* A word of a list, and what it holds in the middle of a change. */
static void torn_books_have_no_blocks(void **state)
{
	struct toy *t = *state;
	struct toy_owner *owner = toy_owner(t, OWNER_VTABLE);
	struct toy_list *list = owner->arenas[0]->inline_slot;
	const struct {
		void *where;
		uint64_t word;
	} cases[] = {
		{ (uint64_t *)list->bytes.begin + 0, 257 },		/* overlaps */
		{ (uint64_t *)list->bytes.begin + 0, 224 },		/* a gap */
		{ (uint64_t *)list->bytes.begin + 1, 352 },		/* ends early */
		{ (uint64_t *)list->bytes.begin + 1, 416 },		/* ends late */
		{ (uint64_t *)list->bytes.begin + 1, UINT64_MAX - 600 }, /* wraps */
		{ (uint64_t *)list->address.begin + 0, 32 },
		{ (uint64_t *)list->address.begin + 4, 256 },		/* twice */
		{ (uint8_t *)list->used.begin, 0 },			/* none is used */
		{ &list->bank_bytes, 2048 },
		{ &list->bank_bytes, 0 },
		{ &list->address.end, list->address.end + 8 },
		{ &list->address.end, list->address.end + 1 },
		{ &list->bytes.end, list->bytes.end - 8 },
		{ &list->live.end, list->live.end + 1 },
		{ &list->used.end, list->used.begin },
		{ &list->used.end, list->used.begin - 1 },
		{ &list->address.begin, 0 },
		{ &list->address.end, UINT64_MAX },
		{ &list->live.begin, (uintptr_t)t->region + REGION - 6 }, /* never touched */
	};
	book_arenas arenas = {};

	toy_start(t, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t was;

		memcpy(&was, cases[i].where, sizeof(was));
		toy_write_word(t, cases[i].where, cases[i].word);
		assert_int_equal(books_read(t->books, 3, &arenas), 0);
		assert_int_equal(arenas.nr, 2);
		assert_false(arenas.items[0].consistent);
		assert_int_equal(arenas.items[0].blocks.nr, 0);
		assert_true(arenas.items[1].consistent);
		book_arenas_release(&arenas);
		toy_write_word(t, cases[i].where, was);
		assert_int_equal(books_read(t->books, 1, &arenas), 0);
		assert_some_blocks(&arenas.items[0], owner);
		book_arenas_release(&arenas);
	}
}

static void vectors_that_claim_more_than_a_bank_holds_are_not_read(void **state)
{
	struct toy *t = *state;
	struct toy_owner *owner = toy_owner(t, OWNER_VTABLE);
	struct toy_list *list = owner->arenas[0]->inline_slot;
	const uint64_t claimed[] = { 1000, 1 << 23, 1ULL << 32, 1ULL << 60 };
	book_arenas arenas = {};

	toy_start(t, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(claimed); i++) {
		toy_write_word(t, &list->grain, i % 2 ? 0 : GRAIN);
		toy_write_word(t, &list->address.end, list->address.begin + 8 * claimed[i]);
		toy_write_word(t, &list->bytes.end, list->bytes.begin + 8 * claimed[i]);
		toy_write_word(t, &list->live.end, list->live.begin + claimed[i]);
		toy_write_word(t, &list->used.end, list->used.begin + claimed[i]);
		assert_int_equal(books_read(t->books, 1, &arenas), 0);
		assert_false(arenas.items[0].consistent);
		book_arenas_release(&arenas);
	}
}

static void one_arena_is_read_by_its_address_known_or_not(void **state)
{
	struct toy *t = *state;
	struct toy_owner *owner = toy_owner(t, OWNER_VTABLE);
	struct toy_list *list = toy_list(t, some_blocks, ARRAY_SIZE(some_blocks), SOME_BYTES);
	struct toy_arena *stray = toy_arena(t, 0, 7, list);
	struct book_arena a = {}, untouched = { .object = 5 };

	toy_start(t, NULL);
	assert_int_equal(books_read_arena(t->books, (uintptr_t)owner->arenas[0], true, &a), 0);
	assert_some_blocks(&a, owner);
	vec_release(&a.blocks);
	assert_int_equal(books_read_arena(t->books, (uintptr_t)stray, true, &a), 0);
	assert_int_equal(a.owner, 0);
	assert_int_equal(a.banks, 7);
	assert_int_equal(a.blocks.nr, 2);
	vec_release(&a.blocks);
	toy_write_word(t, &list->used.end, list->used.begin);
	assert_int_equal(books_read_arena(t->books, (uintptr_t)stray, true, &a), 0);
	assert_false(a.consistent);
	assert_int_equal(books_read_arena(t->books, (uintptr_t)stray, false, &a), 0);
	assert_int_equal(a.bank_bytes, SOME_BYTES);
	assert_int_equal(a.blocks.nr, 0);
	assert_int_equal(books_read_arena(t->books, (uintptr_t)owner->arenas[2], true, &untouched), -ENOENT);
	assert_int_equal(books_read_arena(t->books, (uintptr_t)owner, true, &untouched), -ENOENT);
	assert_int_equal(books_read_arena(t->books, 0, true, &untouched), -ENOENT);
	assert_int_equal(books_read_arena(t->books, UINT64_MAX - 3, true, &untouched), -ENOENT);
	assert_int_equal(untouched.object, 5);
}

static void the_books_of_a_process_that_has_ended_are_gone(void **state)
{
	struct toy *t = *state;
	struct toy_owner *owner = toy_owner(t, OWNER_VTABLE);
	book_arenas arenas = {};
	struct book_arena a;
	struct diag d = {};

	toy_start(t, NULL);
	child_kill(&t->child);
	assert_int_equal(books_read(t->books, 9, &arenas), -ESRCH);
	assert_int_equal(books_read_arena(t->books, (uintptr_t)owner->arenas[0], true, &a), -ESRCH);
	assert_int_equal(books_scan(t->books, &d), -ESRCH);
	assert_non_null(strstr(d.text, "'toy'"));
}

static void assert_no_books(struct toy *t, const char *why)
{
	struct books *books = NULL;
	struct diag d = {};

	assert_int_equal(books_new(&t->binding, t->memory, BIAS, &books, &d), -ENOTSUP);
	assert_null(books);
	assert_non_null(strstr(d.text, "'toy'"));
	assert_non_null(strstr(d.text, why));
}

static void what_is_not_known_of_the_layout_is_an_error_unless_it_can_be_done_without(void **state)
{
	struct toy *t = *state;
	struct toy_owner *owner = toy_owner(t, OWNER_VTABLE);
	struct bound_value *values = t->binding.values.items;
	book_arenas arenas = {};

	values[VALUE_ALIGN].nr_chains = 0;
	values[VALUE_ALIGN].problem = (char *)"no such function";
	toy_start(t, NULL);
	assert_int_equal(books_read(t->books, 1, &arenas), 0);
	assert_int_equal(arenas.items[0].object, (uintptr_t)owner->arenas[0]);
	assert_int_equal(arenas.items[0].align, 0);
	book_arenas_release(&arenas);

	values[VALUE_LIST].nr_chains = 0;
	values[VALUE_LIST].problem = (char *)"it loops";
	assert_no_books(t, "'list'");
	assert_no_books(t, "it loops");
	values[VALUE_ARENA].nr_chains = 0;
	assert_no_books(t, "'arena'");
	t->binding.owner_vtables.items[0] = t->binding.owner_vtables.items[1] = 0;
	t->binding.list_vtable = 0;
	assert_no_books(t, "no vtable of its owners or lists");
	t->rt->books.present = false;
	assert_no_books(t, "no books");
	t->rt->books.present = true;
}

/* What it has to do with memory a compiler must not reorder or leave out. */
static void set_blocks(const struct toy_list *list, uint64_t first, uint64_t second)
{
	*(volatile uint64_t *)list->bytes.begin = first;
	((volatile uint64_t *)list->bytes.begin)[1] = second;
	((volatile uint64_t *)list->address.begin)[1] = first;
	((volatile uint8_t *)list->used.begin)[1] = second != 0;
}

static struct toy *changing; /* the child's own */
static struct toy_list *changing_list;

/* Not before the owner has been found: what follows does not last long. */
static void wait_for_the_scan(void)
{
	char byte;

	if (read(STDIN_FILENO, &byte, 1) != 1)
		_exit(1);
}

/* One live block of 1024 bytes, or of 512 and the rest free; every other combination of the words is torn. */
static void change_blocks(int said)
{
	(void)said;
	wait_for_the_scan();
	for (;;) {
		set_blocks(changing_list, SOME_BYTES, 0);
		set_blocks(changing_list, SOME_BYTES / 2, SOME_BYTES / 2);
	}
}

static const struct toy_block two_blocks[] = { { 0, 512, true, true }, { 512, 512, false, true } };

/* The vectors get new memory each time; in the old one stands then what fits together, but is a lie. */
static void move_vectors(int said)
{
	(void)said;
	wait_for_the_scan();
	for (size_t i = 0; changing->used < REGION - 4096; i++) {
		struct toy_list old = *changing_list, *new = toy_list(changing, two_blocks, 2, SOME_BYTES);

		set_blocks(new, i % 2 ? SOME_BYTES / 2 : SOME_BYTES, i % 2 ? SOME_BYTES / 2 : 0);
		*(volatile struct toy_list *)changing_list = *new;
		set_blocks(&old, SOME_BYTES / 4, SOME_BYTES / 4 * 3);
		for (volatile unsigned int k = 0; k < 5000; k++)
			continue;
	}
}

/* Read while the child is at it: blocks that were never there must not be seen. Returns how often there were some. */
static size_t read_while_changing(struct toy *t, void (*change)(int said))
{
	struct toy_owner *owner = toy_owner(t, OWNER_VTABLE);
	size_t nr_consistent = 0;

	changing = t;
	changing_list = owner->arenas[0]->inline_slot = toy_list(t, two_blocks, ARRAY_SIZE(two_blocks), SOME_BYTES);
	toy_start(t, change);
	assert_int_equal(write(t->child.hold, "", 1), 1);
	for (size_t i = 0; i < 1009; i++) {
		book_arenas arenas = {};

		assert_int_equal(books_read(t->books, 64, &arenas), 0);
		assert_int_equal(arenas.nr, 2);
		if (arenas.items[0].consistent) {
			nr_consistent++;
			assert_int_equal(arenas.items[0].blocks.nr, 1);
			assert_int_equal(arenas.items[0].blocks.items[0].address, BASE);
			assert_true(arenas.items[0].blocks.items[0].bytes == SOME_BYTES ||
				    arenas.items[0].blocks.items[0].bytes == SOME_BYTES / 2);
		}
		book_arenas_release(&arenas);
	}
	return nr_consistent;
}

static void blocks_in_the_middle_of_changes_are_true_or_torn(void **state)
{
	assert_true(read_while_changing(*state, change_blocks) > 0);
}

static void vectors_in_the_middle_of_moves_are_true_or_torn(void **state)
{
	assert_true(read_while_changing(*state, move_vectors) > 0);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void damaged_objects_are_survived(void **state)
{
	struct toy *t = *state;
	uint64_t seed = 88172645463325252ULL, words[2];

	for (size_t i = 0; i < 7; i++)
		toy_owner(t, i % 2 ? OWNER_VTABLE : OTHER_VTABLE);
	toy_start(t, NULL);
	for (size_t i = 0; i < 1009; i++) {
		book_arenas arenas = {};
		struct diag d = {};

		for (size_t k = 0; k < 5; k++) {
			size_t at = next_random(&seed) % (t->used / 8) * 8;

			words[0] = next_random(&seed) % 2 ? next_random(&seed) : (uintptr_t)t->region + at;
			memcpy(&words[1], t->region + next_random(&seed) % (t->used / 8) * 8, 8);
			toy_write_word(t, t->region + at, words[next_random(&seed) % 2]);
		}
		if (i % 61 == 0)
			assert_int_equal(books_scan(t->books, &d), 0);
		assert_int_equal(books_read(t->books, 2, &arenas), 0);
		assert_true(arenas.nr <= 7 * ARENAS);
		book_arenas_release(&arenas);
		if (i % 17 == 0)
			toy_write(t, t->region, t->region, t->used);
	}
}

#define toy_test(f) cmocka_unit_test_setup_teardown(f, toy_setup, toy_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		toy_test(every_owners_named_pools_are_read_with_their_live_blocks),
		toy_test(a_pool_without_banks_is_consistent_and_empty),
		toy_test(what_was_an_owner_is_none),
		toy_test(without_a_vtable_of_the_list_its_figures_must_do),
		toy_test(owners_without_a_vtable_are_found_by_their_lists),
		toy_test(what_only_looks_like_an_owner_without_a_vtable_is_none),
		toy_test(an_owner_without_a_vtable_that_goes_is_left_out),
		toy_test(an_owner_that_goes_is_left_out_and_found_when_it_comes_again),
		toy_test(torn_books_have_no_blocks),
		toy_test(vectors_that_claim_more_than_a_bank_holds_are_not_read),
		toy_test(one_arena_is_read_by_its_address_known_or_not),
		toy_test(the_books_of_a_process_that_has_ended_are_gone),
		toy_test(what_is_not_known_of_the_layout_is_an_error_unless_it_can_be_done_without),
		toy_test(blocks_in_the_middle_of_changes_are_true_or_torn),
		toy_test(vectors_in_the_middle_of_moves_are_true_or_torn),
		toy_test(damaged_objects_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
