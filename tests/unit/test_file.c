/* stream/file.h: what is recorded comes back. */
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Put records, flushing now and then, and read them back: they are the same. */
static void round_trip(struct keeper *put, unsigned flush_each, struct random *random)
{
	struct keeper got = {.sink.put = keeper_put};
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	struct source *source = NULL;

	for (size_t i = 0; i < put->records.nr; i++) {
		assert_int_equal(sink_put(sink, &put->records.items[i]), 0);
		if (flush_each && !random_below(random, flush_each))
			assert_int_equal(file_sink_flush(sink), 0);
	}
	assert_int_equal(file_sink_close(sink, NULL), 0);

	lseek(fd, 0, SEEK_SET);
	assert_int_equal(file_source_new(fd, "x.pt", NULL, &source, NULL), 0);
	assert_int_equal(source->run(source, &got.sink), 0);
	assert_string_equal(file_source_outcome(source)->problem, "");
	assert_int_equal(file_source_outcome(source)->records, put->records.nr);
	source->free(source);
	assert_int_equal(got.records.nr, put->records.nr);
	for (size_t i = 0; i < put->records.nr; i++)
		assert_same_record(&put->records.items[i], &got.records.items[i]);
	keeper_release(&got);
}

/* Any kind with any fields: nearly each record has a shape of its own. */
static void random_records_come_back_equal_and_in_order(void **state)
{
	struct random random = {19};
	struct keeper put = {.sink.put = keeper_put};

	(void)state;
	for (int i = 0; i < 20011; i++)
		vec_push(&put.records, random_record(&random));
	round_trip(&put, 100, &random);
	keeper_release(&put);
}

/* As in a program: kinds with mostly the same fields, addresses that come again, many arenas, and also far ones. */
static struct record lifelike_record(struct random *random, uint64_t *time_ns, bool far)
{
	static const enum record_kind kinds[] = {RECORD_ALLOC, RECORD_FREE, RECORD_BLOCK, RECORD_PHANTOM, RECORD_CB};
	struct record r = {.kind = kinds[random_below(random, ARRAY_SIZE(kinds))]};

	*time_ns += random_below(random, 1000);
	RECORD_SET(&r, TIME_NS, time_ns, *time_ns);
	RECORD_SET(&r, PROCESS, process, 1 + random_below(random, 2));
	RECORD_SET(&r, ADDRESS, address, random_below(random, 300) * 64);
	if (random_below(random, 50))
		RECORD_SET(&r, ARENA, arena, far ? 65530 + random_below(random, 12) : random_below(random, 40));
	if (r.kind == RECORD_ALLOC) {
		RECORD_SET(&r, RESERVED, reserved, random_below(random, 5) ? 4096 : random_next(random));
		RECORD_SET(&r, LABEL, label, xstrdup(random_below(random, 3) ? "relu" : "matmul"));
	}
	return r;
}

static void lifelike_records_come_back_equal_and_in_order(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 6; round++) {
		struct random random = {77 + round};
		struct keeper put = {.sink.put = keeper_put};
		uint64_t time_ns = 1795348800000000000;

		for (int i = 0; i < 10007; i++)
			vec_push(&put.records, lifelike_record(&random, &time_ns, round % 2));
		round_trip(&put, round < 2 ? 0 : round < 4 ? 7 : 1000, &random);
		keeper_release(&put);
	}
}

/* Thousands of shapes, and no time or tick for which they are written: a chunk has as many of them as it may have. */
static void thousands_of_shapes_come_back_equal_and_in_order(void **state)
{
	struct keeper put = {.sink.put = keeper_put};
	struct random random = {41};

	(void)state;
	for (int i = 0; i < 7001; i++) {
		struct record r = random_record(&random);

		r.has &= ~FIELD_BIT(TIME_NS);
		r.time_ns = 0;
		if (r.kind == RECORD_TICK)
			r.kind = RECORD_ALLOC;
		vec_push(&put.records, r);
	}
	round_trip(&put, 0, &random);
	keeper_release(&put);
}

