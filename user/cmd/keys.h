/*
 * keys.h: keys that are pressed, one at a time and not shown: the terminal is set up for that, and as it was before
 * afterwards, also when the program is stopped or dies.
 */
#ifndef CMD_KEYS_H
#define CMD_KEYS_H

#include "base/util.h"

#include <termios.h>

enum key {
	KEY_NONE,
	/* to 127: characters */
	KEY_LEFT = 256,
	KEY_RIGHT,
	KEY_OTHER, /* of those that send several characters */
};

struct keys {
	int fd; /* readable when a key was pressed; -1: there are none */
	struct termios old;
	unsigned char bytes[32]; /* read, and no key yet */
	size_t nr;
};

/* False: there is no terminal to read from, or it is not ours. */
bool keys_open(struct keys *k);
void keys_release(struct keys *k);
/* The next key; KEY_NONE: none was pressed. */
int keys_next(struct keys *k);
/* After the program was stopped and goes on: the shell has set the terminal up for itself. */
void keys_resume(struct keys *k);
/* In a handler of a signal that ends or stops the program: lines, and what is typed shown, as shells want it. */
void keys_give_back(void);

#endif
