/* stream/file.h: checkpoints: who begins late, or behind a gap, begins there. */
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "stream/file_index.h"

static int put_text(void *text, struct sink *to)
{
	struct source *source = text_source_new(text, strlen(text));
	int err = source->run(source, to);

	source->free(source);
	return err;
}

enum { STEPS = 9, NR_CHECKPOINTS = 3 };

/* A chunk with a tick at 100, 200 ... 900, and behind each third one a checkpoint. */
struct sample {
	struct str bytes;
	size_t first;			       /* where the first chunk of records begins */
	size_t checkpoint[NR_CHECKPOINTS + 1]; /* where each begins; the last one: where the index does */
};

static void sample_release(struct sample *s)
{
	str_release(&s->bytes);
}

static struct sample sample_new(void)
{
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	struct sample s = {.first = (size_t)lseek(fd, 0, SEEK_END)};
	char text[64];

	for (int i = 1; i <= STEPS; i++) {
		snprintf(text, sizeof(text), "tick time_ns=%d00\n", i);
		assert_int_equal(put_text(text, sink), 0);
		if (i % 3)
			continue;
		s.checkpoint[i / 3 - 1] = (size_t)lseek(fd, 0, SEEK_END);
		snprintf(text, sizeof(text), "block time_ns=%d address=%d\n", i * 10, i);
		assert_int_equal(file_sink_checkpoint(sink, put_text, text), 0);
	}
	s.checkpoint[NR_CHECKPOINTS] = (size_t)lseek(fd, 0, SEEK_END);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	lseek(fd, 0, SEEK_SET);
	add_fd(&s.bytes, fd);
	close(fd);
	return s;
}

/* What reading gives that begins with checkpoint @number, from 1; 0: at the beginning. */
static void add_expected(struct str *ret, int number)
{
	if (number)
		str_addf(ret,
			 "checkpoint time_ns=%d00 reason=begin\nblock time_ns=%d address=%d\n"
			 "checkpoint time_ns=%d00 reason=end\n",
			 number * 3, number * 30, number * 3, number * 3);
	for (int i = number * 3 + 1; i <= STEPS; i++)
		str_addf(ret, "tick time_ns=%d00\n", i);
}

static struct reading read_from(const struct str *bytes, uint64_t time_ns)
{
	struct reading r = {};
	struct source *source = NULL;
	struct text_sink sink;

	text_sink_init(&sink, &r.lines);
	assert_int_equal(file_source_new(bytes_fd(bytes->p, bytes->len), "x.pt", NULL, &source, NULL), 0);
	assert_int_equal(file_source_begin_at(source, time_ns), 0);
	r.run_err = source->run(source, &sink.sink);
	r.outcome = *file_source_outcome(source);
	source->free(source);
	return r;
}

/* Begins with checkpoint @number, and nothing is wrong but what @problem says. */
static void assert_begins(const struct str *bytes, uint64_t time_ns, int number, const char *problem)
{
	_cleanup_(reading_release) struct reading r = read_from(bytes, time_ns);
	_cleanup_(str_release) struct str expected = {};

	add_expected(&expected, number);
	assert_string_equal(str_text(&r.lines), str_text(&expected));
	assert_int_equal(r.outcome.records, STEPS - number * 3);
	if (!*problem)
		assert_string_equal(r.outcome.problem, "");
	assert_non_null(strstr(r.outcome.problem, problem));
}

static void who_reads_from_the_beginning_sees_no_checkpoint(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	_cleanup_(reading_release) struct reading r = read_bytes(s.bytes.p, s.bytes.len);
	_cleanup_(str_release) struct str expected = {};

	(void)state;
	add_expected(&expected, 0);
	assert_int_equal(r.run_err, 0);
	assert_string_equal(r.outcome.problem, "");
	assert_string_equal(str_text(&r.lines), str_text(&expected));
	assert_int_equal(r.outcome.records, STEPS);
	assert_int_equal(r.outcome.unknown_chunks, 0);
}

