/* stream/file.h: how much memory a recording can make its reader take, and what becomes of one that has no room. */
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* AddressSanitizer has it; its header is not in every package. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
					      void (*on_free)(const volatile void *));

enum {
	/* What a reader has in any case: its buffer, zstd's state, a decoder. No file makes it more. */
	ALWAYS = 256 << 10,
};

/* The largest allocation since it was last 0. */
static size_t largest;

static void on_malloc(const volatile void *p, size_t bytes)
{
	(void)p;
	if (bytes > largest)
		largest = bytes;
}

static void on_free(const volatile void *p)
{
	(void)p;
}

static int count_nothing(struct sink *sink, const struct record *r)
{
	(void)sink;
	(void)r;
	return 0;
}

/* The largest allocation while @fd is read; @at: to begin at the end. */
static size_t largest_of(int fd, bool at)
{
	struct sink sink = {.put = count_nothing};
	struct source *source = NULL;

	largest = 0;
	if (!file_source_new(fd, "x.pt", NULL, &source, NULL)) {
		if (at)
			assert_int_equal(file_source_begin_at(source, UINT64_MAX), 0);
		source->run(source, &sink);
		source->free(source);
	}
	return largest;
}

/* A pipe from which all of @bytes can be read: another process writes them. */
static int pipe_of(const struct str *bytes, pid_t *ret)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	*ret = fork();
	assert_true(*ret >= 0);
	if (!*ret) {
		close(ends[0]);
		_exit(write(ends[1], bytes->p, bytes->len) == (ssize_t)bytes->len ? 0 : 1);
	}
	close(ends[1]);
	return ends[0];
}

static void assert_no_more_than_there_is(const struct str *bytes)
{
	pid_t writer;
	int status;

	assert_in_range(largest_of(bytes_fd(bytes->p, bytes->len), false), 1, bytes->len + ALWAYS);
	assert_in_range(largest_of(bytes_fd(bytes->p, bytes->len), true), 1, bytes->len + ALWAYS);
	/* Of a pipe nobody knows what comes: as much again as has come. */
	assert_in_range(largest_of(pipe_of(bytes, &writer), false), 1, 2 * bytes->len + ALWAYS);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
}

/* A chunk's header that promises @len bytes. */
static void add_promise(struct str *s, uint32_t type, uint32_t len, uint64_t checksum)
{
	size_t begin = s->len;

	str_add_bytes(s, "\x89PTC", 4);
	add_le(s, type, 4);
	add_le(s, len, 4);
	add_le(s, 1, 4);
	add_le(s, 0, 8);
	add_le(s, checksum, 8);
	add_le(s, XXH3_64bits(s->p + begin, 32), 4);
}

static void add_begin(struct str *s)
{
	static const char schema[] = "\x01\x00\x04tick\x01\x00\x01\x00\x07time_ns";

	add_header(s, 2, 2, "1.2.3");
	add_chunk(s, (struct says){.type = 1}, schema, sizeof(schema) - 1);
}

/* 64 MiB are promised, and some bytes are there, fewer or more than the buffer has at first. */
static void a_length_takes_no_more_memory_than_its_bytes(void **state)
{
	static const size_t there[] = {0, 1, 1000, 70000, 1000000, 5000000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(there); i++) {
		for (uint32_t type = 1; type <= 6; type++) {
			_cleanup_(str_release) struct str bytes = {};
			char *zeros = xcalloc(there[i] + 1, 1);

			add_begin(&bytes);
			add_promise(&bytes, type, 64 << 20, 7);
			str_add_bytes(&bytes, zeros, there[i]);
			assert_no_more_than_there_is(&bytes);
			free(zeros);
		}
	}
}

/* A frame is opened when its checksum is right, not before. */
static void a_frame_takes_memory_when_its_checksum_is_right(void **state)
{
	const size_t size = 60 << 20, bound = ZSTD_compressBound(size);
	char *zeros = xcalloc(size, 1), *frame = xmalloc(bound);
	size_t len = ZSTD_compress(frame, bound, zeros, size, 1);
	_cleanup_(str_release) struct str wrong = {}, right = {};

	(void)state;
	add_begin(&wrong);
	add_promise(&wrong, 2, (uint32_t)len, 7);
	str_add_bytes(&wrong, frame, len);
	assert_no_more_than_there_is(&wrong);
	add_begin(&right);
	add_chunk(&right, (struct says){.type = 2, .records = 1}, frame, len);
	assert_int_equal(largest_of(bytes_fd(right.p, right.len), false), size);
	free(zeros);
	free(frame);
}

