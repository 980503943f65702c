/* books.h: what a toy runtime's objects say of its devices: chips, number, parent. What does not fit together is not known. */
#include "runtime/books.h"

#include <errno.h>

#include "toy_books.h"

enum { MESH_VTABLE = 0x5550, HANDLE_VTABLE = 0x6660, CHIP_VTABLE = 0x8880, CHIPS = 8 };

struct toy_chip {
	uint64_t vtable, unused;
	uint32_t id, more;
	struct toy_owner *owner;
};

struct toy_item {
	struct toy_chip *chip;
	uint8_t local, unused[7];
};

struct toy_view {
	uint64_t unused[3];
	struct toy_item *begin, *end, *capacity;
};

struct toy_mesh {
	uint64_t vtable;
	struct toy_owner *owner;
	uint32_t id, more;
	void *parent;
	struct toy_view *view;
};

struct toy_handle {
	uint64_t vtable, unused;
	struct toy_mesh *mesh;
};

#define CHAIN1(type, member) chain(1, offsetof(struct type, member), 8, 0)

static void know_devices(struct toy *t)
{
	struct binding *b = &t->binding;

	b->device_vtables[RT_MESH] = MESH_VTABLE;
	b->device_vtables[RT_HANDLE] = HANDLE_VTABLE;
	b->device_vtables[RT_CHIP] = CHIP_VTABLE;
	b->device_chain[RT_MESH_OWNER] = CHAIN1(toy_mesh, owner);
	b->device_chain[RT_MESH_ID] = chain(1, offsetof(struct toy_mesh, id), 4, 0);
	b->device_chain[RT_MESH_PARENT] = CHAIN1(toy_mesh, parent);
	b->device_chain[RT_MESH_CHIPS] = chain(2, offsetof(struct toy_mesh, view), 8, offsetof(struct toy_view, begin));
	b->device_chain[RT_HANDLE_MESH] = CHAIN1(toy_handle, mesh);
	b->device_chain[RT_CHIP_OWNER] = CHAIN1(toy_chip, owner);
	b->device_chain[RT_CHIP_ID] = chain(1, offsetof(struct toy_chip, id), 4, 0);
	b->device_item = (struct rt_item){ sizeof(struct toy_item), offsetof(struct toy_item, local), 1, 1 };
}

static int setup(void **state)
{
	int err = toy_setup(state);

	know_devices(*state);
	return err;
}

static struct toy_chip *toy_chip(struct toy *t, uint32_t id, struct toy_owner *owner)
{
	struct toy_chip *chip = place(t, sizeof(*chip));

	*chip = (struct toy_chip){ CHIP_VTABLE + BIAS, .id = id, .more = 77, .owner = owner };
	return chip;
}

/* A mesh with an owner of its own, on chips with these numbers. */
static struct toy_mesh *toy_mesh(struct toy *t, uint32_t id, const uint32_t *chips, size_t nr)
{
	struct toy_mesh *mesh = place(t, sizeof(*mesh));
	struct toy_view *view = place(t, sizeof(*view));
	struct toy_item *items = place(t, CHIPS * sizeof(*items));

	for (size_t i = 0; i < nr; i++)
		items[i] = (struct toy_item){ toy_chip(t, chips[i], NULL), 1, { 9 } };
	*view = (struct toy_view){ .begin = items, .end = items + nr, .capacity = items + CHIPS };
	*mesh = (struct toy_mesh){ MESH_VTABLE + BIAS, toy_owner(t, OWNER_VTABLE), id, 77, NULL, view };
	return mesh;
}

static struct toy_handle *toy_handle(struct toy *t, struct toy_mesh *mesh)
{
	struct toy_handle *handle = place(t, sizeof(*handle));

	*handle = (struct toy_handle){ HANDLE_VTABLE + BIAS, 5, mesh };
	return handle;
}

/* "mesh 3 chips 0,1 parent", "count 2", "nothing": the parent must be @parent. */
static void check(struct toy *t, const struct toy_owner *owner, const char *wanted, const struct toy_owner *parent)
{
	struct book_device d;
	struct str text = {};
	int err = books_device(t->books, (uintptr_t)owner, &d);

	if (err) {
		assert_int_equal(err, -ENOENT);
		assert_string_equal(wanted, "nothing");
		return;
	}
	assert_int_equal(d.parent, (uintptr_t)parent);
	if (d.has_mesh)
		str_addf(&text, "mesh %llu ", (unsigned long long)d.mesh);
	for (size_t i = 0; i < d.chips.nr; i++)
		str_addf(&text, "%s%llu", i ? "," : "chips ", (unsigned long long)d.chips.items[i]);
	if (d.chips.nr)
		assert_int_equal(d.count, d.chips.nr);
	else if (d.count)
		str_addf(&text, "count %zu", d.count);
	assert_string_equal(str_text(&text), wanted);
	str_release(&text);
	book_device_release(&d);
}