static void reading_begins_at_the_last_checkpoint_of_before_a_time(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	_cleanup_(str_release) struct str cut = {};

	(void)state;
	str_add_bytes(&cut, s.bytes.p, s.checkpoint[NR_CHECKPOINTS]);
	for (uint64_t time_ns = 0; time_ns < 1300; time_ns += 50) {
		int number = time_ns < 300 ? 0 : time_ns < 600 ? 1 : time_ns < 900 ? 2 : 3;

		assert_begins(&s.bytes, time_ns, number, "");
		/* Without index and end. */
		assert_begins(&cut, time_ns, number, "recording ends early");
	}
	assert_begins(&s.bytes, UINT64_MAX, 3, "");
}

/* By the index what is before a checkpoint is not touched; without it nothing but headers is. */
static void only_what_is_needed_is_read(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	_cleanup_(str_release) struct str cut = {};

	(void)state;
	str_add_bytes(&cut, s.bytes.p, s.checkpoint[NR_CHECKPOINTS]);
	for (size_t at = s.first; at < s.checkpoint[2];) {
		uint32_t len = (unsigned char)cut.p[at + 8];

		memset(cut.p + at + 36, 0xff, len);
		at += 36 + len;
	}
	memset(s.bytes.p + s.first, 0xff, s.checkpoint[2] - s.first);
	assert_begins(&s.bytes, 1000, 3, "");
	assert_begins(&cut, 1000, 3, "recording ends early");
}

static void a_damaged_checkpoint_is_passed_over_for_the_one_before(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();

	(void)state;
	for (int last = 2; last >= 0; last--) {
		/* One bit of its payload, then also of its header. */
		s.bytes.p[s.checkpoint[last] + 38] ^= 1;
		assert_begins(&s.bytes, 950, last, "is lost: its checksum is wrong");
		s.bytes.p[s.checkpoint[last] + 9] ^= 1;

		_cleanup_(reading_release) struct reading r = read_from(&s.bytes, 950);
		_cleanup_(str_release) struct str expected = {};

		add_expected(&expected, last);
		assert_string_equal(str_text(&r.lines), str_text(&expected));
	}
}

/* Bits of index and end, and an index that names places where nothing is: it is a help, and the headers are there. */
static void an_index_that_is_wrong_is_not_believed(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();

	(void)state;
	for (size_t bit = s.checkpoint[NR_CHECKPOINTS] * 8; bit < s.bytes.len * 8; bit++) {
		s.bytes.p[bit / 8] ^= (char)(1 << bit % 8);
		assert_begins(&s.bytes, 700, 2, "recording is damaged");
		s.bytes.p[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (int wrong = -1; wrong < 4; wrong++) {
		_cleanup_(str_release) struct str lie = {}, index = {};
		/* One that is right; a place where no chunk is; a chunk of another type; another time; more types than places. */
		uint64_t at = s.checkpoint[1] + (wrong == 0) - (wrong == 1) * 40, time_ns = wrong == 2 ? 601 : 600;

		str_add_bytes(&lie, s.bytes.p, s.checkpoint[NR_CHECKPOINTS]);
		add_same(&index, 1, at * 2);
		add_same(&index, wrong == 3 ? 2 : 1, 4);
		add_same(&index, 1, time_ns * 2);
		add_same(&index, 1, 1);
		add_frame_chunk(&lie, (struct says){.type = 5}, index.p, index.len);
		add_end_chunk(&lie, STEPS, s.checkpoint[NR_CHECKPOINTS]);
		/* The right one names one checkpoint, the headers all three. */
		assert_begins(&lie, 1000, wrong < 0 ? 2 : 3, "");
	}
}

static void too_many_chunks_have_no_index(void **state)
{
	_cleanup_(str_release) struct str s = {};
	struct file_index_view view = {};
	struct file_index index = {};
	struct file_chunk c = {.type = FILE_CHUNK_RECORDS}, got;
	size_t nr = 0;

	(void)state;
	for (; nr < 1 << 20; nr++) {
		c.at = nr * 100;
		c.records = nr % 7;
		file_index_put(&index, &c);
	}
	assert_true(file_index_add(&s, &index));
	assert_int_equal(file_index_read((struct file_bytes){s.p, s.p + s.len}, &view), 0);
	for (nr = 0; file_index_next(&view, &got); nr++) {
		assert_int_equal(got.at, nr * 100);
		assert_int_equal(got.records, nr % 7);
	}
	assert_int_equal(nr, 1 << 20);
	file_index_put(&index, &c);
	assert_false(file_index_add(&s, &index));
	file_index_view_release(&view);
	file_index_release(&index);
}

static void a_pipe_has_one_beginning(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	struct source *source = NULL;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], s.bytes.p, s.bytes.len), s.bytes.len);
	close(ends[1]);
	assert_int_equal(file_source_new(ends[0], "x.pt", NULL, &source, NULL), 0);
	assert_int_equal(file_source_begin_at(source, 500), -ESPIPE);
	source->free(source);
}

