/*
 * memory.c: reading another process's memory by process_vm_readv(), page presence first. The descriptor of
 * pagemap holds on to the memory that it was opened for: after an exec or an exit it has no entries, so that
 * nothing is read from a successor.
 */
#include "target/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "target/host.h"
#include "target/process.h"

enum {
	PAGE_BITS = 12, /* x86-64 */
	PAGE_BYTES = 1 << PAGE_BITS,
	READ_ENTRIES = 512,    /* of pagemap at a time */
	READ_RANGES = 64,      /* of a system call */
	SCAN_ENTRIES = 4096,
	SCAN_BYTES = 128 << 10, /* still in the cache when it is searched */
	SCAN_RUNS = 256,       /* runs of present pages in a system call */
	SCAN_FILTER = 1 << 12, /* bits */
	SCAN_HITS = 1 << 16,   /* more is no program that anything can be said about */
	SCAN_PAUSE = 32,       /* buffers that are read between two pauses: a millisecond's */
};

#define PAGE_PRESENT (1ULL << 63)
#define PAGE_SWAPPED (1ULL << 62)
#define SCAN_MAPPING_MAX (1ULL << 40)
#define USER_END ((1ULL << 47) - PAGE_BYTES)

struct memory {
	int pid;
	int reader; /* a thread that has not ended, process_reader() */
	int pagemap;
	bool swapped; /* a page was met that is swapped out */
	void (*pause)(void *context);
	void *pause_context;
};

/* Entries of @nr pages from page number @page on. Returns how many, or -errno. */
static ssize_t read_entries(int pagemap, uint64_t page, uint64_t *entries, size_t nr)
{
	ssize_t n = pread(pagemap, entries, nr * sizeof(*entries), page * sizeof(*entries));

	return n < 0 ? -errno : n / (ssize_t)sizeof(*entries);
}

/* Some sandboxes give a pagemap that is all zeros. A page of ours that is in use must show as present. */
static int check_pagemap(struct diag *d)
{
	_cleanup_(closep) int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	volatile char here = 1;
	uint64_t entry = 0;

	if (fd >= 0 && read_entries(fd, (uintptr_t)&here >> PAGE_BITS, &entry, 1) == 1 && (entry & PAGE_PRESENT))
		return 0;
	diag_set(d, -EPERM, "cannot see in /proc/self/pagemap which pages are present");
	diag_hint(d, "run as root, outside of a sandbox that hides pagemap");
	return -EPERM;
}

/* Asks for a byte that no process has: refused with EFAULT if reading is allowed, and nothing is touched. */
static int check_readable(int pid)
{
	char byte;
	struct iovec local = { &byte, 1 }, remote = { (void *)-(uintptr_t)PAGE_BYTES, 1 };

	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0 && errno != EFAULT)
		return -errno;
	return 0;
}

static int cannot_open(int pid, int err, struct diag *d)
{
	if (err == -ENOENT || err == -ESRCH)
		return diag_set(d, -ESRCH, "no process %d", pid);
	if (err == -EACCES)
		err = -EPERM;
	diag_errno(d, err, "cannot read the memory of process %d", pid);
	if (err == -EPERM)
		diag_hint(d, "run as root, or grant " HOST_TO_LOOK);
	return err;
}

int memory_open(int pid, struct memory **ret, struct diag *d)
{
	int reader = process_reader(pid);
	_cleanup_(freep) char *path = xasprintf("/proc/%d/pagemap", reader);
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : check_readable(reader);

	if (err)
		return cannot_open(pid, err, d);
	err = check_pagemap(d);
	if (err)
		return err;

	struct memory *m = xcalloc(1, sizeof(*m));

	m->pid = pid;
	m->reader = reader;
	m->pagemap = fd;
	fd = -1;
	*ret = m;
	return 0;
}

void memory_free(struct memory *m)
{
	if (!m)
		return;
	close(m->pagemap);
	free(m);
}

