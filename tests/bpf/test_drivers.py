"""A runtime without books: what was there before it was traced is what drivers say, the kernel's in /proc/PID/fdinfo (files of ours
are mounted there) and one by a library of its own (one of ours)."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
from harness import POOLTRACE, Pooltrace, Skip, Suite, Target, equal, process_of, run, until  # noqa: E402

suite = Suite("drivers")
MIB = 1 << 20

TOY = r"""
#include <stdio.h>
#include <stdlib.h>
__attribute__((noinline)) void toy_begin(void *pool, unsigned long bytes) { __asm__ volatile("" : : "r"(pool), "r"(bytes)); }
__attribute__((noinline)) void toy_done(unsigned long address) { __asm__ volatile("" : : "r"(address)); }
__attribute__((noinline)) void toy_free(void *pool, unsigned long address) { __asm__ volatile("" : : "r"(pool), "r"(address)); }
int main(void)
{
	static int pool;
	char line[64];

	for (unsigned long i = 0; printf("STEP at MAIN=%lu\n", i * 4096), fflush(stdout), fgets(line, sizeof(line), stdin); i++) {
		toy_begin(&pool, 4096);
		toy_done(4096 * (i + 1));
	}
	return 0;
}
"""
RUNTIME = """
runtime toy
detect toy_begin
pool 0=MAIN
on toy_begin begin arena=arg0 asked=arg1 pool=*arg0:4
on toy_done  alloc address=arg0
on toy_free  free arena=arg0 address=arg1
let reserved = asked
"""
# As its header has them.
LIBRARY = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct process { unsigned int pid; unsigned long long bytes; unsigned int a, b; };
struct pci { char legacy[16]; unsigned int n[5]; char id[32]; };
static unsigned long long number(const char *name, int line)
{
	FILE *f = fopen(getenv("TOY_NVML"), "r");
	unsigned long long value[3] = {};
	if (f && fscanf(f, "%llu %llu %llu", &value[0], &value[1], &value[2]) < 3)
		value[1] = value[2] = 0;
	if (f)
		fclose(f);
	(void)name;
	return value[line];
}
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned int *nr) { *nr = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned int i, void **device) { *device = (void *)(i + 1UL); return 0; }
int nvmlDeviceGetPciInfo_v3(void *device, struct pci *p) { snprintf(p->id, sizeof(p->id), "00000000:0%lu:00.0", (unsigned long)device); return 0; }
/* The first time there is no room. */
static int list(void *device, unsigned int *nr, struct process *p, int line)
{
	unsigned long which = (unsigned long)device;
	if (*nr < 70) { *nr = 70; return 7; }
	*nr = 3;
	p[0] = (struct process){1, 7, 0, 0};
	p[1] = (struct process){(unsigned int)number("pid", 0), which == 1 ? number("bytes", line) : ~0ULL, 0, 0};
	p[2] = (struct process){2, 9, 0, 0};
	return 0;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *d, unsigned int *nr, struct process *p) { return list(d, nr, p, 1); }
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *d, unsigned int *nr, struct process *p) { return list(d, nr, p, 1); }
"""


def client(driver, number, device, **figures):
    lines = ["pos:\t0", "flags:\t02100002", f"drm-driver:\t{driver}", f"drm-client-id:\t{number}", f"drm-pdev:\t{device}"]
    return "\n".join(lines + [f"drm-{key.replace('_', '-')}:\t{value}" for key, value in figures.items()]) + "\n"