static void the_first_format_has_one_beginning(void **state)
{
	struct keeper got = {.sink.put = keeper_put};
	struct source *source = NULL;

	(void)state;
	assert_int_equal(file_source_open("tests/fuzz/corpus/file/first.pt", NULL, &source, NULL), 0);
	assert_int_equal(file_source_begin_at(source, UINT64_MAX), 0);
	assert_int_equal(source->run(source, &got.sink), 0);
	assert_int_equal(got.records.nr, 7);
	source->free(source);
	keeper_release(&got);
}

/* More records than one chunk has. */
static int put_many(void *context, struct sink *to)
{
	struct record r = {.kind = RECORD_BLOCK};
	int err = 0;

	for (uint64_t i = 0; i < *(uint64_t *)context && !err; i++) {
		RECORD_SET(&r, ADDRESS, address, i * 32);
		err = sink_put(to, &r);
	}
	return err;
}

/* The chunks of the recording that large() makes. */
static const struct {
	uint32_t type;
	uint64_t time_ns;
} parts[] = {{1, 0}, {2, 100}, {4 | 0x100, 100}, {4 | 0x300, 100}, {4 | 0x200, 100}, {2, 200}, {5, 0}, {3, 0}};

enum { FIRST_TICK = 1, FIRST_PART, NR_BLOCKS = 140001 };

/* A tick, a checkpoint in three parts, another tick. In @at is where each chunk begins. */
static void large(struct str *bytes, size_t at[static ARRAY_SIZE(parts) + 1])
{
	uint64_t nr = NR_BLOCKS;
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));

	assert_int_equal(put_text((char[]){"tick time_ns=100\n"}, sink), 0);
	assert_int_equal(file_sink_checkpoint(sink, put_many, &nr), 0);
	assert_int_equal(put_text((char[]){"tick time_ns=200\n"}, sink), 0);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	lseek(fd, 0, SEEK_SET);
	add_fd(bytes, fd);
	close(fd);
	at[0] = (unsigned char)bytes->p[18];
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const unsigned char *p = (unsigned char *)bytes->p + at[i];

		assert_int_equal(p[4] | p[5] << 8, parts[i].type);
		assert_int_equal(p[16], parts[i].time_ns);
		at[i + 1] = at[i] + 36 + (size_t)(p[8] | p[9] << 8 | p[10] << 16);
	}
	assert_int_equal(at[ARRAY_SIZE(parts)], bytes->len);
}

static void a_large_checkpoint_has_parts(void **state)
{
	size_t at[ARRAY_SIZE(parts) + 1];
	_cleanup_(str_release) struct str bytes = {};
	struct keeper got = {.sink.put = keeper_put};
	struct source *source = NULL;

	(void)state;
	large(&bytes, at);
	assert_int_equal(file_source_new(bytes_fd(bytes.p, bytes.len), "x.pt", NULL, &source, NULL), 0);
	assert_int_equal(file_source_begin_at(source, 150), 0);
	assert_int_equal(source->run(source, &got.sink), 0);
	source->free(source);
	assert_int_equal(got.records.nr, NR_BLOCKS + 3);
	assert_int_equal(got.records.items[0].kind, RECORD_CHECKPOINT);
	for (uint64_t i = 0; i < NR_BLOCKS; i++)
		assert_int_equal(got.records.items[1 + i].address, i * 32);
	assert_int_equal(got.records.items[NR_BLOCKS + 1].kind, RECORD_CHECKPOINT);
	assert_int_equal(got.records.items[NR_BLOCKS + 2].time_ns, 200);
	keeper_release(&got);
}

