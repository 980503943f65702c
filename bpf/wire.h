/*
 * bpf/: what clang compiles for the kernel, and this file, which both sides share: the bytes of a hit and
 * of a probe's specification. It needs the __u types to be declared (vmlinux.h or linux/types.h) and
 * includes nothing.
 *
 * The kernel half captures, the user half understands: a specification says which values to read at a
 * probe, a hit carries them. What they mean is known in user/runtime/ alone.
 */
#ifndef BPF_WIRE_H
#define BPF_WIRE_H

enum {
	WIRE_VALUES = 12, /* values of a hit */
	WIRE_LASTING = 4, /* of these, how many may last */
	WIRE_PLAIN = 6,	 /* and how many may be plain */
	WIRE_SHARED = 64, /* bytes that loads may share */
	WIRE_ALONE_LOAD = 0xff,
	WIRE_LOADS = 4,	 /* loads behind one another to get a value */
	WIRE_SPECS = 512,
	WIRE_LIVES = 1 << 14, /* a power of 2 */
};

/* `each`: what is there is a name. */
enum { WIRE_NAME = 0xffff };

/* A name, filled up with zeros. */
enum { WIRE_NAME_WORDS = 8 };
struct wire_name {
	__u64 word[WIRE_NAME_WORDS];
};

/* A number for a name: two that have the same one are not expected. */
static inline __attribute__((always_inline)) __u64 wire_name_number(const struct wire_name *name)
{
	__u64 number = 0xcbf29ce484222325ULL;

	for (int i = 0; i < WIRE_NAME_WORDS; i++) {
		number = (number ^ name->word[i]) * 0x9e3779b97f4a7c15ULL;
		number ^= number >> 32;
	}
	return number;
}

/* Where a value starts. */
enum wire_base {
	WIRE_ARG0, /* to WIRE_ARG0 + 5: integer argument registers of the System V ABI */
	WIRE_STACK = 6, /* the stack pointer at the probe */
	WIRE_RETURN = 7, /* rax */
};

/*
 * value = base; for each load: value = `size` bytes at value + offset, zero-extended. With `each` the value is one byte of each of eight
 * items, the first of them at value + offset[WIRE_LOADS - 1], the others so far behind one another; then there is a load less. With
 * WIRE_NAME it is the number of the text at value, see wire_name_number().
 */
struct wire_value {
	__u8 base;
	__u8 nr_loads;
	__u16 each;
	__u8 size[WIRE_LOADS]; /* 1, 2, 4, 8 */
	/*
	 * So many bytes before it begin WIRE_SHARED bytes that are read for several loads, of which it is in one word of eight; or
	 * WIRE_ALONE_LOAD.
	 */
	__u8 ahead[WIRE_LOADS];
	__s32 offset[WIRE_LOADS];
};

enum wire_flags {
	WIRE_BEGIN = 1 << 0,	/* opens a call on its thread */
	WIRE_END = 1 << 1,	/* closes it */
	WIRE_IF_OPEN = 1 << 2,	/* sent only while a call is open, once a call (exceptions) */
	WIRE_COUNT = 1 << 3,	/* counted by value 0; sent only when it is the first of a run */
	WIRE_ENDS_RUN = 1 << 4, /* the next counted hit of the process is the first of a new run */
	WIRE_WAKE = 1 << 5,	/* wakes the reader at once */
	WIRE_CONTEXT = 1 << 6,	/* a call that later hits may be inside of: that it has returned is told (`returned`) */
	WIRE_CALLING = 1 << 7,	/* the probe is at a call instruction: the call is the one that it is about to make */
	/* Of probes at entry and return, see return.bpf.c: */
	WIRE_RETURNS = 1 << 11, /* it is one */
	WIRE_AT_ENTRY = 1 << 8, /* the hit is the entry, and that the call has returned is only noted; else it is the return */
	WIRE_MAKES = 1 << 9,	/* it allocates: calls inside of it that do so as well are told apart by their depth */
	WIRE_TAKES = 1 << 10,	/* it frees, likewise */
	WIRE_LOOKUP = 1 << 12,	/* sent only if value 0 is the number of a name that is wanted; a process of a command of ours is held then */
	WIRE_BY_WAYS = 1 << 16, /* not the return, but each way out of the function is probed: enum wire_way */
	WIRE_STACK_TOO = 1 << 17, /* with what its thread is doing: wire_stack.h */
	WIRE_CHANGES = 1 << 18, /* values that last may be others from here on */
};

/*
 * A link's cookie has the specification's number, and above it that of the life that it is for, as in wire_target; in between what
 * a probe at a way out is.
 */
enum { WIRE_COOKIE_WAY = 16, WIRE_COOKIE_LIFE = 32, WIRE_COOKIE_SPEC = (1 << WIRE_COOKIE_WAY) - 1 };

/* As enum way_kind of target/ways_out.h says. */
enum wire_way {
	WIRE_WAY_RETURN,
	WIRE_WAY_SHARED_RETURN, /* of the call only if it has come by a jump and an entry */
	WIRE_WAY_JUMP,
	WIRE_WAY_ENTRY, /* where a jump leads to, or another call begins */
};

/*
 * The last values may be such that last as long as the object does that value 0 is the address of: a thread reads them when it meets
 * the object for the first time, and again when some object of the process may have changed (WIRE_CHANGES).
 */
