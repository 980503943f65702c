/*
 * books_device.c: which chips a device stands on, and which owner belongs to it. The objects that the last scan found may be
 * dead, and their memory another's: all that is said of one is read anew, and must fit together.
 */
#include "runtime/books_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	MESH_MAX = 4096,     /* chips of a device */
	CHIP_MAX = 1 << 16,  /* number of a chip */
};

void books_device_bind(struct books *books, size_t place)
{
	const struct binding *b = books->binding;

	for (size_t i = 0; i < RT_OBJECTS; i++)
		if (b->device_vtables[i])
			books->device_words[i][place] = b->device_vtables[i] + books->bias[place];
}

void books_device_release(struct books *books)
{
	for (size_t i = 0; i < RT_OBJECTS; i++)
		vec_release(&books->found[i]);
}

void book_device_release(struct book_device *d)
{
	vec_release(&d->chips);
}

/* Nothing is there any more: as if it had never been. */
static int absent(int err)
{
	return err == -EFAULT ? -ENOENT : err;
}

/* -ENOENT: what lies at @address is no such object. */
static int check_object(struct books *books, enum rt_object object, uint64_t address)
{
	uint64_t word;
	int err = books->device_words[object][0] ? memory_read(books->memory, address, &word, sizeof(word)) : -ENOENT;

	if (err)
		return absent(err);
	for (size_t i = 0; i < books->nr_places; i++)
		if (word == books->device_words[object][i])
			return 0;
	return -ENOENT;
}

/* What @role says of the object at @address. -ENOENT: it does not, or that is none. */
static int read_role(struct books *books, enum rt_device_role role, uint64_t address, uint64_t *ret)
{
	int err = books->binding->device_chain[role].nr_loads ? check_object(books, rt_device_role_object(role), address) : -ENOENT;

	return err ? err : absent(books_follow(books, address, &books->binding->device_chain[role], 1, ret));
}

/* Where owners have no vtable, only those that the scan found are some. */
static int check_owner(struct books *books, uint64_t address)
{
	struct owner owner;

	for (size_t i = 0; i < books->owners.nr && !books->nr_words; i++)
		if (books->owners.items[i].address == address)
			return 0;
	return books->nr_words ? books_owner(books, address, &owner) : -ENOENT;
}

static int read_owner(struct books *books, enum rt_device_role role, uint64_t address, uint64_t *ret)
{
	int err = read_role(books, role, address, ret);

	return err ? err : check_owner(books, *ret);
}

/* The owner by any object of a device. */
static int find_owner(struct books *books, uint64_t object, uint64_t *ret)
{
	uint64_t mesh;
	int err = read_owner(books, RT_MESH_OWNER, object, ret);

	if (err == -ENOENT)
		err = read_owner(books, RT_CHIP_OWNER, object, ret);
	if (err != -ENOENT)
		return err;
	err = read_role(books, RT_HANDLE_MESH, object, &mesh);
	return err ? err : read_owner(books, RT_MESH_OWNER, mesh, ret);
}

uint64_t books_owner_of_device(struct books *books, uint64_t object)
{
	uint64_t owner;

	return find_owner(books, object, &owner) ? 0 : owner;
}

