/*
 * Processes of a command that we started are stopped until probes are set, so that no call is missed: when one executes
 * a program, until its dynamic linker has a probe; and there, when what has been mapped holds a runtime, or a file that
 * nobody has looked into yet. That is before the first constructor of a library runs. The signal is delivered before the
 * thread that sends it executes another instruction. No other process is ever stopped.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "wire.h"
#include "maps.h"
#include "again.h"
#include "send.h"

enum {
	PIDTYPE_PGID = 2, /* include/linux/pid_types.h, since 4.19 */
	PIDTYPE_SID = 3,
	SIGSTOP = 19,
	RT_CONSISTENT = 0, /* of struct r_debug, link.h */
	LIBRARIES = 1 << 12, /* of a process, that are looked at */
	NAMESPACES = 32,     /* nested pid namespaces, include/linux/pid_namespace.h */
	ANYONE = -1,
};

#define NS_PER_SEC 1000000000ULL

/* Set before the load: only processes of this user are stopped, since we may not continue others. */
const volatile __s32 stop_uid = ANYONE;

/* Set before the load: children of marked processes are marked as they are, and those of watched ones as followed. */
const volatile bool children;

/* Forks of watched processes; what found no room in the ring. */
__u64 nr_forks;
__u64 nr_untold;

/* ---- files ---- */

/* The time of change has had three names. */
struct inode___v611 {
	long long i_ctime_sec;
	__u32 i_ctime_nsec;
} __attribute__((preserve_access_index));

struct time {
	long long tv_sec;
	long tv_nsec;
};

struct inode___v66 {
	struct time __i_ctime;
} __attribute__((preserve_access_index));

struct inode___v61 {
	struct time i_ctime;
} __attribute__((preserve_access_index));

