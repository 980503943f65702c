#include "live/mapped.h"

#include "base/vec.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum { RING_PAGES = 32, RECORD_MAX = 1 << 16 };

struct cpu {
	int fd;
	struct perf_event_mmap_page *page;
};

struct mapped_source {
	VEC(struct cpu) cpus;
	int epoll;
	size_t page_bytes;
	bool enabled;
	char *record; /* one, when it lies across the ring's end */
};

/* As in perf_event_open(2); what follows the name is `struct trailer`. */
struct mmap2 {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t start, bytes, offset;
	uint32_t major, minor;
	uint64_t inode, generation;
	uint32_t protection, flags;
};

struct trailer {
	uint32_t pid, tid;
	uint64_t time_ns;
};

static int open_event(int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.disabled = 1,
		.exclude_kernel = 1,
		.mmap = 1,
		.mmap2 = 1,
		.sample_id_all = 1,
		.watermark = 1,
		.wakeup_watermark = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int add_cpu(struct mapped_source *m, int cpu)
{
	struct epoll_event wake = {.events = EPOLLIN};
	struct cpu c = {.fd = open_event(cpu)};

	/* It is off line. */
	if (c.fd == -ENODEV)
		return 0;
	if (c.fd < 0)
		return c.fd;
	c.page = mmap(NULL, (1 + RING_PAGES) * m->page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, c.fd, 0);
	if (c.page == MAP_FAILED || epoll_ctl(m->epoll, EPOLL_CTL_ADD, c.fd, &wake)) {
		int err = -errno;

		if (c.page != MAP_FAILED)
			munmap(c.page, (1 + RING_PAGES) * m->page_bytes);
		close(c.fd);
		return err;
	}
	vec_push(&m->cpus, c);
	return 0;
}

int mapped_new(struct mapped_source **ret)
{
	struct mapped_source *m = xcalloc(1, sizeof(*m));
	long nr = sysconf(_SC_NPROCESSORS_CONF);
	int err = 0;

	m->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	m->record = xmalloc(RECORD_MAX);
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (m->epoll < 0)
		err = -errno;
	for (int cpu = 0; cpu < nr && !err; cpu++)
		err = add_cpu(m, cpu);
	if (!err && !m->cpus.nr)
		err = -ENODEV;
	if (err) {
		mapped_free(m);
		return err;
	}
	*ret = m;
	return 0;
}

void mapped_free(struct mapped_source *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->cpus.nr; i++) {
		munmap(m->cpus.items[i].page, (1 + RING_PAGES) * m->page_bytes);
		close(m->cpus.items[i].fd);
	}
	closep(&m->epoll);
	vec_release(&m->cpus);
	free(m->record);
	free(m);
}

int mapped_fd(const struct mapped_source *m)
{
	return m ? m->epoll : -1;
}

void mapped_enable(struct mapped_source *m, bool enable)
{
	if (!m || m->enabled == enable)
		return;
	m->enabled = enable;
	for (size_t i = 0; i < m->cpus.nr; i++)
		ioctl(m->cpus.items[i].fd, enable ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0);
}

static void receive_mmap2(const char *record, size_t bytes, void (*receive)(void *context, const struct mapped *mapped),
			  void *context)
{
	struct trailer trailer;
	struct mapped mapped;
	struct mmap2 mmap2;

	if (bytes < sizeof(mmap2) + sizeof(trailer))
		return;
	memcpy(&mmap2, record, sizeof(mmap2));
	memcpy(&trailer, record + bytes - sizeof(trailer), sizeof(trailer));
	mapped = (struct mapped){
		.pid = (int)mmap2.pid,
		.start = mmap2.start,
		.device = makedev(mmap2.major, mmap2.minor),
		.inode = mmap2.inode,
		.generation = mmap2.generation,
		.time_ns = trailer.time_ns,
	};
	/* No file, or a process that our namespace does not show. */
	if (mapped.inode && mapped.pid > 0)
		receive(context, &mapped);
}

/* Copy @bytes at @position of the ring. */
static void copy_out(const struct mapped_source *m, const struct cpu *c, uint64_t position, void *to, size_t bytes)
{
	const char *ring = (const char *)c->page + m->page_bytes;
	size_t size = RING_PAGES * m->page_bytes, at = position % size;
	size_t first = bytes < size - at ? bytes : size - at;

	memcpy(to, ring + at, first);
	memcpy((char *)to + first, ring, bytes - first);
}

static bool read_cpu(const struct mapped_source *m, const struct cpu *c,
		     void (*receive)(void *context, const struct mapped *mapped), void *context)
{
	uint64_t head = __atomic_load_n(&c->page->data_head, __ATOMIC_ACQUIRE), tail = c->page->data_tail;
	bool lost = false;

	while (head - tail >= sizeof(struct perf_event_header)) {
		struct perf_event_header header;

		copy_out(m, c, tail, &header, sizeof(header));
		if (header.size < sizeof(header) || header.size > head - tail)
			break;
		copy_out(m, c, tail, m->record, header.size);
		lost |= header.type == PERF_RECORD_LOST;
		if (header.type == PERF_RECORD_MMAP2 && !(header.misc & PERF_RECORD_MISC_MMAP_BUILD_ID))
			receive_mmap2(m->record, header.size, receive, context);
		tail += header.size;
	}
	__atomic_store_n(&c->page->data_tail, head, __ATOMIC_RELEASE);
	return lost;
}

bool mapped_read(struct mapped_source *m, void (*receive)(void *context, const struct mapped *mapped), void *context)
{
	bool lost = false;

	for (size_t i = 0; m && i < m->cpus.nr; i++)
		lost |= read_cpu(m, &m->cpus.items[i], receive, context);
	return lost;
}
