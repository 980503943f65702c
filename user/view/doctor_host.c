/* doctor_host.c: what the machine allows. */
#include "view/doctor.h"

#include "base/units.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

/* Since 5.8 and 5.9; older headers lack them. */
enum { CAPABILITY_PERFMON = 38, CAPABILITY_BPF = 39, CAPABILITY_CHECKPOINT_RESTORE = 40 };

/* Of a limit that counts: what the maps of the kernel half take, and the ring. */
enum { LOCKED_BYTES = 64 << 20 };

#define ALL_CAPABILITIES "cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search,cap_checkpoint_restore"

static bool refused(int err)
{
	return err == -EPERM || err == -EACCES;
}

/* Hits arrived: all that is needed is there, by whatever right. */
static bool trial_passed(const struct host *h)
{
	return !h->trial.err && h->trial.hits == h->trial.calls;
}

static struct finding *add_ok(findings *f, const char *section, const char *name, const char *what)
{
	return findings_add(f, section, name, FINDING_OK, "%s", what);
}

struct capability {
	const char *name;
	int number;
	bool admin; /* cap_sys_admin stands in for it */
	bool needed; /* for any process; else for some */
	const char *use, *without;
};

static const struct capability capabilities[] = {
	{"cap_bpf", CAPABILITY_BPF, true, true, "load programs", "the kernel half cannot be loaded"},
	{"cap_perfmon", CAPABILITY_PERFMON, true, true, "set probes", "the kernel half cannot be loaded"},
	{"cap_sys_ptrace", CAP_SYS_PTRACE, false, false, "look at other users' processes",
	 "only processes of this user can be looked at"},
	{"cap_dac_read_search", CAP_DAC_READ_SEARCH, false, false, "read other users' books",
	 "of other users' processes, what was allocated before cannot be read (their pagemap is closed), nor files in closed "
	 "folders"},
	{"cap_checkpoint_restore", CAPABILITY_CHECKPOINT_RESTORE, true, false, "open files by their mapping",
	 "a library that was deleted or replaced while a process maps it cannot be opened"},
};

static void add_capability_todo(struct finding *x, const struct host *h)
{
	if (h->inner_user)
		finding_todo(x, "run outside of the container, or in one that shares the host's user namespace");
	else if (!h->uid)
		finding_todo(x, "start the container with these capabilities (--cap-add), or with all of them (--privileged)");
	else
		finding_todo(x, "run as root, or once: setcap " ALL_CAPABILITIES "+ep \"$(command -v pooltrace)\"");
}

static void add_capability(findings *f, const struct host *h, const struct capability *c)
{
	bool admin = c->admin && host_has(h, CAP_SYS_ADMIN);
	bool fatal = c->needed && !trial_passed(h);
	struct finding *x;

	if (host_has(h, c->number) || admin) {
		findings_add(f, "privileges", c->name, FINDING_OK, "%s: %s",
			     host_has(h, c->number) ? "held" : "cap_sys_admin stands in for it", c->use);
		return;
	}
	x = findings_add(f, "privileges", c->name, fatal ? FINDING_PROBLEM : FINDING_NOTE, "not held");
	finding_why(x, "%s", c->without);
	add_capability_todo(x, h);
}

/* For perf events, which are needed where there is nothing better. */
static void add_admin(findings *f, const struct host *h)
{
	bool held = host_has(h, CAP_SYS_ADMIN), needed = h->feature[FEATURE_MULTI] && refused(h->feature[FEATURE_SINGLE]);
	struct finding *x;

	if (held || !needed || refused(h->feature[FEATURE_PROGRAMS])) {
		add_ok(f, "privileges", "cap_sys_admin", held ? "held: not needed" : "not held, not needed");
		return;
	}
	x = findings_add(f, "privileges", "cap_sys_admin", FINDING_PROBLEM, "not held");
	finding_why(x, "without uprobe_multi probes are perf events, for which this kernel wants it");
	add_capability_todo(x, h);
}

