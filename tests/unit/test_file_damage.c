/* stream/file.h: recordings that are cut or flipped. Made to deceive: test_file_forged.c */
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* What is in the chunks of the sample; a checkpoint is in chunk 3, no records in the others. */
enum { SCHEMA, CHECKPOINT = 3, INDEX = 6, END, NR_CHUNKS };

static const char *const texts[NR_CHUNKS] = {
	[1] = "attach time_ns=1000 process=1 pid=4242 command=\"python serve.py\" runtime=tt-metal pools=DRAM\n"
	      "arena time_ns=1001 process=1 arena=1 object=0x7f31c0 pool=DRAM\n"
	      "tick time_ns=1100\n",
	[2] = "alloc time_ns=1110 process=1 arena=1 address=64 reserved=128\n"
	      "tick time_ns=1200\n",
	[CHECKPOINT] = "attach time_ns=1000 process=1 pid=4242 runtime=tt-metal pools=DRAM\n"
		       "block time_ns=1110 process=1 arena=1 address=64 reserved=128\n",
	[4] = "free time_ns=1210 process=1 arena=1 address=64\n"
	      "tick time_ns=1300\n",
	[5] = "detach time_ns=1310 process=1 reason=exit\n",
};

/* Of each chunk of records the first and last time. */
static const uint64_t times[NR_CHUNKS][2] = {
	[1] = {1000, 1100}, [2] = {1110, 1200}, [4] = {1210, 1300}, [5] = {1310, 1310}};

enum { NR_RECORDS = 8 };
static const unsigned records[NR_CHUNKS] = {[1] = 3, [2] = 2, [4] = 2, [5] = 1};

struct sample {
	struct str bytes;
	size_t header;		     /* its bytes */
	size_t chunk[NR_CHUNKS + 1]; /* where each begins, and the end */
};

static void sample_release(struct sample *s)
{
	str_release(&s->bytes);
}

static int put_text(void *text, struct sink *to)
{
	struct source *source = text_source_new(text, strlen(text));
	int err = source->run(source, to);

	source->free(source);
	return err;
}

static struct sample sample_new(void)
{
	int fd = bytes_fd("", 0);
	struct sample s = {};
	struct sink *sink = sink_of(dup(fd));
	size_t at;

	for (int i = 0; i < NR_CHUNKS; i++) {
		if (i == CHECKPOINT)
			assert_int_equal(file_sink_checkpoint(sink, put_text, (void *)(uintptr_t)texts[i]), 0);
		else if (texts[i])
			assert_int_equal(put_text((void *)(uintptr_t)texts[i], sink), 0);
		assert_int_equal(file_sink_flush(sink), 0);
	}
	assert_int_equal(file_sink_close(sink, NULL), 0);
	lseek(fd, 0, SEEK_SET);
	add_fd(&s.bytes, fd);
	close(fd);

	s.header = at = (unsigned char)s.bytes.p[18];
	for (int i = 0; i < NR_CHUNKS; i++) {
		unsigned char *p = (unsigned char *)s.bytes.p + at;

		s.chunk[i] = at;
		at += 36 + (size_t)(p[8] | p[9] << 8);
	}
	s.chunk[NR_CHUNKS] = at;
	assert_int_equal(at, s.bytes.len);
	return s;
}

/* What reading gives when the chunks of @lost, as bits, are lost: behind a gap the checkpoint is delivered. */
static void add_expected(struct str *ret, unsigned lost)
{
	bool gap = false;

	for (int i = 1; i < NR_CHUNKS && !(lost & 1 << SCHEMA); i++) {
		gap |= lost >> i & 1;
		if (lost & 1 << i || !texts[i] || (i == CHECKPOINT && !gap))
			continue;
		if (i == CHECKPOINT)
			str_add(ret, "checkpoint time_ns=1200 reason=begin\n");
		str_add(ret, texts[i]);
		if (i == CHECKPOINT)
			str_add(ret, "checkpoint time_ns=1200 reason=end\n");
		if (i == CHECKPOINT)
			gap = false;
	}
}

static void assert_lost(const struct reading *r, unsigned lost)
{
	_cleanup_(str_release) struct str expected = {};
	unsigned nr = 0;

	add_expected(&expected, lost);
	for (int i = 0; i < NR_CHUNKS && !(lost & 1 << SCHEMA); i++)
		nr += lost & 1 << i ? 0 : records[i];
	assert_string_equal(str_text(&r->lines), str_text(&expected));
	assert_int_equal(r->outcome.records, nr);
}

