#include "cmd/output.h"

#include "cmd/fail.h"
#include "cmd/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Synchronised update (terminals that do not know it ignore it), cursor hidden, no wrapping, home; and their ends. */
#define FRAME_BEGIN "\033[?2026h\033[?25l\033[?7l\033[H"
#define FRAME_END "\033[J\033[?7h\033[?2026l"
#define LINE_END "\033[K"
#define CURSOR_SHOW "\033[0m\033[?7h\033[?25h"

/* Only write() and constants: this runs in a signal handler. */
static void show_cursor(void)
{
	if (write(STDOUT_FILENO, CURSOR_SHOW, sizeof(CURSOR_SHOW) - 1) < 0)
		return;
}

static void on_death(int signal)
{
	show_cursor();
	raise(signal); /* SA_RESETHAND: now for real */
}

static void on_suspend(int signal)
{
	(void)signal;
	show_cursor();
	raise(SIGSTOP); /* the next update hides it again */
}

static void on_death_with_keys(int signal)
{
	keys_give_back();
	on_death(signal);
}

static void on_suspend_with_keys(int signal)
{
	keys_give_back();
	on_suspend(signal);
}

static void catch_ends(void (*on_end)(int signal), void (*on_stop)(int signal))
{
	static const int deaths[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	struct sigaction death = {.sa_handler = on_end, .sa_flags = SA_RESETHAND | SA_NODEFER};
	struct sigaction suspend = {.sa_handler = on_stop, .sa_flags = SA_RESTART};

	for (size_t i = 0; i < ARRAY_SIZE(deaths); i++)
		sigaction(deaths[i], &death, NULL);
	sigaction(SIGTSTP, &suspend, NULL);
}

static bool wants_color(const struct options *o, bool terminal)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	return terminal && !(no_color && *no_color) && !(term && !strcmp(term, "dumb"));
}

void output_init(struct output *out, const struct options *o, int stop_fd, bool in_place)
{
	const char *term = getenv("TERM");

	*out = (struct output){.fd = STDOUT_FILENO, .stop_fd = stop_fd, .terminal = isatty(STDOUT_FILENO), .name = "stdout"};
	out->in_place = in_place && out->terminal && !o->json && term && strcmp(term, "dumb");
	out->color = wants_color(o, out->terminal);
	if (out->in_place)
		catch_ends(on_death, on_suspend);
}

void output_catch_keys(void)
{
	catch_ends(on_death_with_keys, on_suspend_with_keys);
}

void output_release(struct output *out)
{
	if (out->in_place && out->written)
		show_cursor();
	out->in_place = false;
}

void output_window(const struct output *out, unsigned int *ret_rows, unsigned int *ret_columns)
{
	struct winsize size = {};

	if (!out->in_place || ioctl(out->fd, TIOCGWINSZ, &size))
		size = (struct winsize){};
	*ret_rows = size.ws_row;
	*ret_columns = size.ws_col;
}

unsigned int output_columns(const struct output *out)
{
	struct winsize size = {};

	return out->terminal && !ioctl(out->fd, TIOCGWINSZ, &size) ? size.ws_col : 0;
}

/* Wait until a part of the text can be written without blocking. */
static int wait_writable(const struct output *out)
{
	struct pollfd p[] = {{.fd = out->fd, .events = POLLOUT}, {.fd = out->stop_fd, .events = POLLIN}};

	for (;;) {
		int n = poll(p, ARRAY_SIZE(p), -1);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			continue;
		if (p[0].revents)
			return 0;
		return -ECANCELED;
	}
}

static int write_part(const struct output *out, const char *text, size_t len, size_t *ret_written)
{
	int err = wait_writable(out);
	ssize_t n;

	if (err)
		return err;
	/* A pipe that polls as writable takes PIPE_BUF bytes at once; of more it could block on the rest. */
	n = write(out->fd, text, out->terminal || len < PIPE_BUF ? len : PIPE_BUF);
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		return -errno;
	*ret_written = n < 0 ? 0 : (size_t)n;
	return 0;
}

int output_write(struct output *out, const char *text, size_t len)
{
	while (len && !out->err) {
		size_t n = 0;
		int err = write_part(out, text, len, &n);

		if (err == -ECANCELED)
			return err;
		out->err = err;
		out->written |= n != 0;
		text += n;
		len -= n;
	}
	return out->err;
}

/* Bytes of the escape sequence at @p (ESC [ ... letter), 0 if there is none. */
static size_t escape_length(const char *p)
{
	size_t len;

	if (p[0] != '\033' || p[1] != '[')
		return 0;
	len = 2 + strspn(p + 2, "0123456789;");
	return p[len] ? len + 1 : 0;
}

/* One line without its end: cut, and what was there before cleared. Returns where the line ends. */
static const char *add_line(struct str *frame, const char *p, unsigned int columns)
{
	unsigned int used = 0;

	while (*p && *p != '\n') {
		size_t escape = escape_length(p);

		if (escape) {
			str_add_bytes(frame, p, escape);
			p += escape;
			continue;
		}
		/* A continuation byte belongs to a character that was counted. */
		if ((*p & 0xc0) != 0x80)
			used++;
		if (!columns || used <= columns)
			str_add_char(frame, *p);
		p++;
	}
	/* In the last column the cursor stands on the character that was written there: clearing would erase it. */
	if (!columns || used < columns)
		str_add(frame, LINE_END);
	return p;
}

void output_add_frame(struct str *frame, const char *text, unsigned int rows, unsigned int columns)
{
	unsigned int line = 0;

	str_add(frame, FRAME_BEGIN);
	/* The last row stays free: a line's end there would scroll. */
	while (*text && (!rows || line + 1 < rows)) {
		text = add_line(frame, text, columns);
		str_add(frame, "\r\n");
		text += *text == '\n';
		line++;
	}
	str_add(frame, FRAME_END);
}

int output_update(struct output *out, const struct str *text, bool spaced)
{
	_cleanup_(str_release) struct str s = {};

	if (out->in_place) {
		unsigned int rows, columns;

		output_window(out, &rows, &columns);
		output_add_frame(&s, str_text(text), rows, columns);
	} else {
		if (spaced && out->written)
			str_add(&s, "\n");
		str_add_bytes(&s, str_text(text), text->len);
	}
	return output_write(out, str_text(&s), s.len);
}

void output_reserve(void)
{
	/* Opened the wrong way round: using them is still an error. open() gives the lowest number that is free. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(STATUS_FAILED);
}

int output_text(const char *text)
{
	struct output out = {.fd = STDOUT_FILENO, .stop_fd = -1};
	struct diag d = {};
	int err = output_write(&out, text, strlen(text));

	if (!err || err == -EPIPE)
		return STATUS_DONE;
	diag_errno(&d, err, "cannot write to stdout");
	return fail(&d, STATUS_FAILED);
}

int output_help(const struct options *o)
{
	_cleanup_(str_release) struct str s = {};

	options_add_help(&s, o);
	return output_text(str_text(&s));
}
