"""What a probe reads of an object: members that are read at once, wherever the object lies, are those that are there."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
from harness import POOLTRACE, Skip, Suite, equal, run  # noqa: E402
from swap import Swap  # noqa: E402

suite = Suite("reads")

# Members from 40 to 64: in one read, which reaches up to 40 bytes behind the object.
RUNTIME = """runtime edges
detect edge_make
pool 0=POOL
on edge_make return alloc pool=POOL address=*arg0+40 reserved=*arg0+56:4 device=*arg0+60:2 code=*arg0+63:1
on edge_drop free address=*arg0+40
"""

# Objects at each distance of a word from the end of a page, the next of which is absent, forbidden, or there. Then one in a page
# that the process has, but that is not present, as one that is swapped out; and one in none.
PROGRAM = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

struct object {
	char before[40];
	uint64_t address, unused;
	uint32_t bytes;
	uint16_t device;
	uint8_t unread, code;
} __attribute__((packed));

__attribute__((noinline, visibility("default"))) int edge_make(struct object *o)
{
	__asm__ volatile("" : : "r"(o) : "memory");
	return 0;
}

__attribute__((noinline, visibility("default"))) void edge_drop(struct object *o)
{
	__asm__ volatile("" : : "r"(o) : "memory");
}

enum { PAGE = 4096 };

/* True if the page is swapped out. A page that waits on the list of another CPU is left where it is: it is there in a moment. */
static int page_out(void *page, int pagemap)
{
	off_t at = (off_t)((uintptr_t)page / PAGE * sizeof(uint64_t));
	uint64_t entry = 0;

	for (int i = 0; i < 1000; i++) {
		madvise(page, PAGE, MADV_PAGEOUT);
		if (pread(pagemap, &entry, sizeof(entry), at) == sizeof(entry) && entry >> 62 & 1)
			return 1;
		usleep(1000);
	}
	return 0;
}

/* An object is made and dropped while its page is swapped out. True if it was. */
static int swapped(void)
{
	struct object *o = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pagemap = open("/proc/self/pagemap", O_RDONLY);

	if (o == MAP_FAILED || pagemap < 0)
		return 0;
	*o = (struct object){.address = 0x9990000, .bytes = 999};
	for (int i = 0; i < 2; i++) {
		if (!page_out(o, pagemap))
			return 0;
		if (i)
			edge_drop(o);
		else
			edge_make(o);
	}
	return 1;
}

int main(int argc, char **argv)
{
	enum { PAGES = 3 };
	unsigned char present;
	unsigned int nr = 0;

	_Static_assert(sizeof(struct object) == 64, "as the runtime file says");
	(void)argv;
	if (argc > 1)
		return swapped() ? 0 : 3;
	for (int next = 0; next < PAGES; next++)
		for (unsigned int back = 64; back <= 192; back += 8, nr++) {
			char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			struct object *o = (struct object *)(pages + PAGE - back);

			if (pages == MAP_FAILED)
				return 1;
			o->address = 0x10000 + nr * 0x1000;
			o->bytes = 100 + nr;
			o->device = (uint16_t)(nr % 3);
			o->code = 0;
			if (next == 1)
				mprotect(pages + PAGE, PAGE, PROT_NONE);
			if (next == 2)
				pages[PAGE] = 1;
			edge_make(o);
			if (nr % 2)
				edge_drop(o);
			if (mincore(pages + PAGE, PAGE, &present) || (present & 1) != (next == 2))
				return 2;
			printf("%#lx %u %u\n", (unsigned long)o->address, o->bytes, nr % 2);
		}

	int memory = memfd_create("object", 0);
	struct object *o = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);

	if (o == MAP_FAILED || ftruncate(memory, PAGE))
		return 1;
	*o = (struct object){.address = 0x9990000, .bytes = 999};
	printf("%#lx %u 1\n", (unsigned long)o->address, o->bytes);
	for (int i = 0; i < 2; i++) {
		madvise(o, PAGE, MADV_DONTNEED);
		if (i)
			edge_drop(o);
		else
			edge_make(o);
	}
	munmap(o, PAGE);
	edge_make(o);
	edge_drop(o);
	return 0;
}
"""


def recorded(folder, *words):
    """(what the program says, its status, events, report) of the program with these words."""
    program, runtime, recording = (os.path.join(folder, name) for name in ("edges", "edges.rt", "run.pt"))
    with open(runtime, "w") as file:
        file.write(RUNTIME)
    subprocess.run(["cc", "-O1", "-rdynamic", "-x", "c", "-o", program, "-"], input=PROGRAM, text=True, check=True)
    done = subprocess.run([POOLTRACE, "record", "-q", "-f", "--stacks=off", "--runtime", runtime, "-o", recording, "--", program, *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    equal(done.stderr, "", "record")
    status, out, err = run("events", "-r", recording, "--json")
    equal((status, err), (0, ""), "events")
    told = [json.loads(line) for line in out.splitlines()]
    return done.stdout, done.returncode, told, json.loads(run("report", recording, "--json")[1])


def addresses(told, event):
    return [(e["address"], e["reserved"]) for e in told if e["event"] == event]


@suite.test("members of objects at the end of a page, or in one that is not present, are those that are there; where there is no page, they are counted")
def _():
    with tempfile.TemporaryDirectory() as folder:
        said, status, told, report = recorded(folder)
        equal(status, 0, "status")
        made = [line.split() for line in said.splitlines()]
        assert len(made) == 52, f"{len(made)} objects"
        equal(addresses(told, "alloc"), [(int(a, 0), int(b)) for a, b, _ in made], "allocations")
        equal(addresses(told, "free"), [(int(a, 0), int(b)) for a, b, freed in made if freed == "1"], "frees")
        equal(report["unread"], 4 + 1, "values that could not be read: of the last object, when it was made and when it was dropped")


@suite.test("an object that is swapped out is read all the same, or what is not known is counted: nothing is 0")
def _():
    with tempfile.TemporaryDirectory() as folder, Swap():
        _, status, told, report = recorded(folder, "swapped")
        if status == 3:
            raise Skip("the kernel swaps nothing out")
        equal(status, 0, "status")
        if sleepable():
            object_ = [(0x9990000, 999)]
            equal((addresses(told, "alloc"), addresses(told, "free"), report["unread"]), (object_, object_, 0), "what is told")
        else:
            equal((addresses(told, "alloc"), addresses(told, "free"), report["unread"]), ([], [], 4 + 1), "what is not known")


def sleepable():
    """As doctor says: may a program at a probe wait for a page?"""
    return next(f["level"] for f in json.loads(run("doctor", "--json")[1])["findings"] if f["name"] == "sleepable uprobes") == "ok"


if __name__ == "__main__":
    suite.main()
