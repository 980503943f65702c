/* memory.h: a child holds still on a pipe; what is laid out before the fork lies at the same address in it. */
#include "target/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "child.h"

enum { PAGE = 4096 };

#define WORD_A 0x7f1234560010ULL
#define WORD_B 0x7f1234569318ULL

static char *pages(size_t nr, int flags)
{
	char *p = mmap(NULL, nr * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

	assert_true(p != MAP_FAILED);
	/* A huge page would make all of them present at the first touch. */
	madvise(p, nr * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static struct child still_child(void)
{
	struct child c = child_start(NULL);

	child_wait_until_still(&c);
	return c;
}

static struct memory *open_child(const struct child *c)
{
	struct memory *m = NULL;
	struct diag d = {};

	assert_int_equal(memory_open(c->pid, &m, &d), 0);
	return m;
}

/* Seen by the test's own eyes: which of a child's pages are present. */
static void present_pages(int pid, const void *address, size_t nr, bool *present)
{
	char path[64];
	uint64_t entry;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);

	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(pread(fd, &entry, 8, ((uintptr_t)address / PAGE + i) * 8), 8);
		present[i] = entry >> 63;
	}
	close(fd);
}

/* Exact, unlike statm. */
static unsigned long resident_kib(int pid)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);

	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	assert_true(n > 0);
	text[n] = '\0';

	const char *line = strstr(text, "\nRss:");

	assert_non_null(line);
	return strtoul(line + 5, NULL, 10);
}

static void bytes_are_read_as_they_are_across_pages(void **state)
{
	char *p = pages(5, MAP_PRIVATE), bytes[3 * PAGE];

	(void)state;
	for (size_t i = 0; i < 5 * PAGE; i++)
		p[i] = (char)(i * 7 + i / PAGE);

	struct child c = still_child();
	struct memory *m = open_child(&c);

	assert_int_equal(memory_read(m, (uintptr_t)p + PAGE - 3, bytes, sizeof(bytes)), 0);
	assert_memory_equal(bytes, p + PAGE - 3, sizeof(bytes));
	assert_int_equal(memory_read(m, (uintptr_t)p, bytes, 0), 0);
	memory_free(m);
	child_end(&c);
	munmap(p, 5 * PAGE);
}

static void several_ranges_are_read_at_once_or_not_at_all(void **state)
{
	enum { NR = 131 }; /* more than one system call takes */
	char *p = pages(3, MAP_PRIVATE);
	struct memory_range ranges[NR];
	uint16_t values[NR] = {};

	(void)state;
	for (size_t i = 0; i < NR; i++) {
		memcpy(p + i * 61, &(uint16_t){ (uint16_t)(i * 257) }, 2);
		ranges[i] = (struct memory_range){ (uintptr_t)p + i * 61, &values[i], 2 };
	}

	struct child c = still_child();
	struct memory *m = open_child(&c);

	assert_int_equal(memory_read_ranges(m, ranges, NR), 0);
	for (size_t i = 0; i < NR; i++)
		assert_int_equal(values[i], (uint16_t)(i * 257));
	ranges[NR - 1].address = (uintptr_t)p + 2 * PAGE + 5; /* never touched */
	assert_int_equal(memory_read_ranges(m, ranges, NR), -EFAULT);
	assert_int_equal(memory_read_ranges(m, NULL, 0), 0);
	memory_free(m);
	child_end(&c);
	munmap(p, 3 * PAGE);
}

static void absent_pages_are_refused_and_stay_absent(void **state)
{
	enum { NR = 64 };
	char *p = pages(NR, MAP_PRIVATE), bytes[2 * PAGE];
	bool before[NR], after[NR];

	(void)state;
	for (size_t i = 0; i < NR; i += 3)
		memcpy(p + i * PAGE, &(uint64_t){ WORD_A }, 8);

	struct child c = still_child();
	struct memory *m = open_child(&c);
	memory_hits found = {};
	uint64_t words[] = { WORD_A }, bytes_read;

	present_pages(c.pid, p, NR, before);

	unsigned long resident = resident_kib(c.pid);

	for (size_t i = 0; i < NR; i++) {
		assert_int_equal(before[i], i % 3 == 0);
		assert_int_equal(memory_read(m, (uintptr_t)p + i * PAGE, bytes, PAGE), i % 3 ? -EFAULT : 0);
		assert_int_equal(memory_read(m, (uintptr_t)p + i * PAGE + 1, bytes, i == NR - 1 ? 1 : PAGE),
				 i == NR - 1 ? 0 : -EFAULT);
	}
	assert_int_equal(memory_scan(m, words, 1, &found, &bytes_read), 0);
	assert_int_equal(found.nr, (NR + 2) / 3);
	assert_true(bytes_read <= resident * 1024);
	present_pages(c.pid, p, NR, after);
	assert_memory_equal(before, after, sizeof(before));
	assert_int_equal(resident_kib(c.pid), resident);
	vec_release(&found);
	memory_free(m);
	child_end(&c);
	munmap(p, NR * PAGE);
}

