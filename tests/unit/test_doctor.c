/* view/doctor.h: facts in, findings out, as text and as JSON. */
#include "view/doctor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assemble.h"

#define ALL_CAPABILITIES ((1ULL << 41) - 1)
#define BIT(n) (1ULL << (n))

/* A machine on which all is well. */
static struct host good_host(void)
{
	struct host h = {
		.kernel = "6.18.44",
		.capabilities = ALL_CAPABILITIES,
		.seccomp = {true, 0},
		.yama = {true, 1},
		.unprivileged_bpf = {true, 2},
		.perf_paranoid = {true, -1},
		.lockdown = "none",
		.locked_bytes = 8 << 20,
		.trial = {.multi = true, .calls = 7, .hits = 7},
	};

	return h;
}

static void refuse_trial(struct host *h, int err)
{
	h->trial = (struct trial){.err = err};
	diag_errno(&h->trial.why, err, "cannot load the probes");
	diag_hint(&h->trial.why, "run as root");
}

static void refuse(struct host *h, int err)
{
	for (int i = 0; i < FEATURE_NR; i++)
		h->feature[i] = err;
	h->feature[FEATURE_RETURN_SECCOMP] = FEATURE_NOT_ASKED;
	refuse_trial(h, err);
}

static void check_text(findings *f, const char *expected)
{
	_cleanup_(str_release) struct str out = {};

	findings_add_text(&out, f);
	assert_string_equal(str_text(&out), expected);
	findings_release(f);
}

static void check_host(const struct host *h, const char *expected)
{
	findings f = {};

	doctor_add_host(&f, h);
	check_text(&f, expected);
}

static const struct finding *find(const findings *f, const char *name)
{
	for (size_t i = 0; i < f->nr; i++)
		if (!strcmp(f->items[i].name, name))
			return &f->items[i];
	fail_msg("no finding '%s'", name);
	return NULL;
}

static void check_finding(const struct host *h, const char *name, enum finding_level level, const char *what)
{
	findings f = {};

	doctor_add_host(&f, h);
	assert_int_equal(find(&f, name)->level, level);
	assert_string_equal(find(&f, name)->what, what);
	/* What is not well has a reason or a remedy. */
	for (size_t i = 0; i < f.nr; i++)
		assert_true(f.items[i].level == FINDING_OK || f.items[i].why || f.items[i].todo);
	findings_release(&f);
}

static void root_on_a_new_kernel_has_all(void **state)
{
	const struct host h = good_host();

	(void)state;
	check_host(&h,
		"privileges\n"
		"  ok       user                      root\n"
		"  ok       cap_bpf                   held: load programs\n"
		"  ok       cap_perfmon               held: set probes\n"
		"  ok       cap_sys_ptrace            held: look at other users' processes\n"
		"  ok       cap_dac_read_search       held: read other users' books\n"
		"  ok       cap_checkpoint_restore    held: open files by their mapping\n"
		"  ok       cap_sys_admin             held: not needed\n"
		"  ok       cap_kill                  held: hold processes of other users that a command of ours starts\n"
		"kernel\n"
		"  ok       release                   6.18.44\n"
		"  ok       BTF                       /sys/kernel/btf/vmlinux\n"
		"  ok       lockdown                  none\n"
		"  ok       yama.ptrace_scope         1\n"
		"  ok       unprivileged_bpf_disabled 2: no matter, as programs at probes need cap_bpf anyway\n"
		"  ok       perf_event_paranoid       -1: no matter, as probes need cap_perfmon anyway\n"
		"  ok       seccomp                   no filter\n"
		"  ok       locked memory             no limit: maps are charged to the cgroup\n"
		"  ok       pid namespace             the initial one\n"
		"  ok       /proc                     shows us by our pid\n"
		"  ok       pagemap                   says which pages are present\n"
		"features\n"
		"  ok       programs at probes        there\n"
		"  ok       ring buffer               there\n"
		"  ok       task storage              there\n"
		"  ok       raw tracepoints           there\n"
		"  ok       uprobe_multi, cookies     there\n"
		"  ok       single uprobes, cookies   there\n"
		"  ok       sleepable uprobes         there\n"
		"  ok       uprobe_session            there\n"
		"  ok       return probes and seccomp agree\n"
		"  ok       events of what is mapped  there\n"
		"  ok       holding of commands       there\n"
		"  ok       maps charged to cgroups   there\n"
		"trial\n"
		"  ok       our own probe             7 of 7 calls seen, with uprobe_multi\n"
		"tracing works\n");
}

