/*
 * books_buffers.c: the sets of living buffers, walked while the process changes them. A walk may meet what was freed
 * while it was on its way there; two walks that follow each other do not meet the same ghost.
 */
#include "runtime/books_buffers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/books_parts.h"

enum {
	BUFFERS_MAX = 1 << 20,
	WALKS = 2,
	PAGE = 4096,
	PAGES = 1 << 10, /* that a walk keeps */
	READS_PAUSE = 512, /* pages that are read between two pauses: a millisecond's */
};

/* libstdc++'s std::unordered_set of pointers: offsets in the set, and a node of it. */
enum { SET_FIRST = 0x10, SET_COUNT = 0x18 };
struct node {
	uint64_t next, buffer;
};

/* Where all that lies in this file. */
struct plan {
	struct code_chain set;
	struct code_chain member[RT_BUFFER_NR]; /* no loads: not known */
	int32_t offset; /* of the set, behind what the loads but the last of its chain lead to */
};

/*
 * What a walk has read: sets, buffers and what these point to lie in the same pages, many of them in each, and to read
 * a page costs hardly more than to read a word of it.
 */
struct walk {
	struct books *books;
	const struct plan *plan;
	uint64_t *page; /* by number modulo PAGES: address + 1 of the page that is kept there, 0: none */
	char *bytes;
	unsigned int reads;
};

static bool find_place(const struct books *books, const struct rt_place *place, struct code_chain *ret)
{
	_cleanup_(freep) char *problem = NULL;
	size_t nr;

	if (bound_place(books->binding, place, ret, 1, &nr, &problem) && nr == 1 && ret->nr_loads && !ret->plus)
		return true;
	*ret = (struct code_chain){};
	return false;
}

static bool make_plan(const struct books *books, struct plan *plan)
{
	const struct rt_books *rt = &books->binding->runtime->books;

	for (size_t i = 0; i < RT_BUFFER_NR; i++)
		find_place(books, &rt->buffer[i], &plan->member[i]);
	if (!find_place(books, &rt->buffers, &plan->set) || !plan->member[RT_BUFFER_ADDRESS].nr_loads ||
	    !plan->member[RT_BUFFER_POOL].nr_loads)
		return false;
	plan->offset = plan->set.load[--plan->set.nr_loads].offset;
	return true;
}

/* The page at @address, in @ret. -EFAULT: it is not present; -ESRCH. */
static int get_page(struct walk *w, uint64_t address, const char **ret)
{
	size_t i = address / PAGE % PAGES;
	int err = 0;

	*ret = w->bytes + i * PAGE;
	if (w->page[i] == address + 1)
		return 0;
	w->page[i] = 0;
	err = memory_read(w->books->memory, address, w->bytes + i * PAGE, PAGE);
	if (!err)
		w->page[i] = address + 1;
	if (++w->reads % READS_PAUSE == 0)
		memory_pause(w->books->memory);
	return err;
}

static int read_bytes(struct walk *w, uint64_t address, void *ret, size_t len)
{
	for (size_t done = 0; done < len;) {
		uint64_t at = address + done;
		size_t part = PAGE - at % PAGE;
		const char *page;
		int err = get_page(w, at - at % PAGE, &page);

		if (err)
			return err;
		if (part > len - done)
			part = len - done;
		memcpy((char *)ret + done, page + at % PAGE, part);
		done += part;
	}
	return 0;
}

/* What the loads of @chain lead to from @base. */
static int follow(struct walk *w, const struct code_chain *chain, uint64_t base, uint64_t *ret)
{
	*ret = base;
	for (size_t i = 0; i < chain->nr_loads; i++) {
		uint64_t value = 0;
		int err = read_bytes(w, *ret + (uint64_t)(int64_t)chain->load[i].offset, &value, chain->load[i].size);

		if (err)
			return err;
		*ret = value;
	}
	return 0;
}

