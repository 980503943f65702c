/* stream/file.h: reading a recording while it is being written. */
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int put_text(void *text, struct sink *to)
{
	struct source *source = text_source_new(text, strlen(text));
	int err = source->run(source, to);

	source->free(source);
	return err;
}

/* The bytes of a recording of three ticks, and where the chunk of each begins and ends. */
struct sample {
	struct str bytes;
	size_t tick[4];
};

static struct sample sample_new(void)
{
	int fd = bytes_fd("", 0);
	struct sink *sink = sink_of(dup(fd));
	struct sample s = {};
	char text[32];

	for (int i = 0; i < 3; i++) {
		s.tick[i] = (size_t)lseek(fd, 0, SEEK_END);
		snprintf(text, sizeof(text), "tick time_ns=%d\n", i + 1);
		assert_int_equal(put_text(text, sink), 0);
	}
	s.tick[3] = (size_t)lseek(fd, 0, SEEK_END);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	lseek(fd, 0, SEEK_SET);
	add_fd(&s.bytes, fd);
	close(fd);
	return s;
}

static void sample_release(struct sample *s)
{
	str_release(&s->bytes);
}

/* How a follower ends. */
enum { WHOLE = 10, STOPPED, CUT, SHORTER, REFUSED, OTHER };

/* Another process that follows the file: it sends the time of each tick that it is given, and `i` whenever it waits. */
struct follower {
	pid_t pid;
	int says, stop; /* read and written by the test */
	uint64_t ticks; /* the sum of their times */
};

struct teller {
	struct sink sink;
	int to;
	bool refuses;
};

static int tell(struct sink *sink, const struct record *r)
{
	char byte = (char)('0' + r->time_ns);

	return write(((struct teller *)sink)->to, &byte, 1) == 1 ? 0 : -EIO;
}

static int tell_idle(struct sink *sink)
{
	struct teller *t = (struct teller *)sink;

	if (t->refuses)
		return -ECANCELED;
	return write(t->to, "i", 1) == 1 ? 0 : -EIO;
}

static int follow(const char *path, int to, int stop_fd, bool refuses)
{
	const struct file_source_options options = {.follow = true, .stop_fd = stop_fd};
	struct teller teller = {{.put = tell, .idle = tell_idle}, to, refuses};
	struct source *source = NULL;
	const struct file_outcome *o;
	int err, how = OTHER;

	if (file_source_open(path, &options, &source, NULL))
		return OTHER;
	err = source->run(source, &teller.sink);
	o = file_source_outcome(source);
	if (!err && !o->cut && !o->problem[0])
		how = o->stopped ? STOPPED : WHOLE;
	else if (!err && o->cut && strstr(o->problem, "it became shorter while it was read"))
		how = SHORTER;
	else if (!err && o->cut && strstr(o->problem, "its writer was killed"))
		how = CUT;
	else if (err == -ECANCELED && !o->problem[0])
		how = REFUSED;
	source->free(source);
	return how;
}

/* @other: a descriptor that it must not have, or -1. */
static struct follower follower_new(const char *path, bool refuses, int other)
{
	struct follower f = {};
	int says[2], stop[2];

	assert_int_equal(pipe2(says, O_CLOEXEC), 0);
	assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
	f.pid = fork();
	assert_true(f.pid >= 0);
	if (!f.pid) {
		close(stop[1]);
		closep(&other);
		_exit(follow(path, says[1], stop[0], refuses));
	}
	close(says[1]);
	close(stop[0]);
	f.says = says[0];
	f.stop = stop[1];
	return f;
}

/* Read what it says until it has waited twice: the second time it began to wait after this was called. */
static void await_idle(struct follower *f)
{
	int idle = 0;
	char byte;

	while (idle < 2) {
		assert_int_equal(read(f->says, &byte, 1), 1);
		if (byte == 'i')
			idle++;
		else
			f->ticks += (uint64_t)(byte - '0');
	}
}