void memory_set_pause(struct memory *m, void (*pause)(void *context), void *context)
{
	m->pause = pause;
	m->pause_context = context;
}

bool memory_met_swapped(struct memory *m)
{
	bool met = m->swapped;

	m->swapped = false;
	return met;
}

void memory_pause(struct memory *m)
{
	if (m->pause)
		m->pause(m->pause_context);
}

/* Pages @first to @last: 0 if all are present, -EFAULT, -ESRCH. */
static int check_present(struct memory *m, uint64_t first, uint64_t last)
{
	uint64_t entries[READ_ENTRIES];

	while (first <= last) {
		size_t wanted = last - first < READ_ENTRIES ? last - first + 1 : READ_ENTRIES;
		ssize_t nr = read_entries(m->pagemap, first, entries, wanted);

		if (nr < 0)
			return nr;
		if (!nr)
			return first << PAGE_BITS < USER_END ? -ESRCH : -EFAULT;
		for (ssize_t i = 0; i < nr; i++) {
			if (entries[i] & PAGE_PRESENT)
				continue;
			m->swapped |= !!(entries[i] & PAGE_SWAPPED);
			return -EFAULT;
		}
		first += nr;
	}
	return 0;
}

static int check_ranges(struct memory *m, const struct memory_range *ranges, size_t nr)
{
	uint64_t first = 1, last = 0; /* pages that were just found present: neighbours often share one */

	for (size_t i = 0; i < nr; i++) {
		uint64_t end;

		if (!ranges[i].len)
			continue;
		if (__builtin_add_overflow(ranges[i].address, ranges[i].len - 1, &end))
			return -EFAULT;

		uint64_t from = ranges[i].address >> PAGE_BITS, to = end >> PAGE_BITS;

		if (from >= first && to <= last)
			continue;

		int err = check_present(m, from, to);

		if (err)
			return err;
		first = from;
		last = to;
	}
	return 0;
}

/* process_vm_readv(), through another thread where the one before has ended. */
static ssize_t read_remote(struct memory *m, const struct iovec *local, size_t nr_local, const struct iovec *remote, size_t nr)
{
	ssize_t n = process_vm_readv(m->reader, local, nr_local, remote, nr, 0);

	if (n >= 0 || errno != ESRCH)
		return n;
	m->reader = process_reader(m->pid);
	return process_vm_readv(m->reader, local, nr_local, remote, nr, 0);
}

static int read_batch(struct memory *m, const struct memory_range *ranges, size_t nr)
{
	struct iovec local[READ_RANGES], remote[READ_RANGES];
	size_t wanted = 0;

	for (size_t i = 0; i < nr; i++) {
		local[i] = (struct iovec){ ranges[i].bytes, ranges[i].len };
		remote[i] = (struct iovec){ (void *)(uintptr_t)ranges[i].address, ranges[i].len };
		wanted += ranges[i].len;
	}

	ssize_t n = read_remote(m, local, nr, remote, nr);

	if (n < 0)
		return -errno;
	return (size_t)n == wanted ? 0 : -EFAULT;
}

int memory_read_ranges(struct memory *m, const struct memory_range *ranges, size_t nr)
{
	int err = check_ranges(m, ranges, nr);

	for (size_t i = 0; i < nr && !err; i += READ_RANGES)
		err = read_batch(m, ranges + i, nr - i < READ_RANGES ? nr - i : READ_RANGES);
	return err;
}

int memory_read(struct memory *m, uint64_t address, void *bytes, size_t len)
{
	struct memory_range range = { address, bytes, len };

	return memory_read_ranges(m, &range, 1);
}

struct scan_word {
	uint64_t word;
	size_t index; /* as the caller has them */
};

