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

/* Processes that are watched, by tgid. To be in it is to be armed: it is filled after the last link exists. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 14);
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

enum {
	LINE_BYTES = 256, /* divides a page */
	NO_LINE = 1,	  /* none begins there */
};

/* Bytes of the traced process, from the aligned address @start. */
struct line {
	__u64 start;
	__u8 bytes[LINE_BYTES];
};

/* What is known of a thread: freed by the kernel with the thread. */
struct thread {
	__u64 id;
	__u64 sequence; /* of its last hit, sent or lost */
	__u32 open;	/* 0: no call is open, 1: one is, 2: one is, and its exception was sent */
	__u32 reserved;
	struct line line[2]; /* of the hit under way */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} threads __weak SEC(".maps");

#endif
