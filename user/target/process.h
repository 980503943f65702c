/*
 * process.h: a process as /proc shows it. Nothing here stops, signals or writes to a process.
 */
#ifndef TARGET_PROCESS_H
#define TARGET_PROCESS_H

#include "base/diag.h"
#include "base/str.h"
#include "base/vec.h"

struct mapping {
	uint64_t start, end, offset; /* addresses in the process; offset in the file */
	uint64_t device, inode;	     /* 0: no file */
	char permissions[5];	     /* "rw-p" */
	char *path;		     /* as in maps, octal escapes undone; "" if none */
};

typedef VEC(struct mapping) mappings;

/*
 * One line of /proc/PID/maps (without its newline, @len bytes, not terminated). -EINVAL when it is none.
 * The caller frees ret->path. Fuzzed: the path may be anything.
 */
int mapping_parse(const char *line, size_t len, struct mapping *ret);
int mappings_read(int pid, mappings *ret, struct diag *d);
void mappings_release(mappings *m);

/* A path by which the mapped file can be opened even in another mount namespace or when it was deleted:
 * /proc/PID/map_files/START-END, or /proc/PID/root/PATH where that is not allowed. The caller frees it. */
char *mapping_file(int pid, const struct mapping *m);

/* What tells a file from one that is written in its place. */
struct file_state {
	uint64_t changed_ns, bytes;
	uint64_t looked_ns; /* CLOCK_MONOTONIC */
};
int file_state_read(const char *path, struct file_state *ret);

struct process {
	int pid;
	int pidfd;	   /* readable when the process has ended */
	uint64_t start_ns; /* wall clock */
	uint64_t start_ticks; /* since boot, as in /proc/PID/stat: with the pid, the identity */
	char *name;	   /* comm */
	char *command;	   /* arguments joined with blanks; "[name]" if there are none */
	unsigned int uid;  /* effective */
};

/*
 * A main thread that has ended while others run is a zombie, through which nothing of the process can be read any more: not its
 * memory, mappings and arguments. The process lives, and /proc shows it to those who name another thread of it. Returns the id
 * of one through which it can be read: @pid itself, if that can.
 */
int process_reader(int pid);

/* Has its main thread ended, and do others go on? Not when they are about to end with it: of a process that ends, any may be first. */
bool process_headless(int pid);

/* -ESRCH: no such process (or a zombie, or a thread's id: the text says which). */
int process_open(int pid, struct process *ret, struct diag *d);
void process_close(struct process *p);
/* False when the process has ended, whoever has its pid now. */
bool process_alive(const struct process *p);

/*
 * The variables @names of the environment that process @pid was started with, as far as they are set: "NAME=value", joined with
 * blanks. What it has changed itself since is not seen. -errno: it cannot be read.
 */
int process_environment(int pid, const char *const *names, size_t nr, struct str *ret);

/* Every pid of /proc that is a process, ascending. */
typedef VEC(int) pids;
int process_list(pids *ret);

/*
 * Threads and how long each has run on a CPU (schedstat, else stat): a thread whose time has grown by more than a
 * call takes has left the call that it was in.
 */
struct thread_state {
	int tid;
	char state;	     /* as in /proc/PID/stat: R running, S sleeping, ... */
	uint64_t runtime_ns; /* on a CPU, since its start */
};
typedef VEC(struct thread_state) thread_states;
int process_threads(int pid, thread_states *ret);

/* What its threads do; threads that have ended do not count. */
enum process_rest {
	PROCESS_RUNS,    /* one of them, or it would if there were a CPU for it, or what it waits for cannot be interrupted */
	PROCESS_ASLEEP,  /* those that are not stopped */
	PROCESS_STOPPED, /* all, by a signal */
	PROCESS_ENDED,   /* all have; or the process is gone */
};
enum process_rest process_rest(int pid);

/* Is there no thread of it that could execute anything, since it is stopped, or has ended? */
bool process_is_at_rest(int pid);

/* Signals that wait for any thread of the process: bit N - 1 is signal N. 0 when it is gone. */
uint64_t process_pending_signals(int pid);
/* Its parent, 0 when that is not known. */
int process_parent(int pid);

#endif