static int chunk_at(const struct sample *s, size_t at)
{
	int i = 0;

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
		int chunk = chunk_at(&s, len);
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
		assert_int_equal(r.outcome.offset, s.chunk[chunk]);
		assert_int_equal(r.outcome.gaps, 0);
		/* Those that are lost are at the end, where no checkpoint follows. */
		assert_lost(&r, (1U << NR_CHUNKS) - (1U << chunk));
	}
}

/* What one flipped bit in chunk @i does. */
static void assert_flip(const struct sample *s, const struct reading *r, int i, bool in_header)
{
	bool gap = in_header || i == SCHEMA || records[i];
	char expected[64];

	assert_int_equal(r->open_err, 0);
	assert_int_equal(r->run_err, -EBADMSG);
	snprintf(expected, sizeof(expected), "%zu bytes at byte %zu ", s->chunk[i + 1] - s->chunk[i], s->chunk[i]);
	assert_non_null(strstr(r->outcome.problem, expected));
	/* Without a schema nothing is understood. */
	assert_lost(r, 1U << i);
	if (i == SCHEMA)
		return;
	assert_int_equal(r->outcome.skipped_chunks, 1);
	assert_int_equal(r->outcome.lost_bytes, s->chunk[i + 1] - s->chunk[i]);
	assert_int_equal(r->outcome.gaps, gap);
	assert_int_equal(r->outcome.cut, i == END && !in_header);
	assert_int_equal(r->outcome.offset, i == END ? s->chunk[END] : s->bytes.len);
	if (!records[i])
		return;
	assert_int_equal(r->outcome.lost_from_ns, i == 1 ? 0 : times[i == 4 ? 2 : i - 1][1]);
	assert_int_equal(r->outcome.lost_to_ns, i == 5 ? 0 : i == 2 ? 1200 : times[i == 1 ? 2 : i + 1][0]);
}

static void a_flipped_bit_costs_its_chunk_and_no_other(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();

	(void)state;
	for (size_t bit = 0; bit < s.bytes.len * 8; bit++) {
		int i = chunk_at(&s, bit / 8);

		s.bytes.p[bit / 8] ^= (char)(1 << bit % 8);

		_cleanup_(reading_release) struct reading r = read_bytes(s.bytes.p, s.bytes.len);

		s.bytes.p[bit / 8] ^= (char)(1 << bit % 8);
		if (bit / 8 < s.header)
			assert_int_equal(r.open_err, -EBADMSG);
		else
			assert_flip(&s, &r, i, bit / 8 < s.chunk[i] + 36);
	}
}

/* Without @len bytes in chunk @i, or with as many more, that chunk is lost and no other. */
static void missing_and_added_bytes_cost_their_chunk_and_no_other(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();

	(void)state;
	for (int i = 1; i < END; i++) {
		for (size_t at = s.chunk[i]; at < s.chunk[i + 1]; at++) {
			_cleanup_(str_release) struct str less = {}, more = {};

			str_add_bytes(&less, s.bytes.p, at);
			str_add_bytes(&more, s.bytes.p, at);
			str_add_bytes(&less, s.bytes.p + at + 1, s.bytes.len - at - 1);
			str_add_bytes(&more, "\x89x", 2);
			str_add_bytes(&more, s.bytes.p + at, s.bytes.len - at);

			_cleanup_(reading_release) struct reading a = read_bytes(less.p, less.len),
								  b = read_bytes(more.p, more.len);

			assert_int_equal(a.run_err, -EBADMSG);
			assert_lost(&a, 1U << i);
			assert_int_equal(b.run_err, -EBADMSG);
			/* Before the chunk they harm nothing. */
			if (at > s.chunk[i])
				assert_lost(&b, 1U << i);
			else
				assert_int_equal(b.outcome.records, NR_RECORDS);
		}
	}
}

/* A chunk's length leads behind the end, since most of it is missing, and others follow it. */
static void a_cut_chunk_in_the_middle_is_no_end(void **state)
{
	_cleanup_(str_release) struct str bytes = {}, cut = {};
	struct record r = {.kind = RECORD_FAILED};
	struct random random = {3};
	char text[4000] = "", expected[160];
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	off_t begin = lseek(fd, 0, SEEK_END), end;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)(1 + random_below(&random, 255));
	RECORD_SET(&r, REASON, reason, text);
	assert_int_equal(sink_put(sink, &r), 0);
	assert_int_equal(file_sink_flush(sink), 0);
	end = lseek(fd, 0, SEEK_END);
	assert_int_equal(put_text((char[]){"tick time_ns=7\n"}, sink), 0);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	lseek(fd, 0, SEEK_SET);
	add_fd(&bytes, fd);
	close(fd);
	str_add_bytes(&cut, bytes.p, (size_t)begin + 100);
	str_add_bytes(&cut, bytes.p + end, bytes.len - (size_t)end);
	assert_true(cut.len < (size_t)end);

	_cleanup_(reading_release) struct reading got = read_bytes(cut.p, cut.len);

	snprintf(expected, sizeof(expected),
		 "'x.pt': recording is damaged: the chunk of %lld bytes at byte %lld is lost: the file ends at "
		 "byte %zu",
		 (long long)(end - begin), (long long)begin, cut.len);
	assert_int_equal(got.run_err, -EBADMSG);
	assert_string_equal(got.outcome.problem, expected);
	assert_string_equal(str_text(&got.lines), "tick time_ns=7\n");
	assert_int_equal(got.outcome.lost_bytes, 100);
	assert_false(got.outcome.cut);
}

