/* stream/file.h: recordings of the first format, also those that are foreign or made to deceive. */
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

static void a_recording_of_the_first_format_stays_readable(void **state)
{
	_cleanup_(str_release) struct str lines = {};
	struct source *source = NULL;
	struct text_sink sink;

	(void)state;
	text_sink_init(&sink, &lines);
	assert_int_equal(file_source_open("tests/fuzz/corpus/file/first.pt", NULL, &source, NULL), 0);
	assert_int_equal(source->run(source, &sink.sink), 0);
	assert_string_equal(file_source_outcome(source)->problem, "");
	source->free(source);
	assert_string_equal(
		str_text(&lines),
		"attach time_ns=1795348800000000000 process=1 pid=4242 start_ns=1795348700000000000 name=python "
		"command=\"python serve.py\" runtime=tt-metal pools=DRAM,L1,L1_SMALL,TRACE\n"
		"arena time_ns=1795348800000000100 process=1 arena=1 object=0x7f31c0 pool=L1 banks=64 reason=new\n"
		"alloc time_ns=1795348800000000200 process=1 tid=4243 arena=1 address=1048640 reserved=2113536 "
		"asked=2097152 page=2048\n"
		"tick time_ns=1795348800500000000 interval_ns=500000000\n"
		"free time_ns=1795348800500000100 process=1 tid=4243 arena=1 address=1048640\n"
		"detach time_ns=1795348800500000200 process=1 reason=exit\n"
		"tick time_ns=1795348801000000000 interval_ns=500000000\n");
}

