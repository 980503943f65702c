/* stream/file.h: recordings that are cut or flipped. Made to deceive: test_file_forged.c */
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Four chunks of records: each tick ends one. */
static const char text[] =
	"attach time_ns=1000 process=1 pid=4242 command=\"python serve.py\" runtime=tt-metal pools=DRAM\n"
	"arena time_ns=1001 process=1 arena=1 object=0x7f31c0 pool=DRAM\n"
	"tick time_ns=1100\n"
	"alloc time_ns=1110 process=1 arena=1 address=64 reserved=128\n"
	"tick time_ns=1200\n"
	"free time_ns=1210 process=1 arena=1 address=64\n"
	"tick time_ns=1300\n"
	"detach time_ns=1310 process=1 reason=exit\n";

enum { NR_CHUNKS = 6, NR_LINES = 8 };

/* Records that are delivered when the chunks before chunk i (0 is the schema, 5 the end) are whole. */
static const unsigned records_before[NR_CHUNKS] = {0, 0, 3, 5, 7, 8};

struct sample {
	struct str bytes;
	size_t header;		     /* its bytes */
	size_t chunk[NR_CHUNKS + 1]; /* where each begins, and the end */
};

static void sample_release(struct sample *s)
{
	str_release(&s->bytes);
}

static struct sample sample_new(void)
{
	struct source *source = text_source_new(text, strlen(text));
	int fd = bytes_fd("", 0);
	struct sample s = {};
	struct sink *sink = NULL;
	size_t at;

	assert_int_equal(file_sink_new(dup(fd), "x.pt", &header, &sink, NULL), 0);
	assert_int_equal(source->run(source, sink), 0);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	source->free(source);
	lseek(fd, 0, SEEK_SET);
	add_fd(&s.bytes, fd);
	close(fd);

	s.header = at = (unsigned char)s.bytes.p[18];
	for (int i = 0; i < NR_CHUNKS; i++) {
		unsigned char *p = (unsigned char *)s.bytes.p + at;

		s.chunk[i] = at;
		at += 16 + (size_t)(p[4] | p[5] << 8);
	}
	s.chunk[NR_CHUNKS] = at;
	assert_int_equal(at, s.bytes.len);
	return s;
}

/* The first @nr lines of the text. */
static size_t lines_length(unsigned nr)
{
	const char *p = text;

	for (unsigned i = 0; i < nr; i++)
		p = strchr(p, '\n') + 1;
	return (size_t)(p - text);
}

static void assert_first_lines(const struct reading *r, unsigned nr)
{
	assert_int_equal(r->lines.len, lines_length(nr));
	assert_memory_equal(str_text(&r->lines), text, r->lines.len);
	assert_int_equal(r->outcome.records, nr);
}

/* Each line of the reading is one of the text, and they are in its order. */
static void assert_nothing_new(const struct reading *r)
{
	const char *from = text;

	for (const char *line = str_text(&r->lines); *line; line = strchr(line, '\n') + 1) {
		size_t len = (size_t)(strchr(line, '\n') + 1 - line);

		while (*from && strncmp(from, line, len))
			from = strchr(from, '\n') + 1;
		assert_true(*from);
		from += len;
	}
}

static unsigned chunk_at(const struct sample *s, size_t at)
{
	unsigned i = 0;

	while (i < NR_CHUNKS - 1 && at >= s->chunk[i + 1])
		i++;
	return i;
}

static void every_prefix_gives_its_whole_chunks_and_says_where_it_ends(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();

	(void)state;
	for (size_t len = 0; len < s.bytes.len; len++) {
		_cleanup_(reading_release) struct reading r = read_bytes(s.bytes.p, len);
		char expected[64];

		snprintf(expected, sizeof(expected), "'x.pt': recording ends early at byte %zu: ", len);
		if (len < s.header) {
			assert_int_equal(r.open_err, -EBADMSG);
			if (!len)
				assert_string_equal(r.d.text, "'x.pt' is not a recording: it is empty");
			else
				assert_memory_equal(r.d.text, expected, strlen(expected));
			continue;
		}
		assert_int_equal(r.open_err, 0);
		assert_int_equal(r.run_err, 0);
		assert_true(r.outcome.cut);
		assert_memory_equal(r.outcome.problem, expected, strlen(expected));
		assert_int_equal(r.outcome.offset, s.chunk[chunk_at(&s, len)]);
		assert_first_lines(&r, records_before[chunk_at(&s, len)]);
	}
}

