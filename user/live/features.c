#include "live/features.h"

#include "live/filtered.h"
#include "live/guard.h"
#include "live/kernel.h"
#include "live/links.h"
#include "live/mapped.h"
#include "live/sites.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

enum { COOKIE = 7919 };

/* As in linux/filter.h. */
#define INSN(c, d, s, o, i) ((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})
#define CALL(function) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define MOVE(d, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define SET(d, i) INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD(d, i) INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define STORE(d, s) INSN(BPF_STX | BPF_MEM | BPF_DW, d, s, 0, 0)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* Two instructions: a map, or the address of an array map's first value. */
#define LOAD_MAP(d, fd) INSN(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_MAP_FD, 0, fd), INSN(0, 0, 0, 0, 0)
#define LOAD_VALUE(d, fd) INSN(BPF_LD | BPF_DW | BPF_IMM, d, BPF_PSEUDO_MAP_VALUE, 0, fd), INSN(0, 0, 0, 0, 0)

static const struct bpf_insn nothing[] = {SET(BPF_REG_0, 0), EXIT};

struct kind {
	enum bpf_prog_type type;
	uint32_t attach_type, flags;
};

static const struct kind single = {BPF_PROG_TYPE_KPROBE, 0, 0};
static const struct kind sleepable = {BPF_PROG_TYPE_KPROBE, 0, BPF_F_SLEEPABLE};
static const struct kind multi = {BPF_PROG_TYPE_KPROBE, LINK_UPROBE_MULTI, 0};
static const struct kind session = {BPF_PROG_TYPE_KPROBE, LINK_UPROBE_SESSION, 0};
static const struct kind raw_tracepoint = {BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0};
static const struct kind socket_filter = {BPF_PROG_TYPE_SOCKET_FILTER, 0, 0};

static int load(const struct kind *kind, const struct bpf_insn *code, size_t nr)
{
	DECLARE_LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = (enum bpf_attach_type)kind->attach_type,
			    .prog_flags = kind->flags);

	return bpf_prog_load(kind->type, "pt_ask", "Dual BSD/GPL", code, nr, &options);
}

/* Of a descriptor that was only made to see whether it can be. */
static int close_or_error(int fd)
{
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int ask_programs(void)
{
	return close_or_error(load(&single, nothing, ARRAY_SIZE(nothing)));
}

static int ask_ring(void)
{
	return close_or_error(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "pt_ask", 0, 0, (uint32_t)sysconf(_SC_PAGESIZE), NULL));
}

/* Task storage insists on knowing its types: here both are int. */
static int make_storage(void)
{
	struct btf *btf = btf__new_empty();
	DECLARE_LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	const void *bytes;
	uint32_t len;
	int type, fd;

	if (!btf)
		return -errno;
	type = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	bytes = btf__raw_data(btf, &len);
	fd = bytes ? bpf_btf_load(bytes, len, NULL) : -errno;
	btf__free(btf);
	if (fd < 0)
		return fd;
	options.btf_fd = (uint32_t)fd;
	options.btf_key_type_id = options.btf_value_type_id = (uint32_t)type;

	int map = bpf_map_create(BPF_MAP_TYPE_TASK_STORAGE, "pt_ask", 4, 4, 0, &options);

	close(fd);
	return map;
}

static int ask_storage(void)
{
	int map = make_storage(), program;

	if (map < 0)
		return map;

	const struct bpf_insn code[] = {
		CALL(BPF_FUNC_get_current_task_btf),
		LOAD_MAP(BPF_REG_1, map),
		MOVE(BPF_REG_2, BPF_REG_0),
		SET(BPF_REG_3, 0),
		SET(BPF_REG_4, BPF_LOCAL_STORAGE_GET_F_CREATE),
		CALL(BPF_FUNC_task_storage_get),
		SET(BPF_REG_0, 0),
		EXIT,
	};

	program = load(&single, code, ARRAY_SIZE(code));
	close(map);
	return close_or_error(program);
}

static int ask_raw_tracepoints(void)
{
	int program = load(&raw_tracepoint, nothing, ARRAY_SIZE(nothing)), link;

	if (program < 0)
		return program;
	link = bpf_raw_tracepoint_open("sched_process_exit", program);
	close(program);
	return close_or_error(link);
}

static int ask_sleepable(void)
{
	const struct bpf_insn code[] = {
		MOVE(BPF_REG_1, BPF_REG_10),
		ADD(BPF_REG_1, -8),
		SET(BPF_REG_2, 8),
		SET(BPF_REG_3, 0),
		CALL(BPF_FUNC_copy_from_user),
		SET(BPF_REG_0, 0),
		EXIT,
	};

	return close_or_error(load(&sleepable, code, ARRAY_SIZE(code)));
}

/* A helper that came with the change, which has no other sign. */
static int ask_cgroup_memory(void)
{
	const struct bpf_insn code[] = {CALL(BPF_FUNC_ktime_get_coarse_ns), SET(BPF_REG_0, 0), EXIT};

	return close_or_error(load(&socket_filter, code, ARRAY_SIZE(code)));
}

