/*
 * The maps of the kernel half. Sizes that depend on options are set before the load. Weak: each program file has
 * them, and the static linker keeps one.
 */
#ifndef BPF_MAPS_H
#define BPF_MAPS_H

/* Hits, in the one order that counts. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23);
} ring __weak SEC(".maps");

/* Index: the cookie of a probe's link. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_SPECS);
	__type(key, __u32);
	__type(value, struct wire_spec);
} specs __weak SEC(".maps");

/* The lives of processes that are watched, by tgid. To be in it is to be armed: it is filled after the last link exists. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_LIVES);
	__type(key, __u32);
	__type(value, __u32);
} lives __weak SEC(".maps");

/* What belongs to a life, by its lower bits: a probe knows which it is for, and need not look it up in a hash. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_LIVES);
	__type(key, __u32);
	__type(value, struct wire_target);
} targets __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 16);
	__type(key, struct wire_count_key);
	__type(value, struct wire_count);
} counts __weak SEC(".maps");

/* A probe may be preempted on its CPU by another: even these are added to atomically. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WIRE_SPECS);
	__type(key, __u32);
	__type(value, struct wire_stats);
} stats __weak SEC(".maps");

/*
 * A call that lasts while the return address stands on the stack where it was put. A call that is made by the same function
 * afterwards puts another one there.
 */
struct frame {
	__u64 slot;	/* where the return address lies */
	__u64 back;	/* it; with `calling` the call instruction's address, which it is a few bytes behind of */
	__u64 sequence; /* of the hit */
	__u64 calling;
};

enum { FRAMES = 4 /* a power of 2 */, CALL_BYTES_MAX = 8, RETURNED_MAX = 0xffff };

/* What lies in the traced process from @start on, which several loads share. */
struct shared {
	__u64 start; /* NOWHERE: nothing was read */
	__u64 word[WIRE_SHARED / 8];
};

enum { NOWHERE = 1 };

/* What a thread has read that lasts: of the object at @key, for the hits of one specification. */
struct lasting {
	__u64 key;
	__u64 changes; /* the target's, when it was read; 0: nothing was */
	__u64 spec;
	__u64 value[WIRE_LASTING];
};

enum { OBJECTS = 8 /* a power of 2 */, VALUES = 16 /* the next power of 2 above WIRE_VALUES */ };

struct thread_at {
	__u64 id;
	__u64 sequence; /* of its last hit, sent or lost */
};

/* What is known of a thread: freed by the kernel with the thread. */
struct thread {
	struct thread_at at;
	__u32 open;	/* 0: no call is open, 1: one is, 2: one is, and its exception was sent */
	__u32 nr_frames;
	struct frame frame[FRAMES]; /* contexts that may last, outer ones first */
	struct shared shared[2]; /* of the hit under way */
	__u64 value[VALUES];
	__u32 valid, unread; /* of these: a bit each; how many could not be read */
	__u64 first;	     /* of these, that are being read */
	struct lasting lasting[OBJECTS]; /* by the hash of their keys */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} threads __weak SEC(".maps");

/* ---- of return.bpf.c ---- */

/* A call that was entered: what its return needs, which finds it by its stack pointer. */
struct call {
	__u64 stack;
	__u64 argument[6];
	__u32 spec;
	__u16 makes, takes; /* calls of these kinds that are open, itself included */
	__u64 back; /* the return address, which is not replaced; 0: it is */
	__u64 jumped; /* enum jumped */
};

/* A call by whose function's last jump another function was reached. */
enum jumped { JUMPED_NOT, JUMPED_NOW, JUMPED_INSIDE };

enum { CALLS = 64 /* a power of 2 */ };

/* Calls that a thread is inside of, outer ones first: of some, that they were left by other ways is not known yet. */
struct calls {
	__u64 nr;
	struct call call[CALLS];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct calls);
} open_calls __weak SEC(".maps");

/* Numbers of the names that somebody wants to know the functions of. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 12);
	__type(key, __u64);
	__type(value, __u32);
} names __weak SEC(".maps");

/* ---- of hold.bpf.c ---- */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, struct wire_file);
	__type(value, __u32); /* enum wire_interest */
} files __weak SEC(".maps");

/* Of threads: freed by the kernel with them. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32); /* bits of enum wire_mark */
} marks __weak SEC(".maps");

/* Processes, by tgid, whose dynamic linker has our probe, and which file that is. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, __u32);
	__type(value, struct wire_file);
} linked __weak SEC(".maps");

/* Files with a runtime whose probes a process has; of one that is watched. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, struct wire_attached);
	__type(value, __u32);
} attached __weak SEC(".maps");

/* Processes, by tgid, that are stopped for us, and since when. With key 0 in it none is stopped any more: live/guard.h. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 12);
	__type(key, __u32);
	__type(value, __u64);
} held __weak SEC(".maps");

#endif