static void two_gaps_are_one_range(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();

	(void)state;
	s.bytes.p[s.chunk[2] + 40] ^= 1;
	s.bytes.p[s.chunk[4] + 5] ^= 1;

	_cleanup_(reading_release) struct reading r = read_bytes(s.bytes.p, s.bytes.len);

	assert_lost(&r, 1U << 2 | 1U << 4);
	assert_int_equal(r.outcome.skipped_chunks, 2);
	assert_int_equal(r.outcome.gaps, 2);
	assert_int_equal(r.outcome.lost_bytes, s.chunk[3] - s.chunk[2] + s.chunk[5] - s.chunk[4]);
	assert_int_equal(r.outcome.lost_from_ns, 1100);
	assert_int_equal(r.outcome.lost_to_ns, 1310);
	/* Nothing is behind the second one. */
	s.bytes.p[s.chunk[4] + 5] ^= 1;
	s.bytes.p[s.chunk[5] + 5] ^= 1;

	_cleanup_(reading_release) struct reading last = read_bytes(s.bytes.p, s.bytes.len);

	assert_lost(&last, 1U << 2 | 1U << 5);
	assert_int_equal(last.outcome.lost_from_ns, 1100);
	assert_int_equal(last.outcome.lost_to_ns, 0);
}

static void a_bad_chunk_is_named_with_its_place(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	char expected[160];

	(void)state;
	s.bytes.p[s.chunk[4] + 40] ^= 1;

	_cleanup_(reading_release) struct reading payload = read_bytes(s.bytes.p, s.bytes.len);

	s.bytes.p[s.chunk[4] + 40] ^= 1;
	s.bytes.p[s.chunk[4]] ^= 1;

	_cleanup_(reading_release) struct reading mark = read_bytes(s.bytes.p, s.bytes.len);

	snprintf(expected, sizeof(expected),
		 "'x.pt': recording is damaged: the chunk of %zu bytes at byte %zu is lost: its checksum is wrong",
		 s.chunk[5] - s.chunk[4], s.chunk[4]);
	assert_string_equal(payload.outcome.problem, expected);
	snprintf(expected, sizeof(expected),
		 "'x.pt': recording is damaged: %zu bytes at byte %zu are lost: there is no chunk",
		 s.chunk[5] - s.chunk[4], s.chunk[4]);
	assert_string_equal(mark.outcome.problem, expected);
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
	assert_lost(&r, 0);
}

/* After a power cut a file may have its new length already, and zeros there. */
static void zeros_at_the_end_are_named(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	char expected[160];

	(void)state;
	memset(s.bytes.p + s.chunk[4], 0, s.bytes.len - s.chunk[4]);

	_cleanup_(reading_release) struct reading r = read_bytes(s.bytes.p, s.bytes.len);

	snprintf(expected, sizeof(expected),
		 "'x.pt': recording is damaged: %zu bytes at byte %zu are lost: there is no chunk, and none follows",
		 s.bytes.len - s.chunk[4], s.chunk[4]);
	assert_int_equal(r.run_err, -EBADMSG);
	assert_string_equal(r.outcome.problem, expected);
	assert_int_equal(r.outcome.records, 5);
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
	assert_int_equal(file_source_new(bytes_fd(s.bytes.p, s.bytes.len), "x.pt", NULL, &source, NULL), 0);
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
		cmocka_unit_test(a_flipped_bit_costs_its_chunk_and_no_other),
		cmocka_unit_test(missing_and_added_bytes_cost_their_chunk_and_no_other),
		cmocka_unit_test(a_cut_chunk_in_the_middle_is_no_end),
		cmocka_unit_test(two_gaps_are_one_range),
		cmocka_unit_test(a_bad_chunk_is_named_with_its_place),
		cmocka_unit_test(a_chunk_that_is_missing_is_seen_at_the_end),
		cmocka_unit_test(what_follows_the_end_is_not_lost_silently),
		cmocka_unit_test(zeros_at_the_end_are_named),
		cmocka_unit_test(a_sink_that_stops_is_not_a_problem_of_the_recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