static void addresses_that_no_process_has_are_refused(void **state)
{
	static const uint64_t nowhere[] = {
		0, 8, 1ULL << 47, (1ULL << 47) - 4096, (1ULL << 47) - 1, 1ULL << 63, UINT64_MAX - 7, UINT64_MAX,
	};
	struct child c = still_child();
	struct memory *m = open_child(&c);
	char bytes[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++)
		assert_int_equal(memory_read(m, nowhere[i], bytes, sizeof(bytes)), -EFAULT);
	memory_free(m);
	child_end(&c);
}

static void a_process_that_has_ended_is_gone_even_as_a_zombie(void **state)
{
	char *p = pages(1, MAP_PRIVATE), bytes[8];

	(void)state;
	p[0] = 1;

	struct child c = still_child();
	struct memory *m = open_child(&c), *none = NULL;
	memory_hits found = {};
	uint64_t words[] = { WORD_A }, bytes_read;
	struct diag d = {};

	assert_int_equal(memory_read(m, (uintptr_t)p, bytes, 8), 0);
	child_kill(&c);
	assert_int_equal(memory_read(m, (uintptr_t)p, bytes, 8), -ESRCH);
	assert_int_equal(memory_scan(m, words, 1, &found, &bytes_read), -ESRCH);
	child_reap(&c);
	assert_int_equal(memory_read(m, (uintptr_t)p, bytes, 8), -ESRCH);
	assert_int_equal(memory_open(c.pid, &none, &d), -ESRCH);
	assert_non_null(strstr(d.text, "no process"));
	assert_null(none);
	vec_release(&found);
	memory_free(m);
	memory_free(NULL);
	munmap(p, PAGE);
}

static void exec_when_let_go(int said)
{
	char byte;

	(void)said;
	if (read(STDIN_FILENO, &byte, 1) != 1)
		_exit(1);
	execlp("cat", "cat", (char *)NULL);
	_exit(127);
}

static void after_an_exec_the_old_memory_is_gone(void **state)
{
	char *p = pages(1, MAP_PRIVATE), bytes[8];

	(void)state;
	p[0] = 1;

	struct child c = child_start(exec_when_let_go);
	struct memory *m = open_child(&c);

	assert_int_equal(memory_read(m, (uintptr_t)p, bytes, 8), 0);
	assert_int_equal(write(c.hold, "", 1), 1);
	assert_int_equal(read(c.said, bytes, 1), 0);
	assert_int_equal(memory_read(m, (uintptr_t)p, bytes, 8), -ESRCH);
	memory_free(m);
	child_end(&c);
	munmap(p, PAGE);
}

