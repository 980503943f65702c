/* target/host.h: what /proc and /sys say, from a folder that is like them. */
#include "target/host.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "assemble.h"

/* A file below @root, and the folders that lead to it. */
static void put(const char *root, const char *path, const void *bytes, size_t len)
{
	_cleanup_(freep) char *full = xasprintf("%s%s", root, path);

	for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}

	FILE *f = fopen(full, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void put_text(const char *root, const char *path, const char *text)
{
	put(root, path, text, strlen(text));
}

static int make_root(void **state)
{
	*state = assemble_directory();
	return *state ? 0 : -1;
}

static int remove_root(void **state)
{
	const char *const arguments[] = {"rm", "-rf", *state, NULL};
	int status = assemble_run(arguments);

	free(*state);
	return status;
}

static void what_is_there_is_read(void **state)
{
	static const uint8_t btf[] = {0x9f, 0xeb, 1, 0};
	const char *root = *state;
	struct host h;

	put_text(root, "/proc/self/status",
		 "Name:\tpooltrace\nNoNewPrivs:\t0\nCapEff:\t000000c000080000\nSeccomp:\t2\nSeccomp_filters:\t3\n");
	put_text(root, "/proc/sys/kernel/yama/ptrace_scope", "1\n");
	put_text(root, "/proc/sys/kernel/perf_event_paranoid", "-1\n");
	put_text(root, "/proc/sys/kernel/unprivileged_bpf_disabled", "none\n");
	put_text(root, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	put(root, "/sys/kernel/btf/vmlinux", btf, sizeof(btf));

	_cleanup_(freep) char *folder = xasprintf("%s/proc/self/ns", root);
	_cleanup_(freep) char *user = xasprintf("%s/user", folder);
	_cleanup_(freep) char *pid = xasprintf("%s/pid", folder);

	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(symlink("user:[4026531837]", user), 0);
	assert_int_equal(symlink("pid:[4026532181]", pid), 0);
	host_read(root, &h);
	assert_true(host_has(&h, 38) && host_has(&h, 39) && host_has(&h, 19));
	assert_false(host_has(&h, 21));
	assert_false(h.inner_user);
	assert_true(h.inner_pid);
	assert_true(h.seccomp.known && h.seccomp.value == 2);
	assert_true(h.yama.known && h.yama.value == 1);
	assert_true(h.perf_paranoid.known && h.perf_paranoid.value == -1);
	assert_false(h.unprivileged_bpf.known);
	assert_string_equal(h.lockdown, "integrity");
	assert_int_equal(h.btf, 0);
	/* /proc/self is no link here. */
	assert_true(h.other_proc);
	for (size_t i = 0; i < FEATURE_NR; i++)
		assert_int_equal(h.feature[i], FEATURE_NOT_ASKED);
	h.inner_user = true;
	assert_false(host_has(&h, 39));
	host_release(&h);
}

static void what_is_not_there_is_not_known(void **state)
{
	const char *root = *state;
	struct host h;

	host_read(root, &h);
	assert_int_equal(h.capabilities, 0);
	assert_false(h.seccomp.known || h.yama.known || h.unprivileged_bpf.known);
	assert_false(h.inner_user || h.inner_pid);
	assert_null(h.lockdown);
	assert_int_equal(h.btf, -ENOENT);
	host_release(&h);
	/* Not what it should be. */
	put_text(root, "/sys/kernel/btf/vmlinux", "text");
	put_text(root, "/sys/kernel/security/lockdown", "none ] integrity [");
	put_text(root, "/proc/self/status", "");
	host_read(root, &h);
	assert_int_equal(h.btf, -EINVAL);
	assert_null(h.lockdown);
	assert_int_equal(h.capabilities, 0);
	host_release(&h);
}

static void our_own_machine_shows_us(void **state)
{
	struct host h;

	(void)state;
	host_read("", &h);
	assert_int_equal(h.uid, geteuid());
	assert_false(h.other_proc);
	assert_true(strlen(h.kernel) > 0);
	assert_true(h.memory == 0 || h.memory_why.text[0]);
	host_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_there_is_read, make_root, remove_root),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_not_known, make_root, remove_root),
		cmocka_unit_test(our_own_machine_shows_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
