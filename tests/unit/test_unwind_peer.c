/*
 * The unwinder against elfutils' libdwfl: a program (tests/unit/data/stacks.cpp) is followed instruction by instruction, and at each
 * address that it comes to for the first time both say who has called whom, from the same registers and the same copy of the stack.
 */
#include "target/unwind.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <cmocka.h>

#include "assemble.h"
#include "base/map.h"

enum { STEPS_MAX = 2000000, STACK_MAX = 1 << 20, RED_ZONE = 128 };

struct copy { /* of a thread's stack */
	struct stack_sample sample;
	unsigned char bytes[STACK_MAX];
	pid_t tid;
};

struct peer {
	Dwfl *dwfl;
	struct stack stack;
	size_t further, shorter; /* than ours */
};

struct follow {
	pid_t main, thread;
	struct unwinder *ours;
	struct peer peer;
	struct copy copy;
	struct map met;
	size_t compared, complete, ends[STACK_END_NR], breakpoints;
};

/* ---- the peer ---- */

static pid_t next_thread(Dwfl *dwfl, void *context, void **thread)
{
	struct copy *copy = context;
	bool first = !*thread;

	(void)dwfl;
	*thread = copy;
	return first ? copy->tid : 0;
}

static bool read_copy(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret, void *context)
{
	const struct stack_sample *s = &((struct copy *)context)->sample;

	(void)dwfl;
	if (s->bytes < sizeof(*ret) || address - s->start > s->bytes - sizeof(*ret))
		return false;
	memcpy(ret, s->stack + (address - s->start), sizeof(*ret));
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *context)
{
	return dwfl_thread_state_registers(thread, 0, CFI_REGISTERS, ((struct copy *)context)->sample.reg);
}

static int add_frame(Dwfl_Frame *frame, void *context)
{
	struct stack *stack = context;
	struct stack_frame *f = &stack->frames[stack->nr];
	Dwarf_Addr pc;

	if (stack->nr == STACK_FRAMES || !dwfl_frame_pc(frame, &pc, NULL))
		return DWARF_CB_ABORT;
	f->pc = pc;
	if (dwfl_frame_reg(frame, CFI_RSP, &f->sp))
		f->sp = 0;
	stack->nr++;
	return DWARF_CB_OK;
}

/* .eh_frame is in the files themselves, and nobody is to be asked over the network. */
static int no_debuginfo(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, const char *file, const char *link,
			GElf_Word crc, char **ret)
{
	(void)module, (void)user, (void)name, (void)base, (void)file, (void)link, (void)crc, (void)ret;
	return -1;
}

static void open_peer(struct follow *f)
{
	static const Dwfl_Thread_Callbacks threads = {
		.next_thread = next_thread, .memory_read = read_copy, .set_initial_registers = set_registers
	};
	static const Dwfl_Callbacks files = { .find_elf = dwfl_linux_proc_find_elf,
					      .find_debuginfo = no_debuginfo };

	f->peer.dwfl = dwfl_begin(&files);
	assert_non_null(f->peer.dwfl);
	assert_int_equal(dwfl_linux_proc_report(f->peer.dwfl, f->main), 0);
	assert_int_equal(dwfl_report_end(f->peer.dwfl, NULL, NULL), 0);
	assert_true(dwfl_attach_state(f->peer.dwfl, NULL, f->main, &threads, &f->copy));
}

static void unwind_peer(struct follow *f)
{
	f->peer.stack.nr = 0;
	f->peer.stack.end = dwfl_getthread_frames(f->peer.dwfl, f->copy.tid, add_frame, &f->peer.stack) ?
				    STACK_SHORT :
				    STACK_COMPLETE;
}

/* ---- the program ---- */

static uint64_t end_of_stack(pid_t pid, uint64_t sp)
{
	uint64_t end = 0;
	mappings all = {};

	assert_int_equal(mappings_read(pid, &all, NULL), 0);
	for (size_t i = 0; i < all.nr; i++)
		if (sp >= all.items[i].start && sp < all.items[i].end)
			end = all.items[i].end;
	mappings_release(&all);
	return end;
}

static void copy_stack(struct follow *f, pid_t tid, const struct user_regs_struct *r)
{
	const uint64_t reg[CFI_REGISTERS] = { r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi, r->rbp, r->rsp, r->r8,
					      r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15, r->rip };
	struct stack_sample *s = &f->copy.sample;
	uint64_t end = s->start + s->bytes;

	if (f->copy.tid != tid || r->rsp < s->start + RED_ZONE || r->rsp >= end)
		end = end_of_stack(f->main, r->rsp);
	assert_true(end > r->rsp);

	/* Behind `leave` tables still name the place of rbp, which is below the stack pointer then. */
	uint64_t begin = r->rsp - RED_ZONE;
	struct iovec to = { f->copy.bytes, end - begin }, from = { (void *)(uintptr_t)begin, end - begin };

	assert_true(to.iov_len <= STACK_MAX);
	assert_int_equal(process_vm_readv(f->main, &to, 1, &from, 1, 0), to.iov_len);
	memcpy(s->reg, reg, sizeof(reg));
	s->start = begin;
	s->bytes = to.iov_len;
	s->stack = f->copy.bytes;
	f->copy.tid = tid;
}

static void show(const char *who, const struct stack *s)
{
	print_error("%s: %zu frames, %s\n", who, s->nr, stack_end_text(s->end));
	for (size_t i = 0; i < s->nr; i++)
		print_error("  %2zu pc %llx sp %llx %s+%llx\n", i, (unsigned long long)s->frames[i].pc,
			    (unsigned long long)s->frames[i].sp,
			    s->frames[i].module ? s->frames[i].module->path : "",
			    (unsigned long long)s->frames[i].address);
}

