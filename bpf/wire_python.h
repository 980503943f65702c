/*
 * The frames of a Python interpreter that a thread is in, in the ring of stacks, before the stack itself: objects are read while
 * their thread stands still, since later they may be others.
 */
#ifndef BPF_WIRE_PYTHON_H
#define BPF_WIRE_PYTHON_H

enum {
	WIRE_PYTHON_FRAMES = 64,
	WIRE_PYTHON_NONE = 0xffff, /* instead of an offset: there is nothing of this kind */
	WIRE_PYTHON_FILE = 640,
	WIRE_PYTHON_NAME = 384,
	WIRE_PYTHON_LINES = 4096,
	WIRE_PYTHON_START = 16, /* bytes of a table by which it is told from others */
};

/* How an interpreter lays out what leads to its frames: offsets. */
struct wire_python {
	__u64 epoch;	  /* of this process and program: what is known of a code object is known of that of another one not */
	__u32 block;	  /* from the thread pointer: of the thread's values, which are in blocks */
	__u32 slot;	  /* in the block: of the interpreter's own, its thread */
	__u16 thread_id;  /* of a thread: what must be its thread pointer */
	__u16 first;	  /* its innermost frame, or what leads to it by: */
	__u16 first_in;
	__u16 activation; /* what stands for the call of the interpreter that is in progress; with calls that are under way */
	__u16 back, code, at, owner, entry; /* of a frame; entry: it is the outermost of its call of the interpreter */
	__u16 at_bytes;
	__u16 line, file, name, table, version; /* of a code object; version: never used twice */
	/* What is read of a frame and of a code object at once: all of the above lies in it. Each is a multiple of 8. */
	__u16 frame_begin, frame_bytes, code_begin, code_bytes;
	__u16 text_length, bytes_length, bytes; /* of texts and of bytes */
	__u16 text_state, text_ascii, text_other;
};

/* What tells a code object from others, also from those that were where it is. */
struct wire_python_code_key {
	__u64 epoch;
	__u64 code, name, table;
	__u64 unique; /* first line, and above it the version, or a hash of what it has */
};

struct wire_python_frame {
	__u64 frame; /* its address */
	__u64 at;    /* where in its code it is, as the interpreter keeps it */
	struct wire_python_code_key key;
	__u8 owner, entry, unread;
	__u8 known; /* for the kernel half */
	__u32 reserved;
};

enum wire_python_flags {
	WIRE_PYTHON_MORE = 1 << 0,   /* there are more frames */
	WIRE_PYTHON_UNREAD = 1 << 1, /* there may be: one could not be read */
};

struct wire_python_stack {
	struct wire_stack_head head;
	__u32 nr, flags;
	__u64 activation;
	struct wire_python_frame frame[WIRE_PYTHON_FRAMES]; /* the innermost first; sent are `nr` of them */
};

/* A code object that was met for the first time: its texts as they lie in memory, with what stands before them. */
struct wire_python_code {
	struct wire_stack_head head;
	struct wire_python_code_key key;
	__u32 table_bytes; /* of all of the table */
	__u32 got_file, got_name, got_table; /* bytes that could be read */
	__u8 file[WIRE_PYTHON_FILE];
	__u8 name[WIRE_PYTHON_NAME];
	__u8 table[WIRE_PYTHON_LINES];
};

#endif
