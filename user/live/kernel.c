#include "live/kernel_parts.h"

#include "base/units.h"
#include "live/links.h"
#include "target/host.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Positive, so that it cannot be an error of a receiver. */
enum { DRAINED = -65000 };

/*
 * Hits of different CPUs lie up to 34 us out of the order of their clocks: go on until one that is safely newer than
 * the drain's beginning. The end of a drain is never a hit that is older.
 */
#define INVERSION_NS (5 * NS_PER_MS)

static void count_received(struct kernel *k, const struct wire_hit *hit)
{
	if (hit->spec >= WIRE_SPECS)
		return;
	k->received[hit->spec].seen++;
	k->received[hit->spec].alone += hit->call & WIRE_ALONE ? 1 : 0;
}

static int receive_hit(void *context, void *data, size_t bytes)
{
	struct kernel *k = context;
	struct wire_hit hit = {};

	if (bytes != sizeof(hit) && bytes != WIRE_HIT_FEW)
		k->err = -EBADMSG;
	else {
		memcpy(&hit, data, bytes);
		count_received(k, &hit);
		k->err = k->receive(k->context, &hit);
	}
	if (k->err)
		return k->err;
	return hit.time_ns > k->until_ns ? DRAINED : 0;
}

int kernel_drain(struct kernel *k, int (*receive)(void *context, const struct wire_hit *hit), void *context)
{
	int n;

	k->receive = receive;
	k->context = context;
	k->until_ns = units_monotonic_ns() + INVERSION_NS;
	k->err = 0;
	n = ring_buffer__consume(k->ring);
	return k->err ? k->err : n < 0 && n != DRAINED ? n : 0;
}

size_t kernel_ring_hits(const struct kernel *k)
{
	return bpf_map__max_entries(k->skeleton->maps.ring) / (sizeof(struct wire_hit) + BPF_RINGBUF_HDR_SZ);
}

int kernel_wake_fd(const struct kernel *k)
{
	return ring_buffer__epoll_fd(k->ring);
}

/* What a kernel may have, best first. */
static const struct variant {
	bool multi, sleepable, session;
} variants[] = {{true, true, true}, {true, true, false}, {true, false, false}, {false, true, false}, {false, false, false}};

/* include/linux/proc_ns.h, PROC_PID_INIT_INO, since Linux 3.8 */
#define INITIAL_PID_NAMESPACE 0xeffffffcU

/* In a container the pids that we see are not those that BPF sees: tell it ours. */
static void set_namespace(struct pooltrace_bpf *s)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino == INITIAL_PID_NAMESPACE)
		return;
	s->rodata->namespace_device = st.st_dev;
	s->rodata->namespace_inode = st.st_ino;
}

/* CAP_KILL: to send a signal to processes of other users. */
static bool can_continue_others(void)
{
	struct host host = {};
	bool can;

	host_read("", &host);
	can = host_has(&host, CAP_KILL);
	host_release(&host);
	return can;
}

/* The programs at functions, of which each variant has some, and by which type of link they are used if not by perf events. */
static void choose_programs(struct kernel *k, const struct kernel_options *o, const struct variant *v)
{
	const struct pooltrace_bpf *s = k->skeleton;
	const bool stacks = o->native || o->python;
	const struct {
		struct bpf_program *plain, *stacks;
		bool used;
		enum link_type type;
	} programs[NR_PROGRAMS] = {
		[PROGRAM_PROBE] = {s->progs.probe, s->progs.probe_stacks, true, LINK_UPROBE_MULTI},
		[PROGRAM_SESSION] = {s->progs.call_session, s->progs.call_session_stacks, v->session, LINK_UPROBE_SESSION},
		[PROGRAM_ENTRY] = {s->progs.call_entry, s->progs.call_entry_stacks, !v->session || o->ways, LINK_UPROBE_MULTI},
		[PROGRAM_RETURN] = {s->progs.call_return, s->progs.call_return_stacks, !v->session, LINK_UPROBE_MULTI},
		[PROGRAM_WAY] = {s->progs.call_way, s->progs.call_way_stacks, o->ways, LINK_UPROBE_MULTI},
	};

	for (size_t i = 0; i < NR_PROGRAMS; i++) {
		k->programs[i] = stacks ? programs[i].stacks : programs[i].plain;
		bpf_program__set_autoload(stacks ? programs[i].plain : programs[i].stacks, false);
		bpf_program__set_autoload(k->programs[i], programs[i].used);
		if (v->sleepable)
			bpf_program__set_flags(k->programs[i], BPF_F_SLEEPABLE);
		if (v->multi)
			bpf_program__set_expected_attach_type(k->programs[i], (enum bpf_attach_type)programs[i].type);
	}
	if (v->multi)
		bpf_program__set_expected_attach_type(s->progs.linker_state, (enum bpf_attach_type)LINK_UPROBE_MULTI);
}

