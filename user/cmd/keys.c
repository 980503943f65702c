#include "cmd/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { ESCAPE = 27, ESCAPE_MS = 50 };

static const struct {
	const char *bytes;
	int key;
} sequences[] = {
	{"\033[C", KEY_RIGHT}, {"\033OC", KEY_RIGHT}, {"\033[D", KEY_LEFT}, {"\033OD", KEY_LEFT},
};

static void set_up(const struct keys *k)
{
	struct termios t = k->old;

	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	tcsetattr(k->fd, TCSADRAIN, &t);
}

bool keys_open(struct keys *k)
{
	*k = (struct keys){.fd = open("/dev/tty", O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
	/* In the background the terminal is another's: setting it up would stop us. */
	if (k->fd >= 0 && tcgetpgrp(k->fd) == getpgrp() && !tcgetattr(k->fd, &k->old)) {
		set_up(k);
		return true;
	}
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
	return false;
}

void keys_release(struct keys *k)
{
	if (k->fd < 0)
		return;
	if (tcgetpgrp(k->fd) == getpgrp())
		tcsetattr(k->fd, TCSADRAIN, &k->old);
	close(k->fd);
	k->fd = -1;
}

void keys_resume(struct keys *k)
{
	if (k->fd >= 0 && tcgetpgrp(k->fd) == getpgrp())
		set_up(k);
}

void keys_give_back(void)
{
	int before = errno;
	struct termios t;

	if (!tcgetattr(STDOUT_FILENO, &t)) {
		t.c_lflag |= ICANON | ECHO;
		tcsetattr(STDOUT_FILENO, TCSANOW, &t);
	}
	errno = before;
}

static void read_more(struct keys *k, int timeout_ms)
{
	struct pollfd p = {.fd = k->fd, .events = POLLIN};
	ssize_t n;

	if (timeout_ms && poll(&p, 1, timeout_ms) <= 0)
		return;
	n = read(k->fd, k->bytes + k->nr, sizeof(k->bytes) - k->nr);
	if (n > 0)
		k->nr += (size_t)n;
}

static int take(struct keys *k, size_t nr, int key)
{
	k->nr -= nr;
	memmove(k->bytes, k->bytes + nr, k->nr);
	return key;
}

/* Bytes of the escape sequence that begins there: ESC, [ or O, parameters, and a last one. 0: it is not whole. */
static size_t sequence_length(const struct keys *k)
{
	size_t i = 2;

	if (k->nr < 2)
		return 0;
	if (k->bytes[1] != '[' && k->bytes[1] != 'O')
		return 1;
	while (i < k->nr && (k->bytes[i] < 0x40 || k->bytes[i] > 0x7e))
		i++;
	if (i < k->nr)
		return i + 1;
	/* So long a one is none. */
	return k->nr == sizeof(k->bytes) ? k->nr : 0;
}

static int take_sequence(struct keys *k)
{
	size_t len = sequence_length(k);

	/* What is sent as one may come in parts; a key Escape comes alone. */
	if (!len) {
		read_more(k, ESCAPE_MS);
		len = sequence_length(k);
	}
	if (len <= 1)
		return take(k, len ? len : k->nr, ESCAPE);
	for (size_t i = 0; i < ARRAY_SIZE(sequences); i++)
		if (strlen(sequences[i].bytes) == len && !memcmp(sequences[i].bytes, k->bytes, len))
			return take(k, len, sequences[i].key);
	return take(k, len, KEY_OTHER);
}

int keys_next(struct keys *k)
{
	if (k->fd < 0)
		return KEY_NONE;
	if (!k->nr)
		read_more(k, 0);
	if (!k->nr)
		return KEY_NONE;
	if (k->bytes[0] == ESCAPE)
		return take_sequence(k);
	return take(k, 1, k->bytes[0] < 128 && k->bytes[0] ? k->bytes[0] : KEY_OTHER);
}
