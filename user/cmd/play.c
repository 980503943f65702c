#include "cmd/play.h"

#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* A record that is no tick is let through so much too early, so that not each of many is waited for. */
#define EARLY_NS (10 * NS_PER_MS)

enum { PASSED_AT_ONCE = 1 << 16, ESCAPE = 27, BACKSPACE = 8, DELETE = 127 };

static void rebase(struct play *p)
{
	p->base_wall_ns = units_monotonic_ns();
	p->base_ns = p->now_ns;
}

void play_init(struct play *p, const struct options *o, int stop_fd, bool keys)
{
	sigset_t mask;

	*p = (struct play){.keys.fd = -1, .size_fd = -1, .stop_fd = stop_fd, .begin_ns = UINT64_MAX, .end_ns = UINT64_MAX};
	p->can_rewind = o->recording && recording_is_file(o->recording);
	p->stays = p->can_rewind && !o->follow;
	p->speed = o->speed ? o->speed : keys && p->stays ? SPEED_NORMAL : SPEED_MAX;
	if (!keys)
		return;
	p->late = o->follow && !o->from.kind;
	keys_open(&p->keys);
	sigemptyset(&mask);
	sigaddset(&mask, SIGWINCH);
	sigprocmask(SIG_BLOCK, &mask, &p->old_mask);
	p->size_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p->keys.fd >= 0 && p->stays && !recording_end(o->recording, &p->end_ns))
		p->end_ns = UINT64_MAX;
}

void play_release(struct play *p)
{
	keys_release(&p->keys);
	if (p->size_fd < 0)
		return;
	close(p->size_fd);
	p->size_fd = -1;
	sigprocmask(SIG_SETMASK, &p->old_mask, NULL);
}

void play_rewound(struct play *p)
{
	p->rewind = false;
	p->rewound = p->rewind_ns;
	p->ended = false;
	p->ticks = 0;
	p->passed = 0;
}

static void say(struct play *p, const char *text)
{
	snprintf(p->message, sizeof(p->message), "%s", text);
}

/* Far enough behind @time_ns that some tick before the goal is seen, which changes are against. */
static void rewind_to(struct play *p, uint64_t time_ns)
{
	uint64_t before_ns = p->interval_ns ? 3 * p->interval_ns : NS_PER_SEC;

	p->rewind = true;
	p->rewind_ns = time_ns > before_ns ? time_ns - before_ns : 0;
}

static void go_back_to(struct play *p, uint64_t tick)
{
	p->goal_tick = tick;
	p->paused = true;
	rewind_to(p, p->tick_ns);
}

static void key_pause(struct play *p)
{
	p->paused = !p->paused;
	rebase(p);
}

static void key_forward(struct play *p)
{
	p->paused = true;
	if (p->ended)
		say(p, "this is the last one");
	else
		p->goal_tick = (p->goal_tick ? p->goal_tick : p->ticks) + 1;
}

static void key_back(struct play *p)
{
	/* Each press counts, also one on the way to where the one before leads. */
	uint64_t from = p->goal_tick ? p->goal_tick : p->tick;

	if (from <= p->first_tick)
		say(p, "this is the first one");
	else if (!p->can_rewind)
		say(p, "a pipe does not go back");
	else
		go_back_to(p, from - 1);
}

static void key_faster(struct play *p)
{
	if (p->speed != SPEED_MAX)
		p->speed = p->speed * 2 > SPEED_MOST ? SPEED_MAX : p->speed * 2;
	rebase(p);
}

static void key_slower(struct play *p)
{
	p->speed = p->speed == SPEED_MAX ? SPEED_MOST : p->speed / 2;
	p->speed = p->speed < SPEED_LEAST ? SPEED_LEAST : p->speed;
	rebase(p);
}

static void key_go(struct play *p)
{
	p->prompting = true;
	p->nr_typed = 0;
	p->typed[0] = '\0';
}

static void key_help(struct play *p)
{
	p->help = !p->help;
}

static void key_switch(struct play *p)
{
	if (p->can_switch)
		p->switched = !p->switched;
	else
		say(p, "--by line, op, function, file or stack has another table");
}

static void key_quit(struct play *p)
{
	p->quit = true;
}

static const struct {
	int key;
	void (*press)(struct play *p);
} presses[] = {
	{' ', key_pause},  {'.', key_forward}, {KEY_RIGHT, key_forward}, {',', key_back}, {KEY_LEFT, key_back},
	{'>', key_faster}, {'+', key_faster},  {'<', key_slower},	 {'-', key_slower}, {'g', key_go},
	{'?', key_help},   {'h', key_help},    {'b', key_switch},	 {'q', key_quit},
};

