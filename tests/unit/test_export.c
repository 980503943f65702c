/* view/export.h: streams as text in; lines, stacks and messages out. Formats of others are read by others in tests/cli. */
#include "random_records.h"
#include "view_stream.h"

#include <jansson.h>

#include "ledger/checkpoint.h"
#include "view/event_fields.h"
#include "view/export.h"
#include "view/json.h"

static void put(struct view *v, const struct record *r, const struct effect *e)
{
	struct exporter *x = v->state;

	x->put(x, &v->out, r, e);
}

static struct str export(const char *stream, enum export_to to, const struct export_options *o, bool *ret_empty)
{
	struct exporter *x = export_formats[to].new(o);
	struct view v = {.add = put, .state = x};
	struct str out;

	view_run(&v, stream);
	x->finish(x, &v.out, v.ledger);
	if (ret_empty)
		*ret_empty = x->empty;
	x->free(x);
	out = v.out;
	v.out = (struct str){};
	view_release(&v);
	return out;
}

static void check(const char *stream, enum export_to to, const char *expected)
{
	struct str out = export(stream, to, &(struct export_options){}, NULL);

	assert_string_equal(str_text(&out), expected);
	str_release(&out);
}

#define TITLES                                                                                                    \
	"event,time_ns,host,pid,tid,device,mesh,pool,reserved,asked,address,phase,state,reason,code,trace,id,layout,label," \
	"buffers,end,limit,core_bytes,count,from_ns,probe,name,command,runtime,path,build_id,version,equal,partial,unknown,replaced\r\n"

static void csv_has_a_row_of_titles_and_a_row_an_event(void **state)
{
	(void)state;
	check("", EXPORT_CSV, TITLES);
	check(PYTHON EMPTY POOLS(101) ALLOC(102, 2, 4096, 2048, 2000) FREE(103, 2, 4096) FREE(104, 2, 4096)
	      "check" S(105) "process=1 equal=1 partial=0\ndetach" S(106) "process=1 reason=exit\n",
	      EXPORT_CSV,
	      TITLES
	      "attach,100000000000,,4242,,,,,,,,,,,,,,,,,,,,,,,python,python serve.py,tt-metal,,,,,,,\r\n"
	      "phase,100000000000,,4242,,,,,,,,init,begin,no device memory is in use yet,,,,,,,,,,,,,,,,,,,,,,\r\n"
	      "alloc,102000000000,,4242,4243,0,,L1,2048,2000,4096,,,,,,,,,,,,,,,,,,,,,,,,,\r\n"
	      "free,103000000000,,4242,4243,0,,L1,2048,2000,4096,,,,,,,,,,,,,,,,,,,,,,,,,\r\n"
	      "free,104000000000,,4242,4243,0,,L1,,,4096,,,,,,,,,,,,,,,,,,,,,,,,1,\r\n"
	      "check,105000000000,,4242,,,,,,,,,,,,,,,,,,,,,,,,,,,,,1,0,,\r\n"
	      "phase,106000000000,,4242,,,,,,,,init,end,the process is not watched any more,,,,,,,,,,,,,,,,,,,,,,\r\n"
	      "detach,106000000000,,4242,,,,,0,,,,,exit,,,,,,0,,,,,,,,,,,,,,,,\r\n");
}

/* What is empty is not what is not known. */
static void csv_quotes_what_must_be_quoted(void **state)
{
	(void)state;
	check("attach" S(1) "process=1 pid=1 name=\"a,b\" command=\"say \\\"hi\\\"\\x0a\" runtime=\"\" pools=A\n", EXPORT_CSV,
	      TITLES "attach,1000000000,,1,,,,,,,,,,,,,,,,,,,,,,,\"a,b\",\"say \"\"hi\"\"\\x0a\",\"\",,,,,,,\r\n");
}

struct both {
	struct exporter *x;
	struct str events;
};

static void put_both(struct view *v, const struct record *r, const struct effect *e)
{
	struct both *both = v->state;

	json_add_event(&both->events, r, e, NULL);
	both->x->put(both->x, &v->out, r, e);
}

static bool is_own(const char *line)
{
	static const char *const own[] = {"attach", "detach", "block", "replays"};
	json_t *object = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
	bool ret = false;

	assert_non_null(object);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		ret |= !strcmp(json_string_value(json_object_get(object, "event")), own[i]);
	json_decref(object);
	return ret;
}

