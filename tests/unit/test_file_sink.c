/* stream/file.h: the sink, where it may write, and what it does when it cannot. */
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"

/* A path in a folder that is made for the test. */
struct folder {
	char path[64], file[96];
};

static int make_folder(void **state)
{
	struct folder *f = xcalloc(1, sizeof(*f));

	strcpy(f->path, "/tmp/test_file.XXXXXX");
	if (!mkdtemp(f->path))
		return -1;
	snprintf(f->file, sizeof(f->file), "%s/run.pt", f->path);
	*state = f;
	return 0;
}

static int remove_folder(void **state)
{
	struct folder *f = *state;
	int err;

	unlink(f->file);
	err = rmdir(f->path);
	free(f);
	return err;
}

static void a_tick_is_in_the_file_as_soon_as_it_is_put(void **state)
{
	static const char text[] = "free time_ns=5\ntick time_ns=7\n";
	_cleanup_(str_release) struct str lines = {};
	struct source *source = text_source_new(text, sizeof(text) - 1);
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	struct file_outcome outcome;

	(void)state;
	assert_int_equal(source->run(source, sink), 0);
	source->free(source);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(read_text_lines(fd, &lines, &outcome), 0);
	assert_string_equal(str_text(&lines), text);
	assert_true(outcome.cut);
	file_sink_close(sink, NULL);
}

static void records_are_written_when_they_are_many(void **state)
{
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	struct record r = {.kind = RECORD_DETACH};
	off_t before = lseek(fd, 0, SEEK_END);

	(void)state;
	for (int i = 0; i < 65535; i++)
		assert_int_equal(sink_put(sink, &r), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), before);
	assert_int_equal(sink_put(sink, &r), 0);
	assert_true(lseek(fd, 0, SEEK_END) > before);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	close(fd);
}

static void records_are_written_when_they_are_large(void **state)
{
	int fd = bytes_fd("", 0), nr = 0;
	struct sink *sink = sink_of(dup(fd));
	struct record r = {.kind = RECORD_DETACH};
	off_t before = lseek(fd, 0, SEEK_END);
	char text[65537] = "";

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	RECORD_SET(&r, REASON, reason, text);
	for (; lseek(fd, 0, SEEK_END) == before; nr++) {
		/* The same text would be there once. */
		text[nr] = 'y';
		assert_int_equal(sink_put(sink, &r), 0);
	}
	assert_int_equal(nr, 64);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	close(fd);
}

/* Of the records themselves: what is played back is cut as it was. */
static void records_are_written_when_they_are_a_second_old(void **state)
{
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	struct record r = {.kind = RECORD_TICK};
	off_t before = lseek(fd, 0, SEEK_END);

	(void)state;
	RECORD_SET(&r, INTERVAL_NS, interval_ns, 500);
	RECORD_SET(&r, TIME_NS, time_ns, 5000);
	assert_int_equal(sink_put(sink, &r), 0);
	RECORD_SET(&r, TIME_NS, time_ns, 5000 + 999999999);
	assert_int_equal(sink_put(sink, &r), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), before);
	RECORD_SET(&r, TIME_NS, time_ns, 5000 + 1000000000);
	assert_int_equal(sink_put(sink, &r), 0);
	assert_true(lseek(fd, 0, SEEK_END) > before);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	close(fd);
}

static void records_are_written_by_the_clock_when_none_follows(void **state)
{
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	struct record r = {.kind = RECORD_DETACH};
	off_t before = lseek(fd, 0, SEEK_END), then;
	/* Younger, older, and of before the clock was set back. */
	const int64_t ages[] = {0, NS_PER_SEC, -(int64_t)(3600 * NS_PER_SEC)};

	(void)state;
	assert_int_equal(sink_idle(sink), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
		uint64_t begin = units_wall_ns();

		RECORD_SET(&r, TIME_NS, time_ns, begin - (uint64_t)ages[i]);
		assert_int_equal(sink_put(sink, &r), 0);
		assert_int_equal(lseek(fd, 0, SEEK_END), before);
		assert_int_equal(sink_idle(sink), 0);
		then = lseek(fd, 0, SEEK_END);
		/* If this took a second, the first one is older. */
		if (units_wall_ns() - begin < NS_PER_SEC)
			assert_int_equal(then > before, i > 0);
		assert_int_equal(file_sink_flush(sink), 0);
		before = lseek(fd, 0, SEEK_END);
	}
	assert_int_equal(file_sink_close(sink, NULL), 0);
	close(fd);
}

static void a_text_that_is_too_long_is_refused_alone(void **state)
{
	_cleanup_(str_release) struct str lines = {};
	char *text = xcalloc((2 << 20) + 2, 1);
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	struct record tick = {.kind = RECORD_TICK}, r = {.kind = RECORD_FAILED};
	struct file_outcome outcome;

	(void)state;
	memset(text, 'a', (2 << 20) + 1);
	RECORD_SET(&r, REASON, reason, text);
	assert_int_equal(sink_put(sink, &r), -EMSGSIZE);
	text[2 << 20] = '\0';
	for (int f = 0; f < FIELD_NR; f++)
		if (field_descs[f].type == FIELD_TYPE_TEXT)
			record_set_text(&r, (enum field)f, text);
	assert_int_equal(sink_put(sink, &r), 0);
	assert_int_equal(sink_put(sink, &tick), 0);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(read_text_lines(fd, &lines, &outcome), 0);
	assert_int_equal(outcome.records, 2);
	assert_true(lines.len > (size_t)8 * (2 << 20));
	free(text);
}