static void a_user_without_capabilities_is_told_what_to_type(void **state)
{
	struct host h = good_host();

	(void)state;
	h.uid = 1000;
	h.capabilities = 0;
	refuse(&h, -EPERM);
	check_host(&h,
		"privileges\n"
		"  ok       user                      1000\n"
		"  problem  cap_bpf                   not held\n"
		"                                     why: the kernel half cannot be loaded\n"
		"                                     do:  run as root, or once: setcap cap_bpf,cap_perfmon,cap_sys_ptrace,"
		"cap_dac_read_search,cap_checkpoint_restore+ep \"$(command -v pooltrace)\"\n"
		"  problem  cap_perfmon               not held\n"
		"                                     why: the kernel half cannot be loaded\n"
		"                                     do:  run as root, or once: setcap cap_bpf,cap_perfmon,cap_sys_ptrace,"
		"cap_dac_read_search,cap_checkpoint_restore+ep \"$(command -v pooltrace)\"\n"
		"  note     cap_sys_ptrace            not held\n"
		"                                     why: only processes of this user can be looked at\n"
		"                                     do:  run as root, or once: setcap cap_bpf,cap_perfmon,cap_sys_ptrace,"
		"cap_dac_read_search,cap_checkpoint_restore+ep \"$(command -v pooltrace)\"\n"
		"  note     cap_dac_read_search       not held\n"
		"                                     why: of other users' processes, what was allocated before cannot be read "
		"(their pagemap is closed), nor files in closed folders\n"
		"                                     do:  run as root, or once: setcap cap_bpf,cap_perfmon,cap_sys_ptrace,"
		"cap_dac_read_search,cap_checkpoint_restore+ep \"$(command -v pooltrace)\"\n"
		"  note     cap_checkpoint_restore    not held\n"
		"                                     why: a library that was deleted or replaced while a process maps it cannot be "
		"opened\n"
		"                                     do:  run as root, or once: setcap cap_bpf,cap_perfmon,cap_sys_ptrace,"
		"cap_dac_read_search,cap_checkpoint_restore+ep \"$(command -v pooltrace)\"\n"
		"  ok       cap_sys_admin             not held, not needed\n"
		"  ok       cap_kill                  not held: of what a command of ours starts, processes of other users are not held\n"
		"kernel\n"
		"  ok       release                   6.18.44\n"
		"  ok       BTF                       /sys/kernel/btf/vmlinux\n"
		"  ok       lockdown                  none\n"
		"  note     yama.ptrace_scope         1\n"
		"                                     why: without cap_sys_ptrace only descendants' memory can be read: what was "
		"allocated before is not known\n"
		"                                     do:  run as root, or grant cap_sys_ptrace, or: sysctl "
		"kernel.yama.ptrace_scope=0\n"
		"  ok       unprivileged_bpf_disabled 2: no matter, as programs at probes need cap_bpf anyway\n"
		"  ok       perf_event_paranoid       -1: no matter, as probes need cap_perfmon anyway\n"
		"  ok       seccomp                   no filter\n"
		"  ok       locked memory             not known whether there is a limit: could not be tried\n"
		"  ok       pid namespace             the initial one\n"
		"  ok       /proc                     shows us by our pid\n"
		"  ok       pagemap                   says which pages are present\n"
		"features\n"
		"  problem  programs at probes        not permitted\n"
		"                                     do:  see privileges above\n"
		"  problem  ring buffer               not permitted\n"
		"                                     do:  see privileges above\n"
		"  problem  task storage              not permitted\n"
		"                                     do:  see privileges above\n"
		"  problem  raw tracepoints           not permitted\n"
		"                                     do:  see privileges above\n"
		"  problem  uprobe_multi, cookies     not permitted\n"
		"                                     do:  see privileges above\n"
		"  problem  single uprobes, cookies   not permitted\n"
		"                                     do:  see privileges above\n"
		"  note     sleepable uprobes         not permitted\n"
		"                                     why: values in pages that are not present are not known\n"
		"  ok       uprobe_session            not permitted, not needed\n"
		"  ok       return probes and seccomp could not be tried, not needed\n"
		"  note     events of what is mapped  not permitted\n"
		"                                     why: processes that begin to use a runtime are looked for, twice a second: what they do "
		"until they are found makes no event\n"
		"  note     holding of commands       not permitted\n"
		"                                     why: `pooltrace record -- COMMAND` cannot start one so that no call is missed: start it, "
		"and use -p, or --wait\n"
		"  ok       maps charged to cgroups   not permitted, not needed\n"
		"trial\n"
		"  problem  our own probe             cannot load the probes: Operation not permitted\n"
		"                                     do:  see privileges above\n"
		"tracing does not work: 9 problems, 7 notes\n");
}

