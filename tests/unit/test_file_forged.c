/* stream/file.h: recordings that are newer, foreign, none at all, or made to deceive. */
#include "reading.h"

#include <errno.h>
#include <stdio.h>

static void a_newer_recording_is_refused_with_both_versions(void **state)
{
	_cleanup_(str_release) struct str bytes = {};

	(void)state;
	add_header(&bytes, 9, 3, "7.8.9");

	_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

	assert_int_equal(r.open_err, -ENOTSUP);
	assert_string_equal(
		r.d.text,
		"'x.pt' was recorded by pooltrace 7.8.9, in a format for readers of version 3; this is version 2");
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
	assert_int_equal(file_source_open("/nowhere/x\n.pt", NULL, &source, &d), -ENOENT);
	assert_string_equal(d.text, "cannot open '/nowhere/x\\x0a.pt': No such file or directory");
	assert_int_equal(file_source_open("/tmp", NULL, &source, &d), -EISDIR);
	assert_string_equal(d.text, "cannot read '/tmp': Is a directory");
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

static void add_kind(struct str *s, const char *name, unsigned role)
{
	add_varint(s, role);
	add_text(s, name);
}

static void add_field(struct str *s, const char *name, unsigned type, unsigned method, unsigned parameter)
{
	add_varint(s, type);
	add_varint(s, method);
	add_varint(s, parameter);
	add_text(s, name);
}

/* Of a newer pooltrace: two kinds and five fields, one of each unknown here, one of another type. */
static void unknown_kinds_fields_and_chunks_are_skipped_and_counted(void **state)
{
	_cleanup_(str_release) struct str bytes = {}, schema = {}, records = {};

	(void)state;
	add_header(&bytes, 3, 2, "2.0");
	add_chunk(&bytes, (struct says){.type = 200}, "?", 1);
	add_varint(&schema, 2);
	add_kind(&schema, "teleport", 1);
	add_kind(&schema, "tick", 0);
	add_varint(&schema, 5);
	add_field(&schema, "colour", 2, 0, 0);
	add_field(&schema, "time_ns", 1, 0, 0);
	add_field(&schema, "weight", 0, 2, 7);
	add_field(&schema, "pid", 2, 2, 7);
	add_field(&schema, "count", 0, 1, 0);
	add_chunk(&bytes, (struct says){.type = 1}, schema.p, schema.len);
	/* Of a known type, in a way that is not known. */
	add_chunk(&bytes, (struct says){.type = 2 | 1 << 10, .records = 7}, "?", 1);
	str_add_bytes(&records, "\x02\x01\x04red\0\x02\x00\x1f\x01\x01\x1f\x01\x01\x02\x00\x01", 18);
	for (int kind = 0; kind < 2; kind++) {
		add_same(&records, 1, 0);
		add_same(&records, 1, 154);
		add_same(&records, 1, 0), add_same(&records, 1, 12), add_same(&records, 1, 0);
		add_same(&records, 1, 14);
	}
	add_frame_chunk(&bytes, (struct says){.type = 2, .records = 2}, records.p, records.len);
	add_end_chunk(&bytes, 2, 0);

	_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

	assert_int_equal(r.open_err, 0);
	assert_string_equal(r.outcome.problem, "");
	assert_int_equal(r.run_err, 0);
	assert_int_equal(r.outcome.unknown_chunks, 2);
	assert_int_equal(r.outcome.unknown_records, 1);
	assert_int_equal(r.outcome.skipped_chunks, 0);
	assert_string_equal(str_text(&r.lines), "tick time_ns=77 count=14\n");
}

#define ROW(bytes, why) {bytes, sizeof(bytes) - 1, why}
struct row {
	const char *bytes;
	size_t len;
	const char *why;
};

static void a_schema_that_deceives_is_named(void **state)
{
	static const struct row rows[] = {
		ROW("", "its list of kinds is malformed"),
		ROW("\x81\x08", "its list of kinds is malformed"),	    /* 1025 kinds */
		ROW("\x01\x00\x05tick", "its list of kinds is malformed"),  /* a name of 5 bytes, 4 are there */
		ROW("\x01\x03\x04tick\x00", "its list of kinds is malformed"), /* role 3 */
		ROW("\x01\x00\x04tick", "its list of fields is malformed"), /* cut */
		ROW("\x01\x00\x04tick\x41", "its list of fields is malformed"),			 /* 65 fields */
		ROW("\x01\x00\x04tick\x01\x03\x00\x00\x03pid", "its list of fields is malformed"), /* type 3 */
		ROW("\x01\x00\x04tick\x01\x00\x04\x00\x03pid", "its list of fields is malformed"), /* method 4 */
		ROW("\x01\x00\x04tick\x01\x00\x00\x40\x03pid", "its list of fields is malformed"), /* parameter 64 */
		ROW("\x01\x00\x04tick\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01pid",
		    "its list of fields is malformed"),
		/* A field twice. */
		ROW("\x01\x00\x04tick\x02\x00\x00\x00\x03pid\x01\x01\x00\x03pid", "its list of fields is malformed"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(str_release) struct str bytes = {};

		add_header(&bytes, 2, 2, "1.2.3");
		add_chunk(&bytes, (struct says){.type = 1}, rows[i].bytes, rows[i].len);
		add_frame_chunk(&bytes, (struct says){.type = 2, .records = 1}, "\x01", 1);
		add_end_chunk(&bytes, 1, 0);

		_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

		assert_int_equal(r.run_err, -EBADMSG);
		assert_non_null(strstr(r.outcome.problem, rows[i].why));
		assert_int_equal(r.outcome.skipped_chunks, 2);
		assert_string_equal(str_text(&r.lines), "");
	}
}

/* Kinds 0 alloc (makes), 1 free (takes), 2 tick; fields 0 time_ns, 1 arena, 2 address (in 1), 3 tag, 4 pid (a group). */
static void add_small_schema(struct str *bytes)
{
	_cleanup_(str_release) struct str schema = {};

	add_header(bytes, 2, 2, "1.2.3");
	add_varint(&schema, 3);
	add_kind(&schema, "alloc", 1);
	add_kind(&schema, "free", 2);
	add_kind(&schema, "tick", 0);
	add_varint(&schema, 5);
	add_field(&schema, "time_ns", 0, 1, 0);
	add_field(&schema, "arena", 0, 0, 0);
	add_field(&schema, "address", 0, 3, 1);
	add_field(&schema, "tag", 2, 2, 1);
	add_field(&schema, "pid", 0, 2, 1);
	add_chunk(bytes, (struct says){.type = 1}, schema.p, schema.len);
}

/* A tick at 5 ns. */
#define GOOD "\x01\x00\x00\x01\x02\x01\x01\x00\x01\x00\x00\x01\x0a"
static const char good_line[] = "tick time_ns=5\n";

/* Read a chunk of records that holds @content, and a good one. */
static struct reading read_content(const char *content, size_t len, uint32_t nr)
{
	_cleanup_(str_release) struct str bytes = {};

	add_small_schema(&bytes);
	add_frame_chunk(&bytes, (struct says){.type = 2, .records = nr}, content, len);
	add_frame_chunk(&bytes, (struct says){.type = 2, .records = 1}, GOOD, sizeof(GOOD) - 1);
	add_end_chunk(&bytes, nr + 1, 0);
	return read_bytes(bytes.p, bytes.len);
}

/* Begins of contents: one record of a kind with some fields, and its order. */
#define ONE(kind, fields) "\x01\x00\x00\x01" kind fields "\x01\x00\x01\x00"

static const struct row malformed[] = {
	ROW("", "its number of records is wrong"),
	ROW("\x02", "its number of records is wrong"),
	ROW("\x01", "its texts are cut"),
	ROW("\x01\x01", "its texts are cut"),
	ROW("\x01\x01\x03" "ab", "its texts are cut"),
	ROW("\x01\x81\x80\x40\x00", "it has more texts than a chunk may have"),
	ROW("\x01\x01\x02" "ab", "a text has no end"),
	ROW("\x01\x02\x02" "a\0", "it has another number of texts than it says"),
	ROW("\x01\x01\x04" "a\0b\0", "it has another number of texts than it says"),
	ROW("\x01\x00\x00", "its list of shapes is cut"),
	ROW("\x01\x00\x00\x02\x00", "its list of shapes is cut"),
	ROW("\x01\x00\x00\x81\x02", "its list of shapes is cut"), /* 257 */
	ROW("\x01\x00\x00\x01\x03\x01\x01", "a record has a kind that the schema lacks"),
	ROW("\x01\x00\x00\x01\x80", "a record has a kind that the schema lacks"),
	ROW("\x01\x00\x00\x01\x02\x20\x01", "a record has a field that the schema lacks"),
	ROW("\x01\x00\x00\x01\x02\x80", "a record has a field that the schema lacks"),
	ROW("\x01\x00\x00\x01\x02\x01\x02", "a shape has more records than the chunk"),
	ROW("\x01\x00\x00\x01\x02\x01", "a shape has more records than the chunk"),
	ROW("\x01\x00\x00\x01\x02\x01\x01", "the order of its records is malformed"),
	ROW("\x01\x00\x00\x01\x02\x01\x01\x0a\x01\x00", "the order of its records is malformed"), /* coding 10 */
	ROW("\x01\x00\x00\x01\x02\x01\x01\x00\x00\x00", "the order of its records is malformed"),
	ROW("\x01\x00\x00\x01\x02\x01\x01\x00\x02\x00", "the order of its records is malformed"),
	ROW("\x01\x00\x00\x01\x02\x01\x01\x02\x01", "the order of its records is malformed"),
	ROW("\x01\x00\x00\x01\x02\x01\x01\x00\x01\x01\x00\x01\x0a", "a record has a shape that the chunk lacks"),
	ROW("\x01\x00\x00\x00\x00\x01\x00", "a record has a shape that the chunk lacks"),
	ROW("\x01\x00\x00\x01\x02\x01\x00\x00\x01\x00\x00\x00\x00",
	    "a shape has another number of records than it says"),
	ROW(ONE("\x02", "\x01"), "a column is malformed"),
	ROW(ONE("\x02", "\x01") "\x00\x01", "a column is malformed"),
	ROW(ONE("\x02", "\x01") "\x00\x01\x80", "a column is malformed"),
	ROW(ONE("\x02", "\x01") "\x00\x02\x00", "a column is malformed"),
	ROW(ONE("\x02", "\x01") "\x01\x01", "a column is malformed"),
	ROW(ONE("\x02", "\x01") "\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "a column is malformed"),
	ROW(ONE("\x02", "\x01") "\x09\x01\x00\x00\x00\x00\x00\x00\x00", "a column is malformed"), /* 7 planes of 8 */
	ROW(ONE("\x02", "\x01") "\xff\x01\x00", "a column is malformed"),
	ROW(ONE("\x02", "\x01") "\x00\x00\x00", "a column has too few values"),
	ROW(ONE("\x02", "\x18") "\x00\x01\x00\x00\x01\x00\x00\x00\x00", "a combination lacks a value"),
	ROW(GOOD "\x00", "something follows its columns"),
	/* A combination before there is one; a new one without its values; a text that is not there. */
	ROW(ONE("\x02", "\x10") "\x00\x01\x01\x00\x01\x00", "a value refers to what is not there"),
	ROW(ONE("\x02", "\x10") "\x00\x01\x00\x00\x00\x00", "a value refers to what is not there"),
	ROW(ONE("\x02", "\x08") "\x00\x01\x00\x00\x01\x00", "a value refers to what is not there"),
	/* An address without a context that is known; a new one without its value; a number that none has. */
	ROW(ONE("\x02", "\x04") "\x00\x01\x01\x00\x00\x00", "a value refers to what is not there"),
	ROW(ONE("\x02", "\x04") "\x00\x01\x00\x00\x00\x00", "a value refers to what is not there"),
	ROW(ONE("\x00", "\x06") "\x00\x01\x02\x00\x01\x01\x00\x00\x00", "a value refers to what is not there"),
	ROW(ONE("\x00", "\x06") "\x00\x01\x02\x00\x01\x00\x00\x00\x00", "a value refers to what is not there"),
	ROW(ONE("\x01", "\x06") "\x00\x01\x02\x00\x01\x01\x00\x00\x00", "a value refers to what is not there"),
	ROW(ONE("\x01", "\x06") "\x00\x01\x02\x00\x01\x00\x00\x00\x00", "a value refers to what is not there"),
	ROW(ONE("\x00", "\x06") "\x00\x01\x02\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00",
	    "a value refers to what is not there"),
};

static void a_chunk_that_deceives_is_named_and_the_next_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		_cleanup_(reading_release) struct reading r = read_content(malformed[i].bytes, malformed[i].len, 1);

		assert_int_equal(r.run_err, -EBADMSG);
		if (!strstr(r.outcome.problem, malformed[i].why))
			fail_msg("row %zu: %s", i, r.outcome.problem);
		assert_int_equal(r.outcome.skipped_chunks, 1);
		assert_int_equal(r.outcome.gaps, 1);
		assert_string_equal(str_text(&r.lines), good_line);
	}
}

/* What the rows above are made of is right but for what is wrong in them. */
static void what_is_like_them_and_right_is_read(void **state)
{
	static const struct row rows[] = {
		ROW(GOOD, "tick time_ns=5\n"),
		ROW("\x01\x01\x02" "a\0\x01\x02\x18\x01\x00\x01\x00\x00\x01\x00\x00\x01\x00\x00\x01\x12",
		    "tick pid=9 tag=a\n"),
		ROW(ONE("\x02", "\x04") "\x00\x01\x00\x00\x01\x80\x01", "tick address=64\n"),
		ROW(ONE("\x00", "\x06") "\x00\x01\x02\x00\x01\x00\x01\x01\x80\x01", "alloc arena=1 address=64\n"),
		ROW(ONE("\x01", "\x06") "\x00\x01\x02\x00\x01\x00\x02\x01\x40", "free arena=1 address=32\n"),
		/* An arena above 65535: its addresses are none that come again. */
		ROW(ONE("\x00", "\x06") "\x00\x01\x80\x80\x08\x00\x01\x00\x02\x01\x40",
		    "alloc arena=65536 address=32\n"),
		ROW(ONE("\x02", "\x01") "\x09\x01\x0a\x00\x00\x00\x00\x00\x00\x00", "tick time_ns=5\n"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(reading_release) struct reading r = read_content(rows[i].bytes, rows[i].len, 1);

		assert_string_equal(r.outcome.problem, "");
		assert_int_equal(r.run_err, 0);
		assert_memory_equal(str_text(&r.lines), rows[i].why, strlen(rows[i].why));
		assert_string_equal(r.lines.p + strlen(rows[i].why), good_line);
	}
}

/* Records of before the bad one are delivered; what the header says of their number must be so. */
static void a_bad_record_ends_its_chunk(void **state)
{
	static const char content[] = "\x02\x00\x00\x01\x02\x10\x02\x00\x02\x00\x01\x02\x00\x02\x00\x01\x08";
	_cleanup_(reading_release) struct reading r = read_content(content, sizeof(content) - 1, 2);
	_cleanup_(reading_release) struct reading other = read_content(content, sizeof(content) - 1, 1);

	(void)state;
	assert_non_null(strstr(r.outcome.problem, "a value refers to what is not there"));
	assert_string_equal(str_text(&r.lines), "tick pid=4\ntick time_ns=5\n");
	assert_non_null(strstr(other.outcome.problem, "its number of records is wrong"));
	assert_string_equal(str_text(&other.lines), good_line);
}

static void assert_chunk_refused(uint32_t type, const void *payload, size_t len, const char *why)
{
	_cleanup_(str_release) struct str bytes = {};

	add_small_schema(&bytes);
	add_chunk(&bytes, (struct says){.type = type}, payload, len);
	add_frame_chunk(&bytes, (struct says){.type = 2, .records = 1}, GOOD, sizeof(GOOD) - 1);
	add_end_chunk(&bytes, 1, 0);

	_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

	assert_int_equal(r.run_err, -EBADMSG);
	assert_non_null(strstr(r.outcome.problem, why));
	assert_int_equal(r.outcome.skipped_chunks, 1);
	assert_string_equal(str_text(&r.lines), good_line);
}

static void a_frame_that_deceives_is_named(void **state)
{
	(void)state;
	assert_frames_refused(assert_chunk_refused, GOOD, sizeof(GOOD) - 1);
	assert_chunk_refused(1, "\x00\x00", 2, "it is a second schema");
	assert_chunk_refused(3, "\x01\x00\x00\x00\x00\x00\x00\x00", 8, "it is too short for the recording's end");
}

/* A few bytes that stand for 65536 records of 16 fields: more numbers than a chunk may have. */
static void few_bytes_do_not_stand_for_too_many_numbers(void **state)
{
	(void)state;
	for (unsigned fields = 15; fields <= 16; fields++) {
		_cleanup_(str_release) struct str bytes = {}, schema = {}, content = {};

		add_header(&bytes, 2, 2, "1.2.3");
		str_add_bytes(&schema, "\x01\x00\x04tick", 7);
		add_varint(&schema, fields);
		for (unsigned i = 0; i < fields; i++)
			add_field(&schema, (char[]){(char)('a' + i), 0}, 0, 0, 0);
		add_chunk(&bytes, (struct says){.type = 1}, schema.p, schema.len);
		add_varint(&content, 65536);
		str_add_bytes(&content, "\x00\x00\x01\x00", 4);
		add_varint(&content, (1U << fields) - 1);
		add_varint(&content, 65536);
		for (unsigned i = 0; i < 1 + fields; i++)
			add_same(&content, 65536, 0);
		add_frame_chunk(&bytes, (struct says){.type = 2, .records = 65536}, content.p, content.len);
		add_end_chunk(&bytes, 65536, 0);

		_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

		assert_int_equal(r.outcome.records, fields == 15 ? 65536 : 0);
		if (fields == 15)
			assert_string_equal(r.outcome.problem, "");
		else
			assert_non_null(strstr(r.outcome.problem, "a column is malformed"));
	}
}

/* Headers that are right, of chunks that are not: each promises all that follows it, which is more of them. */
static void many_lengths_that_lie_cost_no_more_than_their_bytes(void **state)
{
	_cleanup_(str_release) struct str bytes = {};
	const size_t nr = 20000;

	(void)state;
	add_small_schema(&bytes);
	for (size_t i = 0; i < nr; i++) {
		size_t begin = bytes.len;

		str_add_bytes(&bytes, "\x89PTC\x02\x00\x00\x00", 8);
		add_le(&bytes, i % 2 ? 64 << 20 : (nr - i) * 36 - 41, 4);
		add_le(&bytes, 1, 4);
		add_le(&bytes, 0, 8);
		add_le(&bytes, 1234, 8);
		add_le(&bytes, XXH3_64bits(bytes.p + begin, 32), 4);
	}
	add_frame_chunk(&bytes, (struct says){.type = 2, .records = 1}, GOOD, sizeof(GOOD) - 1);
	add_end_chunk(&bytes, 1, 0);

	_cleanup_(reading_release) struct reading r = read_bytes(bytes.p, bytes.len);

	assert_int_equal(r.run_err, -EBADMSG);
	assert_string_equal(str_text(&r.lines), good_line);
	/* Each is looked into, up to a number of those that would be read to the end in vain. */
	assert_in_range(r.outcome.skipped_chunks, 64, nr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_newer_recording_is_refused_with_both_versions),
		cmocka_unit_test(what_is_no_recording_is_said_so),
		cmocka_unit_test(the_tool_that_a_header_names_cannot_write_to_the_terminal),
		cmocka_unit_test(unknown_kinds_fields_and_chunks_are_skipped_and_counted),
		cmocka_unit_test(a_schema_that_deceives_is_named),
		cmocka_unit_test(a_chunk_that_deceives_is_named_and_the_next_is_read),
		cmocka_unit_test(what_is_like_them_and_right_is_read),
		cmocka_unit_test(a_bad_record_ends_its_chunk),
		cmocka_unit_test(a_frame_that_deceives_is_named),
		cmocka_unit_test(few_bytes_do_not_stand_for_too_many_numbers),
		cmocka_unit_test(many_lengths_that_lie_cost_no_more_than_their_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