static int program_fd(const struct kernel *k, enum program program)
{
	return bpf_program__fd(k->programs[program]);
}

/* Do links as this variant has them come into being? The kernel takes a tenth of a second to look through our programs. */
static int try_links(const struct variant *v)
{
	int err = v->multi ? links_work(LINK_UPROBE_MULTI) : 0;

	return !err && v->session ? links_work(LINK_UPROBE_SESSION) : err;
}

static int load(struct kernel *k, const struct kernel_options *o, const struct variant *v)
{
	struct pooltrace_bpf *s;
	int err = try_links(v);

	if (err)
		return err;
	s = pooltrace_bpf__open();
	if (!s)
		return -errno;
	k->skeleton = s;
	choose_programs(k, o, v);
	s->rodata->sleepable = v->sleepable;
	set_namespace(s);
	bpf_program__set_autoload(s->progs.linker_state, o->held_fd >= 0);
	bpf_program__set_autoload(s->progs.hold_exec, o->held_fd >= 0);
	if (o->held_fd >= 0)
		bpf_map__reuse_fd(s->maps.held, o->held_fd);
	if (!can_continue_others())
		s->rodata->stop_uid = (int32_t)getuid();
	s->rodata->children = o->children;
	kernel_stacks_choose(s, o);
	if (o->ring_bytes)
		bpf_map__set_max_entries(s->maps.ring, o->ring_bytes);
	s->rodata->wake_bytes = bpf_map__max_entries(s->maps.ring) / WAKE_SHARE;
	k->mode = v->multi ? ATTACH_MULTI : ATTACH_SINGLE;
	k->session = v->session;
	err = pooltrace_bpf__load(s);
	if (err) {
		pooltrace_bpf__destroy(s);
		k->skeleton = NULL;
	}
	return err;
}

static int load_best(struct kernel *k, const struct kernel_options *o, struct diag *d)
{
	int err = -EOPNOTSUPP;

	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		if (o->mode != ATTACH_AUTO && variants[i].multi != (o->mode == ATTACH_MULTI))
			continue;
		err = load(k, o, &variants[i]);
		if (!err || err == -EPERM)
			break;
	}
	if (!err)
		return 0;
	diag_errno(d, err, "cannot load the probes");
	if (err == -EPERM)
		diag_hint(d, "run as root, or grant " HOST_TO_TRACE "; `pooltrace doctor` says what is missing");
	else if (o->mode == ATTACH_MULTI)
		diag_hint(d, "this kernel may lack uprobe_multi (6.6): try --attach=single");
	else
		diag_hint(d, "pooltrace needs Linux 6.1 or later with CONFIG_BPF_SYSCALL, CONFIG_UPROBES and CONFIG_DEBUG_INFO_BTF");
	return err;
}

static int attach_process_events(struct kernel *k, struct diag *d)
{
	struct bpf_program *const programs[] = {k->skeleton->progs.thread_exit, k->skeleton->progs.process_exec,
						k->skeleton->progs.process_fork, k->skeleton->progs.hold_exec};
	struct bpf_link **const links[] = {&k->skeleton->links.thread_exit, &k->skeleton->links.process_exec,
					   &k->skeleton->links.process_fork, &k->skeleton->links.hold_exec};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (!bpf_program__autoload(programs[i]))
			continue;
		*links[i] = bpf_program__attach(programs[i]);
		if (!*links[i])
			return diag_errno(d, -errno, "cannot attach to the scheduler's tracepoints");
	}
	return 0;
}

static int no_output(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

int kernel_new(const struct kernel_options *o, struct kernel **ret, struct diag *d)
{
	struct kernel *k;
	int err;

	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		diag_set(d, -ENOTSUP, "cannot load the probes: this kernel has no BTF (/sys/kernel/btf/vmlinux)");
		diag_hint(d, "use a kernel with CONFIG_DEBUG_INFO_BTF=y; `pooltrace --once` works without");
		return -ENOTSUP;
	}
	libbpf_set_print(no_output);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	k = xcalloc(1, sizeof(*k));
	err = load_best(k, o, d);
	if (!err)
		err = attach_process_events(k, d);
	if (!err) {
		k->ring = ring_buffer__new(bpf_map__fd(k->skeleton->maps.ring), receive_hit, k, NULL);
		k->stats_cpus = libbpf_num_possible_cpus();
		err = !k->ring || k->stats_cpus < 0 ? -errno : kernel_stacks_open(k, o);
		if (err)
			diag_errno(d, err, "cannot read the ring buffer");
	}
	if (err) {
		kernel_free(k);
		return err;
	}
	k->stats_scratch = xcalloc((size_t)k->stats_cpus, sizeof(*k->stats_scratch));
	*ret = k;
	return 0;
}