static void what_decides_is_what_was_tried(void **state)
{
	struct host h = good_host();

	(void)state;
	/* Whatever let us in, it works: what is missing is no problem. */
	h.uid = 1000;
	h.capabilities = 0;
	check_finding(&h, "cap_bpf", FINDING_NOTE, "not held");
	h.capabilities = BIT(21);
	check_finding(&h, "cap_bpf", FINDING_OK, "cap_sys_admin stands in for it: load programs");
	check_finding(&h, "cap_sys_ptrace", FINDING_NOTE, "not held");
	/* All is held, and still it does not work. */
	h = good_host();
	refuse(&h, -EPERM);
	check_finding(&h, "cap_bpf", FINDING_OK, "held: load programs");
	check_finding(&h, "our own probe", FINDING_PROBLEM, "cannot load the probes: Operation not permitted");
}

static void capabilities_of_a_user_namespace_do_not_count(void **state)
{
	struct host h = good_host();

	(void)state;
	h.inner_user = true;
	refuse(&h, -EPERM);
	check_finding(&h, "user namespace", FINDING_PROBLEM, "not the initial one");
	check_finding(&h, "cap_perfmon", FINDING_PROBLEM, "not held");
	check_finding(&h, "cap_sys_ptrace", FINDING_NOTE, "not held");
}

static void an_old_kernel_works_with_single_uprobes(void **state)
{
	struct host h = good_host();

	(void)state;
	h.feature[FEATURE_MULTI] = -EINVAL;
	h.feature[FEATURE_SESSION] = -EINVAL;
	h.feature[FEATURE_SLEEPABLE] = -EINVAL;
	h.feature[FEATURE_RETURN_SECCOMP] = FEATURE_NOT_ASKED;
	h.trial.multi = false;
	check_finding(&h, "uprobe_multi, cookies", FINDING_NOTE, "not there: Invalid argument");
	check_finding(&h, "single uprobes, cookies", FINDING_OK, "there");
	check_finding(&h, "uprobe_session", FINDING_OK, "not there, not needed: Invalid argument");
	check_finding(&h, "sleepable uprobes", FINDING_NOTE, "not there: Invalid argument");
	check_finding(&h, "our own probe", FINDING_OK, "7 of 7 calls seen, with single uprobes");
	/* Without cap_sys_admin there is no way left. */
	h.capabilities &= ~BIT(21);
	h.feature[FEATURE_SINGLE] = -EACCES;
	refuse_trial(&h, -EACCES);
	check_finding(&h, "cap_sys_admin", FINDING_PROBLEM, "not held");
	check_finding(&h, "uprobe_multi, cookies", FINDING_PROBLEM, "not there: Invalid argument");
	check_finding(&h, "single uprobes, cookies", FINDING_PROBLEM, "not permitted");
}

static void single_uprobes_are_not_missed_where_there_is_better(void **state)
{
	struct host h = good_host();

	(void)state;
	h.capabilities &= ~BIT(21);
	h.feature[FEATURE_SINGLE] = -EACCES;
	check_finding(&h, "single uprobes, cookies", FINDING_OK, "not permitted, not needed");
	check_finding(&h, "cap_sys_admin", FINDING_OK, "not held, not needed");
}

static void a_limit_of_locked_memory_counts_on_old_kernels(void **state)
{
	struct host h = good_host();

	(void)state;
	h.feature[FEATURE_CGROUP_MEMORY] = -EINVAL;
	check_finding(&h, "locked memory", FINDING_OK, "the limit is not in the way");
	h.capabilities &= ~BIT(24);
	check_finding(&h, "locked memory", FINDING_NOTE, "at most 8388608 bytes");
	refuse_trial(&h, -EPERM);
	check_finding(&h, "locked memory", FINDING_PROBLEM, "at most 8388608 bytes");
	h.locked_bytes = UINT64_MAX;
	check_finding(&h, "locked memory", FINDING_OK, "no limit");
}

