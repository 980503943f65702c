/* The ring of stacks: bpf/stack.bpf.c. */
#include "live/kernel_parts.h"

#include "base/units.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

/* Positive, so that it cannot be an error of a receiver. */
enum { DRAINED = -65000 };

/* As of the hits' ring: clocks differ. */
#define INVERSION_NS (5 * NS_PER_MS)
/* A thread that copies its stack is done in microseconds, or has been preempted: until it has a processor again. */
#define WAIT_NS (50 * NS_PER_MS)
#define PAUSE_US 50

struct kernel_stacks {
	struct ring_buffer *ring;
	uint64_t received;
	uint64_t budget, paid_ns; /* bytes a second; until when it was given */
	/* during a drain */
	int (*receive)(void *context, const struct wire_stack_head *record);
	void *context;
	uint64_t until_ns;
	int err;
};

/* Is all of the record there that it says it has? */
static bool is_whole(const struct wire_stack_head *head, size_t bytes)
{
	const struct wire_stack *stack = (const struct wire_stack *)head;
	const struct wire_python_stack *python = (const struct wire_python_stack *)head;

	if (bytes < sizeof(*head))
		return false;
	if (head->kind == WIRE_STACK_CODE)
		return bytes >= sizeof(struct wire_python_code);
	if (head->kind == WIRE_STACK_PYTHON)
		return bytes >= offsetof(struct wire_python_stack, frame) && python->nr <= WIRE_PYTHON_FRAMES &&
		       bytes >= offsetof(struct wire_python_stack, frame) + python->nr * sizeof(python->frame[0]);
	return head->kind == WIRE_STACK_NATIVE && bytes >= sizeof(*stack) && stack->bytes <= bytes - sizeof(*stack);
}

static int receive_stack(void *context, void *data, size_t bytes)
{
	struct kernel_stacks *ks = context;
	const struct wire_stack_head *head = data;

	ks->received++;
	ks->err = is_whole(head, bytes) ? ks->receive(ks->context, head) : -EBADMSG;
	if (ks->err)
		return ks->err;
	return head->time_ns > ks->until_ns ? DRAINED : 0;
}

void kernel_stacks_choose(struct pooltrace_bpf *s, const struct kernel_options *o)
{
	s->rodata->native_stacks = o->native;
	s->rodata->python_stacks = o->python;
	s->rodata->stack_budget = o->stack_budget;
	s->rodata->stack_wake_bytes = bpf_map__max_entries(s->maps.stack_ring) / WAKE_SHARE;
	s->bss->stack_credit = (int64_t)o->stack_budget;
	if (!o->native && !o->python)
		bpf_map__set_max_entries(s->maps.stack_ring, (uint32_t)sysconf(_SC_PAGESIZE));
	if (!o->python)
		bpf_map__set_max_entries(s->maps.codes, 1);
}

int kernel_stacks_open(struct kernel *k, const struct kernel_options *o)
{
	struct kernel_stacks *ks;

	if (!o->native && !o->python)
		return 0;
	ks = k->stacks = xcalloc(1, sizeof(*ks));
	ks->budget = o->stack_budget;
	ks->paid_ns = units_monotonic_ns();
	ks->ring = ring_buffer__new(bpf_map__fd(k->skeleton->maps.stack_ring), receive_stack, ks, NULL);
	return ks->ring ? 0 : -errno;
}

void kernel_stacks_close(struct kernel *k)
{
	if (k->stacks)
		ring_buffer__free(k->stacks->ring);
	free(k->stacks);
	k->stacks = NULL;
}

/* What was not used within a second is not kept. */
static void pay(const struct kernel *k, struct kernel_stacks *ks)
{
	uint64_t now = units_monotonic_ns(), ns = now - ks->paid_ns;
	__s64 *credit = &k->skeleton->bss->stack_credit;
	int64_t left = __atomic_load_n(credit, __ATOMIC_RELAXED), more;

	if (ns > NS_PER_SEC)
		ns = NS_PER_SEC;
	more = (int64_t)((double)ks->budget * (double)ns / (double)NS_PER_SEC);
	ks->paid_ns = now;
	if (left + more > (int64_t)ks->budget)
		more = (int64_t)ks->budget - left;
	__atomic_fetch_add(credit, more, __ATOMIC_RELAXED);
}

static int consume(struct kernel_stacks *ks)
{
	int n;

	ks->until_ns = units_monotonic_ns() + INVERSION_NS;
	ks->err = 0;
	n = ring_buffer__consume(ks->ring);
	return ks->err ? ks->err : n < 0 && n != DRAINED ? n : 0;
}

int kernel_drain_stacks(struct kernel *k, int (*receive)(void *context, const struct wire_stack_head *record), void *context)
{
	struct kernel_stacks *ks = k->stacks;
	uint64_t begin = units_monotonic_ns(), wanted;
	int err;

	if (!ks)
		return 0;
	wanted = __atomic_load_n(&k->skeleton->bss->nr_stacks, __ATOMIC_ACQUIRE);
	ks->receive = receive;
	ks->context = context;
	err = consume(ks);
	/* One that is not complete yet is in the way of those behind it. */
	while (!err && ks->received < wanted && units_monotonic_ns() - begin < WAIT_NS) {
		usleep(PAUSE_US);
		err = consume(ks);
	}
	if (ks->budget)
		pay(k, ks);
	return err;
}

int kernel_stack_wake_fd(const struct kernel *k)
{
	return k->stacks ? ring_buffer__epoll_fd(k->stacks->ring) : -1;
}

uint64_t kernel_stacks_lost(const struct kernel *k)
{
	return __atomic_load_n(&k->skeleton->bss->nr_stacks_lost, __ATOMIC_RELAXED);
}

uint64_t kernel_stacks_over(const struct kernel *k)
{
	return __atomic_load_n(&k->skeleton->bss->nr_stacks_over, __ATOMIC_RELAXED);
}

int kernel_set_python(const struct kernel *k, int pid, const struct wire_python *python)
{
	uint32_t tgid = (uint32_t)pid;

	return bpf_map_update_elem(bpf_map__fd(k->skeleton->maps.interpreters), &tgid, python, BPF_ANY);
}

void kernel_forget_python(const struct kernel *k, int pid)
{
	uint32_t tgid = (uint32_t)pid;

	bpf_map_delete_elem(bpf_map__fd(k->skeleton->maps.interpreters), &tgid);
}