void kernel_free(struct kernel *k)
{
	if (!k)
		return;
	ring_buffer__free(k->ring);
	kernel_stacks_close(k);
	pooltrace_bpf__destroy(k->skeleton);
	free(k->stats_scratch);
	free(k);
}

enum attach_mode kernel_mode(const struct kernel *k)
{
	return k->mode;
}

int kernel_set_spec(struct kernel *k, uint32_t id, const struct wire_spec *spec)
{
	return bpf_map_update_elem(bpf_map__fd(k->skeleton->maps.specs), &id, spec, BPF_ANY);
}

uint64_t kernel_want_name(struct kernel *k, const char *name)
{
	struct wire_name words = {};
	const uint32_t one = 1;
	uint64_t number;

	if (strlen(name) >= sizeof(words))
		return 0;
	memcpy(&words, name, strlen(name));
	number = wire_name_number(&words);
	return bpf_map_update_elem(bpf_map__fd(k->skeleton->maps.names), &number, &one, BPF_ANY) ? 0 : number;
}

int kernel_arm(struct kernel *k, int pid, uint32_t life)
{
	struct wire_target target = {.tgid = (uint64_t)pid, .life = life, .changes = (uint64_t)life << 32};
	uint32_t tgid = (uint32_t)pid, slot = life % WIRE_LIVES;
	int err = bpf_map_update_elem(bpf_map__fd(k->skeleton->maps.targets), &slot, &target, BPF_ANY);

	return err ? err : bpf_map_update_elem(bpf_map__fd(k->skeleton->maps.lives), &tgid, &life, BPF_ANY);
}

void kernel_disarm(struct kernel *k, int pid)
{
	const struct wire_target none = {};
	uint32_t tgid = (uint32_t)pid, life, slot;

	if (bpf_map_lookup_elem(bpf_map__fd(k->skeleton->maps.lives), &tgid, &life))
		return;
	slot = life % WIRE_LIVES;
	bpf_map_delete_elem(bpf_map__fd(k->skeleton->maps.lives), &tgid);
	bpf_map_update_elem(bpf_map__fd(k->skeleton->maps.targets), &slot, &none, BPF_ANY);
}

bool kernel_armed(const struct kernel *k, int pid)
{
	uint32_t tgid = (uint32_t)pid, life;

	return !bpf_map_lookup_elem(bpf_map__fd(k->skeleton->maps.lives), &tgid, &life);
}

uint32_t kernel_free_life(const struct kernel *k, uint32_t last)
{
	struct wire_target target;

	for (uint32_t i = 1; i <= WIRE_LIVES; i++) {
		uint32_t slot = (last + i) % WIRE_LIVES;

		if (!bpf_map_lookup_elem(bpf_map__fd(k->skeleton->maps.targets), &slot, &target) && !target.tgid)
			return last + i;
	}
	return 0;
}

uint64_t kernel_lost(const struct kernel *k)
{
	return __atomic_load_n(&k->skeleton->bss->nr_lost, __ATOMIC_RELAXED);
}

uint64_t kernel_unread(const struct kernel *k)
{
	return __atomic_load_n(&k->skeleton->bss->nr_unread, __ATOMIC_RELAXED);
}

struct kernel_stats kernel_stats(const struct kernel *k, uint32_t id)
{
	struct kernel_stats sum = {.seen = k->received[id].seen, .finished = k->received[id].seen - k->received[id].alone};

	if (bpf_map_lookup_elem(bpf_map__fd(k->skeleton->maps.stats), &id, k->stats_scratch))
		return sum;
	for (int i = 0; i < k->stats_cpus; i++) {
		sum.lost += k->stats_scratch[i].lost;
		sum.entered += k->stats_scratch[i].entered;
		sum.finished += k->stats_scratch[i].unsent;
	}
	return sum;
}

void kernel_sweep(struct kernel *k, const char *path, const struct probe_site *sites, size_t nr, link_fds *links)
{
	if (k->mode == ATTACH_MULTI)
		links_multi(links_at_entry(program_fd(k, PROGRAM_PROBE)), path, getpid(), sites, nr, links);
}

static int attach_sites(const struct kernel *k, struct link_program program, const char *path, int pid,
			const struct probe_site *sites, size_t nr, link_fds *links)
{
	return k->mode == ATTACH_MULTI ? links_multi(program, path, pid, sites, nr, links) :
					 links_single(program, path, pid, sites, nr, links);
}

