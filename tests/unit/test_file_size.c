/* stream/file.h: how large a recording is. A program does much the same again and again, of which an event takes a few bytes. */
#include "random_records.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "stream/file.h"

enum { EVENTS = 100000, OPERATIONS = 64, LIVE = 200, DEPTH = 24 };

struct live {
	uint64_t address, operation;
};

/* Operations one after the other; each allocates as much, in the same pool, as the last time. */
static struct record allocation(struct random *random, uint64_t operation, struct live *ret, uint64_t *id)
{
	static const char *const layouts[] = {"INTERLEAVED", "HEIGHT_SHARDED 8x8", "BLOCK_SHARDED 8x8"};
	struct record r = {.kind = RECORD_ALLOC};

	*ret = (struct live){(operation * 16 + random_below(random, 8)) * 65536, operation};
	RECORD_SET(&r, PROCESS, process, 1);
	RECORD_SET(&r, TID, tid, 4242);
	RECORD_SET(&r, ARENA, arena, 1 + operation % 4);
	RECORD_SET(&r, ADDRESS, address, ret->address);
	RECORD_SET(&r, RESERVED, reserved, 65536 * (1 + operation % 7));
	RECORD_SET(&r, ASKED, asked, 60000 * (1 + operation % 7));
	RECORD_SET(&r, PAGE, page, operation % 3 ? 2048 : 1088);
	RECORD_SET(&r, ID, id, *id += 1 + random_below(random, 2));
	RECORD_SET(&r, LAYOUT, layout, layouts[operation % ARRAY_SIZE(layouts)]);
	return r;
}

static struct record release(const struct live *b)
{
	struct record r = {.kind = RECORD_FREE};

	RECORD_SET(&r, PROCESS, process, 1);
	RECORD_SET(&r, TID, tid, 4242);
	RECORD_SET(&r, ARENA, arena, 1 + b->operation % 4);
	RECORD_SET(&r, ADDRESS, address, b->address);
	return r;
}

/* Each operation is called from two places, which is known of each allocation: but for the first time a number. */
static void put_stack(struct sink *sink, struct random *random, uint64_t operation, bool *told, struct record *alloc)
{
	uint64_t which = operation * 2 + random_below(random, 2), first = 1 + which * DEPTH;

	RECORD_SET(alloc, STACK, stack, first + DEPTH - 1);
	for (uint64_t i = first; i < first + DEPTH && !told[which]; i++) {
		struct record frame = {.kind = RECORD_FRAME}, stack = {.kind = RECORD_STACK};
		_cleanup_(freep) char *name = xasprintf("ttnn::operations::number_%llu::invoke(ttnn::Tensor const&)", (unsigned long long)i);

		RECORD_SET(&frame, FRAME, frame, i);
		RECORD_SET(&frame, MODULE, module, 1);
		RECORD_SET(&frame, OFFSET, offset, random_below(random, 1 << 24));
		record_set_text(&frame, FIELD_SYMBOL, name);
		RECORD_SET(&stack, STACK, stack, i);
		RECORD_SET(&stack, FRAME, frame, i);
		if (i > first)
			RECORD_SET(&stack, PARENT, parent, i - 1);
		assert_int_equal(sink_put(sink, &frame), 0);
		assert_int_equal(sink_put(sink, &stack), 0);
	}
	told[which] = true;
}

static void write_events(struct sink *sink, uint64_t mean_ns, bool stacks)
{
	bool told[2 * OPERATIONS] = {};
	struct random random = {4711};
	struct live live[LIVE];
	uint64_t time_ns = 1795348800000000000, id = 0, operation = 0;

	for (size_t i = 0, nr = 0; i < EVENTS; i++) {
		struct record r;

		if (nr < LIVE && (!nr || random_below(&random, 2))) {
			r = allocation(&random, operation % OPERATIONS, &live[nr], &id);
			if (stacks)
				put_stack(sink, &random, operation % OPERATIONS, told, &r);
			operation++;
			nr++;
		} else {
			size_t which = (size_t)random_below(&random, nr);

			r = release(&live[which]);
			live[which] = live[--nr];
		}
		time_ns += 1 + random_below(&random, 2 * mean_ns);
		RECORD_SET(&r, TIME_NS, time_ns, time_ns);
		assert_int_equal(sink_put(sink, &r), 0);
	}
}

/*
 * Six are what a program's events may take, and twelve with stacks of which few are different; of these, which say less than most, it is
 * what they take now and a twentieth.
 */
static void an_event_takes_few_bytes(void **state)
{
	static const struct {
		uint64_t rate; /* events a second */
		bool stacks;
		double most; /* bytes an event */
	} cases[] = {{10000, false, 4.2}, {100000, false, 3.4}, {10000, true, 4.8}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = memfd_create("recording", MFD_CLOEXEC);
		struct file_header header;
		struct sink *sink;
		struct stat st;

		file_header_now(&header);
		assert_int_equal(file_sink_new(dup(fd), "x.pt", &header, &sink, NULL), 0);
		write_events(sink, NS_PER_SEC / cases[i].rate, cases[i].stacks);
		assert_int_equal(file_sink_close(sink, NULL), 0);
		assert_int_equal(fstat(fd, &st), 0);
		assert_in_range(st.st_size, EVENTS, (uint64_t)(EVENTS * cases[i].most));
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_takes_few_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