static int link_single(struct link_program program, int pid, const struct probe_site *site)
{
	link_fds links = {};
	int err = links_single(program, SITES_PATH, pid, site, 1, &links), fd;

	fd = err ? err : links.items[0];
	vec_release(&links);
	return fd;
}

static int link_site(const struct kind *kind, int program, const struct probe_site *site)
{
	return kind->attach_type ? links_multi_of(program, (enum link_type)kind->attach_type, SITES_PATH, getpid(), site) :
				   link_single(links_at_entry(program), getpid(), site);
}

/* A program that keeps the cookie of the last hit in @map, on our own function: the cookie must arrive. */
static int ask_link_to(const struct kind *kind, int map)
{
	const struct bpf_insn code[] = {
		CALL(BPF_FUNC_get_attach_cookie),
		LOAD_VALUE(BPF_REG_1, map),
		STORE(BPF_REG_1, BPF_REG_0),
		SET(BPF_REG_0, 0),
		EXIT,
	};
	struct probe_site site = {.spec = COOKIE};
	uint64_t found = 0;
	uint32_t zero = 0;
	int program, link, err = site_offset(&sites[0], &site.file_offset);

	if (err)
		return FEATURE_NOT_ASKED;
	program = load(kind, code, ARRAY_SIZE(code));
	if (program < 0)
		return program;
	link = link_site(kind, program, &site);
	close(program);
	if (link < 0)
		return link;
	sites[0].call(0);
	err = bpf_map_lookup_elem(map, &zero, &found);
	close(link);
	return err ? err : found == COOKIE ? 0 : -ENODATA;
}

static int ask_link(const struct kind *kind)
{
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "pt_ask", sizeof(uint32_t), sizeof(uint64_t), 1, NULL);
	int err;

	if (map < 0)
		return map;
	err = ask_link_to(kind, map);
	close(map);
	return err;
}

static int ask_multi(void)
{
	return ask_link(&multi);
}

static int ask_single(void)
{
	return ask_link(&single);
}

static int ask_session(void)
{
	return ask_link(&session);
}

static int link_return_of(const struct kind *kind, int pid, const struct probe_site *site)
{
	int program = load(kind, nothing, ARRAY_SIZE(nothing)), link;

	if (program < 0)
		return program;
	link = kind->attach_type ? links_multi_of(program, LINK_MULTI_RETURN, SITES_PATH, pid, site) :
				   link_single((struct link_program){program, LINK_MULTI_RETURN}, pid, site);
	close(program);
	return link;
}

/* A return probe on the first site for process @pid. */
static int link_return(int pid)
{
	struct probe_site site = {.spec = COOKIE};
	int link;

	if (site_offset(&sites[0], &site.file_offset))
		return -ENOENT;
	link = link_return_of(&multi, pid, &site);
	return link < 0 ? link_return_of(&single, pid, &site) : link;
}

int features_ask_return(void)
{
	struct filtered child;
	int link, err = filtered_start(&child);

	if (err)
		return FEATURE_NOT_ASKED;
	link = link_return(child.pid);
	if (link < 0) {
		filtered_end(&child);
		return FEATURE_NOT_ASKED;
	}
	err = filtered_go(&child);
	close(link);
	return err;
}

static int ask_mapped(void)
{
	struct mapped_source *m = NULL;
	int err = mapped_new(&m);

	if (!err)
		mapped_free(m);
	return err;
}

/* The programs themselves: what they need together. Nobody is stopped, as nobody is marked. */
static int ask_hold(void)
{
	struct kernel_options options = {.mode = ATTACH_AUTO, .ways = true};
	struct kernel *k = NULL;
	struct guard guard = GUARD_NONE;
	int err = guard_start(&guard, NULL);

	options.held_fd = guard.map_fd;
	if (!err)
		err = kernel_new(&options, &k, NULL);
	kernel_free(k);
	guard_end(&guard);
	return err;
}

static int (*const questions[FEATURE_NR])(void) = {
	[FEATURE_PROGRAMS] = ask_programs,
	[FEATURE_RING] = ask_ring,
	[FEATURE_STORAGE] = ask_storage,
	[FEATURE_RAW_TRACEPOINTS] = ask_raw_tracepoints,
	[FEATURE_MULTI] = ask_multi,
	[FEATURE_SINGLE] = ask_single,
	[FEATURE_SLEEPABLE] = ask_sleepable,
	[FEATURE_SESSION] = ask_session,
	[FEATURE_RETURN_SECCOMP] = features_ask_return,
	[FEATURE_MAPPED] = ask_mapped,
	[FEATURE_HOLD] = ask_hold,
	[FEATURE_CGROUP_MEMORY] = ask_cgroup_memory,
};

void features_ask(int ret_features[FEATURE_NR])
{
	for (size_t i = 0; i < FEATURE_NR; i++)
		ret_features[i] = questions[i]();
}