/* What is delivered, by kind, and which of it in a gap. */
struct counter {
	struct sink sink;
	const struct source *source;
	unsigned begins, blocks, ends, ticks, in_gap;
	uint64_t counted; /* by the source */
};

static int count(struct sink *sink, const struct record *r)
{
	struct counter *c = (struct counter *)sink;
	bool checkpoint = r->kind == RECORD_CHECKPOINT;

	c->begins += checkpoint && !strcmp(r->reason, "begin");
	c->ends += checkpoint && !strcmp(r->reason, "end");
	c->blocks += r->kind == RECORD_BLOCK;
	c->ticks += r->kind == RECORD_TICK;
	c->in_gap += r->kind == RECORD_TICK && file_source_in_gap(c->source);
	return 0;
}

static struct counter count_bytes(const struct str *bytes)
{
	struct counter c = {.sink.put = count};
	struct source *source = NULL;

	assert_int_equal(file_source_new(bytes_fd(bytes->p, bytes->len), "x.pt", NULL, &source, NULL), 0);
	c.source = source;
	assert_false(file_source_in_gap(source));
	assert_int_equal(source->run(source, &c.sink), -EBADMSG);
	c.counted = file_source_outcome(source)->records;
	source->free(source);
	return c;
}

/* Behind a gap; one of the checkpoint's parts is damaged in its header or payload. */
static void a_checkpoint_without_a_part_has_no_end(void **state)
{
	size_t at[ARRAY_SIZE(parts) + 1];
	_cleanup_(str_release) struct str bytes = {};
	struct counter c;

	(void)state;
	large(&bytes, at);
	bytes.p[at[FIRST_TICK] + 40] ^= 1;
	c = count_bytes(&bytes);
	assert_int_equal(c.begins, 1);
	assert_int_equal(c.blocks, NR_BLOCKS);
	assert_int_equal(c.ends, 1);
	assert_int_equal(c.ticks, 1);
	assert_int_equal(c.in_gap, 0);
	for (int part = 0; part < 3; part++) {
		for (size_t byte = 6; byte < 50; byte += 34) {
			bytes.p[at[FIRST_PART + part] + byte] ^= 1;
			c = count_bytes(&bytes);
			bytes.p[at[FIRST_PART + part] + byte] ^= 1;
			assert_int_equal(c.begins, part ? 1 : 0);
			assert_true(c.blocks < NR_BLOCKS && !c.blocks == !part);
			assert_int_equal(c.ends, 0);
			assert_int_equal(c.ticks, 1);
			assert_int_equal(c.in_gap, 1);
		}
	}
}

static int put_and_fail(void *context, struct sink *to)
{
	int err = put_many(context, to);

	return err ? err : -ENOMEM;
}

/* What it has put, also in a part of its own, is none, and nothing of it is in what follows. */
static void a_checkpoint_that_fails_is_none(void **state)
{
	static const char text[] = "block time_ns=5 address=7\n";

	(void)state;
	for (uint64_t nr = 3; nr < 200000; nr += 100000) {
		_cleanup_(str_release) struct str bytes = {};
		int fd = bytes_fd("", 0);
		struct sink *sink = sink_of(dup(fd));

		assert_int_equal(put_text((char[]){"tick time_ns=100\n"}, sink), 0);
		assert_int_equal(file_sink_checkpoint(sink, put_and_fail, &nr), -ENOMEM);
		assert_int_equal(file_sink_checkpoint(sink, put_text, (void *)(uintptr_t)text), 0);
		assert_int_equal(put_text((char[]){"tick time_ns=200\n"}, sink), 0);
		assert_int_equal(file_sink_close(sink, NULL), 0);
		lseek(fd, 0, SEEK_SET);
		add_fd(&bytes, fd);
		close(fd);

		_cleanup_(reading_release) struct reading late = read_from(&bytes, 150);
		_cleanup_(reading_release) struct reading all = read_bytes(bytes.p, bytes.len);

		assert_string_equal(str_text(&late.lines),
				    "checkpoint time_ns=100 reason=begin\nblock time_ns=5 address=7\n"
				    "checkpoint time_ns=100 reason=end\ntick time_ns=200\n");
		assert_string_equal(late.outcome.problem, "");
		assert_string_equal(str_text(&all.lines), "tick time_ns=100\ntick time_ns=200\n");
		assert_string_equal(all.outcome.problem, "");
	}
}

