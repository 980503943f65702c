/* view/compare.h: two streams as text in, what changed as text and JSON out. */
#include "view_stream.h"

#include "view/condition.h"

static void apply(struct view *v, const struct record *r, const struct effect *e)
{
	profile_apply(v->state, r, e);
}

static void read_stream(struct comparison *c, enum side side, const char *stream, enum profile_by by)
{
	struct profile p;
	struct view v = {.add = apply, .state = &p};

	profile_init(&p, by, NULL);
	view_run(&v, stream);
	profile_finish(&p);
	comparison_add(c, side, &p, v.ledger);
	profile_release(&p);
	view_release(&v);
}

static struct comparison compare(const char *old, const char *new, enum profile_by by)
{
	struct comparison c = {};

	read_stream(&c, SIDE_OLD, old, by);
	read_stream(&c, SIDE_NEW, new, by);
	comparison_finish(&c);
	return c;
}

static void check_text(const char *old, const char *new, const struct compare_options *o, const char *expected)
{
	struct compare_options options = *o;
	struct comparison c = compare(old, new, !o->kind ? PROFILE_BY_POOL : strcmp(o->kind, "size") ? PROFILE_BY_LABEL : PROFILE_BY_SIZE);
	struct str s = {};

	options.names[SIDE_OLD] = "a.pt";
	options.names[SIDE_NEW] = "b\033.pt";
	comparison_add_text(&s, &c, &options);
	assert_string_equal(str_text(&s), expected);
	str_release(&s);
	comparison_release(&c);
}

#define BEGIN PYTHON EMPTY POOLS(101)
#define OLD BEGIN ALLOC(102, 1, 4096, 2097152, 1) ALLOC(103, 2, 4096, 4096, 1) FREE(104, 1, 4096)
#define NEW BEGIN ALLOC(102, 1, 4096, 2097152, 1) ALLOC(102, 1, 4194304, 1048576, 1) ALLOC(103, 2, 4096, 4096, 1)

static void equal_recordings_are_said_to_be_equal(void **state)
{
	(void)state;
	check_text(OLD, OLD, &(struct compare_options){}, "no figure changed from a.pt to b\\x1b.pt\n");
	check_text("", "", &(struct compare_options){}, "no figure changed from a.pt to b\\x1b.pt\n");
	/* Another pid, another time, another order of what is independent. */
	check_text(BEGIN ALLOC(102, 1, 4096, 64, 1) ALLOC(102, 2, 4096, 64, 1), BEGIN ALLOC(103, 2, 8192, 64, 1) ALLOC(109, 1, 0, 64, 1),
		   &(struct compare_options){.kind = "size"}, "no figure changed from a.pt to b\\x1b.pt\n");
}

static void a_figure_that_changed_is_a_line(void **state)
{
	(void)state;
	check_text(OLD, NEW, &(struct compare_options){},
		   "PROCESS  DEVICE  POOL  FIGURE          OLD       NEW     CHANGE\n"
		   "python   0       DRAM  peak       2.00 MiB  3.00 MiB  +1.00 MiB  +50.0%\n"
		   "python   0       DRAM  end             0 B  3.00 MiB  +3.00 MiB\n"
		   "python   0       DRAM  allocated  2.00 MiB  3.00 MiB  +1.00 MiB  +50.0%\n"
		   "python   0       DRAM  count             1         2         +1   +100%\n"
		   "16 figures did not change\n");
	check_text(NEW, OLD, &(struct compare_options){.kind = "size", .bytes = true},
		   "PROCESS  DEVICE  POOL  SIZE            FIGURE         OLD  NEW    CHANGE\n"
		   "python   0       DRAM  1 MiB to 2 MiB  peak       1048576    0  -1048576  -100%\n"
		   "python   0       DRAM  1 MiB to 2 MiB  end        1048576    0  -1048576  -100%\n"
		   "python   0       DRAM  1 MiB to 2 MiB  allocated  1048576    0  -1048576  -100%\n"
		   "python   0       DRAM  1 MiB to 2 MiB  count            1    0        -1  -100%\n"
		   "python   0       DRAM  2 MiB to 4 MiB  end        2097152    0  -2097152  -100%\n"
		   "7 figures did not change\n");
}

static void labels_are_compared(void **state)
{
	(void)state;
	check_text(BEGIN ALLOC(102, 1, 4096, 64, 1) "alloc" S(103) "process=1 arena=1 address=8192 reserved=64 label=conv\n",
		   BEGIN ALLOC(102, 1, 4096, 64, 1) "alloc" S(103) "process=1 arena=1 address=8192 reserved=65 label=conv\n"
		   "alloc" S(103) "process=1 arena=1 address=16384 reserved=32 tag=trace trace=1\n",
		   &(struct compare_options){.kind = "label"},
		   "PROCESS  DEVICE  POOL  LABEL  FIGURE      OLD   NEW  CHANGE\n"
		   "python   0       DRAM  conv   peak       64 B  65 B    +1 B  +1.6%\n"
		   "python   0       DRAM  conv   end        64 B  65 B    +1 B  +1.6%\n"
		   "python   0       DRAM  conv   allocated  64 B  65 B    +1 B  +1.6%\n"
		   "python   0       DRAM  trace  peak        0 B  32 B   +32 B\n"
		   "python   0       DRAM  trace  end         0 B  32 B   +32 B\n"
		   "python   0       DRAM  trace  allocated   0 B  32 B   +32 B\n"
		   "python   0       DRAM  trace  count         0     1      +1\n"
		   "5 figures did not change\n");
}

