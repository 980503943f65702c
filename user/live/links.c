#include "live/links.h"

#include "target/process.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* union bpf_attr's link_create.uprobe_multi (include/uapi/linux/bpf.h of 6.6), which older headers lack. */
struct multi_attr {
	uint32_t program, target, attach_type, flags;
	uint64_t path, offsets, reference_counters, cookies;
	uint32_t nr, multi_flags, pid, reserved;
};

static int create_multi(struct multi_attr *attr)
{
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE, attr, sizeof(*attr));

	return fd < 0 ? -errno : (int)fd;
}

/* A link at returns is one with a flag. */
static uint32_t attach_type(enum link_type type)
{
	return type == LINK_MULTI_RETURN ? LINK_UPROBE_MULTI : (uint32_t)type;
}

int links_multi_of(int program, enum link_type type, const char *path, int pid, const struct probe_site *site)
{
	uint64_t cookie = site->spec;
	struct multi_attr attr = {
		.program = (uint32_t)program,
		.attach_type = attach_type(type),
		.path = (uint64_t)(uintptr_t)path,
		.offsets = (uint64_t)(uintptr_t)&site->file_offset,
		.cookies = (uint64_t)(uintptr_t)&cookie,
		.nr = 1,
		.multi_flags = type == LINK_MULTI_RETURN,
		.pid = (uint32_t)pid,
	};

	return create_multi(&attr);
}

static int multi_works(int program)
{
	/* A folder cannot be probed: the error says that all else is right. A link would take 40 ms to remove. */
	const struct probe_site nowhere = {};
	int fd = links_multi_of(program, LINK_UPROBE_MULTI, "/", getpid(), &nowhere);

	if (fd >= 0)
		close(fd);
	/* Before Linux 6.10 the pid was a thread's, and hits of others did not come; since then one below 0 is refused at once. */
	if (fd == -EBADF && links_multi_of(program, LINK_UPROBE_MULTI, "/", -1, &nowhere) != -EINVAL)
		return -EOPNOTSUPP;
	return fd == -EBADF || fd >= 0 ? 0 : fd;
}

static int session_works(int program)
{
	const struct probe_site nowhere = {};
	int fd = links_multi_of(program, LINK_UPROBE_SESSION, "/", getpid(), &nowhere);

	if (fd >= 0)
		close(fd);
	return fd == -EBADF || fd >= 0 ? 0 : fd;
}

int links_work(enum link_type type)
{
	static const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	DECLARE_LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = (enum bpf_attach_type)type);
	int program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "pt_ask", "Dual BSD/GPL", nothing, ARRAY_SIZE(nothing), &options), err;

	if (program < 0)
		return program;
	err = type == LINK_UPROBE_SESSION ? session_works(program) : multi_works(program);
	close(program);
	return err;
}

/*
 * The kernel asks the main thread for the memory where probes go; one that has ended has none. A probe for all processes goes
 * there as well, and hits of others are dropped.
 */
static bool is_for_all(int pid)
{
	return process_reader(pid) != pid;
}

static uint64_t cookie_of(const struct probe_site *site)
{
	return site->spec | (uint64_t)site->way << WIRE_COOKIE_WAY | (uint64_t)site->life << WIRE_COOKIE_LIFE;
}

int links_multi(struct link_program program, const char *path, int pid, const struct probe_site *sites, size_t nr,
		link_fds *links)
{
	const bool all = is_for_all(pid);
	_cleanup_(freep) uint64_t *offsets = xcalloc(nr, sizeof(*offsets));
	_cleanup_(freep) uint64_t *cookies = xcalloc(nr, sizeof(*cookies));
	struct multi_attr attr = {
		.program = (uint32_t)program.fd,
		.attach_type = attach_type(program.type),
		.path = (uint64_t)(uintptr_t)path,
		.offsets = (uint64_t)(uintptr_t)offsets,
		.cookies = (uint64_t)(uintptr_t)cookies,
		.nr = (uint32_t)nr,
		.multi_flags = program.type == LINK_MULTI_RETURN,
		.pid = all ? 0 : (uint32_t)pid,
	};
	int fd;

	for (size_t i = 0; i < nr; i++) {
		offsets[i] = sites[i].file_offset;
		cookies[i] = cookie_of(&sites[i]);
	}
	fd = create_multi(&attr);
	if (fd < 0)
		return fd;
	vec_push(links, fd);
	return 0;
}

static int uprobe_type(void)
{
	_cleanup_(freep) char *line = NULL;
	size_t bytes = 0;
	FILE *f = fopen("/sys/bus/event_source/devices/uprobe/type", "re");
	int type = -ENOTSUP;

	if (!f)
		return -ENOTSUP;
	if (getline(&line, &bytes, f) > 0)
		type = (int)strtol(line, NULL, 10);
	fclose(f);
	return type;
}

static int link_single(struct link_program program, int type, const char *path, int pid, const struct probe_site *site)
{
	struct perf_event_attr perf = {
		.size = sizeof(perf),
		.type = (uint32_t)type,
		.config = program.type == LINK_MULTI_RETURN, /* format/retprobe says: bit 0 */
		.config1 = (uint64_t)(uintptr_t)path, /* uprobe_path */
		.config2 = site->file_offset,	      /* probe_offset */
	};
	const bool all = is_for_all(pid);
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, options, .perf_event.bpf_cookie = cookie_of(site));
	/* On whichever CPU an event of all processes is: the program runs at each hit. */
	int event = (int)syscall(SYS_perf_event_open, &perf, all ? -1 : pid, all ? sched_getcpu() : -1, -1, PERF_FLAG_FD_CLOEXEC);
	int link;

	if (event < 0)
		return -errno;
	link = bpf_link_create(program.fd, event, BPF_PERF_EVENT, &options);
	if (link < 0)
		link = -errno;
	/* The link keeps the event. */
	close(event);
	return link;
}

int links_single(struct link_program program, const char *path, int pid, const struct probe_site *sites, size_t nr,
		 link_fds *links)
{
	int type = uprobe_type();

	if (type < 0)
		return type;
	for (size_t i = 0; i < nr; i++) {
		int link = link_single(program, type, path, pid, &sites[i]);

		if (link < 0)
			return link;
		vec_push(links, link);
	}
	return 0;
}
