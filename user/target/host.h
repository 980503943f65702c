/*
 * host.h: the machine that we run on, as far as it decides what can be traced: facts, no judgement. What only the
 * kernel's answers can tell (features, trial, costs) is filled in by who may ask it.
 */
#ifndef TARGET_HOST_H
#define TARGET_HOST_H

#include "base/diag.h"

/* To be granted instead of running as root: to look at any process, and to trace it. docs/pooltrace.1 says what each is for. */
#define HOST_TO_LOOK "cap_sys_ptrace,cap_dac_read_search"
#define HOST_TO_TRACE "cap_bpf,cap_perfmon," HOST_TO_LOOK

/* What kernels have or have not; each is tried. */
enum feature {
	FEATURE_PROGRAMS,	 /* a program for probes loads */
	FEATURE_RING,		 /* ring buffer */
	FEATURE_STORAGE,	 /* memory of a thread */
	FEATURE_RAW_TRACEPOINTS, /* on the scheduler */
	FEATURE_MULTI,		 /* one link for many probes; a hit carries the link's cookie */
	FEATURE_SINGLE,		 /* one link a probe; a hit carries the link's cookie */
	FEATURE_SLEEPABLE,	 /* a program at a probe may wait for a page */
	FEATURE_SESSION,	 /* one program at entry and return */
	FEATURE_RETURN_SECCOMP,	 /* a process under a strict seccomp filter survives a return probe */
	FEATURE_MAPPED,		 /* told at once what processes map */
	FEATURE_HOLD,		 /* programs that stop processes of a command of ours */
	FEATURE_CGROUP_MEMORY,	 /* maps are charged to a cgroup, not to the limit of locked memory */
	FEATURE_NR
};

/* An answer: 0 yes, -errno no; or there was no way to ask, because something else is missing. */
enum { FEATURE_NOT_ASKED = 1 };

/* The real programs, on a probe of our own. */
struct trial {
	int err; /* they could not be loaded or attached: `why` */
	struct diag why;
	bool multi; /* how they were attached */
	unsigned int calls, hits; /* made and received */
};

/* What a hit costs at an instruction: an empty program, nothing else that waits. */
struct hit_cost {
	const char *instruction; /* its mnemonic */
	bool emulated;		 /* by the kernel; else single-stepped */
	uint64_t ns;		 /* 0: could not be measured */
};

/* A setting of /proc/sys that may not be there. */
struct setting {
	bool known;
	long value;
};

struct host {
	char *kernel; /* its release, as uname says */
	unsigned int uid; /* effective */
	uint64_t capabilities; /* effective: bit CAP_x */
	bool inner_user, inner_pid; /* our namespaces are not the initial ones */
	bool other_proc; /* /proc is of another pid namespace than ours, or not there */
	struct setting seccomp; /* 0: none, 2: a filter */
	struct setting yama, unprivileged_bpf, perf_paranoid;
	char *lockdown; /* "none", "integrity", "confidentiality"; NULL: not known */
	uint64_t locked_bytes; /* RLIMIT_MEMLOCK; UINT64_MAX: no limit */
	int btf; /* 0: there and readable; -errno */
	int memory; /* can we read memory the way that the books are read (ours)? 0, -errno: */
	struct diag memory_why;
	int feature[FEATURE_NR];
	struct trial trial;
};

/*
 * What /proc and /sys below @root ("" for the real ones) say, and system calls. Features are FEATURE_NOT_ASKED. What
 * cannot be read is not known: this does not fail.
 */
void host_read(const char *root, struct host *ret);
void host_release(struct host *h);

/* Are our pids other than those of the machine? */
bool host_in_container(void);

/* Do we have capability @number (CAP_x), where it counts: in the initial user namespace? */
bool host_has(const struct host *h, int number);

#endif
