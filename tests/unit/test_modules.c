/* What a stream says of the files and probes of its processes: kept by the ledger, shown by user/view/recorded. */
#include "ledger_text.h"
#include "view_stream.h"

#include <errno.h>

#include <jansson.h>

#include "ledger/checkpoint.h"
#include "view/log_event.h"
#include "view/recorded.h"

#define ATTACH(process, pid) \
	"attach" S(100) "process=" #process " pid=" #pid " name=p command=\"p -x\" runtime=r pools=A\n"
#define RUNTIME "runtime" S(100) "id=1 name=r path=\"built in: r.rt\" text=\"runtime r\\x0adetect f\\x0a\"\n"
#define LIBRARY "module" S(100) "module=1 id=1 path=/lib/r.so build_id=abcd version=\"r 1.2\"\n"
#define BEGIN "site" S(100) "module=1 probe=begin symbol=f offset=0x40\n"
#define FREES "site" S(100) "module=1 probe=free symbol=g tag=t offset=0x80 reason=\"no size\"\n"
#define CLASH "site" S(100) "module=1 probe=clash symbol=\"h*\" reason=\"no function matches 'h*'\\x0asecond\"\n"
#define CLASHES "site" S(100) "module=1 probe=clash symbol=i reason=no\n"
#define OTHER "module" S(100) "module=2 id=1 path=/lib/c.so\n" "site" S(100) "module=2 probe=throw symbol=t offset=0x8\n"
#define USES(process, module, more) "uses" S(100) "process=" #process " module=" #module " " more "\n"
#define NOWHERE(process) "site" S(100) "process=" #process " probe=context symbol=w reason=\"in no file\"\n"
#define FILES RUNTIME LIBRARY BEGIN FREES CLASH CLASHES OTHER
#define ONE ATTACH(1, 7) FILES USES(1, 1, "") USES(1, 2, "") NOWHERE(1)

static void definitions_are_kept_and_are_no_events(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	const struct ledger_process *p;
	size_t probed, missing;

	(void)state;
	fold(&f, ONE);
	p = f.ledger->processes.items[0];
	assert_int_equal(f.ledger->events, 0);
	assert_int_equal(p->events, 0);
	assert_string_equal(ledger_runtime(f.ledger, 1)->text, "runtime r\ndetect f\n");
	assert_null(ledger_runtime(f.ledger, 0));
	assert_null(ledger_runtime(f.ledger, 2));
	assert_string_equal(process_module(f.ledger, p)->build_id, "abcd");
	assert_int_equal(process_module(f.ledger, p)->runtime, 1);
	assert_null(ledger_module(f.ledger, 2)->build_id);
	assert_null(ledger_module(f.ledger, 3));
	assert_string_equal(process_path(f.ledger, p), "/lib/r.so");
	assert_true(process_probes(f.ledger, p, &probed, &missing));
	assert_int_equal(probed, 3);
	assert_int_equal(missing, 3);
	fold(&f, ATTACH(2, 8) USES(2, 1, "path=/box/r.so"));
	assert_ptr_equal(f.effect.module, ledger_module(f.ledger, 1));
	assert_string_equal(process_path(f.ledger, f.ledger->processes.items[1]), "/box/r.so");
}

static void a_process_of_which_nothing_is_said_is_not_known(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	size_t probed, missing;

	(void)state;
	fold(&f, ATTACH(1, 7));
	assert_false(ledger_says_traced(f.ledger));
	assert_null(process_module(f.ledger, f.ledger->processes.items[0]));
	assert_null(process_path(f.ledger, f.ledger->processes.items[0]));
	assert_false(process_probes(f.ledger, f.ledger->processes.items[0], &probed, &missing));
	fold(&f, FILES);
	assert_false(ledger_says_traced(f.ledger));
	fold(&f, USES(1, 2, ""));
	assert_true(ledger_says_traced(f.ledger));
}