/* What `events --json` prints, to the letter, and what one needs to sum up between these lines. */
static void ndjson_has_the_lines_of_events(void **state)
{
	struct both both = {.x = export_ndjson_new(&(struct export_options){})};
	struct view v = {.add = put_both, .state = &both};
	struct str rest = {};
	size_t own = 0;

	(void)state;
	view_run(&v, LATE ALLOC(103, 1, 9000000, 64, 64) "replay" S(105) "process=1 tid=4243 trace=0\n"
		     "replays" S(344) "process=1 trace=0 count=1204\nreplays" S(345) "process=1 trace=0 count=1205\n"
		     ALLOC(346, 1, 9100000, 64, 64) "failed" S(347) "process=1 reason=throw\nlost" S(348) "count=1\n"
		     "detach" S(400) "process=1 reason=exit\n");
	for (const char *p = str_text(&v.out); *p; p += strcspn(p, "\n") + 1) {
		if (is_own(p))
			own++;
		else
			str_add_bytes(&rest, p, strcspn(p, "\n") + 1);
	}
	assert_string_equal(str_text(&rest), str_text(&both.events));
	/* An attach, two blocks, replays told twice, a detach. */
	assert_int_equal(own, 6);
	both.x->free(both.x);
	str_release(&rest);
	str_release(&both.events);
	view_release(&v);
}

static void folded_has_a_line_a_kind(void **state)
{
	bool empty;
	struct str out;

	(void)state;
	check(TRACED, EXPORT_FOLDED,
	      "python;device 0;DRAM;2 MiB to 4 MiB 2113536\n"
	      "python;device 0;DRAM;trace 12288\n"
	      "python;device 0;L1;2 MiB to 4 MiB 2097152\n");
	/* Where stacks are known they take the kind's place. */
	check(TRACED "module" S(105) "module=1 path=/opt/ops.so\n" "frame" S(105) "frame=1 path=/srv/serve.py line=118 symbol=step\n"
	      "frame" S(105) "frame=2 module=1 offset=16 symbol=\"add;\"\n" "stack" S(105) "stack=1 frame=1 partial=1\n"
	      "stack" S(105) "stack=2 frame=2 parent=1\n" "alloc" S(105) "process=1 arena=1 address=8000000 reserved=77 stack=2\n"
	      "alloc" S(105) "process=1 arena=1 address=9000000 reserved=3 stack=2\n",
	      EXPORT_FOLDED,
	      "python;device 0;DRAM;...;serve.py:118 step;add\\x3b 80\n"
	      "python;device 0;DRAM;2 MiB to 4 MiB 2113536\n"
	      "python;device 0;DRAM;trace 12288\n"
	      "python;device 0;L1;2 MiB to 4 MiB 2097152\n");
	/* What lived when the process ended. */
	check(TRACED FREE(105, 1, 700000) "detach" S(106) "process=1 reason=exit\n", EXPORT_FOLDED,
	      "python;device 0;DRAM;2 MiB to 4 MiB 2113536\npython;device 0;L1;2 MiB to 4 MiB 2097152\n");
	out = export(PYTHON EMPTY POOLS(101) ALLOC(102, 1, 4096, 64, 64) ALLOC(102, 2, 4096, 32, 32) ALLOC(102, 1, 8192, 16, 16)
		     FREE(103, 1, 4096) ALLOC(104, 1, 4096, 32, 32) FREE(105, 1, 4096) FREE(105, 1, 8192) FREE(105, 2, 4096),
		     EXPORT_FOLDED, &(struct export_options){.sample = EXPORT_PEAK}, &empty);
	assert_string_equal(str_text(&out), "python;device 0;DRAM;16 B to 32 B 16\npython;device 0;DRAM;64 B to 128 B 64\n"
					    "python;device 0;L1;32 B to 64 B 32\n");
	assert_false(empty);
	str_release(&out);
	out = export(PYTHON EMPTY POOLS(101) ALLOC(102, 1, 4096, 64, 64) FREE(103, 1, 4096), EXPORT_FOLDED,
		     &(struct export_options){}, &empty);
	assert_string_equal(str_text(&out), "");
	assert_true(empty);
	str_release(&out);
	out = export(PYTHON EMPTY POOLS(101) ALLOC(102, 1, 4096, 64, 64) FREE(103, 1, 4096) ALLOC(104, 1, 4096, 65, 64), EXPORT_FOLDED,
		     &(struct export_options){.sample = EXPORT_ALLOC}, &empty);
	assert_string_equal(str_text(&out), "python;device 0;DRAM;64 B to 128 B 129\n");
	str_release(&out);
}