static const uint32_t two[] = { 1, 0 }, four[] = { 7, 3, 11, 5 };

static void a_mesh_has_its_number_and_its_chips_in_order(void **state)
{
	struct toy *t = *state;
	const struct toy_mesh *a = toy_mesh(t, 0, two, 2), *b = toy_mesh(t, 12, four, 4);

	toy_start(t, NULL);
	check(t, a->owner, "mesh 0 chips 0,1", NULL);
	check(t, b->owner, "mesh 12 chips 3,5,7,11", NULL);
	check(t, NULL, "nothing", NULL);
}

static void chips_of_other_processes_are_left_out(void **state)
{
	struct toy *t = *state;
	const struct toy_mesh *a = toy_mesh(t, 1, four, 4), *b = toy_mesh(t, 2, two, 2);

	a->view->begin[0] = (struct toy_item){ (void *)1, 0, { 1 } };
	a->view->begin[2].local = 2;
	b->view->begin[0].local = b->view->begin[1].local = 0;
	toy_start(t, NULL);
	check(t, a->owner, "mesh 1 chips 3,5", NULL);
	check(t, b->owner, "mesh 2 ", NULL);
}

static void a_parent_is_a_mesh_or_its_handle(void **state)
{
	struct toy *t = *state;
	struct toy_mesh *parent = toy_mesh(t, 1, four, 4), *a = toy_mesh(t, 2, two, 2), *b = toy_mesh(t, 3, two, 2),
			*c = toy_mesh(t, 4, two, 2), *d = toy_mesh(t, 5, two, 2);

	a->parent = parent;
	b->parent = toy_handle(t, parent);
	c->parent = toy_handle(t, (void *)parent->view);
	d->parent = (void *)8;
	toy_start(t, NULL);
	check(t, parent->owner, "mesh 1 chips 3,5,7,11", NULL);
	check(t, a->owner, "mesh 2 chips 0,1", parent->owner);
	check(t, b->owner, "mesh 3 chips 0,1", parent->owner);
	check(t, c->owner, "mesh 4 chips 0,1", NULL);
	check(t, d->owner, "mesh 5 chips 0,1", NULL);
}

static void chips_that_are_none_are_counted_and_have_no_numbers(void **state)
{
	struct toy *t = *state;
	struct toy_mesh *meshes[] = { toy_mesh(t, 0, two, 2), toy_mesh(t, 1, two, 2), toy_mesh(t, 2, two, 2),
				      toy_mesh(t, 3, two, 2) };

	meshes[0]->view->begin[0].chip->vtable++;
	meshes[1]->view->begin[1].chip = (void *)64;
	meshes[2]->view->begin[1].chip->id = 1; /* as the first */
	meshes[3]->view->begin[1].chip->id = 1 << 16;
	toy_start(t, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(meshes); i++) {
		_cleanup_(freep) char *wanted = xasprintf("mesh %zu count 2", i);

		check(t, meshes[i]->owner, wanted, NULL);
	}
}

static void a_vector_that_is_none_has_no_chips(void **state)
{
	struct toy *t = *state;
	struct toy_mesh *empty = toy_mesh(t, 1, two, 0), *odd = toy_mesh(t, 2, two, 2), *back = toy_mesh(t, 3, two, 2),
			*huge = toy_mesh(t, 4, two, 2), *absent = toy_mesh(t, 5, two, 2), *none = toy_mesh(t, 6, two, 2);

	odd->view->end = (void *)((char *)odd->view->end - 8);
	back->view->end = back->view->begin - 1;
	huge->view->end = huge->view->begin + 4097;
	absent->view->begin = (void *)16;
	absent->view->end = (void *)32;
	none->view = NULL;
	toy_start(t, NULL);
	check(t, empty->owner, "mesh 1 ", NULL);
	check(t, odd->owner, "mesh 2 ", NULL);
	check(t, back->owner, "mesh 3 ", NULL);
	check(t, huge->owner, "mesh 4 ", NULL);
	check(t, absent->owner, "mesh 5 ", NULL);
	check(t, none->owner, "mesh 6 ", NULL);
}