/* The schema of this build, from the lists of record.h. */
static void add_schema(struct str *s)
{
#define X(member, NAME, type) \
	add_varint(s, FIELD_##NAME == FIELD_TIME_NS ? 3 : FIELD_TYPE_##type), add_text(s, #member);
	add_varint(s, RECORD_NR - 1);
	for (int kind = 1; kind < RECORD_NR; kind++)
		add_text(s, kind_descs[kind].name);
	add_varint(s, FIELD_NR);
	RECORD_FIELDS(X)
#undef X
}

/* Three records: a large number, a step back in time, a text. */
static void add_three_records(struct str *s)
{
	add_varint(s, RECORD_TICK - 1);
	add_varint(s, FIELD_BIT(TIME_NS));
	add_varint(s, 2 * 1795348800000000001);
	add_varint(s, RECORD_FREE - 1);
	add_varint(s, FIELD_BIT(TIME_NS) | FIELD_BIT(ARENA) | FIELD_BIT(OBJECT));
	add_varint(s, 1);
	str_add_bytes(s, "\xac\x02", 2);
	str_add_bytes(s, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
	add_varint(s, RECORD_DETACH - 1);
	add_varint(s, FIELD_BIT(TIME_NS) | FIELD_BIT(REASON));
	add_varint(s, 14);
	str_add_bytes(s,
		      "\x04"
		      "exit",
		      5);
}

static const char three_records[] = "tick time_ns=1795348800000000001\n"
				    "free time_ns=1795348800000000000 arena=300 object=0xffffffffffffffff\n"
				    "detach time_ns=1795348800000000007 reason=exit\n";

static void the_bytes_that_the_pages_appendix_describes_are_read(void **state)
{
	_cleanup_(str_release) struct str bytes = {}, schema = {}, records = {}, lines = {};
	struct file_outcome outcome;

	(void)state;
	add_header(&bytes, 1, 1, "0.1.0");
	add_schema(&schema);
	add_first_chunk(&bytes, 1, schema.p, schema.len);
	add_three_records(&records);
	add_first_records(&bytes, records.p, records.len);
	add_first_records(&bytes, records.p, records.len);
	add_first_end(&bytes, 6);
	assert_int_equal(read_text_lines(bytes_fd(bytes.p, bytes.len), &lines, &outcome), 0);
	assert_string_equal(outcome.problem, "");
	assert_int_equal(lines.len, 2 * strlen(three_records));
	assert_memory_equal(lines.p, three_records, strlen(three_records));
	assert_string_equal(lines.p + strlen(three_records), three_records);
}

/* A schema that was made elsewhere: two kinds and five fields, one of each unknown here, one of another type. */
static void add_foreign_schema(struct str *s)
{
	add_varint(s, 2);
	add_text(s, "teleport");
	add_text(s, "tick");
	add_varint(s, 5);
	add_varint(s, 2), add_text(s, "colour");
	add_varint(s, 0), add_text(s, "time_ns");
	add_varint(s, 3), add_text(s, "weight");
	add_varint(s, 2), add_text(s, "pid");
	add_varint(s, 3), add_text(s, "count");
}

static void unknown_kinds_fields_and_chunks_are_skipped_and_counted(void **state)
{
	_cleanup_(str_release) struct str bytes = {}, schema = {}, records = {};

	(void)state;
	add_header(&bytes, 1, 1, "0.1.0");
	add_first_chunk(&bytes, 200, "?", 1);
	add_foreign_schema(&schema);
	add_first_chunk(&bytes, 1, schema.p, schema.len);
	add_first_chunk(&bytes, 4, NULL, 0);
	for (int kind = 0; kind < 2; kind++) {
		add_varint(&records, (uint64_t)kind);
		add_varint(&records, 31);
		add_text(&records, "red");
		add_varint(&records, 77);
		add_varint(&records, 12);
		add_text(&records, "4242");
		add_varint(&records, 14);
	}
	add_first_records(&bytes, records.p, records.len);
	add_first_end(&bytes, 2);

	_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

	assert_int_equal(r.open_err, 0);
	assert_int_equal(r.run_err, 0);
	assert_string_equal(r.outcome.problem, "");
	assert_int_equal(r.outcome.unknown_chunks, 2);
	assert_int_equal(r.outcome.unknown_records, 1);
	assert_int_equal(r.outcome.skipped_chunks, 0);
	assert_string_equal(str_text(&r.lines), "tick time_ns=77 count=14\n");
}

static const char *const malformed_schemas[][2] = {
	{"", "its list of kinds is malformed"},
	{"\x81\x08", "its list of kinds is malformed"},			    /* 1025 kinds */
	{"\x01\x05tick", "its list of kinds is malformed"},		    /* a name of 5 bytes, 4 are there */
	{"\x01\x04tick", "its list of fields is malformed"},		    /* cut */
	{"\x01\x04tick\x41", "its list of fields is malformed"},	    /* 65 fields */
	{"\x01\x04tick\x01\x04\x03pid", "its list of fields is malformed"}, /* type 4 */
	{"\x01\x04tick\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01pid", "its list of fields is malformed"},
};

static void a_schema_that_deceives_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(malformed_schemas); i++) {
		_cleanup_(str_release) struct str bytes = {};

		add_header(&bytes, 1, 1, "1.2.3");
		add_first_chunk(&bytes, 1, malformed_schemas[i][0], strlen(malformed_schemas[i][0]));
		add_first_records(&bytes, "\x15\x01\x02", 3);
		add_first_end(&bytes, 1);

		_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

		assert_int_equal(r.run_err, -EBADMSG);
		assert_non_null(strstr(r.outcome.problem, malformed_schemas[i][1]));
		assert_int_equal(r.outcome.skipped_chunks, 2);
		assert_string_equal(str_text(&r.lines), "");
	}
}

/* Behind a schema of the kind `tick` and the fields time_ns (a plain number) and tag (a text). */
static void add_small_schema(struct str *bytes)
{
	static const char schema[] = "\x01\x04tick\x02\x00\x07time_ns\x02\x03tag";

	add_header(bytes, 1, 1, "1.2.3");
	add_first_chunk(bytes, 1, schema, sizeof(schema) - 1);
}