static void no_name_breaks_a_stack(void **state)
{
	(void)state;
	check("attach" S(1) "process=1 pid=9 name=\"a;b\\x0a c\" runtime=x pools=\"P;Q\"\n"
	      "arena" S(1) "process=1 arena=1 object=0x1 owner=0x2 pool=\"P;Q\"\n"
	      "alloc" S(2) "process=1 arena=1 address=0 reserved=5 label=\"x;y 7\"\n"
	      "alloc" S(2) "process=1 arena=1 address=1 reserved=5 label=\"\"\n",
	      EXPORT_FOLDED, "a\\x3bb\\x0a c;device 0;P\\x3bQ;x\\x3by 7 5\na\\x3bb\\x0a c;device 0;P\\x3bQ;4 B to 8 B 5\n");
	check("attach" S(1) "process=1 pid=9 runtime=x pools=P\narena" S(1) "process=1 arena=1 object=0x1 owner=0x2 pool=P\n"
	      "alloc" S(2) "process=1 arena=1 address=0\nalloc" S(2) "process=1 arena=1 address=1 reserved=1\n",
	      EXPORT_FOLDED, "pid 9;device 0;P;1 B to 2 B 1\n");
}

static void what_is_not_selected_is_not_exported(void **state)
{
	struct selection s = {};
	const char *const known[] = {"DRAM", "L1"};
	struct str out;

	(void)state;
	assert_int_equal(selection_add_pools(&s, "L1", known, 2, NULL), 0);
	out = export(TRACED, EXPORT_FOLDED, &(struct export_options){.selection = &s}, NULL);
	assert_string_equal(str_text(&out), "python;device 0;L1;2 MiB to 4 MiB 2097152\n");
	str_release(&out);
	out = export(TRACED, EXPORT_NDJSON, &(struct export_options){.selection = &s}, NULL);
	assert_null(strstr(str_text(&out), "DRAM"));
	str_release(&out);
	out = export(TRACED, EXPORT_PERFETTO, &(struct export_options){.selection = &s}, NULL);
	assert_null(memmem(out.p, out.len, "DRAM", 4));
	assert_non_null(memmem(out.p, out.len, "L1", 2));
	str_release(&out);
	selection_release(&s);
}

static size_t count_in(const struct str *out, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i + strlen(text) <= out->len; i++)
		n += !memcmp(out->p + i, text, strlen(text));
	return n;
}

/* However many blocks have a stack: what it says is there once, and each slice refers to it. */
static void a_trace_tells_a_stack_once(void **state)
{
	enum { BLOCKS = 100, BYTES_MOST = 20 };
	_cleanup_(str_release) struct str stream = {}, plain = {}, all = {}, none = {};

	(void)state;
	str_addf(&stream, "%s", TRACED "module" S(105) "module=1 path=/opt/ops.so build_id=0g\n"
		 "frame" S(105) "frame=1 path=/srv/serve.py line=118 symbol=step\nframe" S(105) "frame=2 module=1 offset=16 symbol=add\n"
		 "frame" S(105) "frame=3 module=1 offset=32 symbol=add line=99999999999\nstack" S(105) "stack=1 frame=1 partial=1\n"
		 "stack" S(105) "stack=2 frame=2 parent=1\nstack" S(105) "stack=3 frame=3 parent=1\n");
	str_add(&plain, str_text(&stream));
	for (int i = 0; i < BLOCKS; i++) {
		str_addf(&plain, "alloc" S(105) "process=1 arena=1 address=%d reserved=16\n", 9000000 + 64 * i);
		str_addf(&stream, "alloc" S(105) "process=1 arena=1 address=%d reserved=16 stack=%d\n", 9000000 + 64 * i, 2 + i % 2);
	}
	all = export(str_text(&stream), EXPORT_PERFETTO, &(struct export_options){}, NULL);
	none = export(str_text(&plain), EXPORT_PERFETTO, &(struct export_options){}, NULL);
	assert_int_equal(count_in(&all, "/srv/serve.py"), 2); /* of the frame, and in the line */
	assert_int_equal(count_in(&all, "/opt/ops.so"), 1);
	assert_int_equal(count_in(&all, "what called it is not known"), 1);
	assert_int_equal(count_in(&all, "... > serve.py:118 step > add"), 1);
	assert_int_equal(count_in(&none, "serve.py:118"), 0);
	assert_in_range(all.len - none.len, BLOCKS, BLOCKS * BYTES_MOST + 512);
}

