/*
 * play.h: a recording played at the speed at which it happened, or another: when the next record is due, and on a terminal
 * keys that pause, step, change the speed and go elsewhere. Knows nothing of tables: what shows them is told when to.
 */
#ifndef CMD_PLAY_H
#define CMD_PLAY_H

#include "cmd/keys.h"
#include "cmd/trace.h"

enum play_show {
	PLAY_PASS,    /* this tick is on the way: nothing of it is shown */
	PLAY_PREPARE, /* it is the one before that which will be shown, or may be: its changes are against this */
	PLAY_SHOW,
};

enum { PLAY_TYPED = 40 };

struct play {
	struct keys keys;
	int size_fd;	 /* readable when the window's size has changed; -1: none */
	sigset_t old_mask;
	int stop_fd;
	uint64_t speed;	 /* thousandths, or SPEED_MAX */
	bool paused, quit, help, prompting;
	bool can_switch, switched; /* there is another table than that which was asked for; it is wanted */
	bool can_rewind, stays; /* a pipe can be read once; at the end of what is read to its end, the last table stays */
	bool late; /* it did not begin with the recording */
	bool ended;	 /* there is nothing behind what is shown */
	char typed[PLAY_TYPED];
	size_t nr_typed;
	char message[128]; /* until the next key; empty: none */
	uint64_t begin_ns, end_ns; /* of the recording; UINT64_MAX: not known */
	uint64_t now_ns; /* of the last record that was passed on */
	uint64_t ticks;	 /* number of the last that was passed on, from 1 */
	uint64_t first_tick; /* the first that is played */
	uint64_t tick;	 /* the one that is shown; 0: none yet */
	uint64_t tick_ns, interval_ns;
	uint64_t goal_tick, goal_ns; /* to be shown next; 0: none */
	bool rewind;	 /* it lies behind: the recording is to be read anew, */
	uint64_t rewind_ns; /* from a moment that is not after this one */
	bool rewound; /* and no tick has come since */
	uint64_t passed; /* records, on the way there */
	uint64_t base_wall_ns, base_ns; /* when which moment of the recording was due */
	/* Show again what is shown: something that play_add_status() or play_add_help() says has changed, or the window. */
	int (*show_again)(struct play *p);
};

/* @keys: read keys, if there is a terminal. Release it in any case. Set begin_ns if it is known. */
void play_init(struct play *p, const struct options *o, int stop_fd, bool keys);
void play_release(struct play *p);

/*
 * Before the ledger takes @r: wait until it is due. -ECANCELED: the user or a signal ends the run, or it begins anew with
 * `rewind`; or what show_again() returned.
 */
int play_before(struct play *p, const struct record *r);
/* While more is waited for. As play_before(). */
int play_idle(struct play *p);
/* A tick has come, with that number in the recording. @interval_ns: about how far they are apart; 0: not known. */
enum play_show play_tick(struct play *p, uint64_t number, uint64_t time_ns, uint64_t interval_ns);
/* There is no further record: wait for what the user wants. 0: the end; else as play_before(). */
int play_end(struct play *p);
/* The recording is read again, from rewind_ns or before. */
void play_rewound(struct play *p);

/* "paused  0:12.5 / 2:12.0  10x  table 25  ? keys": as much of it as there is room for, in a line without its end. */
void play_add_status(const struct play *p, struct str *out, unsigned int columns);
void play_add_help(struct str *out);

#endif
