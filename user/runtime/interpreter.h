/*
 * interpreter.h: how an interpreter lays out what leads to its frames, as data: `interpreter` files (pooltrace-rt(5)), which are no runtimes
 * but stand among them. A version that no file knows is refused: a wrong line is worse than none.
 */
#ifndef RUNTIME_INTERPRETER_H
#define RUNTIME_INTERPRETER_H

#include "base/diag.h"
#include "base/vec.h"

#include <linux/types.h>
#include "wire_stack.h"
#include "wire_python.h"

/* What stands at an offset in what: X(ID, word in a file, part, bytes, needed) */
enum interpreter_part { PART_THREAD, PART_CALL, PART_FRAME, PART_CODE, PART_BEHIND, PART_TEXT, PART_BYTES };

#define INTERPRETER_FIELDS(X)                                                                      \
	X(THREAD_ID, "thread_id", PART_THREAD, 8, true)                                            \
	X(FIRST, "frame", PART_THREAD, 8, true)                                                    \
	X(FIRST_IN, "frame_in", PART_CALL, 8, false)                                               \
	X(CALL, "call", PART_THREAD, 8, false)                                                     \
	X(CALL_BEFORE, "call_before", PART_CALL, 8, false)                                         \
	X(BACK, "back", PART_FRAME, 8, true)                                                       \
	X(CODE, "code", PART_FRAME, 8, true)                                                       \
	X(AT, "at", PART_FRAME, 8, true)                                                           \
	X(OWNER, "owner", PART_FRAME, 1, false)                                                    \
	X(ENTRY, "entry", PART_FRAME, 1, false)                                                    \
	X(LINE, "line", PART_CODE, 4, true)                                                        \
	X(FILE, "file", PART_CODE, 8, true)                                                        \
	X(NAME, "name", PART_CODE, 8, true)                                                        \
	X(TABLE, "table", PART_CODE, 8, true)                                                      \
	X(VERSION, "version", PART_CODE, 4, false)                                                 \
	X(INSTRUCTIONS, "instructions", PART_BEHIND, 1, false)                                     \
	X(LENGTH, "length", PART_TEXT, 8, true)                                                    \
	X(STATE, "state", PART_TEXT, 4, true)                                                      \
	X(ASCII, "ascii", PART_TEXT, 1, true)                                                      \
	X(OTHER, "other", PART_TEXT, 1, true)                                                      \
	X(BYTES_LENGTH, "bytes_length", PART_BYTES, 8, true)                                       \
	X(BYTES, "bytes", PART_BYTES, 1, true)

enum interpreter_field {
#define X(ID, word, part, bytes, needed) INTERPRETER_##ID,
	INTERPRETER_FIELDS(X)
#undef X
	INTERPRETER_NR
};

/* The word of a field in a file. */
const char *interpreter_field_name(enum interpreter_field field);

/* What an interpreter says of itself where its `detect` symbol is: words of 8 bytes, by number. */
struct interpreter_stated {
	bool present;
	uint64_t cookie;			/* word 0; word 1 is the version */
	uint16_t free_threaded;			/* word that is not 0 in such a build; WIRE_PYTHON_NONE */
	uint16_t words[INTERPRETER_NR];		/* those that say an offset; WIRE_PYTHON_NONE */
};

struct interpreter_version {
	unsigned int major, minor;
	bool named; /* it does not say its version itself: its file's name does */
	uint16_t offsets[INTERPRETER_NR]; /* WIRE_PYTHON_NONE: there is nothing of this kind */
	uint16_t at_bytes;
	uint16_t frame_begin, frame_bytes, code_begin, code_bytes; /* what has all fields of a frame, of a code object; in 8 bytes */
	struct interpreter_stated stated;
};

struct interpreter_refusal {
	char *symbol; /* a file that defines it cannot be followed, */
	char *why;
};

struct interpreter {
	char *name, *about;
	char *path;   /* for messages; "built in: NAME.rt" */
	char *text;   /* of the file, whole */
	char *file;   /* a word in the name of its file */
	char *detect; /* a symbol that it defines: its global state */
	char *says;   /* where it says its version: a symbol; NULL */
	char *loop;   /* the function that runs frames; NULL */
	char *key;    /* a function that begins with loading the key by which its threads are found */
	VEC(struct interpreter_refusal) refusals;
	VEC(struct interpreter_version) versions;
};

typedef VEC(struct interpreter *) interpreters;

/* Is this the text of such a file, and not of a runtime? */
bool interpreter_is(const char *text, size_t len);
/* As runtime_parse(). */
int interpreter_parse(const char *path, const char *text, size_t len, struct interpreter **ret, struct diag *d);
void interpreter_free(struct interpreter *in);

/* NULL: it is not known. */
const struct interpreter_version *interpreter_find_version(const struct interpreter *in, unsigned int major, unsigned int minor);

/* The layout for the kernel half, but for what is a process's own: epoch, block and slot. */
void interpreter_layout(const struct interpreter_version *v, struct wire_python *ret);

#endif