static void add_privileges(findings *f, const struct host *h)
{
	struct finding *x;

	if (h->uid)
		findings_add(f, "privileges", "user", FINDING_OK, "%u", h->uid);
	else
		add_ok(f, "privileges", "user", "root");
	if (h->inner_user) {
		x = findings_add(f, "privileges", "user namespace", trial_passed(h) ? FINDING_NOTE : FINDING_PROBLEM,
				 "not the initial one");
		finding_why(x, "what is held in it counts in it alone; BPF asks for what is held in the initial one");
		finding_todo(x, "run outside of the container, or in one that shares the host's user namespace");
	}
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
		add_capability(f, h, &capabilities[i]);
	add_admin(f, h);
	findings_add(f, "privileges", "cap_kill", FINDING_OK, "%s",
		     host_has(h, CAP_KILL) ? "held: hold processes of other users that a command of ours starts" :
					     "not held: of what a command of ours starts, processes of other users are not held");
}

static void add_btf(findings *f, const struct host *h)
{
	struct finding *x;

	if (!h->btf) {
		add_ok(f, "kernel", "BTF", "/sys/kernel/btf/vmlinux");
		return;
	}
	x = findings_add(f, "kernel", "BTF", FINDING_PROBLEM, "cannot read /sys/kernel/btf/vmlinux: %s", strerror(-h->btf));
	finding_why(x, "the kernel half is fitted to this kernel by it");
	finding_todo(x, "use a kernel with CONFIG_DEBUG_INFO_BTF=y; in a container, mount /sys; `pooltrace --once` works without");
}

static void add_lockdown(findings *f, const struct host *h)
{
	struct finding *x;

	if (!h->lockdown) {
		add_ok(f, "kernel", "lockdown", "not known (/sys/kernel/security is not mounted)");
		return;
	}
	if (trial_passed(h) || !strcmp(h->lockdown, "none")) {
		add_ok(f, "kernel", "lockdown", h->lockdown);
		return;
	}
	x = findings_add(f, "kernel", "lockdown", FINDING_NOTE, "%s", h->lockdown);
	finding_why(x, "a kernel that is locked down may refuse programs that read memory, even root's");
	finding_todo(x, "turn off secure boot, or boot with lockdown=none");
}

/* ptrace_scope counts for reading memory. */
static void add_yama(findings *f, const struct host *h)
{
	static const char *const limits[] = {"", "only descendants' memory can be read", "nobody's memory can be read",
					     "nobody's memory can be read, by nobody, until the machine starts again"};
	long scope = h->yama.value;
	struct finding *x;

	if (!h->yama.known) {
		add_ok(f, "kernel", "yama.ptrace_scope", "not there: no limit");
		return;
	}
	if (scope <= 0 || scope > 3 || (scope < 3 && host_has(h, CAP_SYS_PTRACE))) {
		findings_add(f, "kernel", "yama.ptrace_scope", FINDING_OK, "%ld", scope);
		return;
	}
	x = findings_add(f, "kernel", "yama.ptrace_scope", FINDING_NOTE, "%ld", scope);
	finding_why(x, "%s%s: what was allocated before is not known", scope < 3 ? "without cap_sys_ptrace " : "", limits[scope]);
	if (scope < 3)
		finding_todo(x, "run as root, or grant cap_sys_ptrace, or: sysctl kernel.yama.ptrace_scope=0");
	else
		finding_todo(x, "set kernel.yama.ptrace_scope below 3 in /etc/sysctl.d, and start the machine again");
}

static void add_setting(findings *f, const char *name, const struct setting *s, const char *about)
{
	if (s->known)
		findings_add(f, "kernel", name, FINDING_OK, "%ld: %s", s->value, about);
	else
		add_ok(f, "kernel", name, "not there");
}

static void add_seccomp(findings *f, const struct host *h)
{
	struct finding *x;

	if (!h->seccomp.known || !h->seccomp.value) {
		add_ok(f, "kernel", "seccomp", h->seccomp.known ? "no filter" : "not there");
		return;
	}
	x = findings_add(f, "kernel", "seccomp", trial_passed(h) ? FINDING_OK : FINDING_NOTE, "we run under a filter");
	if (trial_passed(h))
		return;
	finding_why(x, "it may be what forbids bpf() and perf_event_open(), whatever is held");
	finding_todo(x, "run outside of the sandbox; for a container: --security-opt seccomp=unconfined");
}