static int attach_failed(const struct kernel *k, int err, int pid, struct diag *d)
{
	diag_errno(d, err, "cannot attach to process %d", pid);
	if (err == -EACCES && k->mode == ATTACH_SINGLE)
		diag_hint(d, "run as root: probes without uprobe_multi are perf events, which this kernel gives to cap_sys_admin alone");
	else if (err == -EPERM)
		diag_hint(d, "run as root, or grant " HOST_TO_TRACE "; `pooltrace doctor` says what is missing");
	return err;
}

int kernel_attach(struct kernel *k, const char *path, int pid, const struct probe_site *sites, size_t nr,
		  link_fds *links, struct diag *d)
{
	int err = attach_sites(k, links_at_entry(program_fd(k, PROGRAM_PROBE)), path, pid, sites, nr, links);

	return err ? attach_failed(k, err, pid, d) : 0;
}

int kernel_attach_calls(struct kernel *k, const char *path, int pid, const struct probe_site *sites, size_t nr,
			link_fds *links, struct diag *d)
{
	const struct link_program at_both[] = {{program_fd(k, PROGRAM_SESSION), LINK_UPROBE_SESSION}},
		/* A call is one only when its entry was seen: returns first. */
		at_each[] = {{program_fd(k, PROGRAM_RETURN), LINK_MULTI_RETURN},
			     {program_fd(k, PROGRAM_ENTRY), LINK_UPROBE_MULTI}};
	const struct link_program *programs = k->session ? at_both : at_each;
	size_t nr_programs = k->session ? ARRAY_SIZE(at_both) : ARRAY_SIZE(at_each);

	for (size_t i = 0; i < nr_programs; i++) {
		int err = attach_sites(k, programs[i], path, pid, sites, nr, links);

		if (err)
			return attach_failed(k, err, pid, d);
	}
	return 0;
}

int kernel_attach_ways(struct kernel *k, const char *path, int pid, const struct probe_site *entries, size_t nr_entries,
		       const struct probe_site *ways, size_t nr_ways, link_fds *links, struct diag *d)
{
	const struct link_program entry = links_at_entry(program_fd(k, PROGRAM_ENTRY)),
				  way = links_at_entry(program_fd(k, PROGRAM_WAY));
	/* Returns first, as above. */
	int err = nr_ways ? attach_sites(k, way, path, pid, ways, nr_ways, links) : 0;

	if (!err)
		err = attach_sites(k, entry, path, pid, entries, nr_entries, links);
	return err ? attach_failed(k, err, pid, d) : 0;
}

int kernel_mark(struct kernel *k, int pidfd, uint32_t marks)
{
	return bpf_map_update_elem(bpf_map__fd(k->skeleton->maps.marks), &pidfd, &marks, BPF_ANY);
}

bool kernel_is_marked(const struct kernel *k, int pidfd)
{
	uint32_t marks;

	return !bpf_map_lookup_elem(bpf_map__fd(k->skeleton->maps.marks), &pidfd, &marks);
}

void kernel_set_interest(struct kernel *k, const struct wire_file *file, enum wire_interest interest)
{
	uint32_t value = interest;

	bpf_map_update_elem(bpf_map__fd(k->skeleton->maps.files), file, &value, BPF_ANY);
}

void kernel_set_attached(struct kernel *k, int pid, const struct wire_file *file, bool attached)
{
	const struct wire_attached key = {.tgid = (uint32_t)pid, .file = *file};
	uint32_t value = 1;

	if (attached)
		bpf_map_update_elem(bpf_map__fd(k->skeleton->maps.attached), &key, &value, BPF_ANY);
	else
		bpf_map_delete_elem(bpf_map__fd(k->skeleton->maps.attached), &key);
}

int kernel_attach_linker(struct kernel *k, const char *path, int pid, const struct probe_site *site, const struct wire_file *file,
			 link_fds *links)
{
	struct link_program program = links_at_entry(bpf_program__fd(k->skeleton->progs.linker_state));
	uint32_t tgid = (uint32_t)pid;
	int err = k->mode == ATTACH_MULTI ? links_multi(program, path, pid, site, 1, links) :
					    links_single(program, path, pid, site, 1, links);

	return err ? err : bpf_map_update_elem(bpf_map__fd(k->skeleton->maps.linked), &tgid, file, BPF_ANY);
}

uint64_t kernel_untold(const struct kernel *k)
{
	return __atomic_load_n(&k->skeleton->bss->nr_untold, __ATOMIC_RELAXED);
}

uint64_t kernel_forks(const struct kernel *k)
{
	return __atomic_load_n(&k->skeleton->bss->nr_forks, __ATOMIC_RELAXED);
}

void kernel_detach(link_fds *links)
{
	for (size_t i = 0; i < links->nr; i++)
		close(links->items[i]);
	vec_release(links);
}
