/* thread.h: what decode.c remembers of a thread: its open call, and the contexts that it is in. */
#ifndef RUNTIME_THREAD_H
#define RUNTIME_THREAD_H

#include "stream/record.h"

enum call_state {
	CALL_NONE,
	CALL_OPEN,   /* begun, and neither alloc nor failure seen */
	CALL_FAILED, /* told as failed; an alloc that still comes wins */
};

/* An allocation that was begun. */
struct call {
	enum call_state state;
	uint64_t process; /* in the stream: a process may have several runtimes */
	uint64_t object; /* of the arena */
	uint64_t time_ns; /* of its begin, the hits' clock */
	const char *pool; /* NULL: not known, or hidden */
	bool hidden;	  /* its pool is none that is shown */
	uint64_t reserved, asked, needed, page, banks, align, grain;
	bool has_reserved, has_asked, has_needed, has_page;
	uint64_t hint_has; /* FIELD_BITs of banks, align, grain */
};

/* A call on the stack whose allocation carries a label. */
struct context {
	uint64_t stack;	 /* stack pointer at its entry */
	const char *tag, *label; /* NULL: none */
	uint64_t sequence; /* of its hit */
	uint64_t trace;
	bool has_trace;
};

enum { THREAD_CONTEXTS = 8 };

/* A call in which the circular buffers of a program are given their places. */
struct placing {
	const char *none; /* why no such call is known: "attach", "lost"; NULL: there is one */
	uint64_t stack;	  /* stack pointer at its entry */
	uint64_t program; /* its object */
	bool begun;	  /* one of them was */
	uint64_t device;  /* of the first */
	uint64_t address, bytes; /* of the last */
};

/* Which device a thread has chosen. */
enum chosen { CHOSEN_NONE, CHOSEN_ONE, CHOSEN_UNKNOWN };

struct choice {
	enum chosen chosen;
	uint64_t device, owner; /* the object that it was chosen by, 0: none */
};

enum { THREAD_DEVICES = 8 };

struct thread {
	uint64_t process, sequence;
	struct call call;
	/* Why an alloc has no begin, if it has none: "attach", "lost", "unread"; "alone" when nothing explains it. */
	const char *alone;
	struct context contexts[THREAD_CONTEXTS];
	size_t nr_contexts;
	struct placing placing;
	/* The device that its calls are for, and those that it was for before, to which it goes back. */
	struct choice device, pushed[THREAD_DEVICES];
	size_t nr_pushed;
	/* The last hit was the entry of a free of this block. */
	bool freeing;
	uint64_t free_object, free_address, free_ns;
};

/* A thread of which nothing was seen yet. The caller frees it. */
struct thread *thread_new(void);
/* Hits were lost: what became of the open call nobody saw, nor which contexts have ended. */
void thread_break(struct thread *t);
/* Its calls are for @choice until it goes back. */
void thread_push_device(struct thread *t, struct choice choice);
void thread_pop_device(struct thread *t);
/* A context begins, with stack, tag and label; its trace is @mark's, if it has one. */
void thread_enter(struct thread *t, const struct context *context, const struct record *mark);
/* A hit at @stack: contexts that were entered at it or below have returned, thrown or jumped away. */
void thread_leave(struct thread *t, uint64_t stack);
/* The contexts of hit @sequence and of later ones have returned. */
void thread_returned(struct thread *t, uint64_t sequence);
/* No context lasts. */
void thread_leave_all(struct thread *t);
/*
 * Label an allocation in contexts that have a tag or a label: the innermost of each; one with a tag has the innermost trace,
 * too. Then none of these lasts, and after a tag none at all.
 */
void thread_label(struct thread *t, struct record *alloc);

#endif
