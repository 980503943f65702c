/*
 * cmd/: the program as its user meets it: one file a command, and what commands share. main.c parses and
 * dispatches; options.c holds the one table of options, from which come parsing, help and the test of the manual
 * page; trace.c runs a source into the ledger, a file and a view; fail.c is the only place that speaks on stderr.
 * What a command does is decided below this room: here it is only put together.
 *
 * cmd.h: the commands.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/util.h"

struct options;

/* Exit statuses. With a command behind -- it is the command's own instead. */
enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_LOST = 3,	  /* done, but events were lost */
	STATUS_HOLDS = 4,	  /* done, and a condition of --fail-if holds, or --fail found a leak */
	STATUS_INTERRUPTED = 130, /* nothing was shown or written */
};

/* Bits for the `commands` column of the table of options. */
enum command_bit {
	COMMAND_TOP = 1 << 0,
	COMMAND_EVENTS = 1 << 1,
	COMMAND_RECORD = 1 << 2,
	COMMAND_REPORT = 1 << 3,
	COMMAND_RUNTIMES = 1 << 4,
	COMMAND_EXPLAIN = 1 << 5,
	COMMAND_DOCTOR = 1 << 6,
	COMMAND_EXPORT = 1 << 7,
	COMMAND_DIFF = 1 << 8,
	COMMAND_MERGE = 1 << 9,
	COMMAND_SYMBOLIZE = 1 << 10,
	COMMAND_LEAKS = 1 << 11,
	COMMAND_ALL = (1 << 12) - 1,
};

enum file_argument { FILE_NONE, FILE_NEEDED, FILE_OPTIONAL /* else it traces */, FILE_TWO, FILE_MANY };

struct command {
	const char *name;
	const char *arguments; /* of the usage line, after the options; "" if none */
	const char *summary;   /* one line */
	enum command_bit bit;
	enum file_argument takes_file; /* its arguments: recordings */
	bool takes_command; /* a command to run, after -- */
	int (*run)(const struct options *o);
};

/* Ends with a name that is NULL; the first is the default. */
extern const struct command commands[];

/* Run a command; each returns an exit status and has said why when it is not 0. */
int cmd_top(const struct options *o);
int cmd_events(const struct options *o);
int cmd_record(const struct options *o);
int cmd_report(const struct options *o);
int cmd_explain(const struct options *o);
int cmd_leaks(const struct options *o);
int cmd_diff(const struct options *o);
int cmd_export(const struct options *o);
int cmd_merge(const struct options *o);
int cmd_symbolize(const struct options *o);
int cmd_runtimes(const struct options *o);
int cmd_doctor(const struct options *o);

#endif