/* One buffer, if it can be read and is one of the owner's. -ESRCH: the process is gone. */
static int add_buffer(struct walk *w, uint64_t owner, uint64_t address, book_buffers *ret)
{
	const struct runtime *rt = w->books->binding->runtime;
	const struct code_chain *member = w->plan->member;
	uint64_t value[RT_BUFFER_NR];
	struct book_buffer b = {.owner = owner, .has_asked = member[RT_BUFFER_ASKED].nr_loads, .has_id = member[RT_BUFFER_ID].nr_loads};

	for (size_t i = 0; i < RT_BUFFER_NR; i++) {
		int err = follow(w, &member[i], address, &value[i]);

		if (err)
			return err == -ESRCH ? err : 0;
	}
	b.address = value[RT_BUFFER_ADDRESS];
	b.pool = runtime_pool(rt, value[RT_BUFFER_POOL]);
	if (!b.pool || (member[RT_BUFFER_OWNER].nr_loads && value[RT_BUFFER_OWNER] != owner))
		return 0;
	if (b.has_asked)
		b.asked = value[RT_BUFFER_ASKED];
	if (b.has_id)
		b.id = value[RT_BUFFER_ID];
	if (member[RT_BUFFER_LAYOUT].nr_loads)
		b.layout = runtime_layout(rt, value[RT_BUFFER_LAYOUT]);
	vec_push(ret, b);
	return 0;
}

/* Those of one owner. A set that is torn ends early, or with what is no buffer any more. -ESRCH: the process is gone. */
static int walk_set(struct walk *w, uint64_t owner, book_buffers *ret)
{
	uint64_t set, header[2]; /* first node, count */
	struct node node;
	int err = follow(w, &w->plan->set, owner, &set);

	_Static_assert(SET_COUNT == SET_FIRST + sizeof(header[0]), "they are read at once");
	if (!err)
		err = read_bytes(w, set + (uint64_t)(int64_t)w->plan->offset + SET_FIRST, header, sizeof(header));
	if (err || header[1] > BUFFERS_MAX)
		return err == -ESRCH ? err : 0;
	for (node.next = header[0]; header[1] && node.next && !err; header[1]--) {
		err = read_bytes(w, node.next, &node, sizeof(node));
		if (!err)
			err = add_buffer(w, owner, node.buffer, ret);
	}
	return err == -ESRCH ? err : 0;
}

static int compare_keys(const struct book_buffer *x, const struct book_buffer *y)
{
	int pools = x->pool == y->pool ? 0 : strcmp(x->pool, y->pool);

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	if (pools)
		return pools;
	return (x->address > y->address) - (x->address < y->address);
}

static int compare_buffers(const void *a, const void *b)
{
	return compare_keys(a, b);
}

static size_t lower_bound(const book_buffers *buffers, const struct book_buffer *key)
{
	size_t low = 0, high = buffers->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_keys(&buffers->items[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The one with this key; NULL: none, or several. */
static const struct book_buffer *find_one(const book_buffers *buffers, const struct book_buffer *key)
{
	size_t i = lower_bound(buffers, key);

	if (i == buffers->nr || compare_keys(&buffers->items[i], key))
		return NULL;
	return i + 1 < buffers->nr && !compare_keys(&buffers->items[i + 1], key) ? NULL : &buffers->items[i];
}

static bool same(const struct book_buffer *x, const struct book_buffer *y)
{
	return y && x->layout == y->layout && x->has_asked == y->has_asked && x->asked == y->asked && x->id == y->id;
}

/* What one walk over all sets finds. */
static int read_all(struct books *books, const struct plan *plan, book_buffers *ret)
{
	struct walk w = {
		.books = books,
		.plan = plan,
		.page = xcalloc(PAGES, sizeof(*w.page)),
		.bytes = xmalloc((size_t)PAGES * PAGE),
	};
	int err = 0;

	for (size_t i = 0; i < books->owners.nr && !err; i++)
		err = walk_set(&w, books->owners.items[i].address, ret);
	if (ret->nr)
		qsort(ret->items, ret->nr, sizeof(*ret->items), compare_buffers);
	free(w.page);
	free(w.bytes);
	return err;
}

void books_read_buffers(struct books *books, book_buffers *ret)
{
	book_buffers reads[WALKS] = {};
	struct plan plan;
	int err = 0;

	vec_release(ret);
	if (!make_plan(books, &plan))
		return;
	for (size_t i = 0; i < WALKS && !err; i++)
		err = read_all(books, &plan, &reads[i]);
	for (size_t i = 0; i < reads[0].nr && !err; i++) {
		const struct book_buffer *b = &reads[0].items[i];

		if (same(b, find_one(&reads[1], b)))
			vec_push(ret, *b);
	}
	for (size_t i = 0; i < WALKS; i++)
		vec_release(&reads[i]);
}

const struct book_buffer *book_buffers_find(const book_buffers *buffers, const struct book_arena *a,
					    const struct book_block *b)
{
	struct book_buffer key = {.owner = a->owner, .pool = a->pool, .address = b->address};
	const struct book_buffer *found = find_one(buffers, &key);

	return found && (!found->has_asked || found->asked <= b->bytes * a->banks) ? found : NULL;
}