/* A reader of messages: each field as it comes. */
struct wire_field {
	unsigned int number;
	uint64_t value;	     /* of a number */
	const uint8_t *bytes; /* NULL: it is a number */
	size_t len;
};

static uint64_t read_number(const uint8_t **p, const uint8_t *end)
{
	uint64_t value = 0;
	int shift = 0;

	for (;; shift += 7) {
		assert_true(*p < end && shift < 70);
		value |= (uint64_t)(**p & 0x7f) << shift;
		if (!(*(*p)++ & 0x80))
			return value;
	}
}

static bool next_field(const uint8_t **p, const uint8_t *end, struct wire_field *ret)
{
	uint64_t key;

	if (*p == end)
		return false;
	key = read_number(p, end);
	*ret = (struct wire_field){.number = (unsigned int)(key >> 3), .value = read_number(p, end)};
	if (!(key & 7))
		return true;
	assert_int_equal(key & 7, 2);
	assert_true(ret->value <= (uint64_t)(end - *p));
	ret->bytes = *p;
	ret->len = (size_t)ret->value;
	*p += ret->len;
	return true;
}

/* Texts are what json takes for well-formed: it refuses all else. */
static void check_utf8(const struct wire_field *f)
{
	json_t *text = json_stringn((const char *)f->bytes, f->len);

	assert_non_null(text);
	json_decref(text);
}

/* What a trace must keep: tracks are named before they are used, slices end on the track on which they began, one after another. */
struct trace_check {
	struct map tracks; /* (number, 0) -> how many slices are open on it */
	size_t slices, instants, values, packets;
	uint64_t last_value;
};

static void check_arguments(const struct wire_field *event)
{
	const uint8_t *p = event->bytes, *end = p + event->len;
	struct wire_field f;

	while (next_field(&p, end, &f))
		if (f.bytes)
			check_utf8(&f);
}

static void check_event(struct trace_check *t, const struct wire_field *event)
{
	const uint8_t *p = event->bytes, *end = p + event->len;
	uint64_t type = 0, track = 0;
	struct map_entry *e;
	struct wire_field f;

	while (next_field(&p, end, &f)) {
		type = f.number == 9 ? f.value : type;
		track = f.number == 11 ? f.value : track;
		t->last_value = f.number == 30 ? f.value : t->last_value;
		if (f.number == 4)
			check_arguments(&f);
		else if (f.bytes)
			check_utf8(&f);
	}
	e = map_get(&t->tracks, track, 0);
	assert_non_null(e);
	if (type == 1)
		assert_int_equal(e->value++, 0);
	else if (type == 2)
		assert_int_equal(e->value--, 1);
	t->slices += type == 1;
	t->instants += type == 3;
	t->values += type == 4;
}

static void check_track(struct trace_check *t, const struct wire_field *descriptor)
{
	const uint8_t *p = descriptor->bytes, *end = p + descriptor->len;
	uint64_t parent = 0;
	struct wire_field f;
	bool is_new;

	while (next_field(&p, end, &f)) {
		if (f.number == 1) {
			map_put(&t->tracks, f.value, 0, &is_new);
			assert_true(is_new);
		}
		parent = f.number == 5 ? f.value : parent;
		if (f.number == 2)
			check_utf8(&f);
		else if (f.number == 3)
			check_arguments(&f);
	}
	assert_true(!parent || map_get(&t->tracks, parent, 0));
}

static void check_trace(struct trace_check *t, const struct str *trace)
{
	const uint8_t *p = (const uint8_t *)trace->p, *end = p + trace->len;
	struct wire_field packet, f;

	while (next_field(&p, end, &packet)) {
		const uint8_t *q = packet.bytes, *packet_end = q + packet.len;

		assert_int_equal(packet.number, 1);
		while (next_field(&q, packet_end, &f)) {
			if (f.number == 11)
				check_event(t, &f);
			else if (f.number == 60)
				check_track(t, &f);
		}
		t->packets++;
	}
}