/* elfutils has 0 for the number of rbx among what functions keep, and loses it in each that does not save it. */
static bool needs_rbx(const struct stack_frame *frame)
{
	struct cfi_row row;

	assert_int_equal(cfi_row(frame->module->cfi, frame->address, &row), 0);
	return row.cfa_register == CFI_RBX;
}

static bool are_same(struct follow *f, const struct stack *ours)
{
	const struct stack *theirs = &f->peer.stack;
	size_t nr = ours->nr < theirs->nr ? ours->nr : theirs->nr;

	/* What has no table it leaves by the frame pointer, if need be. */
	if (ours->end == STACK_NO_TABLE && theirs->nr > nr)
		f->peer.further++;
	else if (ours->nr > nr && nr && needs_rbx(&ours->frames[nr - 1]))
		f->peer.shorter++;
	else if (ours->nr != theirs->nr)
		return false;
	else if (ours->end != STACK_NO_TABLE && (ours->end == STACK_COMPLETE) != (theirs->end == STACK_COMPLETE))
		return false;
	for (size_t i = 0; i < nr; i++)
		if (ours->frames[i].pc != theirs->frames[i].pc || ours->frames[i].sp != theirs->frames[i].sp)
			return false;
	return true;
}

static void compare(struct follow *f)
{
	static struct stack ours;

	unwinder_unwind(f->ours, &f->copy.sample, &ours);
	unwind_peer(f);
	f->compared++;
	f->ends[ours.end]++;
	if (are_same(f, &ours))
		return;
	show("ours", &ours);
	show("theirs", &f->peer.stack);
	fail_msg("stacks differ after %zu comparisons", f->compared);
}

/* ---- following ---- */

static void begin(struct follow *f)
{
	open_peer(f);
	assert_int_equal(unwinder_read_mappings(f->ours, NULL), 0);
	unwinder_prepare(f->ours);
}

static void look(struct follow *f, pid_t tid)
{
	struct user_regs_struct r;
	bool is_new;

	assert_int_equal(ptrace(PTRACE_GETREGS, tid, NULL, &r), 0);
	map_put(&f->met, r.rip, 0, &is_new);
	if (!is_new)
		return;
	copy_stack(f, tid, &r);
	compare(f);
}

/* What the thread stopped with; returns the signal that it is to get. */
static int handle_stop(struct follow *f, pid_t tid, int status)
{
	int number = WSTOPSIG(status);
	siginfo_t info;

	if (number != SIGTRAP)
		return number == SIGSTOP ? 0 : number;
	if (status >> 16)
		return 0; /* a thread was made */
	assert_int_equal(ptrace(PTRACE_GETSIGINFO, tid, NULL, &info), 0);
	if (info.si_code == SI_KERNEL && !f->breakpoints++)
		begin(f);
	return 0;
}

/* Until the second breakpoint. */
static void follow(struct follow *f)
{
	for (size_t steps = 0; f->breakpoints < 2 && steps < STEPS_MAX; steps++) {
		int status = 0, number;
		pid_t tid = waitpid(-1, &status, __WALL);

		assert_true(tid > 0 && WIFSTOPPED(status));
		number = handle_stop(f, tid, status);
		if (f->breakpoints == 1 && !number)
			look(f, tid);
		if (f->breakpoints < 2)
			assert_int_equal(ptrace(f->breakpoints ? PTRACE_SINGLESTEP : PTRACE_CONT, tid, NULL, number), 0);
	}
	assert_int_equal(f->breakpoints, 2);
}

static pid_t start(const char *path)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execl(path, path, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE), 0);
	assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, 0), 0);
	return pid;
}

static void stop(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	while (waitpid(-1, &status, __WALL) > 0)
		continue;
}

static char *make_program(const char *directory, const char *flag)
{
	char *path = xasprintf("%s/stacks", directory);
	const char *arguments[] = { "c++",	       "-O2", "-fomit-frame-pointer",	    "-Wl,-z,lazy", "-pthread", flag,
				    "-o", path, "tests/unit/data/stacks.cpp", "tests/unit/data/stacks.S", NULL };

	if (!assemble_run(arguments))
		return path;
	free(path);
	return NULL;
}

static void follow_program(const char *flag)
{
	char *directory = assemble_directory(), *path = make_program(directory, flag);
	struct follow *f = xcalloc(1, sizeof(*f));
	struct modules *modules = modules_new();

	assert_non_null(path);
	f->main = start(path);
	f->ours = unwinder_new(modules, f->main);
	follow(f);
	stop(f->main);
	print_message("# %zu stacks, %zu complete, %zu cut for want of a table; the peer's were longer %zu times, shorter %zu\n",
		      f->compared, f->ends[STACK_COMPLETE], f->ends[STACK_NO_TABLE], f->peer.further, f->peer.shorter);
	for (size_t i = 0; i < STACK_END_NR; i++)
		if (i != STACK_COMPLETE && i != STACK_NO_TABLE)
			assert_int_equal(f->ends[i], 0);
	assert_true(f->compared > 2000);
	assert_true(f->ends[STACK_NO_TABLE] * 100 < f->compared);
	dwfl_end(f->peer.dwfl);
	unwinder_free(f->ours);
	modules_free(modules);
	map_release(&f->met);
	free(f);
	free(path);
	assemble_remove(directory);
}

static void every_instruction_of_a_program(void **state)
{
	(void)state;
	follow_program("-pie");
}

/* No linker wrote into it where it lies, and the C library is part of it. */
static void every_instruction_of_a_static_program(void **state)
{
	(void)state;
	follow_program("-static-pie");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_instruction_of_a_program),
		cmocka_unit_test(every_instruction_of_a_static_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
