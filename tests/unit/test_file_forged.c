/* stream/file.h: recordings that are newer, foreign, none at all, or made to deceive. */
#include "reading.h"

#include <errno.h>

static void a_newer_recording_is_refused_with_both_versions(void **state)
{
	_cleanup_(str_release) struct str bytes = {};

	(void)state;
	add_header(&bytes, 9, 2, "7.8.9");

	_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

	assert_int_equal(r.open_err, -ENOTSUP);
	assert_string_equal(
		r.d.text,
		"'x.pt' was recorded by pooltrace 7.8.9, in a format for readers of version 2; this is version 1");
	assert_string_equal(r.d.hint, "read it with pooltrace 7.8.9 or a newer one");
}

static void what_is_no_recording_is_said_so(void **state)
{
	static const char *const texts[] = {"POOLTRACE\r", "\177ELF\2\1\1",
					    "a longer text, of more than forty bytes in all"};
	struct source *source = NULL;
	struct diag d = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(reading_release) struct reading r = read_bytes(texts[i], strlen(texts[i]));

		assert_int_equal(r.open_err, -EBADMSG);
		assert_string_equal(r.d.text, "'x.pt' is not a recording: it does not begin with POOLTRACE");
		assert_string_equal(r.d.hint, "`pooltrace record -o FILE` makes one");
	}
	assert_int_equal(file_source_open("/nowhere/x\n.pt", &source, &d), -ENOENT);
	assert_string_equal(d.text, "cannot open '/nowhere/x\\x0a.pt': No such file or directory");
	assert_int_equal(file_source_open("/tmp", &source, &d), -EISDIR);
	assert_string_equal(d.text, "cannot read '/tmp': Is a directory");
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
	add_header(&bytes, 2, 1, "2.0");
	add_chunk(&bytes, 200, "?", 1);
	add_foreign_schema(&schema);
	add_chunk(&bytes, 1, schema.p, schema.len);
	add_chunk(&bytes, 4, NULL, 0);
	for (int kind = 0; kind < 2; kind++) {
		add_varint(&records, (uint64_t)kind);
		add_varint(&records, 31);
		add_text(&records, "red");
		add_varint(&records, 77);
		add_varint(&records, 12);
		add_text(&records, "4242");
		add_varint(&records, 14);
	}
	add_records_chunk(&bytes, records.p, records.len);
	add_end_chunk(&bytes, 2);

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
		add_chunk(&bytes, 1, malformed_schemas[i][0], strlen(malformed_schemas[i][0]));
		add_records_chunk(&bytes, "\x15\x01\x02", 3);
		add_end_chunk(&bytes, 1);

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
	add_chunk(bytes, 1, schema, sizeof(schema) - 1);
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
		add_records_chunk(&bytes, records.p, records.len);
		add_end_chunk(&bytes, 2);

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
	add_chunk(&bytes, type, payload, len);
	add_records_chunk(&bytes, "\x00\x01\x05", 3);
	add_end_chunk(&bytes, 1);

	_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

	assert_int_equal(r.run_err, -EBADMSG);
	assert_non_null(strstr(r.outcome.problem, why));
	assert_int_equal(r.outcome.skipped_chunks, 1);
}

static void a_chunk_that_deceives_is_named_and_the_next_is_read(void **state)
{
	char frame[64], two[128], zeros[512] = "";
	size_t len = ZSTD_compress(frame, sizeof(frame), "\x00\x01\x05", 3, 1);
	size_t bound = ZSTD_compressBound((64 << 20) + 1);
	char *bomb = xcalloc((64 << 20) + 1, 1), *small = xmalloc(bound);

	(void)state;
	memcpy(two, frame, len);
	memcpy(two + len, frame, len);
	assert_chunk_refused(2, zeros, sizeof(zeros), "it is not a zstd frame with a size");
	assert_chunk_refused(2, NULL, 0, "it is not a zstd frame with a size");
	assert_chunk_refused(2, two, 2 * len, "it is not one zstd frame");
	assert_chunk_refused(2, frame, len - 1, "it is not one zstd frame");
	assert_chunk_refused(1, "\x00\x00", 2, "it is a second schema");
	assert_chunk_refused(3, "\x01", 1, "it is too short for the recording's end");
	assert_chunk_refused(2, small, ZSTD_compress(small, bound, bomb, (64 << 20) + 1, 1),
			     "it would be more than 64 MiB");
	free(bomb);
	free(small);
}

static void a_length_that_promises_more_than_there_is_is_not_believed(void **state)
{
	static const char promise[] = "\x02\x00\x00\x00\x00\x00\x00\x04........";
	static const char lie[] = "\x02\x00\x00\x00\x01\x00\x00\x04........";
	_cleanup_(str_release) struct str a = {}, b = {};

	(void)state;
	add_small_schema(&a);
	add_small_schema(&b);
	str_add_bytes(&a, promise, 16);
	str_add_bytes(&b, lie, 16);

	_cleanup_(reading_release) struct reading cut = read_bytes(a.p, a.len), wrong = read_bytes(b.p, b.len);

	assert_true(cut.outcome.cut);
	assert_int_equal(cut.run_err, 0);
	assert_int_equal(wrong.run_err, -EBADMSG);
	assert_non_null(strstr(wrong.outcome.problem, "where the next one begins is not known"));
}

static void the_tool_that_a_header_names_cannot_write_to_the_terminal(void **state)
{
	_cleanup_(str_release) struct str bytes = {};

	(void)state;
	add_header(&bytes, 9, 9, "\033]0;x\a");

	_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

	assert_int_equal(r.open_err, -ENOTSUP);
	assert_non_null(strstr(r.d.text, "pooltrace \\x1b]0;x\\x07,"));
	assert_null(strchr(r.d.text, '\033'));
	assert_null(strchr(r.d.hint, '\033'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_newer_recording_is_refused_with_both_versions),
		cmocka_unit_test(what_is_no_recording_is_said_so),
		cmocka_unit_test(unknown_kinds_fields_and_chunks_are_skipped_and_counted),
		cmocka_unit_test(a_schema_that_deceives_is_named),
		cmocka_unit_test(a_record_that_deceives_is_named),
		cmocka_unit_test(a_chunk_that_deceives_is_named_and_the_next_is_read),
		cmocka_unit_test(a_length_that_promises_more_than_there_is_is_not_believed),
		cmocka_unit_test(the_tool_that_a_header_names_cannot_write_to_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