static void a_record_that_deceives_is_named(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *why;
	} rows[] = {
		{"\x01\x00", 2, "a record has a kind that the schema lacks"},
		{"\x80", 1, "a record has a kind that the schema lacks"},
		{"\x00\x04", 2, "a record has a field that the schema lacks"},
		{"\x00", 1, "a record has a field that the schema lacks"},
		{"\x00\x01", 2, "a number is malformed"},
		{"\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 12, "a number is malformed"},
		{"\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x80\x00", 13, "a number is malformed"},
		{"\x00\x02\x02y", 4, "a text is malformed"},
		{"\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01y", 13, "a text is malformed"},
		{"\x00\x02\x03y\x00z", 6, "a text is malformed"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(str_release) struct str bytes = {}, records = {};

		add_small_schema(&bytes);
		str_add_bytes(&records, "\x00\x03\x05\x01x", 5);
		str_add_bytes(&records, rows[i].bytes, rows[i].len);
		add_first_records(&bytes, records.p, records.len);
		add_first_end(&bytes, 2);

		_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

		assert_int_equal(r.run_err, -EBADMSG);
		assert_non_null(strstr(r.outcome.problem, rows[i].why));
		assert_string_equal(str_text(&r.lines), "tick time_ns=5 tag=x\n");
	}
}

static void assert_chunk_refused(uint32_t type, const void *payload, size_t len, const char *why)
{
	_cleanup_(str_release) struct str bytes = {};

	add_small_schema(&bytes);
	add_first_chunk(&bytes, type, payload, len);
	add_first_records(&bytes, "\x00\x01\x05", 3);
	add_first_end(&bytes, 1);

	_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

	assert_int_equal(r.run_err, -EBADMSG);
	assert_non_null(strstr(r.outcome.problem, why));
	assert_int_equal(r.outcome.skipped_chunks, 1);
}

static void a_chunk_that_deceives_is_named_and_the_next_is_read(void **state)
{
	(void)state;
	assert_frames_refused(assert_chunk_refused, "\x00\x01\x05", 3);
	assert_chunk_refused(1, "\x00\x00", 2, "it is a second schema");
	assert_chunk_refused(3, "\x01", 1, "it is too short for the recording's end");
}

static void a_length_that_promises_more_than_there_is_is_not_believed(void **state)
{
	static const char promise[] = "\x02\x00\x00\x00\x00\x00\x00\x04........";
	static const char lie[] = "\x02\x00\x00\x00\x01\x00\x00\x04........";
	_cleanup_(str_release) struct str a = {}, b = {};
	char expected[128];

	(void)state;
	add_small_schema(&a);
	add_small_schema(&b);
	str_add_bytes(&a, promise, 16);
	str_add_bytes(&b, lie, 16);

	_cleanup_(reading_release) struct reading cut = read_bytes(a.p, a.len), wrong = read_bytes(b.p, b.len);

	assert_true(cut.outcome.cut);
	assert_int_equal(cut.run_err, 0);
	assert_int_equal(wrong.run_err, -EBADMSG);
	snprintf(expected, sizeof(expected),
		 "'x.pt': recording is damaged: 16 bytes at byte %zu are lost: there is no chunk, and none follows",
		 b.len - 16);
	assert_string_equal(wrong.outcome.problem, expected);
}

/* A bit that is wrong is seen wherever it is, and a cut said; what is delivered was there. */
static void damage_is_seen_wherever_it_is(void **state)
{
	_cleanup_(str_release) struct str bytes = {};
	int fd = open("tests/fuzz/corpus/file/first.pt", O_RDONLY | O_CLOEXEC);

	(void)state;
	add_fd(&bytes, fd);
	close(fd);
	assert_true(bytes.len > 500);
	for (size_t bit = 0; bit < bytes.len * 8; bit++) {
		bytes.p[bit / 8] ^= (char)(1 << bit % 8);

		_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

		bytes.p[bit / 8] ^= (char)(1 << bit % 8);
		assert_true(r.open_err == -EBADMSG || r.run_err == -EBADMSG || (!r.run_err && r.outcome.cut));
		assert_non_null(strstr(r.open_err ? r.d.text : r.outcome.problem, r.open_err ? "'x.pt'" : "at byte "));
	}
	for (size_t len = 0; len < bytes.len; len++) {
		_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, len);

		assert_true(r.open_err == -EBADMSG || (!r.run_err && r.outcome.cut));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recording_of_the_first_format_stays_readable),
		cmocka_unit_test(the_bytes_that_the_pages_appendix_describes_are_read),
		cmocka_unit_test(unknown_kinds_fields_and_chunks_are_skipped_and_counted),
		cmocka_unit_test(a_schema_that_deceives_is_named),
		cmocka_unit_test(a_record_that_deceives_is_named),
		cmocka_unit_test(a_chunk_that_deceives_is_named_and_the_next_is_read),
		cmocka_unit_test(a_length_that_promises_more_than_there_is_is_not_believed),
		cmocka_unit_test(damage_is_seen_wherever_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