static void a_trace_has_a_slice_a_block(void **state)
{
	struct trace_check t = {};
	struct str out = export(TRACED FREE(105, 1, 700000) ALLOC(106, 1, 700000, 64, 64) ALLOC(106, 1, 700000, 128, 64)
				"failed" S(107) "process=1 tid=9 pool=L1 reason=throw\nlost" S(108) "count=7 from_ns=107000000000\n",
				EXPORT_PERFETTO, &(struct export_options){}, NULL);

	(void)state;
	check_trace(&t, &out);
	/* Five blocks, and the phases init and capture. */
	assert_int_equal(t.slices, 5 + 2);
	/* An attach, the begin of the two phases, a failure and a loss. */
	assert_int_equal(t.instants, 5);
	/* A value at each record that changed one. */
	assert_int_equal(t.values, 6);
	assert_int_equal(t.last_value, 2113536 + 128);
	map_release(&t.tracks);
	str_release(&out);
}

static void a_trace_of_nothing_is_one(void **state)
{
	static const char *const streams[] = {"", "tick" S(1) "\ntick" S(2) "\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		struct trace_check t = {};
		struct str out = export(streams[i], EXPORT_PERFETTO, &(struct export_options){}, NULL);

		check_trace(&t, &out);
		assert_int_equal(t.packets, 2);
		map_release(&t.tracks);
		str_release(&out);
	}
}

/* Blocks of before attach begin there, though others lived and ended meanwhile on what is a track of their own. */
static void what_was_there_before_has_a_track_that_was_free(void **state)
{
	struct trace_check t = {};
	struct str out = export(PYTHON "census" S(100) "process=1 reason=begin\n" POOLS(101) ALLOC(102, 1, 4096, 64, 64)
				FREE(103, 1, 4096) "block" S(104) "process=1 arena=1 address=8192 reserved=64\n"
				"census" S(104) "process=1 reason=end\n" ALLOC(105, 1, 4096, 64, 64),
				EXPORT_PERFETTO, &(struct export_options){}, NULL);

	(void)state;
	check_trace(&t, &out);
	assert_int_equal(t.slices, 3);
	/* A process, its events and phases, a device, a counter, and two tracks of blocks: the third block is where the first was. */
	assert_int_equal(t.tracks.nr, 7);
	map_release(&t.tracks);
	str_release(&out);
}

struct fuzz {
	struct exporter *x[EXPORT_NR];
	struct str out[EXPORT_NR];
};

/* A stream that a ledger takes, with any numbers and texts. */
static void put_random(struct fuzz *fuzz, struct ledger *l, struct random *random, uint64_t time_ns)
{
	struct record r = random_record(random);
	struct effect e;

	RECORD_SET(&r, TIME_NS, time_ns, time_ns);
	RECORD_SET(&r, PROCESS, process, l->processes.nr + (r.kind == RECORD_ATTACH));
	if (r.kind == RECORD_ARENA)
		RECORD_SET(&r, ARENA, arena, l->arenas.nr + 1);
	else if (RECORD_HAS(&r, ARENA) || kind_descs[r.kind].required & FIELD_BIT(ARENA))
		RECORD_SET(&r, ARENA, arena, 1 + random_below(random, l->arenas.nr + 1));
	if (random_below(random, 2) && RECORD_HAS(&r, ADDRESS))
		r.address %= 8;
	if (!ledger_apply(l, &r, &e))
		for (size_t i = 0; i < EXPORT_NR; i++)
			fuzz->x[i]->put(fuzz->x[i], &fuzz->out[i], &r, &e);
	record_release(&r);
}

static void check_profile(const struct str *out)
{
	const uint8_t *p = (const uint8_t *)out->p, *end = p + out->len;
	struct wire_field f;

	while (next_field(&p, end, &f))
		if (f.number == 6)
			check_utf8(&f);
}

static void check_lines(const struct str *out)
{
	for (const char *p = str_text(out); *p; p += strcspn(p, "\n") + 1) {
		json_t *value = json_loadb(p, strcspn(p, "\n"), JSON_REJECT_DUPLICATES, NULL);

		assert_non_null(value);
		json_decref(value);
	}
}

