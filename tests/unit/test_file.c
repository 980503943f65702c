/* stream/file.h: what is recorded comes back. */
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static void random_records_come_back_equal_and_in_order(void **state)
{
	struct random random = {19};
	struct keeper put = {{keeper_put}, {}}, got = {{keeper_put}, {}};
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	struct source *source = NULL;

	(void)state;
	for (int i = 0; i < 20011; i++) {
		struct record r = random_record(&random);

		vec_push(&put.records, r);
		assert_int_equal(sink_put(sink, &r), 0);
		if (!random_below(&random, 100))
			assert_int_equal(file_sink_flush(sink), 0);
	}
	assert_int_equal(file_sink_close(sink, NULL), 0);

	lseek(fd, 0, SEEK_SET);
	assert_int_equal(file_source_new(fd, "x.pt", &source, NULL), 0);
	assert_int_equal(source->run(source, &got.sink), 0);
	assert_string_equal(file_source_outcome(source)->problem, "");
	assert_int_equal(file_source_outcome(source)->records, 20011);
	source->free(source);
	assert_int_equal(got.records.nr, put.records.nr);
	for (size_t i = 0; i < put.records.nr; i++)
		assert_same_record(&put.records.items[i], &got.records.items[i]);
	keeper_release(&put);
	keeper_release(&got);
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

static void the_bytes_that_the_page_of_the_format_describes_are_read(void **state)
{
	_cleanup_(str_release) struct str bytes = {}, schema = {}, records = {}, lines = {};
	struct file_outcome outcome;

	(void)state;
	add_header(&bytes, 1, 1, "1.2.3");
	add_schema(&schema);
	add_chunk(&bytes, 1, schema.p, schema.len);
	add_three_records(&records);
	add_records_chunk(&bytes, records.p, records.len);
	add_records_chunk(&bytes, records.p, records.len);
	add_end_chunk(&bytes, 6);
	assert_int_equal(read_text_lines(bytes_fd(bytes.p, bytes.len), &lines, &outcome), 0);
	assert_string_equal(outcome.problem, "");
	assert_int_equal(lines.len, 2 * strlen(three_records));
	assert_memory_equal(lines.p, three_records, strlen(three_records));
	assert_string_equal(lines.p + strlen(three_records), three_records);
}

static void the_bytes_that_the_page_of_the_format_describes_are_written(void **state)
{
	_cleanup_(str_release) struct str got = {}, begin = {}, end = {}, schema = {}, records = {};
	char raw[256];
	size_t frame;

	(void)state;
	/* Without the tick, which would get a chunk of its own. */
	record_text_lines(&got, three_records + strlen("tick time_ns=1795348800000000001\n"));
	add_header(&begin, 1, 1, "1.2.3");
	add_schema(&schema);
	add_chunk(&begin, 1, schema.p, schema.len);
	add_end_chunk(&end, 2);
	assert_true(got.len > begin.len + 16 + end.len);
	assert_memory_equal(got.p, begin.p, begin.len);
	assert_memory_equal(got.p + got.len - end.len, end.p, end.len);

	frame = got.len - begin.len - 16 - end.len;
	add_varint(&records, RECORD_FREE - 1);
	add_varint(&records, FIELD_BIT(TIME_NS) | FIELD_BIT(ARENA) | FIELD_BIT(OBJECT));
	add_varint(&records, 2 * 1795348800000000000);
	add_varint(&records, 300);
	add_varint(&records, UINT64_MAX);
	add_varint(&records, RECORD_DETACH - 1);
	add_varint(&records, FIELD_BIT(TIME_NS) | FIELD_BIT(REASON));
	add_varint(&records, 14);
	add_text(&records, "exit");
	assert_int_equal(ZSTD_decompress(raw, sizeof(raw), got.p + begin.len + 16, frame), records.len);
	assert_memory_equal(raw, records.p, records.len);

	add_chunk(&begin, 2, got.p + begin.len + 16, frame);
	assert_memory_equal(got.p, begin.p, begin.len);
}

static void a_header_comes_back(void **state)
{
	_cleanup_(str_release) struct str bytes = {};
	struct source *source = NULL;
	const struct file_header *h;

	(void)state;
	record_text_lines(&bytes, "");
	assert_int_equal(file_source_new(bytes_fd(bytes.p, bytes.len), "x.pt", &source, NULL), 0);
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

static void a_recording_of_the_first_release_stays_readable(void **state)
{
	_cleanup_(str_release) struct str lines = {};
	struct source *source = NULL;
	struct text_sink sink;

	(void)state;
	text_sink_init(&sink, &lines);
	assert_int_equal(file_source_open("tests/fuzz/corpus/file/whole.pt", &source, NULL), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_records_come_back_equal_and_in_order),
		cmocka_unit_test(the_bytes_that_the_page_of_the_format_describes_are_read),
		cmocka_unit_test(the_bytes_that_the_page_of_the_format_describes_are_written),
		cmocka_unit_test(a_header_comes_back),
		cmocka_unit_test(the_header_of_now_names_this_machine),
		cmocka_unit_test(a_recording_without_records_is_whole),
		cmocka_unit_test(a_source_waits_for_a_descriptor_that_does_not_block),
		cmocka_unit_test(a_recording_of_the_first_release_stays_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