/* What was typed behind "go to". */
static void go(struct play *p)
{
	struct moment m;
	uint64_t first, last;

	p->prompting = false;
	if (!p->nr_typed)
		return;
	if (moment_parse(p->typed, &m)) {
		say(p, "no time: 14:05:03, +12.5s, -3s are");
		return;
	}
	if (moment_resolve(&m, p->begin_ns, p->end_ns, &first, &last) || last < p->begin_ns ||
	    (p->end_ns != UINT64_MAX && first > p->end_ns)) {
		say(p, "the recording has no such time");
		return;
	}
	if ((p->ended || first <= p->now_ns) && !p->can_rewind) {
		say(p, "a pipe does not go back");
		return;
	}
	p->paused = true;
	p->goal_ns = first ? first : 1;
	if (p->ended || first <= p->now_ns)
		rewind_to(p, p->goal_ns);
}

static void type(struct play *p, int key)
{
	if (key == '\n' || key == '\r') {
		go(p);
	} else if (key == ESCAPE) {
		p->prompting = false;
	} else if (key == BACKSPACE || key == DELETE) {
		p->nr_typed -= p->nr_typed > 0;
		p->typed[p->nr_typed] = '\0';
	} else if (key >= ' ' && key < DELETE && p->nr_typed + 1 < sizeof(p->typed)) {
		p->typed[p->nr_typed++] = (char)key;
		p->typed[p->nr_typed] = '\0';
	}
}

static void press(struct play *p, int key)
{
	p->message[0] = '\0';
	if (p->prompting) {
		type(p, key);
		return;
	}
	/* Any key ends the help, those that do something as well. */
	if (p->help && key != '?' && key != 'h')
		p->help = false;
	for (size_t i = 0; i < ARRAY_SIZE(presses); i++)
		if (presses[i].key == key)
			presses[i].press(p);
}

/* Does what is shown stay as it is, but for the status line? */
static bool stays(const struct play *p)
{
	return !p->quit && !p->rewind && !p->goal_tick && !p->goal_ns;
}

static void forget_sizes(const struct play *p)
{
	struct signalfd_siginfo info;

	while (read(p->size_fd, &info, sizeof(info)) > 0)
		;
}

/* Wait for a key, for the window to change, or for so long (-1: no limit). */
static int wait_for_keys(struct play *p, int timeout_ms)
{
	struct pollfd fds[] = {
		{.fd = p->stop_fd, .events = POLLIN}, {.fd = p->keys.fd, .events = POLLIN}, {.fd = p->size_fd, .events = POLLIN}};
	int n = p->keys.nr ? 0 : poll(fds, ARRAY_SIZE(fds), timeout_ms);
	int key;

	if (n < 0 && errno != EINTR)
		return -errno;
	if (n > 0 && fds[0].revents)
		return -ECANCELED;
	if (n < 0)
		keys_resume(&p->keys);
	else if (n > 0 && fds[2].revents)
		forget_sizes(p);
	else if (!p->keys.nr && !(n > 0 && fds[1].revents))
		return 0;
	key = keys_next(&p->keys);
	/* The terminal has gone. */
	if (key == KEY_NONE && n > 0 && fds[1].revents & (POLLHUP | POLLERR))
		return -ECANCELED;
	if (key != KEY_NONE)
		press(p, key);
	if (p->quit || p->rewind)
		return -ECANCELED;
	return stays(p) ? p->show_again(p) : 0;
}