static void what_contradicts_is_refused(void **state)
{
	static const char *const wrong[] = {
		"runtime" S(100) "id=1 name=r\n", "runtime" S(100) "id=3 name=r\n", "runtime" S(100) "id=2\n",
		"module" S(100) "module=2\n", "module" S(100) "module=4\n", "module" S(100) "module=3 id=2\n", "module" S(100) "module=3 id=0\n",
		"site" S(100) "probe=x\n", "site" S(100) "probe=x module=3\n", "site" S(100) "probe=x module=1 process=1\n",
		"site" S(100) "probe=x process=2\n", "site" S(100) "module=1\n",
		"uses" S(100) "process=1 module=3\n", "uses" S(100) "process=1 module=0\n", "uses" S(100) "process=2 module=1\n",
	};
	_cleanup_(fold_release) struct fold f = fold_new();

	(void)state;
	fold(&f, ONE);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (fold_try(&f, wrong[i]) != -EINVAL)
			fail_msg("not refused: %s", wrong[i]);
		assert_null(f.effect.module);
	}
	assert_int_equal(f.ledger->runtimes.nr, 1);
	assert_int_equal(f.ledger->modules.nr, 2);
	assert_int_equal(ledger_module(f.ledger, 1)->sites.nr, 4);
	assert_int_equal(f.ledger->processes.items[0]->probes.uses.nr, 2);
	fold(&f, "detach" S(100) "process=1 reason=exit\n");
	assert_int_equal(fold_try(&f, USES(1, 1, "")), -EINVAL);
}

#define SITES                                                                                   \
	"found in\n  /lib/r.so (build id abcd, r 1.2)\n"                                        \
	"probes\n"                                                                              \
	"  begin       f\n              at 0x40\n"                                              \
	"  free        g tag=t\n              at 0x80\n              ! no size\n"               \
	"  clash       h*\n              no probe\n              ! no function matches 'h*'\n"  \
	"              ! second\n"                                                              \
	"  clash       i\n              no probe\n              ! no\n"                         \
	"and in\n  /lib/c.so (build id ?)\n"                                                    \
	"  throw       t\n              at 0x8\n"

static void check_recorded(const char *stream, const char *expected)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	_cleanup_(str_release) struct str out = {};

	fold(&f, stream);
	recorded_add(&out, f.ledger);
	assert_string_equal(str_text(&out), expected);
}

static void rows_are_shown_with_their_places_and_reasons(void **state)
{
	(void)state;
	check_recorded(ONE, "process 7 p -x maps /lib/r.so\nr (built in: r.rt)\n" SITES
			    "in no file\n  context     w\n              no probe\n              ! in no file\n");
}

static void processes_with_the_same_files_are_told_together(void **state)
{
	(void)state;
	check_recorded(FILES ATTACH(1, 7) USES(1, 1, "") USES(1, 2, "") ATTACH(2, 8) ATTACH(3, 9) USES(3, 1, "path=\"/a\\x1bb\"")
			       USES(3, 2, "") ATTACH(4, 10) USES(4, 2, "") ATTACH(5, 11),
		       "process 7 p -x maps /lib/r.so\nprocess 9 p -x maps /a\\x1bb\nr (built in: r.rt)\n" SITES
		       "\nprocess 8 p -x\nprocess 11 p -x\nr (?)\nits files and probes are not in this recording\n"
		       "\nprocess 10 p -x maps /lib/c.so\nr (built in: r.rt)\nfound in\n  /lib/c.so (build id ?)\nprobes\n"
		       "  throw       t\n              at 0x8\n");
	check_recorded("module" S(100) "module=1\n" ATTACH(1, 7) USES(1, 1, ""),
		       "process 7 p -x maps ?\nr (?)\nfound in\n  ? (build id ?)\nprobes\n  none: nothing was probed\n");
}

static void what_is_missing_is_named_once(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	_cleanup_(str_release) struct str out = {};

	(void)state;
	fold(&f, ONE ATTACH(2, 8) USES(2, 2, ""));
	recorded_add_missing(&out, f.ledger, f.ledger->processes.items[0]);
	assert_string_equal(str_text(&out), "clash, context");
	str_clear(&out);
	recorded_add_missing(&out, f.ledger, f.ledger->processes.items[1]);
	assert_string_equal(str_text(&out), "-");
}