/* A scan collects runs of present pages until its buffer is full, reads them at once, and searches. */
struct scan {
	struct memory *memory;
	struct scan_word *words; /* ascending */
	size_t nr_words;
	uint64_t least, span; /* all words lie in least .. least + span */
	uint64_t filter[SCAN_FILTER / 64]; /* bit filter_bit(word) of each */
	uint64_t *buffer;     /* SCAN_BYTES */
	uint64_t *entries;    /* SCAN_ENTRIES */
	struct iovec runs[SCAN_RUNS];
	size_t nr_runs;
	size_t bytes; /* in the runs */
	uint64_t bytes_read;
	unsigned int reads; /* since the last pause */
	memory_hits *found;
};

/* Objects lie at multiples of 16 mostly; pages of them differ. */
static size_t filter_bit(uint64_t word)
{
	return (word >> 3 ^ word >> 13) % SCAN_FILTER;
}

static void scan_match(struct scan *s, uint64_t address, uint64_t word)
{
	size_t bit = filter_bit(word), low = 0, high = s->nr_words;

	if (!(s->filter[bit / 64] >> bit % 64 & 1))
		return;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->words[middle].word < word)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < s->nr_words && s->words[low].word == word)
		vec_push(s->found, ((struct memory_hit){ address, s->words[low].index }));
}