static void a_pid_namespace_matters_when_no_hit_arrives(void **state)
{
	struct host h = good_host();

	(void)state;
	h.inner_pid = true;
	check_finding(&h, "pid namespace", FINDING_NOTE, "not the initial one: this is a container");
	h.trial.hits = 0;
	check_finding(&h, "pid namespace", FINDING_PROBLEM, "not the initial one: this is a container");
	check_finding(&h, "our own probe", FINDING_PROBLEM, "0 of 7 calls seen, with uprobe_multi");
	h = good_host();
	h.trial.hits = 3;
	check_finding(&h, "our own probe", FINDING_PROBLEM, "3 of 7 calls seen, with uprobe_multi");
	h = good_host();
	h.other_proc = true;
	check_finding(&h, "/proc", FINDING_PROBLEM, "belongs to another pid namespace, or is not mounted");
}

static void what_the_kernel_is_set_to_is_told(void **state)
{
	struct host h = good_host();

	(void)state;
	h.btf = -ENOENT;
	check_finding(&h, "BTF", FINDING_PROBLEM, "cannot read /sys/kernel/btf/vmlinux: No such file or directory");
	h.lockdown = "confidentiality";
	h.yama.value = 3;
	check_finding(&h, "lockdown", FINDING_OK, "confidentiality");
	check_finding(&h, "yama.ptrace_scope", FINDING_NOTE, "3");
	h.yama.value = 0;
	check_finding(&h, "yama.ptrace_scope", FINDING_OK, "0");
	h.yama.known = h.seccomp.known = h.perf_paranoid.known = false;
	check_finding(&h, "yama.ptrace_scope", FINDING_OK, "not there: no limit");
	check_finding(&h, "seccomp", FINDING_OK, "not there");
	check_finding(&h, "perf_event_paranoid", FINDING_OK, "not there");
	h.seccomp = (struct setting){true, 2};
	check_finding(&h, "seccomp", FINDING_OK, "we run under a filter");
	refuse(&h, -EPERM);
	check_finding(&h, "seccomp", FINDING_NOTE, "we run under a filter");
	check_finding(&h, "lockdown", FINDING_NOTE, "confidentiality");
	h.lockdown = NULL;
	check_finding(&h, "lockdown", FINDING_OK, "not known (/sys/kernel/security is not mounted)");
	h.memory = diag_set(&h.memory_why, -EPERM, "cannot see");
	check_finding(&h, "pagemap", FINDING_NOTE, "cannot see");
	h.feature[FEATURE_RETURN_SECCOMP] = -ENOTSUP;
	check_finding(&h, "return probes and seccomp", FINDING_NOTE, "not there: Operation not supported");
}

static void costs_and_problems_are_json(void **state)
{
	_cleanup_(str_release) struct str out = {};
	const struct hit_cost push = {"push", true, 764}, mov = {"mov", false, 0};
	findings f = {};

	(void)state;
	doctor_add_cost(&f, &push);
	doctor_add_cost(&f, &mov);
	finding_todo(findings_add(&f, "process", "who", FINDING_PROBLEM, "no process %d\n", 7), "name another");
	f.items[2].pid = 7;
	findings_add_json(&out, &f);
	assert_string_equal(str_text(&out),
		"{\"schema\":1,\"works\":false,\"findings\":["
		"{\"section\":\"cost of a hit\",\"name\":\"push\",\"level\":\"ok\",\"what\":\"emulated: 764 ns\","
		"\"instruction\":\"push\",\"emulated\":true,\"hit_ns\":764},"
		"{\"section\":\"cost of a hit\",\"name\":\"mov\",\"level\":\"note\",\"what\":\"single-stepped: could not be measured\","
		"\"instruction\":\"mov\",\"emulated\":false},"
		"{\"pid\":7,\"section\":\"process\",\"name\":\"who\",\"level\":\"problem\",\"what\":\"no process 7\\\\x0a\","
		"\"do\":\"name another\"}]}\n");
	check_text(&f,
		"cost of a hit\n"
		"  ok       push                      emulated: 764 ns\n"
		"  note     mov                       single-stepped: could not be measured\n"
		"process 7\n"
		"  problem  who                       no process 7\\x0a\n"
		"                                     do:  name another\n"
		"tracing does not work: 1 problem, 1 note\n");
}