static __always_inline __u64 changed_ns(const struct inode *inode)
{
	const struct inode___v611 *v611 = (const void *)inode;
	const struct inode___v66 *v66 = (const void *)inode;
	const struct inode___v61 *v61 = (const void *)inode;
	struct time t = {};

	if (bpf_core_field_exists(v611->i_ctime_sec))
		return BPF_CORE_READ(v611, i_ctime_sec) * NS_PER_SEC + BPF_CORE_READ(v611, i_ctime_nsec);
	if (bpf_core_field_exists(v66->__i_ctime))
		bpf_core_read(&t, sizeof(t), &v66->__i_ctime);
	else if (bpf_core_field_exists(v61->i_ctime))
		bpf_core_read(&t, sizeof(t), &v61->i_ctime);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

/* What is being looked at: the file at an address, and what was found so far. */
struct look {
	__u64 link; /* the next entry of the linker's list */
	struct wire_file file;
	__u64 address;
	__u32 watched; /* tgid of the process, if it is; else 0 */
	bool found;    /* `file` is one */
	bool runtime;  /* one of the files has one, and the process not its probes */
	bool unknown;  /* one of the files was never looked into, or could not be found out */
};

static long read_file(struct task_struct *task, struct vm_area_struct *vma, struct look *look)
{
	struct inode *inode;

	(void)task;
	if (!vma->vm_file)
		return 0;
	inode = vma->vm_file->f_inode;
	look->file.device = inode->i_sb->s_dev;
	look->file.inode = inode->i_ino;
	look->file.changed_ns = changed_ns(inode);
	look->file.size = inode->i_size;
	look->found = true;
	return 0;
}

static __always_inline struct wire_hit *new_hit(__u32 event)
{
	struct wire_hit *hit = reserve(&ring, sizeof(*hit));
	struct thread_at none = {};

	if (!hit) {
		__sync_fetch_and_add(&nr_untold, 1);
		return NULL;
	}
	fill_hit(hit, event, &none, 0);
	hit->valid = (1 << WIRE_VALUES) - 1;
	for (int i = 0; i < WIRE_VALUES; i++)
		hit->value[i] = 0;
	return hit;
}

static __always_inline void tell_file(const struct look *look)
{
	struct wire_hit *hit = new_hit(WIRE_FILE);

	if (!hit)
		return;
	hit->value[WIRE_ADDRESS] = look->address;
	hit->value[WIRE_DEVICE] = look->file.device;
	hit->value[WIRE_INODE] = look->file.inode;
	hit->value[WIRE_CHANGED] = look->file.changed_ns;
	hit->value[WIRE_SIZE] = look->file.size;
	submit(hit, 0);
}

/* What the file at look->address is to us; 0: not known. */
static __always_inline __u32 look_at(struct task_struct *task, struct look *look)
{
	__u32 *interest;

	look->found = false;
	/* Another thread may be changing the mappings just now. */
	if (bpf_find_vma(task, look->address, read_file, look, 0)) {
		look->unknown = true;
		return 0;
	}
	if (!look->found)
		return WIRE_FILE_OTHER;
	interest = bpf_map_lookup_elem(&files, &look->file);
	if (interest)
		return *interest;
	look->unknown = true;
	tell_file(look);
	return 0;
}

/* ---- who is held ---- */

static __always_inline __u32 mark_of(struct task_struct *task)
{
	__u32 mark = 0;

	if (copy_storage(&marks, task, &mark, sizeof(mark)))
		return mark;
	/* User space marks a process by its main thread. */
	if (copy_storage(&marks, task->group_leader, &mark, sizeof(mark)) || !children)
		return mark;
	/* At the fork there was no memory for it, or no way to get at it just then. */
	return copy_storage(&marks, task->real_parent, &mark, sizeof(mark)) ? mark & ~WIRE_MARK_FIRST : 0;
}

/* A shell with job control puts each job into a process group of its own, and would see it stop. */
static __always_inline bool is_job(const struct task_struct *task)
{
	const struct task_struct *parent = BPF_CORE_READ(task, real_parent);

	return BPF_CORE_READ(task, signal, pids[PIDTYPE_SID]) == BPF_CORE_READ(parent, signal, pids[PIDTYPE_SID]) &&
	       BPF_CORE_READ(task, signal, pids[PIDTYPE_PGID]) != BPF_CORE_READ(parent, signal, pids[PIDTYPE_PGID]);
}

static __always_inline bool may_stop(const struct task_struct *task, __u32 mark)
{
	__u32 off = 0;

	if (bpf_map_lookup_elem(&held, &off))
		return false;
	/* A debugger is asked before a signal takes effect. */
	if (BPF_CORE_READ(task, ptrace))
		return false;
	if (stop_uid != ANYONE && stop_uid != (__s32)bpf_get_current_uid_gid())
		return false;
	return (mark & WIRE_MARK_FIRST) || !is_job(task);
}

static __always_inline bool stop(__u32 tgid)
{
	__u64 now = bpf_ktime_get_ns();

	/* In the map first: whoever shall continue it must know of it. */
	if (!tgid || bpf_map_update_elem(&held, &tgid, &now, BPF_ANY))
		return false;
	if (!bpf_send_signal(SIGSTOP))
		return true;
	bpf_map_delete_elem(&held, &tgid);
	return false;
}

/* One that may not be stopped is told of as well. */
static __always_inline void hold(const struct task_struct *task, __u32 mark)
{
	struct wire_hit *hit = new_hit(WIRE_HELD);

	if (!hit)
		return;
	hit->value[0] = may_stop(task, mark) && stop(hit->tgid);
	submit(hit, WIRE_WAKE);
}

/*
 * The current process has said something that user space must act upon before it goes on. It has been followed since its exec at least: its
 * threads have marks of their own, and a program that may sleep cannot look at those of others.
 */
__noinline int hold_current(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 mark;

	if (copy_storage(&marks, task, &mark, sizeof(mark)) && mark & WIRE_MARK_OURS)
		hold(task, mark);
	return 0;
}

/* ---- when ---- */

static __always_inline bool same_file(const struct wire_file *a, const struct wire_file *b)
{
	return a->device == b->device && a->inode == b->inode && a->changed_ns == b->changed_ns && a->size == b->size;
}

/* At the first instruction of a new program: that of its dynamic linker, or its own where it has none. */
SEC("raw_tp/sched_process_exec")
int hold_exec(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 mark = mark_of(task), interest, tgid;
	struct wire_file *linker;
	struct look look = {};

	(void)ctx;
	if (!(mark & WIRE_MARK_OURS))
		return 0;
	look.address = ((struct pt_regs *)bpf_task_pt_regs(task))->ip;
	interest = look_at(task, &look);
	if (interest == WIRE_FILE_OTHER)
		return 0;
	tgid = (__u32)(current_ids() >> 32);
	linker = bpf_map_lookup_elem(&linked, &tgid);
	if (interest == WIRE_FILE_LINKER && linker && same_file(linker, &look.file))
		return 0;
	hold(task, mark);
	return 0;
}

/* struct link_map of link.h. */
struct link {
	__u64 address, name, dynamic, next;
};

static __always_inline bool is_attached(const struct look *look)
{
	struct wire_attached key = {.tgid = look->watched, .file = look->file};

	return look->watched && bpf_map_lookup_elem(&attached, &key);
}

static long look_at_library(__u32 index, struct look *look)
{
	struct link link;

	(void)index;
	if (!look->link)
		return 1;
	if (bpf_probe_read_user(&link, sizeof(link), (void *)look->link)) {
		look->unknown = true;
		return 1;
	}
	look->link = link.next;
	look->address = link.dynamic;
	if (look_at(bpf_get_current_task_btf(), look) == WIRE_FILE_RUNTIME && !is_attached(look))
		look->runtime = true;
	return 0;
}

/* struct r_debug of link.h. */
struct debug {
	__s32 version, padding;
	__u64 map, brk;
	__s32 state, padding2;
};

/* At the linker's function for debuggers. The cookie: how far behind it its struct r_debug lies. */
SEC("uprobe")
int linker_state(struct pt_regs *ctx)
{
	__u64 address = ctx->ip + (__s32)bpf_get_attach_cookie(ctx);
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 tgid = (__u32)(current_ids() >> 32), mark;
	struct look look = {};
	struct debug debug;

	if (bpf_probe_read_user(&debug, sizeof(debug), (void *)address) || debug.state != RT_CONSISTENT)
		return 0;
	mark = mark_of(task);
	if (!(mark & WIRE_MARK_OURS))
		return 0;
	if (current_target())
		look.watched = tgid;
	look.link = debug.map;
	bpf_loop(LIBRARIES, look_at_library, &look, 0);
	if (look.runtime || look.unknown)
		hold(task, mark);
	return 0;
}

/* ---- children ---- */

/* The pid by which the reader knows a process. 0: it does not see it. */
static __always_inline __u32 pid_for_reader(const struct task_struct *task)
{
	const struct pid *pid = BPF_CORE_READ(task, thread_pid);

	if (!namespace_inode)
		return BPF_CORE_READ(task, tgid);
	for (__u32 i = 0; i <= NAMESPACES; i++) {
		struct upid id;

		if (i > BPF_CORE_READ(pid, level) || bpf_core_read(&id, sizeof(id), &pid->numbers[i]))
			break;
		if (BPF_CORE_READ(id.ns, ns.inum) == namespace_inode)
			return id.nr;
	}
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	bool is_thread = child->tgid == parent->tgid;
	__u32 tgid = (__u32)(current_ids() >> 32), mark = mark_of(parent);
	struct wire_hit *hit;

	(void)ctx;
	if (!is_thread && current_target()) {
		__sync_fetch_and_add(&nr_forks, 1);
		mark |= WIRE_MARK_FOLLOWED;
	}
	if (!mark || (!is_thread && !children))
		return 0;
	if (!is_thread)
		mark &= ~WIRE_MARK_FIRST;
	bpf_task_storage_get(&marks, child, &mark, BPF_LOCAL_STORAGE_GET_F_CREATE);
	hit = is_thread || !(mark & WIRE_MARK_OURS) ? NULL : new_hit(WIRE_FORK);
	if (!hit)
		return 0;
	tgid = pid_for_reader(child);
	/* What is said of it there was of one that had this pid before. */
	bpf_map_delete_elem(&linked, &tgid);
	hit->value[0] = tgid;
	submit(hit, WIRE_WAKE);
	return 0;
}
