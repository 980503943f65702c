/*
 * options.h: what the user asked for. One table (options.c) describes every option: name, letter, argument, the
 * commands that take it and its help; parsing, `--help` and the test of the manual page read that table.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "base/diag.h"
#include "base/moment.h"
#include "base/str.h"
#include "base/vec.h"
#include "cmd/cmd.h"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

enum check { CHECK_ON, CHECK_OFF };

/* Of tables; from BY_LINE on by the stacks of allocations. */
enum by { BY_CHIP, BY_MESH, BY_LINE, BY_OP, BY_FUNCTION, BY_FILE, BY_STACK };

/* Which instructions are probed, as the words of --sites. */
enum sites_mode { SITES_CHOSEN, SITES_ENTRY };

/* When functions of stacks get their names, as the words of --symbols. */
enum symbols_when { SYMBOLS_NOW, SYMBOLS_LATER };

enum layer { LAYER_OUTER, LAYER_ALL };

/* Of `diff`; from DIFF_BY_LINE on by the stacks of allocations. */
enum diff_by { DIFF_BY_POOL, DIFF_BY_SIZE, DIFF_BY_LABEL, DIFF_BY_LINE, DIFF_BY_OP, DIFF_BY_FUNCTION, DIFF_BY_FILE, DIFF_BY_STACK };

/* Of `leaks`. */
enum leaks_by { LEAKS_BY_LINE, LEAKS_BY_OP, LEAKS_BY_FUNCTION, LEAKS_BY_FILE, LEAKS_BY_STACK };

/* What is listed first, as the words of --sort. */
enum sort { SORT_SIZE, SORT_ASKED, SORT_AGE, SORT_NEW };

/* Of --speed: thousandths of the time that it took. */
enum { SPEED_NORMAL = 1000, SPEED_LEAST = 1, SPEED_MOST = 1000000 };
#define SPEED_MAX UINT64_MAX /* as fast as it can be read */

enum { OPTIONS_PIDS = 1024, OPTIONS_SIZE_LEAST = 64 << 10 /* a recording of less says nothing */ };
#define OPTIONS_RING_LEAST_NS 1000000000ULL

typedef VEC(const char *) texts;

/* Texts belong to argv. */
struct options {
	const struct command *command;
	VEC(int) pids;	      /* as given, each once */
	uint64_t interval_ns; /* 0: not given */
	uint64_t count;	      /* 0: no limit */
	int tick_fd, status_fd; /* -1: none */
	bool once, wait, force, follow;
	int check;  /* enum check */
	int attach; /* enum attach_mode */
	int sites;  /* enum sites_mode */
	uint64_t ring_bytes; /* 0: the default */
	texts names;
	texts runtime_files, check_files;
	texts libraries;
	const char *print; /* name of a runtime; NULL: not given */
	texts pools, devices; /* of --pool and --device: what they name is known later (names.h) */
	bool asked, bytes, no_delta, wide, tree, json;
	int by;	   /* enum by */
	int stacks; /* enum session_stacks */
	bool stacks_given;
	int symbols; /* enum symbols_when */
	uint64_t stacks_budget; /* bytes a second; 0: the default */
	int layer; /* enum layer */
	int diff_by; /* enum diff_by */
	int leaks_by; /* enum leaks_by */
	const char *suppressions; /* a file; NULL: none */
	bool fail;
	int to;	     /* enum export_to; -1: not given */
	int sample;  /* enum export_sample; -1: not given */
	texts fail_if;
	texts own;	  /* of --own: patterns of source files */
	texts recordings; /* of a command that takes many files; `recording` is the first */
	texts debug_dirs; /* of --debug-dir */
	texts shifts;	  /* of --shift */
	uint64_t duration_ns, max_size; /* of a recording; 0: no limit */
	bool ring;			/* with at least one of these: */
	uint64_t ring_ns, ring_limit;
	texts triggers;
	bool no_children, quiet;
	struct moment at, from, until; /* of a recording; MOMENT_NONE: not given */
	uint64_t speed;	  /* thousandths, or SPEED_MAX; 0: not given */
	uint64_t most;	  /* of --top; 0: not given */
	int sort;	  /* enum sort */
	int color; /* enum color */
	const char *output;    /* -o; NULL: none */
	const char *recording; /* -r, or the argument of a command that takes a file; NULL: none */
	const char *other;     /* the second argument of a command that takes two files; NULL: none */
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
