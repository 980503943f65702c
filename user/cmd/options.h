/*
 * options.h: what the user asked for. One table (options.c) describes every option: name, letter, argument, the
 * commands that take it and its help; parsing, `--help` and the test of the manual page read that table.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "base/diag.h"
#include "base/str.h"
#include "base/vec.h"
#include "cmd/cmd.h"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

enum check { CHECK_ON, CHECK_OFF };

enum by { BY_CHIP, BY_MESH };

enum { OPTIONS_PIDS = 1024 };

typedef VEC(const char *) texts;

/* Texts belong to argv. */
struct options {
	const struct command *command;
	VEC(int) pids;	      /* as given, each once */
	uint64_t interval_ns; /* 0: not given */
	uint64_t count;	      /* 0: no limit */
	int tick_fd, status_fd; /* -1: none */
	bool once, wait, force;
	int check;  /* enum check */
	int attach; /* enum attach_mode */
	uint64_t ring_bytes; /* 0: the default */
	texts runtime_files;
	texts libraries;
	texts pools, devices; /* of --pool and --device: what they name is known later (names.h) */
	bool asked, bytes, no_delta, wide, json;
	int by;	   /* enum by */
	int color; /* enum color */
	const char *output;    /* -o; NULL: none */
	const char *recording; /* -r, or the argument of a command that takes a file; NULL: none */
	const char *const *child; /* the command after --, ends with NULL; NULL: none */
	bool verbose, help, version;
	bool named; /* the command was named, not implied */
};

/*
 * Parse argv (argv[0] is skipped). -EINVAL: a usage error, @d says which. With help or version set nothing else was
 * checked. The caller calls options_release() in either case.
 */
int options_parse(struct options *o, int argc, char *const *argv, struct diag *d);
void options_release(struct options *o);

/* Help of o->command; of the whole program when no command was named. */
void options_add_help(struct str *out, const struct options *o);

#endif