static int read_parent(struct books *books, uint64_t mesh, uint64_t *ret)
{
	uint64_t object = 0;
	int err = read_role(books, RT_MESH_PARENT, mesh, &object);

	if (!err && object)
		err = find_owner(books, object, ret);
	if (err || !object)
		*ret = 0;
	return err == -ENOENT ? 0 : err;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

/* Ascending. False: one is there twice, so what was read are no chips. */
static bool settle_chips(struct book_device *d)
{
	if (d->chips.nr)
		qsort(d->chips.items, d->chips.nr, sizeof(*d->chips.items), compare_numbers);
	for (size_t i = 1; i < d->chips.nr; i++)
		if (d->chips.items[i - 1] == d->chips.items[i])
			return false;
	return true;
}

static int add_chip(struct books *books, uint64_t object, struct book_device *d)
{
	uint64_t id;
	int err = read_role(books, RT_CHIP_ID, object, &id);

	if (!err && id >= CHIP_MAX)
		err = -ENOENT;
	if (!err)
		vec_push(&d->chips, id);
	return err;
}

/* The vector that the mesh keeps its chips in. -ENOENT: it is none. */
static int read_vector(struct books *books, uint64_t mesh, uint64_t *ret_begin, size_t *ret_nr)
{
	struct code_chain chain = books->binding->device_chain[RT_MESH_CHIPS];
	uint64_t holder = mesh, bounds[2];
	int32_t offset;
	int err;

	if (!chain.nr_loads)
		return -ENOENT;
	offset = chain.load[--chain.nr_loads].offset;
	err = chain.nr_loads ? books_follow(books, mesh, &chain, 1, &holder) : 0;
	if (!err)
		err = memory_read(books->memory, holder + (uint64_t)(int64_t)offset, bounds, sizeof(bounds));
	if (err)
		return absent(err);
	if (bounds[1] <= bounds[0] || (bounds[1] - bounds[0]) % books->binding->device_item.bytes ||
	    (bounds[1] - bounds[0]) / books->binding->device_item.bytes > MESH_MAX)
		return -ENOENT;
	*ret_begin = bounds[0];
	*ret_nr = (bounds[1] - bounds[0]) / books->binding->device_item.bytes;
	return 0;
}

/* Is the item a chip of this process? Those of another one are not told of here. */
static bool is_local(const struct books *books, const char *item)
{
	uint64_t tag = 0;

	memcpy(&tag, item + books->binding->device_item.tag_offset, books->binding->device_item.tag_size);
	return !books->binding->device_item.tag_size || tag == books->binding->device_item.tag;
}

/* Fill in the chips; only how many, if not all of them can be told. -ENOENT: nothing is known. */
static int read_chips(struct books *books, uint64_t mesh, struct book_device *d)
{
	_cleanup_(freep) char *items = NULL;
	uint64_t begin;
	size_t nr;
	bool all = true;
	int err = read_vector(books, mesh, &begin, &nr);

	if (err)
		return err;
	items = xmalloc(nr * books->binding->device_item.bytes);
	err = absent(memory_read(books->memory, begin, items, nr * books->binding->device_item.bytes));
	for (size_t i = 0; i < nr && !err; i++) {
		const char *item = items + i * books->binding->device_item.bytes;
		uint64_t object;

		if (!is_local(books, item))
			continue;
		d->count++;
		memcpy(&object, item, sizeof(object));
		err = add_chip(books, object, d);
		all &= !err;
		err = err == -ENOENT ? 0 : err;
	}
	if (err || !all || !settle_chips(d))
		vec_clear(&d->chips);
	return err;
}

struct claimant { /* a mesh that leads to an owner */
	uint64_t mesh, id;
	bool has_id;
};

static int read_claimant(struct books *books, uint64_t mesh, uint64_t owner, struct claimant *ret)
{
	uint64_t its;
	int err = read_owner(books, RT_MESH_OWNER, mesh, &its);

	if (err || its != owner)
		return err ? err : -ENOENT;
	*ret = (struct claimant){ .mesh = mesh };
	err = read_role(books, RT_MESH_ID, mesh, &ret->id);
	ret->has_id = !err;
	return err == -ENOENT ? 0 : err;
}

/*
 * The mesh that has @owner. Of several the one with the largest number: they are counted up, so the others have died before
 * it was made and the owner that they lead to is not theirs. -ENOENT: none, or several between which nothing decides.
 */
static int find_mesh(struct books *books, uint64_t owner, struct claimant *ret)
{
	size_t nr = 0;

	for (size_t i = 0; i < books->found[RT_MESH].nr; i++) {
		struct claimant c;
		int err = read_claimant(books, books->found[RT_MESH].items[i], owner, &c);

		if (err == -ENOENT || (!err && nr && c.id < ret->id))
			continue;
		if (err)
			return err;
		nr = nr && c.id == ret->id ? nr + 1 : 1;
		*ret = c;
	}
	return nr == 1 ? 0 : -ENOENT;
}

/* A chip that is used by itself, not as a part of a mesh. */
static int find_chip(struct books *books, uint64_t owner, struct book_device *d)
{
	for (size_t i = 0; i < books->found[RT_CHIP].nr; i++) {
		uint64_t its;
		int err = read_owner(books, RT_CHIP_OWNER, books->found[RT_CHIP].items[i], &its);

		if (!err && its == owner)
			err = add_chip(books, books->found[RT_CHIP].items[i], d);
		if (err && err != -ENOENT)
			return err;
	}
	d->count = 1;
	return d->chips.nr == 1 ? 0 : -ENOENT;
}

static int read_device(struct books *books, uint64_t owner, struct book_device *d)
{
	struct claimant c = {}, still;
	int err = find_mesh(books, owner, &c);

	if (err)
		return err == -ENOENT ? find_chip(books, owner, d) : err;
	d->mesh = c.id;
	d->has_mesh = c.has_id;
	err = read_chips(books, c.mesh, d);
	if (!err || err == -ENOENT)
		err = read_parent(books, c.mesh, &d->parent);
	/* It may have died meanwhile. */
	if (!err)
		err = read_claimant(books, c.mesh, owner, &still);
	return err ? err : still.id == c.id && (d->has_mesh || d->count) ? 0 : -ENOENT;
}

int books_device(struct books *books, uint64_t owner, struct book_device *ret)
{
	int err;

	*ret = (struct book_device){};
	if (!books->device_words[RT_MESH][0] && !books->device_words[RT_CHIP][0])
		return -ENOTSUP;
	err = read_device(books, owner, ret);
	if (err) {
		book_device_release(ret);
		*ret = (struct book_device){};
	}
	return err;
}