static const char toy[] = "runtime toy\ndetect toy_begin\npool 0=FAR\n"
			  "value banks returned by toy_banks\nvalue align returned by toy_align\n"
			  "on toy_begin begin arena=arg0 banks=banks(arg0)\n"
			  "on toy_alloc alloc address=arg0\n"
			  "on toy_free free arena=arg0 address=arg1\n"
			  "on toy_throw throw in any library\n"
			  "books owner vtable toy_owner\nbooks owner vtable toy_other\n"
			  "books arena *owner+8:8\nbooks pool *arena:4\nbooks banks banks(arena)\nbooks align align(arena)\n"
			  "books list *arena+16:8 vtable toy_list\nbooks bank_bytes *list+8:8\nbooks base *list+16:8\n"
			  "books grain *list+24:8\nbooks blocks address=32:8 bytes=56:8 live=80:1 used=104:1\n";

struct bound {
	char *folder, *library;
	struct runtime *runtime;
	struct binding *binding;
};

static int bind_toy(void **state)
{
	static const char *const flags[] = {"-shared", "-Wl,--build-id=0x706f6f6c", NULL};
	struct bound *b = xcalloc(1, sizeof(*b));
	struct elf_file *elf = NULL;
	struct diag d = {};

	*state = b;
	b->folder = assemble_directory();
	b->library = b->folder ? assemble(b->folder, "toy.so", "tests/unit/data/doctor.S", flags) : NULL;
	if (!b->library || runtime_parse("toy.rt", toy, strlen(toy), &b->runtime, &d) ||
	    elf_file_open(b->library, &elf, &d) || binding_new(b->runtime, elf, &b->binding, &d)) {
		print_message("%s\n", d.text);
		return -1;
	}
	/* Where the linker put it is its own affair. */
	b->binding->owner_vtables.items[0] = 0x5010;
	return 0;
}

static int unbind_toy(void **state)
{
	struct bound *b = *state;

	binding_free(b->binding);
	runtime_free(b->runtime);
	unlink(b->library);
	rmdir(b->folder);
	free(b->library);
	free(b->folder);
	free(b);
	return 0;
}

static void of_a_process_each_part_is_told(void **state)
{
	const struct bound *b = *state;
	char push[] = "push %rbp", mov[] = "mov %rdi,%rax", *command = "python serve.py\x1b";
	const struct process process = {.pid = 4242, .command = command, .uid = 1000};
	const struct doctor_site sites[] = {
		{.file = "/lib/toy.so", .offset = 0x1000, .instruction = push, .emulated = true, .hit_ns = 764},
		{.file = "/lib/toy.so", .offset = 0x1003, .instruction = mov, .hit_ns = 12300},
		{},
		{},
	};
	const struct doctor_process p = {.pid = 4242, .process = &process, .binding = b->binding, .path = "/lib/toy.so",
					 .release = "toy 1.2", .nr_arenas = 4, .nr_blocks = 29, .sites = sites};
	findings f = {};

	assert_int_equal(b->binding->rows.nr, ARRAY_SIZE(sites));
	doctor_add_process(&f, &p);
	check_text(&f,
		"process 4242\n"
		"  ok       who                       python serve.py\\x1b, user 1000\n"
		"  ok       runtime                   toy (toy.rt)\n"
		"  ok       library                   /lib/toy.so\n"
		"  ok       build id                  706f6f6c\n"
		"  ok       release                   toy 1.2\n"
		"  ok       memory                    can be read\n"
		"probes of process 4242\n"
		"  ok       begin                     push %rbp at 0x1000, emulated, 764 ns a hit: toy_begin\n"
		"  ok       alloc                     mov %rdi,%rax at 0x1003, single-stepped, 12300 ns a hit: toy_alloc\n"
		"  problem  free                      toy_free: no probe\n"
		"                                     why: no function matches 'toy_free'\n"
		"                                     do:  describe this release in a runtime file, see pooltrace-rt(5), and name it "
		"with --runtime\n"
		"  note     throw                     toy_throw: no probe\n"
		"                                     why: no file that the process maps defines it\n"
		"layout of process 4242\n"
		"  ok       banks                     *(arg0+0x20):4, returned by toy_banks, which begins 'mov 0x20(%rdi),%eax'\n"
		"  note     align                     not known\n"
		"                                     why: no function matches 'toy_align'\n"
		"books of process 4242\n"
		"  ok       owner                     vtable toy_owner at 0x5000\n"
		"  ok       owner                     vtable toy_other not there\n"
		"  ok       arena                     *(owner+0x8):8\n"
		"  ok       pool                      *arena:4\n"
		"  ok       banks                     *(arena+0x20):4\n"
		"  note     align                     not known\n"
		"                                     why: align is not known: no function matches 'toy_align'\n"
		"  ok       list                      *(arena+0x10):8\n"
		"  ok       bank_bytes                *(list+0x8):8\n"
		"  ok       base                      *(list+0x10):8\n"
		"  ok       grain                     *(list+0x18):8\n"
		"  note     list                      vtable toy_list not there\n"
		"  ok       blocks                    address=0x20:8 bytes=0x38:8 live=0x50:1 used=0x68:1 of the list\n"
		"  ok       as of now                 4 pools, 29 blocks\n"
		"tracing does not work: 1 problem, 4 notes\n");
}