struct wire_spec {
	__u32 flags;
	__u16 nr_values;
	__u8 nr_lasting; /* of them, at most WIRE_LASTING */
	__u8 nr_plain;	 /* of the first ones, at most WIRE_PLAIN: they are registers, as they are */
	struct wire_value value[WIRE_VALUES];
};

/* Specifications below WIRE_FIRST_ROW are events of the kernel, not probes. */
enum wire_event {
	WIRE_THREAD_EXIT = 0, /* `sequence` is the thread's last running number + 1; value 0: it was cut off by the end of its process, or an exec */
	WIRE_EXEC = 1,
	/* Of processes of a command that we started; see hold.bpf.c. */
	WIRE_FILE = 2, /* a file that the process maps and of which nothing is known; values: enum wire_file_values */
	WIRE_HELD = 3, /* it has executed a program, or mapped a runtime or such a file. Value 0: 1: it is stopped and waits for us */
	WIRE_FORK = 4, /* value 0: tgid of the child */
	WIRE_FIRST_ROW = 8,
};

/* A hit's `call`: of probes at entry and return. */
enum wire_call {
	WIRE_DEPTH_SHIFT = 0, /* how many calls of its kind (WIRE_MAKES, WIRE_TAKES) the call is inside of; 6 bits */
	WIRE_DEPTH_MAX = 63,
	WIRE_NESTED = 1 << 6, /* it is inside of any other call with such a probe */
	WIRE_ALONE = 1 << 7,  /* of this return the entry was not seen: no value is known */
};

struct wire_hit {
	__u16 spec;
	__u16 call;	 /* enum wire_call */
	__u32 tgid;
	__u32 tid;
	__u16 valid;	 /* bit i: value i could be read */
	__u16 returned;	 /* contexts of this thread that were opened so many hits ago, or later, have returned; 0: nothing is told */
	__u64 time_ns;	 /* CLOCK_MONOTONIC */
	__u64 thread;	 /* unique for the life of the tracer: tids are used again */
	__u64 sequence;	 /* running number of the thread's hits, from 1; a gap is a loss */
	__u64 stack;	 /* stack pointer */
	__u64 value[WIRE_VALUES];
};

/* A hit of few values is sent short: its last values are left out. */
enum {
	WIRE_FEW = 4,
	WIRE_HIT_FEW = sizeof(struct wire_hit) - (WIRE_VALUES - WIRE_FEW) * sizeof(__u64),
};

/* A file as the kernel knows it: not by the names that a mount namespace or an overlay gives to it. */
struct wire_file {
	__u64 device, inode;
	__u64 changed_ns; /* ctime: a file that is written anew is another file */
	__u64 size;
};

/* A file with a runtime whose probes a process has. */
struct wire_attached {
	__u64 tgid;
	struct wire_file file;
};

/* The address is one that the file is mapped to. */
enum wire_file_values { WIRE_ADDRESS, WIRE_DEVICE, WIRE_INODE, WIRE_CHANGED, WIRE_SIZE };

/* What a file is to us. */
enum wire_interest {
	WIRE_FILE_OTHER = 1,
	WIRE_FILE_RUNTIME, /* a process that maps it, and has not its probes, is held */
	WIRE_FILE_LINKER,  /* a dynamic linker that can be probed */
};

/* A process that user space wants to know of if it maps a runtime; so it does of all that it starts. */
enum wire_mark {
	WIRE_MARK_OURS = 1 << 0,  /* of a command that we started: to be held */
	WIRE_MARK_FIRST = 1 << 1, /* the command's own: its parent is us */
	WIRE_MARK_FOLLOWED = 1 << 2, /* started by a process that is watched, or is waited for */
};

/* Key and value of the map of counts. */
struct wire_count_key {
	__u32 tgid;
	__u32 spec;
	__u64 key;
};

struct wire_count {
	__u64 count;
	__u64 run;
};

enum { WIRE_OWN_COUNTS = 4 };

/* A count that lies in its process's target: the first keys that are counted need no lookup. */
struct wire_own_count {
	__u32 taken; /* 1: by a thread that is filling in what follows, or has */
	__u32 spec;  /* 0: not filled in yet */
	__u64 key;
	struct wire_count count;
};

/* A process that is watched; hits of others are dropped. */
struct wire_target {
	__u64 tgid; /* 0: none is in this life */
	__u64 run; /* number of the current run, see WIRE_ENDS_RUN */
	__u64 changes; /* another number after each hit with WIRE_CHANGES, and in each life */
	__u64 kept; /* 1: its counts are on their way into the map of counts, and it goes when they are there */
	/*
	 * Of its links: others may be for all processes, or for its program before an exec and not closed yet. 0: its last thread has
	 * ended; whoever has its pid now is another.
	 */
	__u64 life;
	struct wire_own_count own[WIRE_OWN_COUNTS];
};

/* Counted for each specification and CPU, of what no hit tells: those that are sent their reader counts. */
struct wire_stats {
	__u64 lost;
	__u64 unread; /* values that could not be read */
	/* Of probes at entry and return: calls that were entered, and those among them that have ended, of which no hit was sent. */
	__u64 entered, unsent;
};

#endif