static void add_locked_memory(findings *f, const struct host *h)
{
	struct finding *x;

	if (!h->feature[FEATURE_CGROUP_MEMORY]) {
		add_ok(f, "kernel", "locked memory", "no limit: maps are charged to the cgroup");
		return;
	}
	if (refused(h->feature[FEATURE_CGROUP_MEMORY])) {
		add_ok(f, "kernel", "locked memory", "not known whether there is a limit: could not be tried");
		return;
	}
	if (h->locked_bytes >= LOCKED_BYTES || host_has(h, CAP_SYS_RESOURCE)) {
		add_ok(f, "kernel", "locked memory", h->locked_bytes == UINT64_MAX ? "no limit" : "the limit is not in the way");
		return;
	}
	x = findings_add(f, "kernel", "locked memory", trial_passed(h) ? FINDING_NOTE : FINDING_PROBLEM, "at most %llu bytes",
			 (unsigned long long)h->locked_bytes);
	finding_why(x, "this kernel charges maps to the limit of locked memory");
	finding_todo(x, "ulimit -l unlimited, or grant cap_sys_resource");
}

static void add_proc(findings *f, const struct host *h)
{
	struct finding *x;

	if (!h->other_proc) {
		add_ok(f, "kernel", "/proc", "shows us by our pid");
		return;
	}
	x = findings_add(f, "kernel", "/proc", FINDING_PROBLEM, "belongs to another pid namespace, or is not mounted");
	finding_why(x, "processes are found by /proc, and would be others than their pids say");
	finding_todo(x, "mount -t proc proc /proc, as `unshare --pid --fork --mount-proc` does");
}

static void add_pid_namespace(findings *f, const struct host *h)
{
	bool blind = !h->trial.err && h->trial.calls && !h->trial.hits;
	struct finding *x;

	if (!h->inner_pid) {
		add_ok(f, "kernel", "pid namespace", "the initial one");
		return;
	}
	x = findings_add(f, "kernel", "pid namespace", blind ? FINDING_PROBLEM : FINDING_NOTE,
			 "not the initial one: this is a container");
	if (!blind) {
		finding_why(x, "pids are those of the container, and no process outside of it can be seen");
		return;
	}
	finding_why(x, "pids are those of the container, but the kernel half goes by those of the host: it would take every event "
		       "for one of a process that nobody asked for");
	finding_todo(x, "run outside of the container, with the pid that the process has there, or in one that shares the host's "
			"pids (--pid=host); `pooltrace --once` works here");
}

static void add_pagemap(findings *f, const struct host *h)
{
	struct finding *x;

	if (!h->memory) {
		add_ok(f, "kernel", "pagemap", "says which pages are present");
		return;
	}
	x = findings_add(f, "kernel", "pagemap", FINDING_NOTE, "%s", h->memory_why.text);
	finding_why(x, "the runtime's books cannot be read: what was allocated before is not known");
	if (h->memory_why.hint[0])
		finding_todo(x, "%s", h->memory_why.hint);
}

static void add_kernel(findings *f, const struct host *h)
{
	add_ok(f, "kernel", "release", h->kernel);
	add_btf(f, h);
	add_lockdown(f, h);
	add_yama(f, h);
	add_setting(f, "unprivileged_bpf_disabled", &h->unprivileged_bpf, "no matter, as programs at probes need cap_bpf anyway");
	add_setting(f, "perf_event_paranoid", &h->perf_paranoid, "no matter, as probes need cap_perfmon anyway");
	add_seccomp(f, h);
	add_locked_memory(f, h);
	add_pid_namespace(f, h);
	add_proc(f, h);
	add_pagemap(f, h);
}

enum need { NEED_ALWAYS, NEED_ONE, NEED_WISHED, NEED_NONE };

static const struct feature_text {
	const char *name;
	enum need need;
	const char *without; /* WISHED: what is lost */
} feature_texts[FEATURE_NR] = {
	[FEATURE_PROGRAMS] = {"programs at probes", NEED_ALWAYS, NULL},
	[FEATURE_RING] = {"ring buffer", NEED_ALWAYS, NULL},
	[FEATURE_STORAGE] = {"task storage", NEED_ALWAYS, NULL},
	[FEATURE_RAW_TRACEPOINTS] = {"raw tracepoints", NEED_ALWAYS, NULL},
	[FEATURE_MULTI] = {"uprobe_multi, cookies", NEED_ONE, "each probe has a link of its own, which takes 0.1 s to remove"},
	[FEATURE_SINGLE] = {"single uprobes, cookies", NEED_ONE, NULL},
	[FEATURE_SLEEPABLE] = {"sleepable uprobes", NEED_WISHED, "values in pages that are not present are not known"},
	[FEATURE_SESSION] = {"uprobe_session", NEED_NONE, NULL},
	[FEATURE_RETURN_SECCOMP] = {"return probes and seccomp", NEED_WISHED,
				    "a return probe kills a process that is under a strict seccomp filter: pooltrace sets none on this "
				    "kernel, and does not see what rows with 'return' are about"},
	[FEATURE_MAPPED] = {"events of what is mapped", NEED_WISHED,
			    "processes that begin to use a runtime are looked for, twice a second: what they do until they are found makes no event"},
	[FEATURE_HOLD] = {"holding of commands", NEED_WISHED,
			  "`pooltrace record -- COMMAND` cannot start one so that no call is missed: start it, and use -p, or --wait"},
	[FEATURE_CGROUP_MEMORY] = {"maps charged to cgroups", NEED_NONE, NULL},
};