static void json_has_the_files_and_what_is_missing(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	json_t *object = json_object();
	char *text;

	(void)state;
	fold(&f, ONE ATTACH(2, 8));
	recorded_set_json(object, f.ledger, f.ledger->processes.items[1]);
	assert_int_equal(json_object_size(object), 0);
	recorded_set_json(object, f.ledger, f.ledger->processes.items[0]);
	text = json_dumps(object, JSON_COMPACT);
	assert_string_equal(text,
			    "{\"traced\":{\"modules\":[{\"path\":\"/lib/r.so\",\"build_id\":\"abcd\",\"version\":\"r 1.2\",\"probes\":2},"
			    "{\"path\":\"/lib/c.so\",\"probes\":1}],\"missing\":["
			    "{\"probe\":\"clash\",\"symbol\":\"h*\",\"reason\":\"no function matches 'h*'\\\\x0asecond\"},"
			    "{\"probe\":\"clash\",\"symbol\":\"i\",\"reason\":\"no\"},"
			    "{\"probe\":\"context\",\"symbol\":\"w\",\"reason\":\"in no file\"}]}}");
	free(text);
	json_decref(object);
}

static void add_events(struct view *v, const struct record *r, const struct effect *e)
{
	struct events events;

	all_events_of(r, e, NULL, &events);
	for (size_t i = 0; i < events.nr; i++)
		str_addf(&v->out, "%s %s %llu\n", events.items[i].name, events.items[i].path ? events.items[i].path : "-",
			 (unsigned long long)events.items[i].count.value);
}

static void each_file_of_a_process_is_an_event_of_an_export(void **state)
{
	struct view v = {.add = add_events};

	(void)state;
	view_run(&v, ONE ATTACH(2, 8) USES(2, 1, "path=/box"));
	assert_string_equal(str_text(&v.out), "attach - 0\nmodule /lib/r.so 2\nmodule /lib/c.so 1\nattach - 0\nmodule /box 2\n");
	view_release(&v);
}

/* But for states: what is kept in them is another test's. */
struct lines {
	struct sink sink;
	struct text_sink text;
};

static int put_line(struct sink *sink, const struct record *r)
{
	return r->kind == RECORD_STATE ? 0 : sink_put(&((struct lines *)sink)->text.sink, r);
}

/* Definitions come first, and say all that was said. */
static void a_checkpoint_repeats_them(void **state)
{
	_cleanup_(fold_release) struct fold f = fold_new();
	_cleanup_(str_release) struct str out = {};
	struct lines lines = {.sink.put = put_line};

	(void)state;
	text_sink_init(&lines.text, &out);
	fold(&f, ONE);
	assert_int_equal(ledger_checkpoint(f.ledger, &lines.sink), 0);
	assert_string_equal(str_text(&out),
			    "runtime time_ns=100000000000 name=r id=1 path=\"built in: r.rt\" text=\"runtime r\\x0adetect f\\x0a\"\n"
			    "module time_ns=100000000000 id=1 module=1 path=/lib/r.so build_id=abcd version=\"r 1.2\"\n"
			    "site time_ns=100000000000 probe=begin module=1 symbol=f offset=0x40\n"
			    "site time_ns=100000000000 tag=t reason=\"no size\" probe=free module=1 symbol=g offset=0x80\n"
			    "site time_ns=100000000000 reason=\"no function matches 'h*'\\x0asecond\" probe=clash module=1 symbol=\"h*\"\n"
			    "site time_ns=100000000000 reason=no probe=clash module=1 symbol=i\n"
			    "module time_ns=100000000000 id=1 module=2 path=/lib/c.so\n"
			    "site time_ns=100000000000 probe=throw module=2 symbol=t offset=0x8\n"
			    "attach time_ns=100000000000 process=1 pid=7 name=p command=\"p -x\" runtime=r pools=A advice=\"\"\n"
			    "uses time_ns=100000000000 process=1 module=1\n"
			    "uses time_ns=100000000000 process=1 module=2\n"
			    "site time_ns=100000000000 process=1 reason=\"in no file\" probe=context symbol=w\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(definitions_are_kept_and_are_no_events),
		cmocka_unit_test(a_process_of_which_nothing_is_said_is_not_known),
		cmocka_unit_test(what_contradicts_is_refused),
		cmocka_unit_test(rows_are_shown_with_their_places_and_reasons),
		cmocka_unit_test(processes_with_the_same_files_are_told_together),
		cmocka_unit_test(what_is_missing_is_named_once),
		cmocka_unit_test(json_has_the_files_and_what_is_missing),
		cmocka_unit_test(each_file_of_a_process_is_an_event_of_an_export),
		cmocka_unit_test(a_checkpoint_repeats_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