static int compare_hits(const void *a, const void *b)
{
	const struct memory_hit *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Found words within @bytes from @from on, sorted. */
static void scan_part(struct memory *m, const void *from, size_t bytes, memory_hits *ret)
{
	static const uint64_t words[] = { WORD_A, WORD_B };
	memory_hits all = {};
	uint64_t bytes_read;

	assert_int_equal(memory_scan(m, words, ARRAY_SIZE(words), &all, &bytes_read), 0);
	for (size_t i = 0; i < all.nr; i++) {
		if (all.items[i].address - (uintptr_t)from < bytes)
			vec_push(ret, all.items[i]);
	}
	if (ret->nr)
		qsort(ret->items, ret->nr, sizeof(*ret->items), compare_hits);
	vec_release(&all);
}

static void every_aligned_word_is_found_in_whatever_pages_are_present(void **state)
{
	enum { NR = 1021 }; /* many times what is read at once, in runs of all lengths */
	char *p = pages(NR, MAP_PRIVATE);
	memory_hits found = {};
	size_t wanted = 0;

	(void)state;
	for (size_t i = 0; i < NR; i++) {
		if (i % 7 == 3 || (i > 100 && i < 300 && i % 2))
			continue; /* absent */
		memcpy(p + i * PAGE, &(uint64_t){ WORD_A }, 8);
		memcpy(p + (i + 1) * PAGE - 8, &(uint64_t){ WORD_B }, 8);
		memcpy(p + i * PAGE + 1028, &(uint64_t){ WORD_A }, 8); /* not aligned */
		memcpy(p + i * PAGE + 64, &(uint64_t){ WORD_A + 8 }, 8); /* between the two */
		wanted += 2;
	}

	struct child c = still_child();
	struct memory *m = open_child(&c);

	scan_part(m, p, NR * PAGE, &found);
	assert_int_equal(found.nr, wanted);
	for (size_t i = 0, k = 0; i < NR; i++) {
		if (i % 7 == 3 || (i > 100 && i < 300 && i % 2))
			continue;
		assert_int_equal(found.items[k].address, (uintptr_t)p + i * PAGE);
		assert_int_equal(found.items[k++].word, 0);
		assert_int_equal(found.items[k].address, (uintptr_t)p + (i + 1) * PAGE - 8);
		assert_int_equal(found.items[k++].word, 1);
	}
	vec_release(&found);
	memory_free(m);
	child_end(&c);
	munmap(p, NR * PAGE);
}

static char *mapped_file(int flags)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	assert_true(fd >= 0 && ftruncate(fd, PAGE) == 0);

	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	assert_true(p != MAP_FAILED);
	close(fd);
	return p;
}

static void only_private_writable_anonymous_memory_is_searched(void **state)
{
	char *const searched[] = { pages(1, MAP_PRIVATE), sbrk(PAGE) };
	char *const others[] = {
		pages(1, MAP_SHARED), mapped_file(MAP_SHARED), mapped_file(MAP_PRIVATE), pages(1, MAP_PRIVATE),
	};
	memory_hits found = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(searched); i++)
		memcpy(searched[i], &(uint64_t){ WORD_A }, 8);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		memcpy(others[i], &(uint64_t){ WORD_A }, 8);
	assert_int_equal(mprotect(others[3], PAGE, PROT_READ), 0);

	struct child c = still_child();
	struct memory *m = open_child(&c);

	for (size_t i = 0; i < ARRAY_SIZE(searched); i++) {
		vec_clear(&found);
		scan_part(m, searched[i], 8, &found);
		assert_int_equal(found.nr, 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		vec_clear(&found);
		scan_part(m, others[i], 8, &found);
		assert_int_equal(found.nr, 0);
		munmap(others[i], PAGE);
	}
	vec_release(&found);
	memory_free(m);
	child_end(&c);
	memset(searched[1], 0, 8);
	munmap(searched[0], PAGE);
}

/* Words in no order, one of them twice, among many that are none. */
static void many_words_are_told_apart(void **state)
{
	enum { NR = 61 };
	char *p = pages(4, MAP_PRIVATE);
	uint64_t words[NR + 1], *at = (uint64_t *)p;
	memory_hits found = {};
	uint64_t bytes_read;
	bool seen[NR] = {};

	(void)state;
	for (uint64_t i = 0; i < NR; i++)
		words[i] = WORD_A + i * 37 % NR * 4096 + i * 8;
	words[NR] = words[0];
	for (size_t i = 0; i < 4 * PAGE / 8; i++)
		at[i] = WORD_A + i * 48 + 4;
	for (size_t i = 0; i < NR; i++)
		at[7 * i] = words[i];

	struct child c = still_child();
	struct memory *m = open_child(&c);

	assert_int_equal(memory_scan(m, words, NR + 1, &found, &bytes_read), 0);
	for (size_t i = 0; i < found.nr; i++) {
		size_t index = (found.items[i].address - (uintptr_t)p) / 8 / 7;

		if (found.items[i].address - (uintptr_t)p >= 4 * PAGE)
			continue;
		assert_int_equal(found.items[i].address, (uintptr_t)(at + 7 * index));
		assert_int_equal(found.items[i].word, index);
		assert_false(seen[index]);
		seen[index] = true;
	}
	for (size_t i = 0; i < NR; i++)
		assert_true(seen[i]);
	vec_release(&found);
	memory_free(m);
	child_end(&c);
	munmap(p, 4 * PAGE);
}