static enum finding_level feature_level(const struct host *h, enum feature i)
{
	const struct feature_text *t = &feature_texts[i];
	bool other = !h->feature[FEATURE_MULTI] || !h->feature[FEATURE_SINGLE];

	if (!h->feature[i] || t->need == NEED_NONE)
		return FINDING_OK;
	if (t->need == NEED_WISHED)
		return h->feature[i] < 0 ? FINDING_NOTE : FINDING_OK;
	if (t->need == NEED_ONE && other)
		return t->without ? FINDING_NOTE : FINDING_OK;
	return FINDING_PROBLEM;
}

static void add_feature(findings *f, const struct host *h, enum feature i)
{
	const struct feature_text *t = &feature_texts[i];
	enum finding_level level = feature_level(h, i);
	const char *also = level == FINDING_OK ? ", not needed" : "";
	int err = h->feature[i];
	struct finding *x;

	if (!err) {
		add_ok(f, "features", t->name, i == FEATURE_RETURN_SECCOMP ? "agree" : "there");
		return;
	}
	if (err == FEATURE_NOT_ASKED)
		x = findings_add(f, "features", t->name, level, "could not be tried%s", also);
	else if (refused(err))
		x = findings_add(f, "features", t->name, level, "not permitted%s", also);
	else
		x = findings_add(f, "features", t->name, level, "not there%s: %s", also, strerror(-err));
	if (level == FINDING_NOTE && t->without)
		finding_why(x, "%s", t->without);
	if (level == FINDING_PROBLEM)
		finding_todo(x, "%s", refused(err) ? "see privileges above" : err == FEATURE_NOT_ASKED ? "see what else is missing" :
			     "use a newer kernel, with CONFIG_BPF_SYSCALL and CONFIG_UPROBES (6.1 or later)");
}

static void add_trial(findings *f, const struct host *h)
{
	const struct trial *t = &h->trial;
	struct finding *x;

	if (t->err) {
		x = findings_add(f, "trial", "our own probe", FINDING_PROBLEM, "%s", t->why.text);
		if (refused(t->err))
			finding_todo(x, "see privileges above");
		else if (t->why.hint[0])
			finding_todo(x, "%s", t->why.hint);
		return;
	}
	x = findings_add(f, "trial", "our own probe", trial_passed(h) ? FINDING_OK : FINDING_PROBLEM,
			 "%u of %u calls seen, with %s", t->hits, t->calls, t->multi ? "uprobe_multi" : "single uprobes");
	if (!trial_passed(h))
		finding_why(x, h->inner_pid ? "see pid namespace above" : "hits do not arrive");
}

void doctor_add_host(findings *f, const struct host *h)
{
	add_privileges(f, h);
	add_kernel(f, h);
	for (int i = 0; i < FEATURE_NR; i++)
		add_feature(f, h, (enum feature)i);
	add_trial(f, h);
}

void doctor_add_cost(findings *f, const struct hit_cost *cost)
{
	const char *how = cost->emulated ? "emulated" : "single-stepped";
	struct finding *x;

	if (cost->ns)
		x = findings_add(f, "cost of a hit", cost->instruction, FINDING_OK, "%s: %llu ns", how,
				 (unsigned long long)cost->ns);
	else
		x = findings_add(f, "cost of a hit", cost->instruction, FINDING_NOTE, "%s: could not be measured", how);
	x->site.instruction = xstrdup(cost->instruction);
	x->site.emulated = cost->emulated;
	x->site.hit_ns = cost->ns;
}