/* A checkpoint of which a part has not come yet, then something else. */
static void a_checkpoint_that_was_not_finished_is_named_where_it_is_needed(void **state)
{
	uint64_t nr = 70000;
	_cleanup_(str_release) struct str bytes = {};
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	off_t begin = lseek(fd, 0, SEEK_END);

	(void)state;
	assert_int_equal(put_text((char[]){"tick time_ns=100\n"}, sink), 0);
	assert_int_equal(file_sink_checkpoint(sink, put_and_fail, &nr), -ENOMEM);
	assert_int_equal(put_text((char[]){"tick time_ns=200\n"}, sink), 0);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	lseek(fd, 0, SEEK_SET);
	add_fd(&bytes, fd);
	close(fd);

	_cleanup_(reading_release) struct reading whole = read_from(&bytes, 250);

	assert_string_equal(str_text(&whole.lines), "tick time_ns=100\ntick time_ns=200\n");
	bytes.p[begin + 40] ^= 1;

	struct counter c = count_bytes(&bytes);

	assert_int_equal(c.begins, 1);
	assert_int_equal(c.ends, 0);
	assert_int_equal(c.in_gap, 1);
	assert_int_equal(c.counted, 1);
}

static int put_nothing(void *context, struct sink *to)
{
	(void)context;
	(void)to;
	return 0;
}

static void tick(struct sink *sink, uint64_t time_ns)
{
	struct record r = {.kind = RECORD_TICK};

	RECORD_SET(&r, TIME_NS, time_ns, time_ns);
	RECORD_SET(&r, INTERVAL_NS, interval_ns, 1);
	assert_int_equal(sink_put(sink, &r), 0);
}

static void a_checkpoint_is_due_after_a_minute(void **state)
{
	const uint64_t second = 1000000000, t = 1795348800 * second;
	struct sink *sink = sink_of(bytes_fd("", 0));

	(void)state;
	assert_false(file_sink_wants_checkpoint(sink));
	tick(sink, t);
	/* Nothing was written yet. */
	assert_false(file_sink_wants_checkpoint(sink));
	tick(sink, t + 60 * second - 1);
	assert_false(file_sink_wants_checkpoint(sink));
	tick(sink, t + 60 * second);
	assert_true(file_sink_wants_checkpoint(sink));
	assert_int_equal(file_sink_checkpoint(sink, put_nothing, NULL), 0);
	for (uint64_t i = 61; i < 120; i++) {
		assert_false(file_sink_wants_checkpoint(sink));
		tick(sink, t + i * second);
	}
	assert_false(file_sink_wants_checkpoint(sink));
	tick(sink, t + 120 * second);
	assert_true(file_sink_wants_checkpoint(sink));
	assert_int_equal(file_sink_close(sink, NULL), 0);
}

/* Nothing that can be compressed. */
static int put_state(void *context, struct sink *to)
{
	struct random *random = context;
	char text[20001] = "";
	struct record r = {.kind = RECORD_STATE};

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)(1 + random_below(random, 255));
	RECORD_SET(&r, TIME_NS, time_ns, 1);
	RECORD_SET(&r, NAME, name, "large");
	RECORD_SET(&r, TAG, tag, text);
	return sink_put(to, &r);
}