static int compare_words(const void *a, const void *b)
{
	const struct scan_word *x = a, *y = b;

	if (x->word != y->word)
		return x->word < y->word ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static void scan_sort(struct scan *s, const uint64_t *words, size_t nr)
{
	s->words = xcalloc(nr, sizeof(*s->words));
	s->nr_words = nr;
	for (size_t i = 0; i < nr; i++) {
		size_t bit = filter_bit(words[i]);

		s->words[i] = (struct scan_word){ words[i], i };
		s->filter[bit / 64] |= 1ULL << bit % 64;
	}
	qsort(s->words, nr, sizeof(*s->words), compare_words);
	s->least = s->words[0].word;
	s->span = s->words[nr - 1].word - s->least;
}

/* Vtables of one library lie close together: one comparison of a range tells nearly all other words apart. */
static void scan_words(struct scan *s, const uint64_t *words, size_t nr, uint64_t address)
{
	const uint64_t least = s->least, span = s->span;

#pragma GCC unroll 8
	for (size_t i = 0; i < nr; i++) {
		if (__builtin_expect(words[i] - least <= span, 0))
			scan_match(s, address + i * sizeof(*words), words[i]);
	}
}

/* Search the first @bytes of the buffer and take them off the runs. */
static void scan_search(struct scan *s, size_t bytes)
{
	const uint64_t *words = s->buffer;
	size_t i = 0;

	s->bytes_read += bytes;
	s->bytes -= bytes;
	while (bytes) {
		struct iovec *run = &s->runs[i];
		size_t part = bytes < run->iov_len ? bytes : run->iov_len;

		scan_words(s, words, part / sizeof(*words), (uintptr_t)run->iov_base);
		words += part / sizeof(*words);
		bytes -= part;
		run->iov_base = (char *)run->iov_base + part;
		run->iov_len -= part;
		i += !run->iov_len;
	}
	s->nr_runs -= i;
	memmove(s->runs, s->runs + i, s->nr_runs * sizeof(*s->runs));
}

/* The first page of what is left has been unmapped since pagemap was read. */
static void scan_skip_page(struct scan *s)
{
	s->runs[0].iov_base = (char *)s->runs[0].iov_base + PAGE_BYTES;
	s->runs[0].iov_len -= PAGE_BYTES;
	s->bytes -= PAGE_BYTES;
	if (!s->runs[0].iov_len) {
		s->nr_runs--;
		memmove(s->runs, s->runs + 1, s->nr_runs * sizeof(*s->runs));
	}
}

static int scan_flush(struct scan *s)
{
	while (s->nr_runs) {
		struct iovec local = { s->buffer, s->bytes };
		ssize_t n = read_remote(s->memory, &local, 1, s->runs, s->nr_runs);

		if (n < 0 && errno != EFAULT)
			return -errno;
		if (n > 0)
			scan_search(s, n / PAGE_BYTES * PAGE_BYTES);
		if (s->nr_runs)
			scan_skip_page(s);
		if (s->found->nr > SCAN_HITS)
			return -EOVERFLOW;
		if (++s->reads % SCAN_PAUSE == 0)
			memory_pause(s->memory);
	}
	return 0;
}

static int scan_add_run(struct scan *s, uint64_t address, size_t bytes)
{
	while (bytes) {
		size_t room = SCAN_BYTES - s->bytes;
		size_t part = bytes < room ? bytes : room;

		s->runs[s->nr_runs++] = (struct iovec){ (void *)(uintptr_t)address, part };
		s->bytes += part;
		address += part;
		bytes -= part;
		if (s->bytes < SCAN_BYTES && s->nr_runs < SCAN_RUNS)
			continue;

		int err = scan_flush(s);

		if (err)
			return err;
	}
	return 0;
}

/* The present pages among @nr from page number @page on. */
static int scan_entries(struct scan *s, uint64_t page, size_t nr)
{
	for (size_t i = 0; i < nr;) {
		size_t first = i;

		while (i < nr && (s->entries[i] & PAGE_PRESENT))
			i++;

		int err = scan_add_run(s, (page + first) << PAGE_BITS, (i - first) << PAGE_BITS);

		if (err)
			return err;
		for (; i < nr && !(s->entries[i] & PAGE_PRESENT); i++)
			s->memory->swapped |= !!(s->entries[i] & PAGE_SWAPPED);
	}
	return 0;
}

static int scan_mapping(struct scan *s, const struct mapping *m)
{
	uint64_t page = m->start >> PAGE_BITS, end = m->end >> PAGE_BITS;

	while (page < end) {
		size_t wanted = end - page < SCAN_ENTRIES ? end - page : SCAN_ENTRIES;
		ssize_t nr = read_entries(s->memory->pagemap, page, s->entries, wanted);

		if (nr <= 0)
			return nr ? (int)nr : -ESRCH;

		int err = scan_entries(s, page, nr);

		if (err)
			return err;
		page += nr;
	}
	return 0;
}

/*
 * Objects of new and malloc lie here. A name in brackets is the kernel's ([stack], [vvar]) or given by prctl
 * ([anon:x]). What is larger than a machine's memory is a table with an entry for each address (a sanitizer's
 * shadow): it holds no objects, and finding its present pages would take half a minute.
 */
static bool holds_objects(const struct mapping *m)
{
	if (m->end - m->start > SCAN_MAPPING_MAX)
		return false;
	if (m->permissions[0] != 'r' || m->permissions[1] != 'w' || m->permissions[3] != 'p')
		return false;
	return !m->path[0] || !strcmp(m->path, "[heap]") || !strncmp(m->path, "[anon:", 6);
}

static int scan_all(struct scan *s)
{
	mappings maps = {};
	int err = mappings_read(s->memory->pid, &maps, NULL);

	for (size_t i = 0; i < maps.nr && !err; i++) {
		if (holds_objects(&maps.items[i]))
			err = scan_mapping(s, &maps.items[i]);
	}
	mappings_release(&maps);
	return err ? err : scan_flush(s);
}

int memory_scan(struct memory *m, const uint64_t *words, size_t nr, memory_hits *found, uint64_t *ret_bytes_read)
{
	struct scan s = { .memory = m, .found = found };

	*ret_bytes_read = 0;
	if (!nr)
		return 0;
	scan_sort(&s, words, nr);
	s.buffer = xmalloc(SCAN_BYTES);
	s.entries = xcalloc(SCAN_ENTRIES, sizeof(*s.entries));

	int err = scan_all(&s);

	free(s.words);
	free(s.buffer);
	free(s.entries);
	*ret_bytes_read = s.bytes_read;
	return err;
}