static void a_chip_alone_is_a_device(void **state)
{
	struct toy *t = *state;
	struct toy_owner *owners[] = { toy_owner(t, OWNER_VTABLE), toy_owner(t, OTHER_VTABLE), toy_owner(t, OTHER_VTABLE) };
	struct toy_mesh *mesh = toy_mesh(t, 4, two, 2);

	toy_chip(t, 6, owners[0]);
	toy_chip(t, 1, owners[1]);
	toy_chip(t, 2, owners[1]);
	/* It has an owner of its own as well, and the mesh's is not it. */
	mesh->view->begin[0].chip->owner = owners[2];
	toy_start(t, NULL);
	check(t, owners[0], "chips 6", NULL);
	check(t, owners[1], "nothing", NULL);
	check(t, owners[2], "chips 1", NULL);
	check(t, mesh->owner, "mesh 4 chips 0,1", NULL);
}

static void of_several_meshes_the_youngest_has_the_owner(void **state)
{
	struct toy *t = *state;
	struct toy_mesh *dead = toy_mesh(t, 3, two, 2), *living = toy_mesh(t, 9, four, 4), *older = toy_mesh(t, 7, two, 1),
			*twin = toy_mesh(t, 8, two, 2), *other = toy_mesh(t, 8, four, 4);

	dead->owner = older->owner = living->owner;
	twin->owner = other->owner;
	toy_start(t, NULL);
	check(t, living->owner, "mesh 9 chips 3,5,7,11", NULL);
	check(t, other->owner, "nothing", NULL);
	/* The living one has another owner now: the next of the others. */
	toy_write_word(t, &living->owner, 0);
	check(t, older->owner, "mesh 7 chips 1", NULL);
}

static void what_has_died_is_not_told_of(void **state)
{
	struct toy *t = *state;
	struct toy_mesh *mesh = toy_mesh(t, 1, two, 2);
	struct toy_chip *chip = mesh->view->begin[0].chip;
	struct book_device d;

	toy_start(t, NULL);
	check(t, mesh->owner, "mesh 1 chips 0,1", NULL);
	toy_write_word(t, &chip->vtable, 0);
	check(t, mesh->owner, "mesh 1 count 2", NULL);
	toy_write_word(t, &chip->vtable, CHIP_VTABLE + BIAS);
	check(t, mesh->owner, "mesh 1 chips 0,1", NULL);
	toy_write_word(t, &mesh->vtable, HANDLE_VTABLE + BIAS);
	check(t, mesh->owner, "nothing", NULL);
	toy_write_word(t, &mesh->vtable, MESH_VTABLE + BIAS);
	toy_write_word(t, &mesh->owner->vtable, 0);
	check(t, mesh->owner, "nothing", NULL);
	child_kill(&t->child);
	assert_int_equal(books_device(t->books, (uintptr_t)mesh->owner, &d), -ESRCH);
	assert_int_equal(books_owner_of_device(t->books, (uintptr_t)mesh), 0);
}

static void what_comes_is_found_by_the_next_scan(void **state)
{
	struct toy *t = *state;
	struct toy_mesh *mesh = toy_mesh(t, 1, two, 2);
	struct diag d = {};

	mesh->vtable = 0;
	toy_start(t, NULL);
	toy_write_word(t, &mesh->vtable, MESH_VTABLE + BIAS);
	check(t, mesh->owner, "nothing", NULL);
	assert_int_equal(books_scan(t->books, &d), 0);
	check(t, mesh->owner, "mesh 1 chips 0,1", NULL);
	assert_int_equal(books_scan(t->books, &d), 0);
	check(t, mesh->owner, "mesh 1 chips 0,1", NULL);
}

static void any_object_of_a_device_leads_to_its_owner(void **state)
{
	struct toy *t = *state;
	struct toy_owner *own = toy_owner(t, OTHER_VTABLE);
	struct toy_mesh *mesh = toy_mesh(t, 1, two, 2), *closed = toy_mesh(t, 2, two, 2);
	const struct toy_handle *handle = toy_handle(t, mesh), *stale = toy_handle(t, (void *)mesh->view),
				*other = toy_handle(t, (void *)toy_handle(t, mesh));
	const struct toy_chip *chip = toy_chip(t, 3, own);

	closed->owner = (void *)mesh; /* no owner */
	toy_start(t, NULL);
	assert_int_equal(books_owner_of_device(t->books, (uintptr_t)mesh), (uintptr_t)mesh->owner);
	assert_int_equal(books_owner_of_device(t->books, (uintptr_t)handle), (uintptr_t)mesh->owner);
	assert_int_equal(books_owner_of_device(t->books, (uintptr_t)chip), (uintptr_t)own);
	assert_int_equal(books_owner_of_device(t->books, (uintptr_t)stale), 0);
	assert_int_equal(books_owner_of_device(t->books, (uintptr_t)other), 0);
	assert_int_equal(books_owner_of_device(t->books, (uintptr_t)closed), 0);
	assert_int_equal(books_owner_of_device(t->books, (uintptr_t)mesh->owner), 0);
	assert_int_equal(books_owner_of_device(t->books, 0), 0);
	assert_int_equal(books_owner_of_device(t->books, UINT64_MAX), 0);
}