static void any_stream_can_be_exported(void **state)
{
	size_t slices = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct random random = {.state = seed * 104729};
		struct ledger *l = ledger_new();
		struct fuzz fuzz = {};
		struct trace_check t = {};

		for (size_t i = 0; i < EXPORT_NR; i++)
			fuzz.x[i] = export_formats[i].new(&(struct export_options){.sample = (enum export_sample)(seed % 3)});
		for (uint64_t time = 1; time < 2500; time++)
			put_random(&fuzz, l, &random, time);
		for (size_t i = 0; i < EXPORT_NR; i++)
			fuzz.x[i]->finish(fuzz.x[i], &fuzz.out[i], l);
		check_trace(&t, &fuzz.out[EXPORT_PERFETTO]);
		check_profile(&fuzz.out[EXPORT_PPROF]);
		check_lines(&fuzz.out[EXPORT_NDJSON]);
		for (size_t i = 0; i < EXPORT_NR; i++) {
			fuzz.x[i]->free(fuzz.x[i]);
			str_release(&fuzz.out[i]);
		}
		slices += t.slices;
		map_release(&t.tracks);
		ledger_free(l);
	}
	assert_true(slices > 1000);
}

#define ONE(process)                                                                                                     \
	"attach" S(100) "process=" #process " pid=4242 name=python runtime=tt-metal pools=L1\n"                              \
	ARENA(101, process, 1, 10, L1, 1, 4096)                                                                          \
	"alloc" S(102) "process=" #process " arena=1 address=4096 reserved=64\n"

static void put_nothing(struct view *v, const struct record *r, const struct effect *e)
{
	(void)v;
	(void)r;
	(void)e;
}

static void put_checkpoint(struct view *v, const struct ledger *l, const char *reason)
{
	struct record r = {.kind = RECORD_CHECKPOINT};

	RECORD_SET(&r, TIME_NS, time_ns, l->time_ns);
	RECORD_SET(&r, REASON, reason, reason);
	assert_int_equal(view_put(&v->sink, &r), 0);
}

/* A recording that begins with a checkpoint, by which the ledger knows of a process that has ended; nothing is told of it. */
static struct str export_late(const char *before, const char *stream, enum export_to to)
{
	struct exporter *x = export_formats[to].new(&(struct export_options){});
	struct view early = {.add = put_nothing}, v = {.sink.put = view_put, .ledger = ledger_new(), .add = put, .state = x};
	struct source *source = text_source_new(stream, strlen(stream));
	struct str out;

	view_run(&early, before);
	put_checkpoint(&v, early.ledger, "begin");
	assert_int_equal(ledger_checkpoint(early.ledger, &v.sink), 0);
	put_checkpoint(&v, early.ledger, "end");
	assert_int_equal(source->run(source, &v.sink), 0);
	source->free(source);
	x->finish(x, &v.out, v.ledger);
	x->free(x);
	out = v.out;
	v.out = (struct str){};
	view_release(&v);
	view_release(&early);
	return out;
}

static void a_process_of_before_the_recording_changes_nothing(void **state)
{
	(void)state;
	for (enum export_to to = 0; to < EXPORT_NR; to++) {
		struct str alone = export(ONE(1), to, &(struct export_options){}, NULL);
		struct str late = export_late("attach" S(99) "process=1 pid=7 name=old runtime=tt-metal pools=L1\n"
					      "detach" S(100) "process=1 reason=exit\n", ONE(2), to);

		assert_true(alone.len > 0);
		assert_int_equal(late.len, alone.len);
		assert_memory_equal(late.p, alone.p, alone.len);
		str_release(&late);
		str_release(&alone);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_has_a_row_of_titles_and_a_row_an_event),
		cmocka_unit_test(csv_quotes_what_must_be_quoted),
		cmocka_unit_test(ndjson_has_the_lines_of_events),
		cmocka_unit_test(folded_has_a_line_a_kind),
		cmocka_unit_test(no_name_breaks_a_stack),
		cmocka_unit_test(what_is_not_selected_is_not_exported),
		cmocka_unit_test(a_trace_tells_a_stack_once),
		cmocka_unit_test(a_trace_has_a_slice_a_block),
		cmocka_unit_test(a_trace_of_nothing_is_one),
		cmocka_unit_test(what_was_there_before_has_a_track_that_was_free),
		cmocka_unit_test(any_stream_can_be_exported),
		cmocka_unit_test(a_process_of_before_the_recording_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