static int follower_end(struct follower *f)
{
	int status;
	char byte;

	while (read(f->says, &byte, 1) == 1)
		f->ticks += byte == 'i' ? 0 : (uint64_t)(byte - '0');
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	close(f->says);
	if (f->stop >= 0)
		close(f->stop);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A file that has a name, of the first @len bytes of a sample. */
static int file_of(const struct sample *s, size_t len, char path[static 64])
{
	int fd = bytes_fd(s->bytes.p, len);

	assert_true(fd >= 0);
	snprintf(path, 64, "/proc/%d/fd/%d", getpid(), fd);
	assert_int_equal(lseek(fd, 0, SEEK_END), len);
	return fd;
}

static void append(int fd, const struct sample *s, size_t from, size_t to)
{
	assert_int_equal(write(fd, s->bytes.p + from, to - from), to - from);
}

/* Cut anywhere in a chunk, header or payload: a follower waits for its rest, and ends at the recording's end. */
static void followers_get_what_comes_and_wait_for_the_rest_of_a_chunk(void **state)
{
	static const size_t cuts[] = {1, 20, 36, 40};
	_cleanup_(sample_release) struct sample s = sample_new();
	struct follower followers[ARRAY_SIZE(cuts)];
	int fds[ARRAY_SIZE(cuts)];
	char path[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		fds[i] = file_of(&s, s.tick[1], path);
		followers[i] = follower_new(path, false, -1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		await_idle(&followers[i]);
		assert_int_equal(followers[i].ticks, 1);
		append(fds[i], &s, s.tick[1], s.tick[1] + cuts[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		await_idle(&followers[i]);
		assert_int_equal(followers[i].ticks, 1);
		append(fds[i], &s, s.tick[1] + cuts[i], s.tick[2]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		await_idle(&followers[i]);
		assert_int_equal(followers[i].ticks, 3);
		append(fds[i], &s, s.tick[2], s.bytes.len);
		assert_int_equal(follower_end(&followers[i]), WHOLE);
		assert_int_equal(followers[i].ticks, 6);
		close(fds[i]);
	}
}

static void any_number_may_follow_one_file(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	struct follower followers[5];
	char path[64];
	int fd = file_of(&s, s.tick[1], path);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(followers); i++)
		followers[i] = follower_new(path, false, -1);
	for (size_t i = 0; i < ARRAY_SIZE(followers); i++)
		await_idle(&followers[i]);
	append(fd, &s, s.tick[1], s.bytes.len);
	for (size_t i = 0; i < ARRAY_SIZE(followers); i++) {
		assert_int_equal(follower_end(&followers[i]), WHOLE);
		assert_int_equal(followers[i].ticks, 6);
	}
	close(fd);
}

/* At the end of a chunk, in a header, in a payload. */
static void a_follower_can_be_stopped(void **state)
{
	static const size_t behind[] = {0, 5, 50};
	_cleanup_(sample_release) struct sample s = sample_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(behind); i++) {
		char path[64];
		int fd = file_of(&s, s.tick[1] + behind[i], path);
		struct follower f = follower_new(path, false, -1);

		await_idle(&f);
		close(f.stop);
		f.stop = -1;
		assert_int_equal(follower_end(&f), STOPPED);
		assert_int_equal(f.ticks, 1);
		close(fd);
	}
}

static void a_file_that_becomes_shorter_is_no_longer_followed(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	char path[64];
	int fd = file_of(&s, s.tick[2], path);
	struct follower f = follower_new(path, false, -1);

	(void)state;
	await_idle(&f);
	assert_int_equal(ftruncate(fd, (off_t)s.tick[1]), 0);
	assert_int_equal(follower_end(&f), SHORTER);
	assert_int_equal(f.ticks, 3);
	close(fd);
}

static void who_waits_can_end_it(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	char path[64];
	int fd = file_of(&s, s.tick[1], path);
	struct follower f = follower_new(path, true, -1);

	(void)state;
	assert_int_equal(follower_end(&f), REFUSED);
	assert_int_equal(f.ticks, 1);
	close(fd);
}

/* A pipe is waited for without being asked, up to its end: who waits is told that nothing comes, and can be stopped. */
static void a_pipe_is_followed_as_it_is(void **state)
{
	_cleanup_(sample_release) struct sample s = sample_new();
	char path[64];
	int ends[2];

	(void)state;
	for (int how = WHOLE; how <= CUT; how++) {
		struct follower f;

		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), ends[0]);
		append(ends[1], &s, 0, s.tick[1] + 7);
		f = follower_new(path, false, ends[1]);
		await_idle(&f);
		assert_int_equal(f.ticks, 1);
		if (how == WHOLE)
			append(ends[1], &s, s.tick[1] + 7, s.bytes.len);
		if (how == CUT)
			append(ends[1], &s, s.tick[1] + 7, s.tick[2]);
		if (how == STOPPED) {
			close(f.stop);
			f.stop = -1;
			assert_int_equal(follower_end(&f), how);
		}
		close(ends[1]);
		if (how != STOPPED)
			assert_int_equal(follower_end(&f), how);
		assert_int_equal(f.ticks, how == WHOLE ? 6 : how == CUT ? 3 : 1);
		close(ends[0]);
	}
}

/* It begins with the last checkpoint that is there, and goes on with what comes. */
static void a_follower_may_begin_late(void **state)
{
	const struct file_source_options options = {.follow = true, .stop_fd = -1};
	_cleanup_(str_release) struct str lines = {};
	struct file_sink_options o = {.force = true};
	struct source *source = NULL;
	struct text_sink text;
	struct sink *sink = NULL;
	char path[] = "/tmp/test_file_follow.XXXXXX";

	(void)state;
	close(mkstemp(path));
	assert_int_equal(file_sink_open(path, &o, &sink, NULL), 0);
	assert_int_equal(put_text((char[]){"tick time_ns=1\n"}, sink), 0);
	assert_int_equal(file_sink_checkpoint(sink, put_text, (char[]){"block address=7\n"}), 0);
	text_sink_init(&text, &lines);
	assert_int_equal(file_source_open(path, &options, &source, NULL), 0);
	assert_int_equal(file_source_begin_at(source, 5), 0);
	assert_int_equal(put_text((char[]){"tick time_ns=2\n"}, sink), 0);
	assert_int_equal(file_sink_close(sink, NULL), 0);
	assert_int_equal(source->run(source, &text.sink), 0);
	assert_string_equal(file_source_outcome(source)->problem, "");
	assert_string_equal(str_text(&lines), "checkpoint time_ns=1 reason=begin\nblock address=7\n"
					      "checkpoint time_ns=1 reason=end\ntick time_ns=2\n");
	source->free(source);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(followers_get_what_comes_and_wait_for_the_rest_of_a_chunk),
		cmocka_unit_test(any_number_may_follow_one_file),
		cmocka_unit_test(a_follower_can_be_stopped),
		cmocka_unit_test(a_file_that_becomes_shorter_is_no_longer_followed),
		cmocka_unit_test(who_waits_can_end_it),
		cmocka_unit_test(a_pipe_is_followed_as_it_is),
		cmocka_unit_test(a_follower_may_begin_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