/* Each kind alone with each field alone, at its least and its greatest, twice. */
static void each_field_of_each_kind_comes_back(void **state)
{
	static const uint64_t values[] = {0, UINT64_MAX, 1ULL << 63, 1, (1ULL << 63) - 1, 0};
	struct keeper put = {.sink.put = keeper_put};
	struct random random = {5};

	(void)state;
	for (int kind = RECORD_NONE + 1; kind < RECORD_NR; kind++) {
		for (int f = 0; f < FIELD_NR; f++) {
			for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
				struct record r = {.kind = (enum record_kind)kind};

				if (field_descs[f].type == FIELD_TYPE_TEXT)
					record_set_text(&r, (enum field)f, xstrdup(i % 2 ? "" : "\x01\x7f\xff"));
				else
					record_set_number(&r, (enum field)f, values[i]);
				vec_push(&put.records, r);
			}
		}
		vec_push(&put.records, ((struct record){.kind = (enum record_kind)kind}));
	}
	round_trip(&put, 3000, &random);
	keeper_release(&put);
}

/* The schema of this build, from the lists of record.h and the tables of the page. */
static unsigned role_of(const char *kind)
{
	return !strcmp(kind, "alloc") || !strcmp(kind, "block") ? 1 : !strcmp(kind, "free") ? 2 : 0;
}

static void add_method_of(struct str *s, const char *field)
{
	static const char *const who = " process pid tid ";
	static const char *const what = " arena pool reserved asked page tag label layout stack ";
	char word[32];

	snprintf(word, sizeof(word), " %s ", field);
	add_varint(s, !strcmp(field, "time_ns") ? 1 : strstr(who, word) || strstr(what, word) ? 2 :
		      !strcmp(field, "address") ? 3 : 0);
	add_varint(s, strstr(who, word) ? 1 : strstr(what, word) ? 2 : !strcmp(field, "address") ? FIELD_ARENA : 0);
}

static void add_schema(struct str *s)
{
	static const char *const fields[] = {
#define X(member, NAME, type) #member,
		RECORD_FIELDS(X)
#undef X
	};
	static const unsigned types[] = {
/* That a number may be below 0 the file does not say. */
#define X(member, NAME, type) FIELD_TYPE_##type == FIELD_TYPE_SIGNED ? FIELD_TYPE_NUMBER : FIELD_TYPE_##type,
		RECORD_FIELDS(X)
#undef X
	};

	add_varint(s, RECORD_NR - 1);
	for (int kind = 1; kind < RECORD_NR; kind++) {
		add_varint(s, role_of(kind_descs[kind].name));
		add_text(s, kind_descs[kind].name);
	}
	add_varint(s, FIELD_NR);
	for (int field = 0; field < FIELD_NR; field++) {
		add_varint(s, types[field]);
		add_method_of(s, fields[field]);
		add_text(s, fields[field]);
	}
}

/* What a chunk holds of a large number, a step back in time, and a text, each in a shape of its own. */
static void add_three_records(struct str *s)
{
	add_varint(s, 3);
	add_varint(s, 1), add_varint(s, 5);
	str_add_bytes(s, "exit", 5);
	add_varint(s, 3);
	add_varint(s, RECORD_TICK - 1), add_varint(s, FIELD_BIT(TIME_NS)), add_varint(s, 1);
	add_varint(s, RECORD_FREE - 1), add_varint(s, FIELD_BIT(TIME_NS) | FIELD_BIT(ARENA) | FIELD_BIT(OBJECT));
	add_varint(s, 1);
	add_varint(s, RECORD_DETACH - 1), add_varint(s, FIELD_BIT(TIME_NS) | FIELD_BIT(REASON)), add_varint(s, 1);
	str_add_bytes(s, "\x01\x03\x00\x01\x02", 5);
	add_same(s, 1, 2 * 1795348800000000001);
	add_same(s, 1, 1);
	add_same(s, 1, 0), add_same(s, 1, 600);
	/* The largest number is 1 less than 0. */
	add_same(s, 1, 1);
	add_same(s, 1, 14), add_same(s, 1, 0);
}