static void owners_without_a_vtable_have_devices_too(void **state)
{
	struct toy *t = *state;
	struct toy_mesh *mesh = toy_mesh(t, 1, two, 2), *closed = toy_mesh(t, 2, two, 2);

	for (size_t i = 0; i < t->binding.owner_vtables.nr; i++)
		t->binding.owner_vtables.items[i] = 0;
	closed->owner->arenas[0]->inline_slot->vtable = 0;
	toy_start(t, NULL);
	check(t, mesh->owner, "mesh 1 chips 0,1", NULL);
	check(t, closed->owner, "nothing", NULL);
	assert_int_equal(books_owner_of_device(t->books, (uintptr_t)mesh), (uintptr_t)mesh->owner);
	assert_int_equal(books_owner_of_device(t->books, (uintptr_t)closed), 0);
}

/* Each part that is not known, and what is left. */
static void what_a_file_does_not_show_is_not_known(void **state)
{
	struct toy *t = *state;
	struct toy_mesh *mesh = toy_mesh(t, 1, two, 2), *part = toy_mesh(t, 2, two, 2);
	struct code_chain *chains = t->binding.device_chain;
	const struct code_chain none = {};

	part->parent = toy_handle(t, mesh);
	toy_start(t, NULL);
	check(t, part->owner, "mesh 2 chips 0,1", mesh->owner);
	chains[RT_HANDLE_MESH] = none;
	check(t, part->owner, "mesh 2 chips 0,1", NULL);
	chains[RT_CHIP_ID] = none;
	check(t, part->owner, "mesh 2 count 2", NULL);
	chains[RT_MESH_ID] = none;
	check(t, part->owner, "count 2", NULL);
	chains[RT_MESH_CHIPS] = none;
	check(t, part->owner, "nothing", NULL);
	know_devices(t);
	chains[RT_MESH_OWNER] = none;
	check(t, part->owner, "nothing", NULL);
}

static void damaged_objects_are_survived(void **state)
{
	struct toy *t = *state;
	struct toy_mesh *meshes[] = { toy_mesh(t, 1, two, 2), toy_mesh(t, 2, four, 4), toy_mesh(t, 3, four, 3) };
	uint64_t seed = 20263;
	struct diag d = {};

	meshes[1]->parent = toy_handle(t, meshes[0]);
	toy_start(t, NULL);
	for (size_t i = 0; i < 3000; i++) {
		uint64_t words[2];
		size_t at;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		at = (seed >> 33) % (t->used / 8) * 8;
		words[0] = seed % 2 ? seed >> 20 : (uintptr_t)t->region + at;
		memcpy(&words[1], t->region + (seed >> 13) % (t->used / 8) * 8, 8);
		toy_write_word(t, t->region + at, words[seed >> 12 & 1]);
		if (i % 97 == 0)
			assert_int_equal(books_scan(t->books, &d), 0);
		for (size_t k = 0; k < ARRAY_SIZE(meshes); k++) {
			struct book_device device;
			int err = books_device(t->books, (uintptr_t)meshes[k]->owner, &device);

			assert_true(!err || err == -ENOENT);
			book_device_release(&device);
			books_owner_of_device(t->books, (uintptr_t)t->region + at);
		}
		if (i % 23 == 0)
			toy_write(t, t->region, t->region, t->used);
	}
}

#define device_test(f) cmocka_unit_test_setup_teardown(f, setup, toy_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		device_test(a_mesh_has_its_number_and_its_chips_in_order),
		device_test(chips_of_other_processes_are_left_out),
		device_test(a_parent_is_a_mesh_or_its_handle),
		device_test(chips_that_are_none_are_counted_and_have_no_numbers),
		device_test(a_vector_that_is_none_has_no_chips),
		device_test(a_chip_alone_is_a_device),
		device_test(of_several_meshes_the_youngest_has_the_owner),
		device_test(what_has_died_is_not_told_of),
		device_test(what_comes_is_found_by_the_next_scan),
		device_test(any_object_of_a_device_leads_to_its_owner),
		device_test(owners_without_a_vtable_have_devices_too),
		device_test(what_a_file_does_not_show_is_not_known),
		device_test(damaged_objects_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