static void a_full_and_slow_pipe_gets_every_byte(void **state)
{
	_cleanup_(str_release) struct str lines = {};
	struct random random = {23};
	struct file_outcome outcome;
	struct sink *sink;
	int ends[2], status;
	pid_t child;

	(void)state;
	/* A small, non-blocking buffer: writes are short, or EAGAIN. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &(int){4096}, sizeof(int)), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		close(ends[1]);
		sink = sink_of(ends[0]);
		for (int i = 0; i < 5003; i++) {
			struct record r = random_record(&random);

			if (sink_put(sink, &r))
				_exit(1);
			record_release(&r);
		}
		_exit(file_sink_close(sink, NULL) ? 2 : 0);
	}
	close(ends[0]);
	assert_int_equal(read_text_lines(ends[1], &lines, &outcome), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(outcome.records, 5003);
	assert_string_equal(outcome.problem, "");
}

static void a_full_disk_at_the_begin_is_an_error_of_opening(void **state)
{
	struct sink *sink = NULL;
	struct diag d = {};

	(void)state;
	assert_int_equal(file_sink_open("/dev/full", &(struct file_sink_options){}, &sink, &d), -ENOSPC);
	assert_null(sink);
	assert_string_equal(d.text, "cannot write the recording '/dev/full': No space left on device");
}

/* The disk gets full later: the descriptor is exchanged for that of /dev/full. */
static void a_full_disk_is_told_once_and_again_at_the_end(void **state)
{
	_cleanup_(str_release) struct str lines = {};
	struct record tick = {.kind = RECORD_TICK};
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), fd = bytes_fd("", 0), inner = dup(fd);
	struct sink *sink = sink_of(inner);
	struct file_outcome outcome;
	struct diag d = {};

	(void)state;
	assert_int_equal(sink_put(sink, &tick), 0);
	assert_true(dup2(full, inner) == inner);
	assert_int_equal(sink_put(sink, &tick), -ENOSPC);
	assert_int_equal(sink_put(sink, &tick), 0);
	assert_int_equal(file_sink_flush(sink), 0);
	assert_int_equal(file_sink_close(sink, &d), -ENOSPC);
	assert_string_equal(d.text, "cannot write the recording 'x.pt': No space left on device");
	close(full);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(read_text_lines(fd, &lines, &outcome), 0);
	assert_string_equal(str_text(&lines), "tick\n");
	assert_true(outcome.cut);
}

static void a_reader_that_has_gone_is_an_error(void **state)
{
	struct record tick = {.kind = RECORD_TICK};
	struct sink *sink;
	struct diag d = {};
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	sink = sink_of(ends[1]);
	close(ends[0]);
	assert_int_equal(sink_put(sink, &tick), -EPIPE);
	assert_int_equal(sink_put(sink, &tick), 0);
	assert_int_equal(file_sink_close(sink, &d), -EPIPE);
	assert_string_equal(d.text, "cannot write the recording 'x.pt': Broken pipe");
	signal(SIGPIPE, SIG_DFL);
}

static void a_file_that_exists_is_overwritten_with_force_only(void **state)
{
	struct folder *folder = *state;
	struct sink *sink = NULL;
	struct source *source = NULL;
	struct diag d = {};
	struct stat st;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(file_sink_open(folder->file, &(struct file_sink_options){.force = true}, &sink, NULL),
				 0);
		assert_int_equal(file_sink_close(sink, NULL), 0);
	}
	sink = NULL;
	assert_int_equal(file_sink_open(folder->file, &(struct file_sink_options){}, &sink, &d), -EEXIST);
	assert_null(sink);
	assert_non_null(strstr(d.text, "cannot record to '/tmp/test_file."));
	assert_non_null(strstr(d.text, "/run.pt': File exists"));
	assert_string_equal(d.hint, "-f overwrites it");
	assert_int_equal(stat(folder->file, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(st.st_mode & 0133, 0);
	assert_int_equal(file_source_open(folder->file, NULL, &source, NULL), 0);
	assert_int_equal(source->run(source, NULL), 0);
	assert_string_equal(file_source_outcome(source)->problem, "");
	source->free(source);
}

static void what_is_not_a_file_needs_no_force(void **state)
{
	struct sink *sink = NULL;
	struct diag d = {};

	(void)state;
	assert_int_equal(file_sink_open("/dev/null", &(struct file_sink_options){}, &sink, &d), 0);
	assert_int_equal(file_sink_close(sink, &d), 0);
	assert_int_equal(file_sink_open("/tmp", &(struct file_sink_options){.force = true}, &sink, &d), -EISDIR);
	assert_string_equal(d.text, "cannot record to '/tmp': Is a directory");
	assert_int_equal(file_sink_open("/nowhere/\033x", &(struct file_sink_options){}, &sink, &d), -ENOENT);
	assert_string_equal(d.text, "cannot record to '/nowhere/\\x1bx': No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tick_is_in_the_file_as_soon_as_it_is_put),
		cmocka_unit_test(records_are_written_when_they_are_many),
		cmocka_unit_test(records_are_written_when_they_are_large),
		cmocka_unit_test(records_are_written_when_they_are_a_second_old),
		cmocka_unit_test(records_are_written_by_the_clock_when_none_follows),
		cmocka_unit_test(a_text_that_is_too_long_is_refused_alone),
		cmocka_unit_test(a_full_and_slow_pipe_gets_every_byte),
		cmocka_unit_test(a_full_disk_at_the_begin_is_an_error_of_opening),
		cmocka_unit_test(a_full_disk_is_told_once_and_again_at_the_end),
		cmocka_unit_test(a_reader_that_has_gone_is_an_error),
		cmocka_unit_test_setup_teardown(a_file_that_exists_is_overwritten_with_force_only, make_folder,
						remove_folder),
		cmocka_unit_test(what_is_not_a_file_needs_no_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
