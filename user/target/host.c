#include "target/host.h"

#include "base/str.h"
#include "target/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Inodes of the initial namespaces: include/linux/proc_ns.h, since 3.8. */
#define INITIAL_USER_NAMESPACE "user:[4026531837]"
#define INITIAL_PID_NAMESPACE "pid:[4026531836]"

enum { TEXT_MAX = 4096 };

/* The beginning of a small file, without white space at its end. False: it cannot be read. */
static bool read_file(const char *root, const char *path, char text[TEXT_MAX])
{
	_cleanup_(freep) char *full = xasprintf("%s%s", root, path);
	_cleanup_(closep) int fd = open(full, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, TEXT_MAX - 1);

	if (n < 0)
		return false;
	while (n > 0 && strchr(" \t\n", text[n - 1]))
		n--;
	text[n] = '\0';
	return true;
}

static struct setting to_setting(const char *text, int base)
{
	char *end;
	long value = strtol(text, &end, base);

	return (struct setting){.known = end != text, .value = value};
}

static struct setting read_setting(const char *root, const char *path)
{
	char text[TEXT_MAX];

	return read_file(root, path, text) ? to_setting(text, 10) : (struct setting){};
}

/* What stands behind "\nNAME:" in /proc/self/status. NULL: it has no such line. */
static const char *status_line(const char *status, const char *name)
{
	_cleanup_(freep) char *start = xasprintf("\n%s:", name);
	const char *line = strstr(status, start);

	return line ? line + strlen(start) : NULL;
}

static struct setting status_setting(const char *status, const char *name)
{
	const char *text = status_line(status, name);

	return text ? to_setting(text, 10) : (struct setting){};
}

static void read_status(const char *root, struct host *h)
{
	char status[TEXT_MAX];
	const char *capabilities;

	if (!read_file(root, "/proc/self/status", status))
		return;
	capabilities = status_line(status, "CapEff");
	h->capabilities = capabilities ? strtoull(capabilities, NULL, 16) : 0;
	h->seccomp = status_setting(status, "Seccomp");
}

/* A namespace that cannot be named is taken for the initial one: kernels without namespaces have no others. */
static bool is_inner(const char *root, const char *path, const char *initial)
{
	_cleanup_(freep) char *full = xasprintf("%s%s", root, path);
	char name[64];
	ssize_t n = readlink(full, name, sizeof(name) - 1);

	if (n < 0)
		return false;
	name[n] = '\0';
	return strcmp(name, initial) != 0;
}

/* Does /proc call us by another number than the kernel does? */
static bool is_other_proc(const char *root)
{
	_cleanup_(freep) char *full = xasprintf("%s/proc/self", root);
	char name[32];
	ssize_t n = readlink(full, name, sizeof(name) - 1);

	if (n < 0)
		return true;
	name[n] = '\0';
	return strtol(name, NULL, 10) != getpid();
}

/* "none [integrity] confidentiality": the word in brackets. */
static char *read_lockdown(const char *root)
{
	char text[TEXT_MAX];
	const char *first, *last;

	if (!read_file(root, "/sys/kernel/security/lockdown", text))
		return NULL;
	first = strchr(text, '[');
	last = first ? strchr(first, ']') : NULL;
	return last ? xstrndup(first + 1, (size_t)(last - first - 1)) : NULL;
}

static int check_btf(const char *root)
{
	_cleanup_(freep) char *path = xasprintf("%s/sys/kernel/btf/vmlinux", root);
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint16_t magic = 0;

	if (fd < 0)
		return -errno;
	return read(fd, &magic, sizeof(magic)) == sizeof(magic) && magic == 0xeb9f ? 0 : -EINVAL;
}

/* As the books are read: which pages are present, then a word. */
static int read_own_memory(struct diag *why)
{
	struct memory *memory = NULL;
	volatile uint64_t word = 0x706f6f6c;
	uint64_t found = 0;
	int err = memory_open(getpid(), &memory, why);

	if (err)
		return err;
	err = memory_read(memory, (uintptr_t)&word, &found, sizeof(found));
	memory_free(memory);
	if (!err && found != word)
		err = -EIO;
	return err ? diag_errno(why, err, "cannot read our own memory") : 0;
}

static uint64_t locked_limit(void)
{
	struct rlimit limit = {};

	getrlimit(RLIMIT_MEMLOCK, &limit);
	return limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
}

void host_read(const char *root, struct host *ret)
{
	struct utsname name = {};
	struct host h = {
		.uid = geteuid(),
		.inner_user = is_inner(root, "/proc/self/ns/user", INITIAL_USER_NAMESPACE),
		.inner_pid = is_inner(root, "/proc/self/ns/pid", INITIAL_PID_NAMESPACE),
		.other_proc = is_other_proc(root),
		.yama = read_setting(root, "/proc/sys/kernel/yama/ptrace_scope"),
		.unprivileged_bpf = read_setting(root, "/proc/sys/kernel/unprivileged_bpf_disabled"),
		.perf_paranoid = read_setting(root, "/proc/sys/kernel/perf_event_paranoid"),
		.lockdown = read_lockdown(root),
		.locked_bytes = locked_limit(),
		.btf = check_btf(root),
	};

	uname(&name);
	h.kernel = xstrdup(name.release);
	read_status(root, &h);
	h.memory = read_own_memory(&h.memory_why);
	for (size_t i = 0; i < FEATURE_NR; i++)
		h.feature[i] = FEATURE_NOT_ASKED;
	*ret = h;
}

void host_release(struct host *h)
{
	free(h->kernel);
	free(h->lockdown);
	h->kernel = NULL;
	h->lockdown = NULL;
}

bool host_in_container(void)
{
	return is_inner("", "/proc/self/ns/pid", INITIAL_PID_NAMESPACE);
}

bool host_has(const struct host *h, int number)
{
	return !h->inner_user && (h->capabilities >> number & 1);
}