class Toy:
    """The program, its runtime file, files in the place of its fdinfo, and the library."""

    def __init__(self, folder):
        self.folder = folder
        self.build("toy.c", TOY, "-O1", "-o", self.path("toy"))
        self.write("toy.rt", RUNTIME)
        os.mkdir(self.path("fdinfo"))
        os.mkdir(self.path("lib"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        # In one step: it may be read at the same time.
        with open(self.path("next"), "w") as f:
            f.write(text)
        os.rename(self.path("next"), self.path(name))

    def build(self, name, text, *arguments):
        self.write(name, text)
        subprocess.run(["cc", *arguments, self.path(name)], check=True)

    def trace(self, pid, *arguments, env=()):
        script = f"mount --bind {self.path('fdinfo')} /proc/{pid}/fdinfo && exec \"$@\""
        program = ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", "env", *env, POOLTRACE]
        return Pooltrace("top", "-p", pid, "--runtime", self.path("toy.rt"), *arguments, program=program)


def figures(state):
    return {(d["driver"], d.get("device"), d.get("region"), d["source"]): (d.get("before_attach"), d["now"])
            for d in process_of(state).get("drivers", [])}


def needs_root():
    if os.geteuid():
        raise Skip("root, to mount")


@suite.test("what graphics drivers say of a process is told at attach, each client once, and later as another figure; no pool has it")
def _():
    needs_root()
    with tempfile.TemporaryDirectory() as folder:
        toy = Toy(folder)
        toy.write("fdinfo/0", "pos:\t0\nflags:\t02\nmnt_id:\t15\n")
        for fd in (3, 4):  # one client, open twice
            toy.write(f"fdinfo/{fd}", client("i915", 7, "0000:00:02.0", total_local0="13 MiB", resident_local0="5 MiB", total_system0="512 KiB"))
        toy.write("fdinfo/5", client("i915", 8, "0000:00:02.0", total_local0="2 MiB", resident_local0=0))
        toy.write("fdinfo/6", client("amdgpu", 7, "0000:03:00.0", memory_vram="2048 KiB", shared_vram="99 KiB"))
        with Target([toy.path("toy")]) as target:
            target.step()
            target.go()
            target.step()
            recording = toy.path("run.pt")
            with toy.trace(target.pid, "-o", recording) as pooltrace:
                state = pooltrace.state()
                local, system = (("i915", "0000:00:02.0", region, f"drm-total-{region}") for region in ("local0", "system0"))
                vram = ("amdgpu", "0000:03:00.0", "vram", "drm-memory-vram")
                at_attach = {local: (15 * MIB, 15 * MIB), system: (MIB // 2, MIB // 2), vram: (2 * MIB, 2 * MIB)}
                equal(figures(state), at_attach, "at attach")
                # What the program did before is known to no one else, and in no pool.
                equal(process_of(state)["devices"], [], "devices")
                target.go()
                equal(target.step()[1], {"MAIN": 8192}, "what the program has")
                state = pooltrace.state()
                equal([d["pools"]["MAIN"]["reserved"] for d in process_of(state)["devices"]], [4096], "the pool")
                equal(figures(state), at_attach, "after an allocation")
                # Another has it open now, and one is closed.
                os.unlink(toy.path("fdinfo/6"))
                toy.write("fdinfo/5", client("i915", 8, "0000:00:02.0", total_local0="3 MiB"))
                toy.write("fdinfo/9", client("xe", 1, "0000:04:00.0", total_vram0="1 MiB"))
                changed = {**at_attach, local: (15 * MIB, 16 * MIB), vram: (2 * MIB, 0),
                           ("xe", "0000:04:00.0", "vram0", "drm-total-vram0"): (None, MIB)}
                until(lambda: figures(pooltrace.state()) == changed, what="the drivers were not asked again")
                pooltrace.end()
            equal(figures(json.loads(run("top", "-r", recording, "--at", "-0s", "--json")[1].splitlines()[-1])), changed, "of the recording")
            table = run("top", "-r", recording, "--at", "-0s")[1]
            assert "before attach, by driver: i915 0000:00:02.0 local0 15.0 MiB, now 16.0 MiB" in table, table


@suite.test("a driver that tells by its library is asked, and doctor says what is known; without library or files nothing is told")
def _():
    needs_root()
    with tempfile.TemporaryDirectory() as folder:
        toy = Toy(folder)
        toy.build("nvml.c", LIBRARY, "-shared", "-fPIC", "-o", toy.path("lib/libnvidia-ml.so.1"))
        library = f"LD_LIBRARY_PATH={toy.path('lib')}", f"TOY_NVML={toy.path('figures')}"
        with Target([toy.path("toy")]) as target:
            target.step()
            with toy.trace(target.pid) as pooltrace:
                assert "drivers" not in process_of(pooltrace.state()), "there is no driver"
            toy.write("figures", f"{target.pid} {77 * MIB} 0\n")
            key = ("nvidia", "00000000:01:00.0", None, "NVML usedGpuMemory")
            with toy.trace(target.pid, env=library) as pooltrace:
                equal(figures(pooltrace.state()), {key: (77 * MIB, 77 * MIB)}, "at attach")
                toy.write("figures", f"{target.pid} {78 * MIB} 0\n")
                until(lambda: figures(pooltrace.state()) == {key: (77 * MIB, 78 * MIB)}, what="the library was not asked again")
            found = {}
            for env in ((), library):
                done = subprocess.run(["env", *env, POOLTRACE, "doctor", "-p", str(target.pid), "--runtime", toy.path("toy.rt"), "--json"],
                                      capture_output=True, timeout=60)
                found[env] = {f["name"]: f["what"] for f in json.loads(done.stdout)["findings"] if f["section"] == "drivers"}
            equal(found[library].get("nvidia"), f"00000000:01:00.0 NVML usedGpuMemory: {78 * MIB} bytes", f"doctor: {found}")
            if not any(os.path.exists(os.path.join(p, "libnvidia-ml.so.1")) for p in ("/usr/lib/x86_64-linux-gnu", "/usr/lib64")):
                equal(found[()], {"fdinfo": "no driver says anything of the process's files", "NVML": "there is no libnvidia-ml.so.1"}, "doctor")


if __name__ == "__main__":
    suite.main()