static void a_reservation_larger_than_any_memory_does_not_delay_a_scan(void **state)
{
	const size_t bytes = 2ULL << 40;
	char *huge = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	memory_hits found = {};

	(void)state;
	if (huge == MAP_FAILED)
		skip(); /* needs overcommit */
	memcpy(huge, &(uint64_t){ WORD_A }, 8);

	struct child c = still_child();
	struct memory *m = open_child(&c);

	scan_part(m, huge, 8, &found);
	assert_int_equal(found.nr, 0);
	memory_free(m);
	child_end(&c);
	munmap(huge, bytes);
}

/* Maps and unmaps memory that holds the word, until it is killed. */
static void change_mappings(int said)
{
	(void)said;
	for (unsigned int i = 0;; i++) {
		size_t bytes = (1 + i % 13) * 16 * PAGE;
		char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			_exit(1);
		for (size_t k = 0; k < bytes; k += PAGE)
			memcpy(p + k, &(uint64_t){ WORD_B }, 8);
		munmap(p, bytes);
	}
}

static void a_scan_of_memory_that_changes_finds_what_stays(void **state)
{
	char *p = pages(1, MAP_PRIVATE);
	memory_hits found = {};

	(void)state;
	memcpy(p, &(uint64_t){ WORD_A }, 8);

	struct child c = child_start(change_mappings);
	struct memory *m = open_child(&c);

	for (size_t i = 0; i < 17; i++) {
		vec_clear(&found);
		scan_part(m, p, 8, &found);
		assert_int_equal(found.nr, 1);
	}
	child_kill(&c);
	child_reap(&c);
	vec_release(&found);
	memory_free(m);
	munmap(p, PAGE);
}

static void memory_that_is_full_of_the_word_is_an_error(void **state)
{
	enum { NR = 300 };
	uint64_t *p = (uint64_t *)pages(NR, MAP_PRIVATE);
	uint64_t words[] = { WORD_B }, bytes_read;
	memory_hits found = {};

	(void)state;
	for (size_t i = 0; i < NR * PAGE / 8; i++)
		p[i] = WORD_B;

	struct child c = still_child();
	struct memory *m = open_child(&c);

	assert_int_equal(memory_scan(m, words, 1, &found, &bytes_read), -EOVERFLOW);
	vec_clear(&found);
	assert_int_equal(memory_scan(m, words, 0, &found, &bytes_read), 0);
	assert_int_equal(found.nr, 0);
	vec_release(&found);
	memory_free(m);
	child_end(&c);
	munmap(p, NR * PAGE);
}

static void another_users_memory_is_refused_with_a_hint(void **state)
{
	struct stat one;
	int status;

	(void)state;
	if (stat("/proc/1", &one) || (geteuid() && one.st_uid == geteuid()))
		skip(); /* needs a process of somebody else */

	int pid = fork();

	if (!pid) {
		struct memory *m;
		struct diag d = {};
		bool nobody = geteuid() || !setresuid(65534, 65534, 65534);

		_exit(!nobody ? 2 : memory_open(1, &m, &d) != -EPERM ? 3 : !strstr(d.text, "process 1") ? 4 : !d.hint[0]);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_read_as_they_are_across_pages),
		cmocka_unit_test(several_ranges_are_read_at_once_or_not_at_all),
		cmocka_unit_test(absent_pages_are_refused_and_stay_absent),
		cmocka_unit_test(addresses_that_no_process_has_are_refused),
		cmocka_unit_test(a_process_that_has_ended_is_gone_even_as_a_zombie),
		cmocka_unit_test(after_an_exec_the_old_memory_is_gone),
		cmocka_unit_test(every_aligned_word_is_found_in_whatever_pages_are_present),
		cmocka_unit_test(only_private_writable_anonymous_memory_is_searched),
		cmocka_unit_test(many_words_are_told_apart),
		cmocka_unit_test(a_reservation_larger_than_any_memory_does_not_delay_a_scan),
		cmocka_unit_test(a_scan_of_memory_that_changes_finds_what_stays),
		cmocka_unit_test(memory_that_is_full_of_the_word_is_an_error),
		cmocka_unit_test(another_users_memory_is_refused_with_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