static void no_flipped_bit_goes_unseen_or_makes_a_record(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	unsigned went_on = 0;

	(void)state;
	for (size_t bit = 0; bit < s.bytes.len * 8; bit++) {
		unsigned chunk = chunk_at(&s, bit / 8), before = records_before[chunk];

		s.bytes.p[bit / 8] ^= (char)(1 << bit % 8);

		_cleanup_(reading_release) struct reading r = read_bytes(s.bytes.p, s.bytes.len);

		s.bytes.p[bit / 8] ^= (char)(1 << bit % 8);
		if (bit / 8 < s.header) {
			assert_int_equal(r.open_err, -EBADMSG);
			continue;
		}
		assert_int_equal(r.open_err, 0);
		assert_true(r.run_err == -EBADMSG || (!r.run_err && r.outcome.cut));
		assert_non_null(strstr(r.outcome.problem, "at byte "));
		assert_true(r.outcome.records >= before);
		assert_memory_equal(str_text(&r.lines), text, lines_length(before));
		assert_nothing_new(&r);
		/* Its length is right: only this chunk is missing. */
		if (chunk > 0 && chunk < NR_CHUNKS - 1 && bit / 8 >= s.chunk[chunk] + 8) {
			assert_int_equal(r.outcome.skipped_chunks, 1);
			assert_int_equal(r.outcome.records, NR_LINES - (records_before[chunk + 1] - before));
			assert_false(r.outcome.cut);
			went_on++;
		}
	}
	assert_true(went_on > 1000);
}

static void a_bad_chunk_is_named_with_its_place(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	char expected[128];

	(void)state;
	s.bytes.p[s.chunk[3] + 20] ^= 1;

	_cleanup_(reading_release) struct reading r = read_bytes(s.bytes.p, s.bytes.len);

	snprintf(expected, sizeof(expected),
		 "'x.pt': recording is damaged: the chunk of %zu bytes at byte %zu is lost: its checksum is wrong",
		 s.chunk[4] - s.chunk[3], s.chunk[3]);
	assert_int_equal(r.run_err, -EBADMSG);
	assert_string_equal(r.outcome.problem, expected);
	assert_int_equal(r.outcome.offset, s.bytes.len);
}

static void a_chunk_that_is_missing_is_seen_at_the_end(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();

	(void)state;
	memmove(s.bytes.p + s.chunk[2], s.bytes.p + s.chunk[3], s.bytes.len - s.chunk[3]);

	_cleanup_(reading_release) struct reading r = read_bytes(s.bytes.p, s.bytes.len - (s.chunk[3] - s.chunk[2]));

	assert_int_equal(r.run_err, -EBADMSG);
	assert_string_equal(r.outcome.problem, "'x.pt': recording is damaged: 8 records were written, 6 are there");
	assert_int_equal(r.outcome.records, 6);
}

static void what_follows_the_end_is_not_lost_silently(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	char expected[128];
	size_t len = s.bytes.len;

	(void)state;
	str_add_bytes(&s.bytes, "POOLTRACE\n", 10);

	_cleanup_(reading_release) struct reading r = read_bytes(s.bytes.p, s.bytes.len);

	snprintf(expected, sizeof(expected), "'x.pt': recording is damaged: something follows its end at byte %zu",
		 len);
	assert_int_equal(r.run_err, -EBADMSG);
	assert_string_equal(r.outcome.problem, expected);
	assert_first_lines(&r, NR_LINES);
}

static void a_sink_that_stops_is_not_a_problem_of_the_recording(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	struct source *source = NULL;
	struct sink *full = NULL;
	int fd = bytes_fd("", 0), inner = dup(fd), dev_full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(file_sink_new(inner, "y.pt", &(struct file_header){}, &full, NULL), 0);
	assert_int_equal(dup2(dev_full, inner), inner);
	assert_int_equal(file_source_new(bytes_fd(s.bytes.p, s.bytes.len), "x.pt", &source, NULL), 0);
	assert_int_equal(source->run(source, full), -ENOSPC);
	assert_string_equal(file_source_outcome(source)->problem, "");
	assert_int_equal(file_source_outcome(source)->records, 2);
	source->free(source);
	assert_int_equal(file_sink_close(full, NULL), -ENOSPC);
	close(dev_full);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_prefix_gives_its_whole_chunks_and_says_where_it_ends),
		cmocka_unit_test(no_flipped_bit_goes_unseen_or_makes_a_record),
		cmocka_unit_test(a_bad_chunk_is_named_with_its_place),
		cmocka_unit_test(a_chunk_that_is_missing_is_seen_at_the_end),
		cmocka_unit_test(what_follows_the_end_is_not_lost_silently),
		cmocka_unit_test(a_sink_that_stops_is_not_a_problem_of_the_recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