#define SECOND                                                                                                    \
	"attach" S(110) "process=2 pid=77 name=python runtime=x pools=DRAM\n"                                     \
	"arena" S(110) "process=2 arena=5 object=0x1 owner=0x2 pool=DRAM\n"                                       \
	"alloc" S(111) "process=2 arena=5 address=0 reserved=7\n"

/* Processes of one name are told apart by their order; one that is missing has no figures. */
static void a_process_may_be_in_one_of_them_only(void **state)
{
	(void)state;
	check_text(OLD, OLD SECOND "failed" S(112) "process=2 pool=DRAM reason=throw\n", &(struct compare_options){},
		   "PROCESS     DEVICE  POOL  FIGURE     OLD  NEW  CHANGE\n"
		   "python (2)  0       DRAM  peak         -  7 B    +7 B\n"
		   "python (2)  0       DRAM  end          -  7 B    +7 B\n"
		   "python (2)  0       DRAM  allocated    -  7 B    +7 B\n"
		   "python (2)  0       DRAM  count        -    1      +1\n"
		   "python (2)  ?       DRAM  failed       -    1      +1\n"
		   "21 figures did not change\n");
}

static void small_and_large_changes_have_a_percentage(void **state)
{
	struct compare_row row = {.figures = {{1000000, 3, 7, 10}, {1000001, 3000, 7, 0}}};
	struct str s = {};

	(void)state;
	for (int f = 0; f < FIGURE_NR; f++) {
		figure_add_percent(&s, (enum figure)f, &row);
		str_add_char(&s, ' ');
	}
	assert_string_equal(str_text(&s), "+<0.1% +99900%  -100%  ");
	str_release(&s);
}

static void json_has_all_rows_and_what_holds(void **state)
{
	struct comparison c = compare(OLD, OLD SECOND, PROFILE_BY_POOL);
	struct condition condition;
	struct str s = {};

	(void)state;
	assert_int_equal(condition_parse("count(dram) > +0", &condition, NULL), 0);
	comparison_add_json(&s, &c, &(struct compare_options){.names = {"a.pt", "b.pt"}}, &condition, 1, &c);
#define FIGURES_OF(peak, end, allocated, count) \
	"{\"peak\":" #peak ",\"end\":" #end ",\"allocated\":" #allocated ",\"count\":" #count ",\"failed\":0}"
#define SAME_ROW(pool, figures) "{\"process\":\"python\",\"device\":\"0\",\"pool\":\"" pool "\",\"old\":" figures ",\"new\":" figures "},"
#define NEW_ROW "{\"process\":\"python (2)\",\"device\":\"0\",\"pool\":\"DRAM\",\"new\":" FIGURES_OF(7, 7, 7, 1) "}"
	assert_string_equal(str_text(&s),
		"{\"schema\":1,\"old\":\"a.pt\",\"new\":\"b.pt\",\"same\":false,\"rows\":["
		SAME_ROW("DRAM", FIGURES_OF(2097152, 0, 2097152, 1)) SAME_ROW("L1", FIGURES_OF(4096, 4096, 4096, 1))
		SAME_ROW("L1_SMALL", FIGURES_OF(0, 0, 0, 0)) SAME_ROW("TRACE", FIGURES_OF(0, 0, 0, 0)) NEW_ROW
		"],\"conditions\":[{\"condition\":\"count(dram) > +0\",\"holds\":true,\"rows\":[" NEW_ROW "]}]}\n");
	condition_release(&condition);
	comparison_release(&c);
	str_release(&s);
	c = compare(OLD, OLD, PROFILE_BY_SIZE);
	comparison_add_json(&s, &c, &(struct compare_options){.kind = "size", .names = {"-", "\xff"}}, NULL, 0, NULL);
	assert_string_equal(str_text(&s),
		"{\"schema\":1,\"old\":\"-\",\"new\":\"\\\\xff\",\"same\":true,\"rows\":["
		"{\"process\":\"python\",\"device\":\"0\",\"pool\":\"DRAM\",\"size\":\"2 MiB to 4 MiB\","
		"\"old\":{\"peak\":2097152,\"end\":0,\"allocated\":2097152,\"count\":1},"
		"\"new\":{\"peak\":2097152,\"end\":0,\"allocated\":2097152,\"count\":1}},"
		"{\"process\":\"python\",\"device\":\"0\",\"pool\":\"L1\",\"size\":\"4 KiB to 8 KiB\","
		"\"old\":{\"peak\":4096,\"end\":4096,\"allocated\":4096,\"count\":1},"
		"\"new\":{\"peak\":4096,\"end\":4096,\"allocated\":4096,\"count\":1}}]}\n");
	comparison_release(&c);
	str_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_recordings_are_said_to_be_equal),
		cmocka_unit_test(a_figure_that_changed_is_a_line),
		cmocka_unit_test(labels_are_compared),
		cmocka_unit_test(a_process_may_be_in_one_of_them_only),
		cmocka_unit_test(small_and_large_changes_have_a_percentage),
		cmocka_unit_test(json_has_all_rows_and_what_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