/* Where little happens, checkpoints are a small part of the recording all the same. */
static void a_large_checkpoint_is_due_when_more_was_written(void **state)
{
	const uint64_t second = 1000000000, t = 1795348800 * second;
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	struct random random = {1};
	off_t end;

	(void)state;
	tick(sink, t);
	assert_int_equal(file_sink_checkpoint(sink, put_state, &random), 0);
	end = lseek(fd, 0, SEEK_CUR);
	assert_true(end > 20000);
	for (uint64_t i = 1; !file_sink_wants_checkpoint(sink); i++)
		tick(sink, t + i * second);
	assert_true(lseek(fd, 0, SEEK_CUR) - end >= 8 * 20000);
	assert_true(lseek(fd, 0, SEEK_CUR) - end < 9 * 20000);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	close(fd);
}

/* Records whose texts nothing can compress. Returns the bytes that were written. */
static off_t put_noise(struct sink *sink, int fd, struct random *random, size_t len)
{
	enum { TEXT = 1 << 20 };
	char *text = xcalloc(TEXT + 1, 1);
	struct record r = {.kind = RECORD_FAILED};
	off_t before = lseek(fd, 0, SEEK_END);

	RECORD_SET(&r, REASON, reason, text);
	for (size_t done = 0; done < len; done += TEXT) {
		for (size_t i = 0; i < TEXT; i++)
			text[i] = (char)(1 + random_below(random, 255));
		assert_int_equal(sink_put(sink, &r), 0);
	}
	assert_int_equal(file_sink_flush(sink), 0);
	free(text);
	return lseek(fd, 0, SEEK_END) - before;
}

static int put_large(void *context, struct sink *to)
{
	struct record r = {.kind = RECORD_FAILED};
	int err;

	RECORD_SET(&r, REASON, reason, context);
	err = sink_put(to, &r);
	return err;
}

static void a_checkpoint_is_due_after_many_bytes(void **state)
{
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	struct random random = {31};
	char *text = xcalloc((1 << 20) + 1, 1);
	off_t size, bytes = 0;

	(void)state;
	bytes = put_noise(sink, fd, &random, 4 << 20);
	assert_true(bytes > 4 << 20);
	assert_true(file_sink_wants_checkpoint(sink));
	for (size_t i = 0; i < 1 << 20; i++)
		text[i] = (char)(1 + random_below(&random, 255));
	size = lseek(fd, 0, SEEK_END);
	assert_int_equal(file_sink_checkpoint(sink, put_large, text), 0);
	size = lseek(fd, 0, SEEK_END) - size;
	assert_true(size > 1 << 20);
	/* Eight times as many are more than 4 MiB. */
	for (bytes = 0; bytes < 8 * size; bytes += put_noise(sink, fd, &random, 1 << 20))
		assert_false(file_sink_wants_checkpoint(sink));
	assert_true(file_sink_wants_checkpoint(sink));
	assert_int_equal(file_sink_close(sink, NULL), 0);
	free(text);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_reads_from_the_beginning_sees_no_checkpoint),
		cmocka_unit_test(reading_begins_at_the_last_checkpoint_of_before_a_time),
		cmocka_unit_test(only_what_is_needed_is_read),
		cmocka_unit_test(a_damaged_checkpoint_is_passed_over_for_the_one_before),
		cmocka_unit_test(an_index_that_is_wrong_is_not_believed),
		cmocka_unit_test(too_many_chunks_have_no_index),
		cmocka_unit_test(a_pipe_has_one_beginning),
		cmocka_unit_test(the_first_format_has_one_beginning),
		cmocka_unit_test(a_large_checkpoint_has_parts),
		cmocka_unit_test(a_checkpoint_without_a_part_has_no_end),
		cmocka_unit_test(a_checkpoint_that_fails_is_none),
		cmocka_unit_test(a_checkpoint_that_was_not_finished_is_named_where_it_is_needed),
		cmocka_unit_test(a_checkpoint_is_due_after_a_minute),
		cmocka_unit_test(a_large_checkpoint_is_due_when_more_was_written),
		cmocka_unit_test(a_checkpoint_is_due_after_many_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
