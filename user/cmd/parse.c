/* parse.c: argv to struct options, by the table in options.c. */
#include "cmd/calls.h"
#include "cmd/option_table.h"
#include "live/session.h"

#include "live/session.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

enum { ROW_BASE = 256, ROWS = 64, NAME_MAX_LEN = 32 };

/* Rows of the table, a bit each. */
typedef unsigned __int128 row_bits;

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edit distance, swapped neighbours counted once; a name longer than any of ours is near to none. */
static size_t distance(const char *a, size_t a_len, const char *b)
{
	size_t d[NAME_MAX_LEN + 1][NAME_MAX_LEN + 1], b_len = strlen(b);

	if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN)
		return NAME_MAX_LEN;
	for (size_t i = 0; i <= a_len; i++) {
		for (size_t j = 0; j <= b_len; j++) {
			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = least(d[i - 1][j], d[i][j - 1]) + 1;
			d[i][j] = least(d[i][j], d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[a_len][b_len];
}

/* Lower is nearer; nearest is what @word abbreviates. */
static size_t farness(const char *word, size_t len, const char *name)
{
	if (len && !strncmp(word, name, len))
		return 0;
	return distance(word, len, name);
}

static bool is_near(size_t far, size_t len)
{
	return far <= 1 + len / 4;
}

static const struct option_row *row_by_name(const char *name, size_t len)
{
	for (const struct option_row *r = option_rows; r->name; r++)
		if (strlen(r->name) == len && !strncmp(r->name, name, len))
			return r;
	return NULL;
}

/* Commands may have different options of one letter. */
static const struct option_row *row_by_letter(const struct options *o, char letter)
{
	const struct option_row *found = NULL;

	for (const struct option_row *r = option_rows; letter && r->name; r++)
		if (r->letter == letter && (!found || r->commands & o->command->bit))
			found = r;
	return found;
}

static const struct option_row *row_by_code(const struct options *o, int code)
{
	return code >= ROW_BASE ? &option_rows[code - ROW_BASE] : row_by_letter(o, (char)code);
}

/* The option exists, but for other commands. */
static int wrong_command(const struct options *o, const char *word, int len, const struct option_row *row,
			 struct diag *d)
{
	_cleanup_(str_release) struct str names = {};
	unsigned int bits = 0;

	/* Options of one name may mean something else in another command. */
	for (const struct option_row *r = option_rows; r->name; r++)
		bits |= strcmp(r->name, row->name) ? 0 : r->commands;
	for (const struct command *c = commands; c->name; c++)
		if (bits & c->bit)
			str_addf(&names, "%s%s", names.len ? ", " : "", c->name);
	diag_set(d, -EINVAL, "'%.*s' is not an option of '%s'", len, word, o->command->name);
	diag_hint(d, "it is one of: %s", str_text(&names));
	return -EINVAL;
}

static int unknown_long(const struct options *o, const char *word, struct diag *d)
{
	const char *name = word + 2;
	size_t len = strcspn(name, "="), best = NAME_MAX_LEN;
	const struct option_row *row = row_by_name(name, len), *nearest = NULL;

	if (row)
		return wrong_command(o, word, (int)len + 2, row, d);
	for (const struct option_row *r = option_rows; r->name; r++) {
		size_t far = farness(name, len, r->name);

		if ((r->commands & o->command->bit) && far < best) {
			best = far;
			nearest = r;
		}
	}
	diag_set(d, -EINVAL, "unknown option '%.*s'", (int)len + 2, word);
	if (nearest && is_near(best, len))
		diag_hint(d, "did you mean '--%s'?", nearest->name);
	return -EINVAL;
}

static int unknown_short(const struct options *o, char letter, struct diag *d)
{
	const struct option_row *row = row_by_letter(o, letter);
	char word[] = {'-', letter, '\0'};

	if (row)
		return wrong_command(o, word, 2, row, d);
	return diag_set(d, -EINVAL, "unknown option '%s'", word);
}

/* getopt_long() has returned '?' for @word. */
static int refused(const struct options *o, const char *word, struct diag *d)
{
	if (optopt >= ROW_BASE)
		return diag_set(d, -EINVAL, "'--%s' takes no argument", row_by_code(o, optopt)->name);
	if (!strncmp(word, "--", 2))
		return unknown_long(o, word, d);
	return unknown_short(o, (char)optopt, d);
}

static int missing_argument(const struct options *o, struct diag *d)
{
	const struct option_row *row = row_by_code(o, optopt);

	return diag_set(d, -EINVAL, "'--%s' needs an argument: %s", row->name, row->argument);
}

static int set_argument(struct options *o, const char *text, struct diag *d)
{
	if (o->command->takes_command && o->named) {
		diag_set(d, -EINVAL, "unexpected argument '%s'", text);
		diag_hint(d, "a command to be %s stands behind --: pooltrace %s -- %s",
			  o->command->bit == COMMAND_RECORD ? "recorded" : "traced", o->command->name, text);
		return -EINVAL;
	}
	if (!o->command->takes_file) {
		diag_set(d, -EINVAL, "unexpected argument '%s'", text);
		if (!o->named)
			diag_hint(d, "a command comes first, then its options");
		return -EINVAL;
	}
	if (!*text)
		return diag_set(d, -EINVAL, "the name of the recording is empty");
	if (o->command->takes_file == FILE_MANY)
		vec_push(&o->recordings, text);
	if (!o->recording)
		o->recording = text;
	else if (o->command->takes_file == FILE_MANY)
		return 0;
	else if (o->command->takes_file == FILE_TWO && !o->other)
		o->other = text;
	else if (o->other)
		return diag_set(d, -EINVAL, "unexpected argument '%s': there are two recordings already", text);
	else
		return diag_set(d, -EINVAL, "unexpected argument '%s': there is a recording already, '%s'", text,
				o->recording);
	return 0;
}

/* What getopt_long() needs to know, for one command. */
struct rows {
	struct option options[ROWS];
	char letters[2 * ROWS + 3];
};

static void rows_init(struct rows *rows, const struct command *command)
{
	struct option *out = rows->options;
	char *letter = rows->letters;

	/* '-': arguments come in order, so that `record` sees what stands before its --. */
	*letter++ = '-';
	*letter++ = ':';
	for (const struct option_row *r = option_rows; r->name; r++) {
		if (!(r->commands & command->bit))
			continue;
		BUG_ON(out == &rows->options[ROWS - 1]);
		*out++ = (struct option){.name = r->name,
					 .has_arg = option_is_optional(r) ? optional_argument : r->argument ? required_argument : no_argument,
					 .val = ROW_BASE + (int)(r - option_rows)};
		if (!r->letter)
			continue;
		*letter++ = r->letter;
		if (r->argument)
			*letter++ = ':';
	}
	*out = (struct option){};
	*letter = '\0';
}

static bool abbreviated(const char *word, int code)
{
	const char *name;

	if (code < ROW_BASE)
		return false;
	name = option_rows[code - ROW_BASE].name;
	return strncmp(word, "--", 2) || strcspn(word + 2, "=") != strlen(name);
}

static int set_rows(struct options *o, int argc, char *const *argv, row_bits *given, struct diag *d)
{
	struct rows rows;

	rows_init(&rows, o->command);
	optind = 0;
	opterr = 0;
	for (;;) {
		const char *word = argv[optind ? optind : 1];
		int code = getopt_long(argc, argv, rows.letters, rows.options, NULL), err = 0;

		if (code == -1)
			return 0;
		if (code == ':')
			return missing_argument(o, d);
		/* An abbreviation would change its meaning when an option is added. */
		if (code == '?' || abbreviated(word, code))
			return code == '?' ? refused(o, word, d) : unknown_long(o, word, d);
		if (code == 1) {
			err = set_argument(o, optarg, d);
		} else {
			const struct option_row *row = row_by_code(o, code);

			*given |= (row_bits)1 << (row - option_rows);
			err = row->set(o, row, optarg, d);
		}
		if (err)
			return err;
	}
}

static bool was_given(row_bits given, const struct option_row *row)
{
	return given >> (row - option_rows) & 1;
}

static bool name_given(row_bits given, const char *name)
{
	for (const struct option_row *r = option_rows; r->name; r++)
		if (was_given(given, r) && !strcmp(r->name, name))
			return true;
	return false;
}

static int check_conflicts(const struct options *o, row_bits given, struct diag *d)
{
	for (const struct option_conflict *c = option_conflicts; c->a; c++) {
		if (!name_given(given, c->a) || !name_given(given, c->b))
			continue;
		diag_set(d, -EINVAL, "'--%s' and '--%s' contradict each other", c->a, c->b);
		diag_hint(d, "%s", c->hint);
		return -EINVAL;
	}
	for (const struct option_row *r = option_rows; o->recording && r->name; r++) {
		if (r->live != true || !was_given(given, r))
			continue;
		diag_set(d, -EINVAL, "'--%s' is about tracing; it means nothing for a recording", r->name);
		diag_hint(d, "leave out '--%s', or '-r %s'", r->name, o->recording);
		return -EINVAL;
	}
	for (const struct option_row *r = option_rows; !o->recording && r->name; r++) {
		if (r->live != RECORDED || !was_given(given, r) || o->command->takes_file == FILE_NEEDED)
			continue;
		diag_set(d, -EINVAL, "'--%s' is about a recording; it means nothing while tracing", r->name);
		diag_hint(d, "name a recording with -r FILE");
		return -EINVAL;
	}
	return 0;
}

static int check_output(const struct options *o, struct diag *d)
{
	if (!o->output || strcmp(o->output, "-"))
		return 0;
	if (o->command->bit == COMMAND_EXPORT)
		return 0;
	if (o->command->bit & (COMMAND_RECORD | COMMAND_MERGE | COMMAND_SYMBOLIZE)) {
		if (o->ring) {
			diag_set(d, -EINVAL, "'--ring' and '-o -' contradict each other");
			diag_hint(d, "a ring has several files: name one with -o FILE");
			return -EINVAL;
		}
		if (!isatty(STDOUT_FILENO))
			return 0;
		diag_set(d, -EINVAL, "a recording is not written to a terminal");
		diag_hint(d, "name a file, or redirect stdout");
		return -EINVAL;
	}
	diag_set(d, -EINVAL, "'-o -' cannot be used with '%s', which writes to stdout itself", o->command->name);
	diag_hint(d, "name a file, or use 'pooltrace record -o -'");
	return -EINVAL;
}

static int check_arguments(const struct options *o, struct diag *d)
{
	if (o->command->takes_file == FILE_TWO && !o->other) {
		diag_set(d, -EINVAL, "'%s' needs two recordings", o->command->name);
		diag_hint(d, "pooltrace %s %s", o->command->name, o->command->arguments);
		return -EINVAL;
	}
	if ((o->command->takes_file == FILE_NEEDED || o->command->takes_file == FILE_MANY) && !o->recording) {
		diag_set(d, -EINVAL, "'%s' needs a recording", o->command->name);
		diag_hint(d, "pooltrace %s %s", o->command->name, o->command->takes_file == FILE_MANY ? o->command->arguments : "FILE");
		return -EINVAL;
	}
	if (calls_asked(o) && o->asked) {
		diag_set(d, -EINVAL, "'--asked' and '--by' or '--tree' of stacks contradict each other");
		diag_hint(d, "who holds memory is told in bytes that the pools gave up");
		return -EINVAL;
	}
	if (o->by >= BY_LINE && (o->once || (o->stacks_given && !o->stacks))) {
		diag_set(d, -EINVAL, "'--by %s' needs stacks: it contradicts '--%s'", calls_by(o), o->once ? "once" : "stacks=off");
		diag_hint(d, o->once ? "the runtime's books say nothing of who has allocated" : "leave out either");
		return -EINVAL;
	}
	if (o->tree && o->by != BY_CHIP && o->by != BY_STACK) {
		diag_set(d, -EINVAL, "'--tree' is made of whole stacks: it contradicts '--by' other than 'stack'");
		diag_hint(d, "leave out either");
		return -EINVAL;
	}
	if (o->triggers.nr && !o->ring) {
		diag_set(d, -EINVAL, "'--trigger' writes what a ring holds: it needs '--ring'");
		diag_hint(d, "such as --ring 60s,1G");
		return -EINVAL;
	}
	if (o->symbols == SYMBOLS_LATER && !o->stacks) {
		diag_set(d, -EINVAL, "'--symbols=later' is about call stacks: it needs '--stacks'");
		diag_hint(d, "such as --stacks --symbols=later");
		return -EINVAL;
	}
	if (o->no_children && !o->child && !o->pids.nr) {
		diag_set(d, -EINVAL, "'--no-children' needs '--pid' or a command: else every process is recorded");
		diag_hint(d, "pooltrace record --no-children -p PID");
		return -EINVAL;
	}
	if (o->child && (o->pids.nr || o->names.nr)) {
		diag_set(d, -EINVAL, "'--%s' and a command contradict each other", o->pids.nr ? "pid" : "name");
		diag_hint(d, "%s either running processes or the command '%s'", o->command->bit == COMMAND_RECORD ? "record" : "trace",
			  o->child[0]);
		return -EINVAL;
	}
	if (o->child && (o->once || o->recording)) {
		diag_set(d, -EINVAL, "'--%s' and a command contradict each other", o->once ? "once" : "read");
		diag_hint(d, "a command is traced from its start to its end");
		return -EINVAL;
	}
	return 0;
}

/* What stands behind `--`. */
static int set_rest(struct options *o, int argc, char *const *argv, struct diag *d)
{
	if (o->command->takes_command && !strcmp(argv[optind - 1], "--")) {
		if (optind == argc || !*argv[optind])
			return diag_set(d, -EINVAL, "there is no command behind '--'");
		o->child = (const char *const *)argv + optind;
		return 0;
	}
	for (int i = optind; i < argc; i++) {
		int err = set_argument(o, argv[i], d);

		if (err)
			return err;
	}
	return 0;
}

static int unknown_command(const char *word, struct diag *d)
{
	size_t best = NAME_MAX_LEN;
	const char *nearest = NULL;

	for (const struct command *c = commands; c->name; c++) {
		size_t far = farness(word, strlen(word), c->name);

		if (far < best) {
			best = far;
			nearest = c->name;
		}
	}
	diag_set(d, -EINVAL, "unknown command '%s'", word);
	if (is_near(best, strlen(word)))
		diag_hint(d, "did you mean '%s'?", nearest);
	else
		diag_hint(d, "'pooltrace --help' lists the commands");
	return -EINVAL;
}

static int set_command(struct options *o, const char *word, struct diag *d)
{
	o->command = &commands[0];
	if (!word || word[0] == '-')
		return 0;
	for (const struct command *c = commands; c->name; c++) {
		if (strcmp(word, c->name))
			continue;
		o->command = c;
		o->named = true;
		return 0;
	}
	return unknown_command(word, d);
}

static int parse_all(struct options *o, int argc, char *const *argv, struct diag *d)
{
	row_bits given = 0;
	int err = set_rows(o, argc, argv, &given, d);

	if (err || o->help || o->version)
		return err;
	err = set_rest(o, argc, argv, d);
	if (!err)
		err = check_conflicts(o, given, d);
	if (!err)
		err = check_output(o, d);
	if (!err)
		err = check_arguments(o, d);
	/* Without them there would be nothing to tell. */
	if (!err && o->command->bit == COMMAND_TOP && o->by >= BY_LINE && !o->recording && !o->stacks)
		o->stacks = STACKS_ALL;
	return err;
}

int options_parse(struct options *o, int argc, char *const *argv, struct diag *d)
{
	int err;

	*o = (struct options){.tick_fd = -1, .status_fd = -1, .to = -1, .sample = -1};
	err = set_command(o, argc > 1 ? argv[1] : NULL, d);
	if (err)
		return err;
	/* What was not recorded cannot be asked for later. */
	o->stacks = o->command->bit == COMMAND_RECORD ? STACKS_ALL : STACKS_OFF;
	/* With a command, its name takes the place that getopt_long() skips. */
	err = parse_all(o, argc - o->named, argv + o->named, d);
	if (err && !d->hint[0])
		diag_hint(d, "see 'pooltrace%s%s --help'", o->named ? " " : "", o->named ? o->command->name : "");
	return err;
}
