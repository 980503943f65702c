/* user/view/table_calls.c: who holds memory, in windows of all sizes. */
#include "view_stream.h"

#include "view/table_calls.h"

static const struct selection all;

#define FRAME(nr, path, symbol) "frame" S(101) "frame=" #nr " path=" path " line=7 symbol=\"" symbol "\"\nstack" S(101) "stack=" #nr " frame=" #nr "\n"
#define BLOCK(arena, address, bytes, stack) \
	"alloc" S(102) "process=1 arena=" #arena " address=" #address " reserved=" #bytes " stack=" #stack "\n"
#define STREAM                                                                                            \
	PYTHON EMPTY POOLS(101) FRAME(1, "/home/user/projects/serving/models/decoder/attention.py", "forward") \
	FRAME(2, "/srv/a.py", "step") FRAME(3, "/srv/b.py", "g\xc3\xbct")                                   \
	BLOCK(1, 4096, 3072, 1) BLOCK(2, 4096, 1024, 1) BLOCK(1, 8192, 2048, 2) BLOCK(1, 12288, 512, 3) TICK(103)

static void add_to_profile(struct view *v, const struct record *r, const struct effect *e)
{
	profile_apply(v->state, r, e);
}

static void add_table(struct str *out, const struct table_options *table, size_t most)
{
	struct call_groups groups = {.by = CALL_BY_LINE};
	struct profile profile;
	struct view v = {.add = add_to_profile, .state = &profile};
	struct table_calls calls = {.profile = &profile, .by = "line", .most = most, .table = table};

	profile_init(&profile, PROFILE_BY_CALL, &all);
	profile.calls = &groups;
	view_run(&v, STREAM);
	calls.l = v.ledger;
	table_calls_add(out, &calls);
	profile_release(&profile);
	call_groups_release(&groups);
	view_release(&v);
}

/* The lines below the header. */
static void is(unsigned int rows, unsigned int columns, size_t most, const char *expected)
{
	_cleanup_(str_release) struct str out = {};
	const char *begin;

	add_table(&out, &(struct table_options){.selection = &all, .rows = rows, .columns = columns}, most);
	begin = strstr(str_text(&out), "POOL ");
	assert_non_null(begin);
	while (begin > str_text(&out) && begin[-1] != '\n')
		begin--;
	assert_string_equal(begin, expected);
}

static void columns_that_say_least_go_first_and_names_lose_their_beginning(void **state)
{
	(void)state;
	is(0, 0, 0,
	   "PROCESS  DEVICE    POOL       NOW  BUFFERS      PEAK  ALLOCATED    COUNT  LINE\n"
	   "python   device 0  DRAM  3.00 KiB        1  3.00 KiB   3.00 KiB        1  "
	   "/home/user/projects/serving/models/decoder/attention.py:7 forward\n"
	   "python   device 0  DRAM  2.00 KiB        1  2.00 KiB   2.00 KiB        1  /srv/a.py:7 step\n"
	   "python   device 0  L1    1.00 KiB        1  1.00 KiB   1.00 KiB        1  "
	   "/home/user/projects/serving/models/decoder/attention.py:7 forward\n"
	   "python   device 0  DRAM     512 B        1     512 B      512 B        1  /srv/b.py:7 g\xc3\xbct\n");
	is(24, 80, 0,
	   "POOL       NOW  BUFFERS      PEAK  ALLOCATED  LINE\n"
	   "DRAM  3.00 KiB        1  3.00 KiB   3.00 KiB  .../decoder/attention.py:7 forward\n"
	   "DRAM  2.00 KiB        1  2.00 KiB   2.00 KiB  /srv/a.py:7 step\n"
	   "L1    1.00 KiB        1  1.00 KiB   1.00 KiB  .../decoder/attention.py:7 forward\n"
	   "DRAM     512 B        1     512 B      512 B  /srv/b.py:7 g\xc3\xbct\n");
}

static void rows_are_those_that_there_is_room_for_or_as_many_as_asked(void **state)
{
	(void)state;
	/* The header, which takes two lines, the titles, and a row that stays free. */
	/* The header, which takes a line, the titles, and a row that stays free. */
	is(6, 200, 0,
	   "PROCESS  DEVICE    POOL       NOW  BUFFERS      PEAK  ALLOCATED    COUNT  LINE\n"
	   "python   device 0  DRAM  3.00 KiB        1  3.00 KiB   3.00 KiB        1  "
	   "/home/user/projects/serving/models/decoder/attention.py:7 forward\n"
	   "python   device 0  DRAM  2.00 KiB        1  2.00 KiB   2.00 KiB        1  /srv/a.py:7 step\n"
	   "         ... and 2 more\n");
	is(24, 60, 1,
	   "POOL       NOW  BUFFERS  LINE\n"
	   "DRAM  3.00 KiB        1  ...s/decoder/attention.py:7 forward\n"
	   "  ... and 3 more, see --top\n");
}

static void check_fits(const char *text, unsigned int rows, unsigned int columns)
{
	unsigned int lines = 0;

	for (const char *end; *text; text = end + 1, lines++) {
		_cleanup_(freep) char *line = NULL;

		end = strchr(text, '\n');
		assert_non_null(end);
		line = xstrndup(text, (size_t)(end - text));
		assert_true(str_columns(line) <= columns);
	}
	/* A header, titles, a row and how many more there are: with less than that nobody sees anything. */
	assert_true(lines < rows || rows < 6);
}

static void a_window_of_any_size_has_room_for_it(void **state)
{
	(void)state;
	for (unsigned int rows = 1; rows < 12; rows++)
		for (unsigned int columns = 1; columns < 130; columns += 1 + columns / 12) {
			_cleanup_(str_release) struct str out = {};

			add_table(&out, &(struct table_options){.selection = &all, .rows = rows, .columns = columns}, 0);
			check_fits(str_text(&out), rows, columns);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_that_say_least_go_first_and_names_lose_their_beginning),
		cmocka_unit_test(a_window_of_any_size_has_room_for_it),
		cmocka_unit_test(rows_are_those_that_there_is_room_for_or_as_many_as_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