/* When a moment is due, by the monotonic clock. */
static uint64_t due(const struct play *p, uint64_t time_ns)
{
	unsigned __int128 ns = (unsigned __int128)(time_ns - p->base_ns) * SPEED_NORMAL / p->speed + p->base_wall_ns;

	return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

/* How long to wait for a record, in ms: 0: not at all. */
static int time_left(const struct play *p, const struct record *r)
{
	uint64_t early_ns = r->kind == RECORD_TICK ? 0 : EARLY_NS, now_ns, due_ns;

	if (p->paused)
		return -1;
	if (p->speed == SPEED_MAX)
		return 0;
	now_ns = units_monotonic_ns() + early_ns;
	due_ns = due(p, r->time_ns);
	if (due_ns <= now_ns)
		return 0;
	due_ns = (due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
	return due_ns > 60000 ? 60000 : (int)due_ns;
}

int play_before(struct play *p, const struct record *r)
{
	int err = 0;

	if (p->rewind)
		return -ECANCELED;
	if (p->begin_ns == UINT64_MAX) {
		p->begin_ns = p->now_ns = r->time_ns;
		rebase(p);
	}
	/* On the way somewhere, or as fast as can be: only now and then. */
	if (!stays(p) || (p->speed == SPEED_MAX && !p->paused)) {
		if (p->passed++ % PASSED_AT_ONCE == 0 || r->kind == RECORD_TICK)
			err = wait_for_keys(p, 0);
	}
	while (!err && stays(p)) {
		int left_ms = p->tick ? time_left(p, r) : 0; /* the first table is shown at once */

		if (!left_ms)
			break;
		err = wait_for_keys(p, left_ms);
	}
	if (!err)
		p->now_ns = r->time_ns;
	return err;
}

enum play_show play_tick(struct play *p, uint64_t number, uint64_t time_ns, uint64_t interval_ns)
{
	bool too_late = p->rewound && number > p->first_tick && (p->goal_tick ? number >= p->goal_tick : time_ns >= p->goal_ns);

	p->interval_ns = interval_ns;
	p->rewound = false;
	p->ticks = number;
	if (!p->first_tick)
		p->first_tick = p->late ? 1 : number;
	if (too_late) {
		p->rewind = true;
		p->rewind_ns = 0;
		return PLAY_PASS;
	}
	if (p->goal_tick > p->ticks || p->goal_ns > time_ns)
		return p->goal_ns || p->goal_tick == p->ticks + 1 ? PLAY_PREPARE : PLAY_PASS;
	/* It is shown at once: what comes then is due from here on. */
	if (!stays(p) || !p->tick)
		rebase(p);
	p->goal_tick = p->goal_ns = 0;
	p->tick = p->ticks;
	p->tick_ns = time_ns;
	return PLAY_SHOW;
}

int play_idle(struct play *p)
{
	return p->rewind ? -ECANCELED : wait_for_keys(p, 0);
}

int play_end(struct play *p)
{
	int err;

	if (p->rewind)
		return -ECANCELED;
	/* There was no tick so late: the last one is meant. */
	if ((p->goal_tick || p->goal_ns) && p->ticks && p->can_rewind) {
		p->goal_ns = 0;
		go_back_to(p, p->ticks);
		return -ECANCELED;
	}
	if (p->keys.fd < 0 || !p->tick || !p->stays)
		return 0;
	p->ended = p->paused = true;
	err = p->show_again(p);
	while (!err)
		err = wait_for_keys(p, -1);
	return p->quit ? 0 : err;
}

/* "2:12.5", "1:02:12.5" */
static void add_position(struct str *out, uint64_t ns)
{
	uint64_t seconds = ns / NS_PER_SEC;

	if (seconds >= 3600)
		str_addf(out, "%" PRIu64 ":%02u", seconds / 3600, (unsigned int)(seconds / 60 % 60));
	else
		str_addf(out, "%u", (unsigned int)(seconds / 60));
	str_addf(out, ":%02u.%u", (unsigned int)(seconds % 60), (unsigned int)(ns % NS_PER_SEC / (100 * NS_PER_MS)));
}

static void add_speed(struct str *out, uint64_t speed)
{
	if (speed == SPEED_MAX)
		str_add(out, "max");
	else if (speed % SPEED_NORMAL)
		str_addf(out, "%u.%03ux", (unsigned int)(speed / SPEED_NORMAL), (unsigned int)(speed % SPEED_NORMAL));
	else
		str_addf(out, "%ux", (unsigned int)(speed / SPEED_NORMAL));
}

/* @part, if there is room for it. */
static void add_part(struct str *out, const struct str *part, unsigned int columns)
{
	size_t used = str_columns(str_text(out));

	if (columns && used + (used ? 2 : 0) + str_columns(str_text(part)) > columns)
		return;
	str_add(out, used ? "  " : "");
	str_add(out, str_text(part));
}

void play_add_status(const struct play *p, struct str *out, unsigned int columns)
{
	struct str parts[5] = {};

	if (p->prompting) {
		str_addf(out, "go to: %s_", p->typed);
		str_add(&parts[0], "(14:05:03, +12.5s or -3s)");
		add_part(out, &parts[0], columns);
		str_release(&parts[0]);
		return;
	}
	add_position(&parts[0], p->tick ? p->tick_ns - p->begin_ns : 0);
	if (p->end_ns != UINT64_MAX) {
		str_add(&parts[0], " / ");
		add_position(&parts[0], p->end_ns - p->begin_ns);
	}
	str_add(&parts[1], p->message[0] ? p->message : p->ended ? "end" : p->paused ? "paused" : "playing");
	add_speed(&parts[2], p->speed);
	str_add(&parts[3], p->keys.fd >= 0 ? "? keys" : "");
	str_addf(&parts[4], "table %" PRIu64, p->tick);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (parts[i].len)
			add_part(out, &parts[i], columns);
		str_release(&parts[i]);
	}
}

void play_add_help(struct str *out)
{
	str_add(out, "blank         pause, and go on\n"
		     ". or Right    one table forward\n"
		     ", or Left     one table back\n"
		     "> or +        twice as fast\n"
		     "< or -        half as fast\n"
		     "g             go to a time: 14:05:03, +12.5s, -3s\n"
		     "b             with --by line and its like: the table of the pools, and back\n"
		     "? or h        these keys\n"
		     "q             the end\n");
}
