/* view/trigger.h: what names a moment, and when it is that moment. */
#include "ledger_text.h"

#include <errno.h>

#include "view/trigger.h"

#define SETUP                                                                                                     \
	"attach time_ns=100 process=1 pid=4242 name=python runtime=rt pools=P,Q core=Q\n"                            \
	"arena time_ns=101 process=1 arena=1 object=0x40 owner=0x1 pool=P banks=1 bank_bytes=1000 base=0 reason=new\n" \
	"arena time_ns=101 process=1 arena=2 object=0x41 owner=0x1 pool=Q banks=1 base=0 reason=new\n"
#define PUT(time, arena, address, bytes)                                                                          \
	"alloc time_ns=" #time " process=1 tid=7 arena=" #arena " address=" #address " reserved=" #bytes "\n"
#define TAKE(time, arena, address) "free time_ns=" #time " process=1 tid=7 arena=" #arena " address=" #address "\n"

/* All that fired, as "TIME TRIGGER (WHAT)\n". */
struct watch {
	struct sink sink;
	struct ledger *ledger;
	struct triggers triggers;
	struct str fired;
};

static int watch_put(struct sink *sink, const struct record *r)
{
	struct watch *w = (struct watch *)sink;
	_cleanup_(str_release) struct str what = {};
	const struct trigger *t;
	struct effect e;

	assert_int_equal(ledger_apply(w->ledger, r, &e), 0);
	t = triggers_apply(&w->triggers, r, &e, &what);
	if (t)
		str_addf(&w->fired, "%llu %s (%s)\n", (unsigned long long)r->time_ns, t->text, str_text(&what));
	return 0;
}

static void fires(const char *const *triggers, const char *stream, const char *expected)
{
	struct watch w = {.sink.put = watch_put, .ledger = ledger_new()};
	struct source *source = text_source_new(stream, strlen(stream));

	triggers_init(&w.triggers);
	for (; *triggers; triggers++)
		assert_int_equal(trigger_parse(*triggers, vec_add(&w.triggers.items), NULL), 0);
	triggers_begin(&w.triggers);
	assert_int_equal(source->run(source, &w.sink), 0);
	assert_string_equal(str_text(&w.fired), expected);
	source->free(source);
	triggers_release(&w.triggers);
	ledger_free(w.ledger);
	str_release(&w.fired);
}

#define FIRES(stream, expected, ...) fires((const char *const[]){__VA_ARGS__, NULL}, SETUP stream, expected)

static void a_condition_fires_when_it_becomes_true_and_again_after_it_was_false(void **state)
{
	(void)state;
	FIRES(PUT(102, 1, 0, 900) PUT(103, 1, 900, 1) PUT(104, 1, 901, 9) TAKE(105, 1, 900) TAKE(106, 1, 901) PUT(107, 1, 900, 50)
	      PUT(108, 2, 0, 5000),
	      "103 now(P) > 90% (python 4242, device 0, P: 901 B of 1000 B)\n"
	      "107 now(P) > 90% (python 4242, device 0, P: 950 B of 1000 B)\n",
	      "now(P) > 90%");
	FIRES(PUT(102, 1, 0, 900) PUT(103, 1, 900, 1) TAKE(105, 1, 900) PUT(107, 1, 900, 50),
	      "103 PEAK(p)>90% (python 4242, device 0, P: 901 B of 1000 B)\n", "PEAK(p)>90%");
	FIRES(PUT(102, 1, 0, 5) TAKE(103, 1, 0), "103 now == 0 (python 4242, device 0, P: 0 B)\n", "now == 0");
}

static void each_pool_is_for_itself_and_without_a_capacity_no_percentage_holds(void **state)
{
	(void)state;
	FIRES(PUT(102, 1, 0, 600) PUT(103, 2, 0, 600) PUT(104, 2, 600, 1),
	      "102 now >= 600B (python 4242, device 0, P: 600 B)\n103 now >= 600B (python 4242, device 0, Q: 600 B)\n", "now >= 600B");
	FIRES(PUT(102, 2, 0, 600), "", "now >= 0%");
	FIRES(PUT(102, 1, 0, 600) PUT(103, 1, 600, 100),
	      "103 allocated > 0.625K (python 4242, device 0, P: 700 B)\n", "allocated > 0.625K", "count > 2");
}