static const char three_records[] = "tick time_ns=1795348800000000001\n"
				    "free time_ns=1795348800000000000 arena=300 object=0xffffffffffffffff\n"
				    "detach time_ns=1795348800000000007 reason=exit\n";

static void the_bytes_that_the_page_of_the_format_describes_are_read(void **state)
{
	const struct says says = {.type = 2, .records = 3, .time_ns = 1795348800000000001};
	_cleanup_(str_release) struct str bytes = {}, schema = {}, records = {}, lines = {};
	struct file_outcome outcome;

	(void)state;
	add_header(&bytes, 2, 2, "1.2.3");
	add_schema(&schema);
	add_chunk(&bytes, (struct says){.type = 1}, schema.p, schema.len);
	add_three_records(&records);
	add_frame_chunk(&bytes, says, records.p, records.len);
	add_frame_chunk(&bytes, says, records.p, records.len);
	add_end_chunk(&bytes, 6, 0);
	assert_int_equal(read_text_lines(bytes_fd(bytes.p, bytes.len), &lines, &outcome), 0);
	assert_string_equal(outcome.problem, "");
	assert_int_equal(lines.len, 2 * strlen(three_records));
	assert_memory_equal(lines.p, three_records, strlen(three_records));
	assert_string_equal(lines.p + strlen(three_records), three_records);
}

/* What the frame of the chunk at @at holds. */
static void add_content(struct str *s, const struct str *file, size_t at)
{
	unsigned long long size = ZSTD_getFrameContentSize(file->p + at + 36, file->len - at - 36);
	char *content = xmalloc(size);
	size_t len = ZSTD_findFrameCompressedSize(file->p + at + 36, file->len - at - 36);

	assert_false(ZSTD_isError(len));
	assert_int_equal(ZSTD_decompress(content, size, file->p + at + 36, len), size);
	str_add_bytes(s, content, size);
	free(content);
}

/* Two records that become one chunk, an index of two chunks, and the end. */
static void the_bytes_that_the_page_of_the_format_describes_are_written(void **state)
{
	_cleanup_(str_release) struct str got = {}, expected = {}, schema = {}, records = {}, index = {}, content = {};
	size_t begin, at;

	(void)state;
	record_text_lines(&got, three_records + strlen("tick time_ns=1795348800000000001\n"));
	add_header(&expected, 2, 2, "1.2.3");
	begin = expected.len;
	add_schema(&schema);
	add_chunk(&expected, (struct says){.type = 1}, schema.p, schema.len);
	assert_true(got.len > expected.len);

	add_varint(&records, 2);
	add_varint(&records, 1), add_varint(&records, 5);
	str_add_bytes(&records, "exit", 5);
	add_varint(&records, 2);
	add_varint(&records, RECORD_FREE - 1);
	add_varint(&records, FIELD_BIT(TIME_NS) | FIELD_BIT(ARENA) | FIELD_BIT(OBJECT)), add_varint(&records, 1);
	add_varint(&records, RECORD_DETACH - 1);
	add_varint(&records, FIELD_BIT(TIME_NS) | FIELD_BIT(REASON)), add_varint(&records, 1);
	str_add_bytes(&records, "\x01\x02\x00\x01", 4);
	add_same(&records, 1, 2 * 1795348800000000000);
	add_same(&records, 1, 0), add_same(&records, 1, 600);
	add_same(&records, 1, 1);
	add_same(&records, 1, 14), add_same(&records, 1, 0);
	at = expected.len;
	add_content(&content, &got, at);
	assert_int_equal(content.len, records.len);
	assert_memory_equal(content.p, records.p, records.len);
	add_chunk(&expected, (struct says){2, 2, 1795348800000000000}, got.p + at + 36,
		  ZSTD_findFrameCompressedSize(got.p + at + 36, got.len - at - 36));

	str_add_bytes(&index, "\x01\x02", 2);
	add_varint(&index, 2 * begin), add_varint(&index, 2 * (at - begin));
	str_add_bytes(&index, "\x01\x02\x01\x02", 4);
	str_add_bytes(&index, "\x01\x02\x00", 3), add_varint(&index, 2 * 1795348800000000000);
	str_add_bytes(&index, "\x01\x02\x00\x02", 4);
	at = expected.len;
	str_clear(&content);
	add_content(&content, &got, at);
	assert_int_equal(content.len, index.len);
	assert_memory_equal(content.p, index.p, index.len);
	add_chunk(&expected, (struct says){.type = 5}, got.p + at + 36,
		  ZSTD_findFrameCompressedSize(got.p + at + 36, got.len - at - 36));
	add_end_chunk(&expected, 2, at);
	assert_int_equal(got.len, expected.len);
	assert_memory_equal(got.p, expected.p, expected.len);
}

