/* books_buffers.h: what a runtime's own set of buffers says of its blocks; what does not fit together is not known. */
#include "runtime/books_buffers.h"

#include "toy_books.h"

_Static_assert(offsetof(struct toy_owner, set) == 40, "as the toy's file says");

static struct toy_buffer *toy_buffer(struct toy *t, struct toy_owner *owner, uint64_t address, uint64_t asked, uint64_t id)
{
	struct toy_buffer *buffer = place(t, sizeof(*buffer));
	struct toy_node *node = place(t, sizeof(*node));

	*buffer = (struct toy_buffer){ .address = address, .asked = asked, .id = id, .owner = owner };
	*node = (struct toy_node){ owner->set.first, buffer };
	owner->set.first = node;
	owner->set.count++;
	return buffer;
}

/* What is known of the owner's block at @address of 256 bytes a bank, 12 banks: NULL, or its buffer in @ret. */
static const struct book_buffer *known(struct toy *t, const struct toy_owner *owner, uint64_t address, struct book_buffer *ret)
{
	const struct book_arena a = { .owner = (uintptr_t)owner, .pool = "FAR", .banks = 12 };
	const struct book_block b = { address, 256 };
	const struct book_buffer *found;
	book_buffers buffers = {};

	books_read_buffers(t->books, &buffers);
	found = book_buffers_find(&buffers, &a, &b);
	if (found)
		*ret = *found;
	vec_release(&buffers);
	return found ? ret : NULL;
}

static void a_block_has_what_its_buffer_says(void **state)
{
	struct toy *t = *state;
	struct toy_owner *owner = toy_owner(t, OWNER_VTABLE), *other = toy_owner(t, OTHER_VTABLE);
	struct book_buffer b;

	toy_buffer(t, owner, BASE, 3000, 7)->layout = 2;
	toy_buffer(t, owner, BASE + 384, 0, 9)->layout = 1;
	toy_buffer(t, owner, BASE + 1024, 5, 11)->pool = 1;
	toy_buffer(t, other, BASE, 17, 13);
	toy_start(t, NULL);
	assert_non_null(known(t, owner, BASE, &b));
	assert_true(b.has_asked && b.has_id);
	assert_int_equal(b.asked, 3000);
	assert_int_equal(b.id, 7);
	assert_string_equal(b.layout, "SPREAD");
	assert_non_null(known(t, owner, BASE + 384, &b));
	assert_int_equal(b.asked, 0);
	assert_null(b.layout); /* no name for 1 */
	assert_null(known(t, owner, BASE + 1024, &b)); /* in another pool */
	assert_non_null(known(t, other, BASE, &b));
	assert_int_equal(b.id, 13);
	assert_null(known(t, other, BASE + 384, &b));
}

static void what_cannot_be_is_not_known(void **state)
{
	struct toy *t = *state;
	struct toy_owner *owner = toy_owner(t, OWNER_VTABLE), *other = toy_owner(t, OTHER_VTABLE);
	struct book_buffer b;

	toy_buffer(t, owner, BASE, 256 * 12 + 1, 7); /* larger than its block */
	toy_buffer(t, owner, BASE + 256, 1, 1);
	toy_buffer(t, owner, BASE + 256, 2, 2); /* two have it */
	toy_buffer(t, owner, BASE + 512, 1, 1)->owner = other;
	toy_buffer(t, owner, BASE + 768, 1, 1)->pool = 2; /* has no name */
	toy_start(t, NULL);
	for (uint64_t address = BASE; address < BASE + 1024; address += 256)
		assert_null(known(t, owner, address, &b));
}

static void a_set_that_is_torn_ends_the_walk(void **state)
{
	struct toy *t = *state;
	struct toy_owner *circle = toy_owner(t, OWNER_VTABLE), *wild = toy_owner(t, OWNER_VTABLE), *huge = toy_owner(t, OWNER_VTABLE),
			 *absent = toy_owner(t, OWNER_VTABLE);
	struct book_buffer b;

	toy_buffer(t, circle, BASE, 1, 1);
	circle->set.first->next = circle->set.first;
	circle->set.count = 1000;
	toy_buffer(t, wild, BASE, 2, 2);
	toy_buffer(t, wild, BASE + 256, 3, 3);
	wild->set.first->buffer = (struct toy_buffer *)0x123;
	toy_buffer(t, huge, BASE, 4, 4);
	huge->set.count = 1ULL << 60;
	toy_buffer(t, absent, BASE, 5, 5);
	absent->set.first->next = (struct toy_node *)(t->region + REGION - 4096); /* never touched */
	absent->set.count = 2;
	toy_start(t, NULL);
	assert_null(known(t, circle, BASE, &b)); /* a thousand times the same one */
	assert_non_null(known(t, wild, BASE, &b));
	assert_int_equal(b.asked, 2);
	assert_null(known(t, wild, BASE + 256, &b));
	assert_null(known(t, huge, BASE, &b));
	assert_non_null(known(t, absent, BASE, &b));
}

static void many_buffers_are_found_each(void **state)
{
	struct toy *t = *state;
	struct toy_owner *owner = toy_owner(t, OWNER_VTABLE);
	struct book_buffer b;
	enum { MANY = 2003 };

	for (uint64_t i = 0; i < MANY; i++)
		toy_buffer(t, owner, BASE + i * 256, i, MANY - i);
	toy_start(t, NULL);
	for (uint64_t i = 0; i < MANY; i += 97) {
		assert_non_null(known(t, owner, BASE + i * 256, &b));
		assert_int_equal(b.asked, i);
		assert_int_equal(b.id, MANY - i);
	}
}

static void a_process_that_is_gone_has_none(void **state)
{
	struct toy *t = *state;
	struct toy_owner *owner = toy_owner(t, OWNER_VTABLE);
	struct book_buffer b;

	toy_buffer(t, owner, BASE, 1, 1);
	toy_start(t, NULL);
	assert_non_null(known(t, owner, BASE, &b));
	child_kill(&t->child);
	assert_null(known(t, owner, BASE, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_block_has_what_its_buffer_says, toy_setup, toy_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_is_not_known, toy_setup, toy_teardown),
		cmocka_unit_test_setup_teardown(a_set_that_is_torn_ends_the_walk, toy_setup, toy_teardown),
		cmocka_unit_test_setup_teardown(many_buffers_are_found_each, toy_setup, toy_teardown),
		cmocka_unit_test_setup_teardown(a_process_that_is_gone_has_none, toy_setup, toy_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