static void a_clear_and_a_correction_change_it_as_well(void **state)
{
	(void)state;
	FIRES(PUT(102, 1, 0, 600) "clear time_ns=103 process=1 arena=1\n" PUT(104, 1, 0, 600),
	      "102 now > 500B (python 4242, device 0, P: 600 B)\n104 now > 500B (python 4242, device 0, P: 600 B)\n", "now > 500B");
	FIRES("correction time_ns=102 process=1 arena=1 address=0 reserved=501 reason=missing\n",
	      "102 now > 500B (python 4242, device 0, P: 501 B)\n", "now > 500B");
}

#define FAIL(time, more) "failed time_ns=" #time " process=1 tid=7 reason=throw " more "\n"

static void every_failure_fires_and_a_number_of_them_once(void **state)
{
	(void)state;
	FIRES(FAIL(102, "arena=1 asked=7") FAIL(103, "pool=Q") FAIL(104, ""),
	      "102 failure (python 4242)\n103 failure (python 4242)\n104 failure (python 4242)\n", "failure");
	FIRES(PUT(102, 1, 0, 1) FAIL(103, "arena=1") FAIL(104, "arena=1") FAIL(105, "arena=1"),
	      "104 failed > 1 (python 4242, device 0, P: 2)\n", "failed > 1");
	/* It was none after all. */
	FIRES(PUT(102, 1, 0, 1) FAIL(103, "arena=1") "retract time_ns=104 process=1 tid=7\n" FAIL(105, "arena=1") FAIL(106, "arena=1"),
	      "103 failed > 0 (python 4242, device 0, P: 1)\n105 failed > 0 (python 4242, device 0, P: 1)\n", "failed > 0");
	FIRES(FAIL(102, ""), "", "SIGUSR2", "now > 5");
}

static void what_a_file_is_called_after(void **state)
{
	static const char *const names[][2] = {
		{"failure", "failure"},		{"FAILURE", "failure"}, {"sigusr2", "SIGUSR2"},
		{"peak(L1_SMALL) > 5%", "peak-L1_SMALL"}, {"now > 5", "now"},	{"count( a/b\x1b ) > 5", "count-a-b-"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(str_release) struct str s = {};
		struct trigger t;

		assert_int_equal(trigger_parse(names[i][0], &t, NULL), 0);
		trigger_add_name(&s, &t);
		assert_string_equal(str_text(&s), names[i][1]);
		trigger_release(&t);
	}
}

static void what_is_no_trigger_is_said_to_be_none(void **state)
{
	static const char *const texts[][2] = {
		{"", "'' for '--trigger' is none: there are failure, SIGUSR2, and conditions"},
		{"failures", "'failures' for '--trigger' is none: there are failure, SIGUSR2, and conditions"},
		{"SIG\x1b", "'SIG\\x1b' for '--trigger' is none: there are failure, SIGUSR2, and conditions"},
		{"end(P) > 5", "--trigger: a figure comes first: peak, now, allocated, count or failed\n    end(P) > 5\n    ^"},
		{"now(P > 5", "--trigger: ')' is missing\n    now(P > 5\n             ^"},
		{"now > +5%", "--trigger: a value with a sign is a change between two recordings\n    now > +5%\n          ^"},
		{"now > -5", "--trigger: a value with a sign is a change between two recordings\n    now > -5\n          ^"},
		{"failed > 5%", "--trigger: a percentage is of a pool's capacity: 'failed' has none\n    failed > 5%\n             ^"},
		{"failed > 5K", "--trigger: 'failed' is a number: it has no unit\n    failed > 5K\n              ^"},
		{"now > 5m", "--trigger: the unit is none of B, KiB, MiB, GiB and TiB\n    now > 5m\n           ^"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct trigger t;
		struct diag d = {};

		assert_int_equal(trigger_parse(texts[i][0], &t, &d), -EINVAL);
		assert_string_equal(d.text, texts[i][1]);
		assert_true(d.hint[0]);
		trigger_release(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_condition_fires_when_it_becomes_true_and_again_after_it_was_false),
		cmocka_unit_test(each_pool_is_for_itself_and_without_a_capacity_no_percentage_holds),
		cmocka_unit_test(a_clear_and_a_correction_change_it_as_well),
		cmocka_unit_test(every_failure_fires_and_a_number_of_them_once),
		cmocka_unit_test(what_a_file_is_called_after),
		cmocka_unit_test(what_is_no_trigger_is_said_to_be_none),
	};

	return cmocka_run_group_tests_name("trigger", tests, NULL, NULL);
}