static void of_a_process_that_cannot_be_read_the_reason_is_told(void **state)
{
	const struct bound *b = *state;
	const struct process process = {.pid = 5, .command = "x", .uid = 0};
	const struct doctor_site sites[4] = {};
	struct doctor_process p = {.pid = 5, .process = &process, .binding = b->binding, .path = "/lib/toy.so (deleted)",
				   .other_file = true, .sites = sites};
	findings f = {};

	p.memory_err = diag_set(&p.memory_why, -EPERM, "cannot read it");
	diag_hint(&p.memory_why, "be root");
	doctor_add_process(&f, &p);
	assert_int_equal(find(&f, "library")->level, FINDING_NOTE);
	assert_string_equal(find(&f, "memory")->what, "cannot read it");
	assert_string_equal(find(&f, "memory")->todo, "be root");
	assert_string_equal(find(&f, "release")->what, "not known");
	assert_int_equal(find(&f, "begin")->level, FINDING_PROBLEM);
	findings_release(&f);

	p.memory_err = 0;
	p.books_err = diag_set(&p.books_why, -ENOTSUP, "too deep");
	doctor_add_process(&f, &p);
	assert_string_equal(find(&f, "as of now")->what, "too deep");
	findings_release(&f);

	p.books_err = 0;
	p.nr_arenas = 4;
	p.nr_torn = 1;
	doctor_add_process(&f, &p);
	assert_string_equal(find(&f, "as of now")->why, "1 of the pools changed while they were read, each time");
	findings_release(&f);
}

static void of_a_process_that_is_none_only_that_is_told(void **state)
{
	struct doctor_process p = {.pid = 7};
	findings f = {};

	(void)state;
	diag_set(&p.problem, -ESRCH, "no process 7");
	doctor_add_process(&f, &p);
	check_text(&f,
		"process 7\n"
		"  problem  who                       no process 7\n"
		"tracing does not work: 1 problem\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_on_a_new_kernel_has_all),
		cmocka_unit_test(a_user_without_capabilities_is_told_what_to_type),
		cmocka_unit_test(what_decides_is_what_was_tried),
		cmocka_unit_test(capabilities_of_a_user_namespace_do_not_count),
		cmocka_unit_test(an_old_kernel_works_with_single_uprobes),
		cmocka_unit_test(single_uprobes_are_not_missed_where_there_is_better),
		cmocka_unit_test(a_limit_of_locked_memory_counts_on_old_kernels),
		cmocka_unit_test(a_pid_namespace_matters_when_no_hit_arrives),
		cmocka_unit_test(what_the_kernel_is_set_to_is_told),
		cmocka_unit_test(costs_and_problems_are_json),
		cmocka_unit_test_setup_teardown(of_a_process_each_part_is_told, bind_toy, unbind_toy),
		cmocka_unit_test_setup_teardown(of_a_process_that_cannot_be_read_the_reason_is_told, bind_toy, unbind_toy),
		cmocka_unit_test(of_a_process_that_is_none_only_that_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