static void a_header_comes_back(void **state)
{
	_cleanup_(str_release) struct str bytes = {};
	struct source *source = NULL;
	const struct file_header *h;

	(void)state;
	record_text_lines(&bytes, "");
	assert_int_equal(file_source_new(bytes_fd(bytes.p, bytes.len), "x.pt", NULL, &source, NULL), 0);
	h = file_source_header(source);
	assert_string_equal(h->tool, "1.2.3");
	assert_string_equal(h->host, "host");
	assert_string_equal(h->kernel, "6.1");
	assert_int_equal(h->wall_ns, header.wall_ns);
	assert_int_equal(h->monotonic_ns, header.monotonic_ns);
	source->free(source);
}

static void the_header_of_now_names_this_machine(void **state)
{
	struct file_header h;
	char host[256] = "";

	(void)state;
	gethostname(host, sizeof(host) - 1);
	file_header_now(&h);
	assert_string_equal(h.tool, POOLTRACE_VERSION);
	assert_string_equal(h.host, host);
	assert_true(h.kernel[0] >= '0' && h.kernel[0] <= '9');
	assert_true(h.wall_ns > h.monotonic_ns);
	assert_true(h.monotonic_ns > 0);
}

static void a_recording_without_records_is_whole(void **state)
{
	_cleanup_(str_release) struct str bytes = {}, lines = {};
	struct file_outcome outcome;

	(void)state;
	record_text_lines(&bytes, "");
	assert_int_equal(read_text_lines(bytes_fd(bytes.p, bytes.len), &lines, &outcome), 0);
	assert_string_equal(str_text(&lines), "");
	assert_string_equal(outcome.problem, "");
	assert_false(outcome.cut);
	assert_int_equal(outcome.offset, bytes.len);
}

static void a_source_waits_for_a_descriptor_that_does_not_block(void **state)
{
	_cleanup_(str_release) struct str bytes = {}, lines = {};
	struct file_outcome outcome;
	int ends[2], status;
	pid_t child;

	(void)state;
	record_text_lines(&bytes, "free time_ns=5\ntick time_ns=7\n");
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		for (size_t i = 0; i < bytes.len; i++)
			if (write(ends[1], bytes.p + i, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read_text_lines(ends[0], &lines, &outcome), 0);
	assert_string_equal(str_text(&lines), "free time_ns=5\ntick time_ns=7\n");
	assert_string_equal(outcome.problem, "");
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_records_come_back_equal_and_in_order),
		cmocka_unit_test(lifelike_records_come_back_equal_and_in_order),
		cmocka_unit_test(thousands_of_shapes_come_back_equal_and_in_order),
		cmocka_unit_test(each_field_of_each_kind_comes_back),
		cmocka_unit_test(the_bytes_that_the_page_of_the_format_describes_are_read),
		cmocka_unit_test(the_bytes_that_the_page_of_the_format_describes_are_written),
		cmocka_unit_test(a_header_comes_back),
		cmocka_unit_test(the_header_of_now_names_this_machine),
		cmocka_unit_test(a_recording_without_records_is_whole),
		cmocka_unit_test(a_source_waits_for_a_descriptor_that_does_not_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