/* An index and an end that lead to a chunk, or promise one, that is larger than the file. */
static void an_index_takes_no_more_memory_than_its_bytes(void **state)
{
	_cleanup_(str_release) struct str bytes = {}, entries = {}, large = {};
	size_t at;

	(void)state;
	add_begin(&bytes);
	at = bytes.len;
	add_promise(&bytes, 5, 64 << 20, 7);
	add_end_chunk(&bytes, 0, at);
	assert_no_more_than_there_is(&bytes);

	/* A million chunks in a few bytes. */
	add_begin(&large);
	at = large.len;
	add_same(&entries, 1 << 20, 2), add_same(&entries, 1 << 20, 4);
	add_same(&entries, 1 << 20, 0), add_same(&entries, 1 << 20, 1);
	add_frame_chunk(&large, (struct says){.type = 5}, entries.p, entries.len);
	add_end_chunk(&large, 0, at);
	assert_no_more_than_there_is(&large);
}

/* What a chunk says it has, in few bytes, is limited by what a writer writes at most: 8 MiB of numbers or texts. */
static void few_bytes_take_little_memory(void **state)
{
	static const char schema[] = "\x01\x01\x05" "alloc" "\x02\x00\x02\x00\x05" "arena" "\x00\x03\x00\x07" "address";
	const size_t limit = 32 << 20;
	_cleanup_(str_release) struct str texts = {}, content = {}, same = {}, rows = {};
	char *zeros = xcalloc(1 << 20, 1);

	(void)state;
	add_begin(&texts);
	add_varint(&content, 1);
	add_varint(&content, 1 << 20);
	add_varint(&content, 1 << 20);
	str_add_bytes(&content, zeros, 1 << 20);
	add_frame_chunk(&texts, (struct says){.type = 2, .records = 1}, content.p, content.len);
	assert_in_range(largest_of(bytes_fd(texts.p, texts.len), false), 1 << 20, limit);

	/* 65536 blocks made, each new, in one context, and a group of each row's own. */
	add_header(&same, 2, 2, "1.2.3");
	add_chunk(&same, (struct says){.type = 1}, schema, sizeof(schema) - 1);
	add_varint(&rows, 65536);
	str_add_bytes(&rows, "\x00\x00\x01\x00\x03", 5), add_varint(&rows, 65536);
	add_same(&rows, 65536, 0);
	add_same(&rows, 65536, 0), add_same(&rows, 65536, 0);
	add_same(&rows, 65536, 0), add_same(&rows, 65536, 2);
	add_frame_chunk(&same, (struct says){.type = 2, .records = 65536}, rows.p, rows.len);
	assert_in_range(largest_of(bytes_fd(same.p, same.len), false), 1, limit);
	free(zeros);
}

/* ---- no room ---- */

/* Write ticks, a chunk each, into a file that has @limit bytes at most. Returns how many were put; -1: no error came. */
static int fill(int fd, rlim_t limit)
{
	const struct rlimit rlimit = {limit, limit};
	struct record tick = {.kind = RECORD_TICK};
	struct sink *sink = NULL;
	int nr = 0, err;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &rlimit))
		return -1;
	if (file_sink_new(dup(fd), "x.pt", &header, &sink, NULL))
		return 0;
	for (err = 0; !err && nr < 100; nr++) {
		RECORD_SET(&tick, TIME_NS, time_ns, 1000U + (unsigned)nr);
		err = sink_put(sink, &tick);
	}
	/* Told once, and at the end; nothing more is written. */
	if (err != -EFBIG || sink_put(sink, &tick) || file_sink_flush(sink) || sink_idle(sink) ||
	    file_sink_checkpoint(sink, NULL, NULL) || file_sink_wants_checkpoint(sink))
		return -1;
	return file_sink_close(sink, NULL) == -EFBIG ? nr : -1;
}

static void what_was_written_before_the_disk_was_full_is_readable(void **state)
{
	(void)state;
	for (rlim_t limit = 1; limit < 3000; limit += 37) {
		_cleanup_(reading_release) struct reading r = {};
		_cleanup_(str_release) struct str bytes = {};
		int fd = bytes_fd("", 0), status;
		pid_t child = fork();
		char expected[64];

		assert_true(child >= 0);
		if (!child)
			_exit(fill(fd, limit) & 0xff);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 100);
		lseek(fd, 0, SEEK_SET);
		add_fd(&bytes, fd);
		close(fd);
		assert_int_equal(bytes.len, limit);
		r = read_bytes(bytes.p, bytes.len);
		if (r.open_err)
			continue;
		/* All but the last one, at which the disk was full. */
		snprintf(expected, sizeof(expected), "recording ends early at byte %lu: ", (unsigned long)limit);
		assert_int_equal(r.run_err, 0);
		assert_non_null(strstr(r.outcome.problem, expected));
		assert_int_equal(r.outcome.records, WEXITSTATUS(status) ? WEXITSTATUS(status) - 1 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_length_takes_no_more_memory_than_its_bytes),
		cmocka_unit_test(a_frame_takes_memory_when_its_checksum_is_right),
		cmocka_unit_test(an_index_takes_no_more_memory_than_its_bytes),
		cmocka_unit_test(few_bytes_take_little_memory),
		cmocka_unit_test(what_was_written_before_the_disk_was_full_is_readable),
	};

	assert_true(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
