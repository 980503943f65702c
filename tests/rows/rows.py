"""A library made from what the functions of a C runtime do, and a program that calls them: whoever adds a runtime adds a module
beside this one, with

    PRELUDE     C: types, and declarations of what the functions share
    STATE       C: its definitions
    LIBRARIES   {file name: [Row, ...]}: every function that the runtime file has a row for

A function does what the real one does with its arguments, by its real prototype, and says itself what that was:

    allocated(pool, address, reserved, asked, device)      -1: not known
    refused(pool, code, reserved, asked, device)
    freed(address)
    held(address)                                          it has one more reference
    dropped(address)                                       it has one less, and without the last one it is freed
    mapped(at, address), unmapped(at, bytes)               a mapping refers to what is mapped

In each there is `passing`, in which calls end otherwise than by a return: `end longjmp|thread|fork|exec|kill FUNCTION`.

It is called with values that occur once. `refusal` is what it is to give back: 0, or a code. What the runtime file says does not
occur here: an argument that it takes for another one shows.
"""
import collections
import json
import os
import re
import subprocess

Row = collections.namedtuple("Row", "prototype body call")
COMMON = r"""
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void passing(const char *symbol);
extern int refusal, nested;
extern _Thread_local int inside;
uint64_t fresh(void);
void allocated(const char *pool, uint64_t address, int64_t reserved, int64_t asked, int device);
void refused(const char *pool, int64_t code, int64_t reserved, int64_t asked, int device);
void freed(uint64_t address);
void held(uint64_t address);
void dropped(uint64_t address);
void mapped(uint64_t at, uint64_t address);
void unmapped(uint64_t at, uint64_t bytes);
uint64_t mapped_at(uint64_t at);
uint64_t mapping(unsigned int nr);
uint64_t living(void);
uint64_t size(void);
"""
PROGRAM = r"""
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD = 17, EXECUTED = 19 };

static const char *ending;
static char ending_in[128];
static jmp_buf outside;
static int is_child;
int refusal, nested;
_Thread_local int inside;
static uint64_t next_address = 0x7f0000000000, next_size = 10007, blocks[4096];
static unsigned int nr_blocks, taken;

/* What is told of an inner layer is told by the outer one. */
uint64_t fresh(void) { return next_address += 0x10000; }
uint64_t size(void) { return next_size += 211; }

void allocated(const char *pool, uint64_t address, int64_t reserved, int64_t asked, int device)
{
	blocks[nr_blocks++] = address;
	if (!inside)
		printf("TOLD alloc %s %#lx %ld %ld %d 0\n", pool, address, reserved, asked, device);
}

void refused(const char *pool, int64_t code, int64_t reserved, int64_t asked, int device)
{
	if (!inside)
		printf("TOLD failed %s 0 %ld %ld %d %ld\n", pool, reserved, asked, device, code);
}

static uint64_t references[4096], mappings[64][2];
static unsigned int nr_mappings;

/* The latest of that address. */
static int find(uint64_t address)
{
	int i = (int)nr_blocks - 1;

	while (i >= 0 && blocks[i] != address)
		i--;
	return address ? i : -1;
}

void freed(uint64_t address)
{
	int i = find(address);

	if (i >= 0 && !inside)
		blocks[i] = 0;
	if (address && !inside)
		printf("TOLD free - %#lx -1 -1 -1 0\n", address);
}

void held(uint64_t address)
{
	if (find(address) >= 0)
		references[find(address)]++;
}

void dropped(uint64_t address)
{
	int i = find(address);

	if (i >= 0 && references[i])
		references[i]--;
	else if (i >= 0)
		freed(address);
}

void mapped(uint64_t at, uint64_t address)
{
	mappings[nr_mappings][0] = at;
	mappings[nr_mappings++][1] = address;
	held(address);
}

void unmapped(uint64_t at, uint64_t bytes)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < nr_mappings; i++) {
		if (mappings[i][0] - at < bytes) {
			dropped(mappings[i][1]);
			continue;
		}
		mappings[left][0] = mappings[i][0];
		mappings[left++][1] = mappings[i][1];
	}
	nr_mappings = left;
}

uint64_t mapped_at(uint64_t at)
{
	for (unsigned int i = 0; i < nr_mappings; i++)
		if (mappings[i][0] == at)
			return mappings[i][1];
	return 0;
}

uint64_t mapping(unsigned int nr) { return nr < nr_mappings ? mappings[nr][0] : 0; }

/* An address that was handed out and not freed, each once. */
uint64_t living(void)
{
	while (taken < nr_blocks && !blocks[taken])
		taken++;
	return taken < nr_blocks ? blocks[taken++] : 0;
}

static void fork_inside(void)
{
	int status;
	pid_t child = fork();

	if (!child) {
		is_child = 1;
		inside++;
		return;
	}
	waitpid(child, &status, 0);
	printf("CHILD %d %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

void passing(const char *symbol)
{
	static char *const again[] = {"program", "executed", NULL};
	const char *how = ending;

	if (!how || strcmp(symbol, ending_in))
		return;
	ending = NULL;
	if (!strcmp(how, "longjmp"))
		longjmp(outside, 1);
	else if (!strcmp(how, "thread"))
		pthread_exit(NULL);
	else if (!strcmp(how, "kill"))
		raise(SIGKILL);
	else if (!strcmp(how, "exec"))
		execv("/proc/self/exe", again);
	else
		fork_inside();
}

static void *run(void *line)
{
	char symbol[128];

	if (sscanf(line, "%127s %d %d", symbol, &refusal, &nested) < 1)
		return NULL;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].symbol, symbol))
			printf(is_child ? "" : "GAVE %s %ld\n", symbol, calls[i].call());
	if (is_child)
		_exit(CHILD);
	return NULL;
}

static void end_inside(char *line)
{
	static char how[16];
	pthread_t thread;

	if (sscanf(line, "%15s %127s", how, ending_in) != 2)
		return;
	ending = how;
	if (!strcmp(how, "thread")) {
		if (!pthread_create(&thread, NULL, run, ending_in))
			pthread_join(thread, NULL);
	} else if (!setjmp(outside)) {
		run(ending_in);
	}
	printf("%s %s\n", ending ? "MISSED" : "LEFT", ending_in);
	refusal = 0;
}

int main(int argc, char **argv)
{
	char line[256];
	pthread_t thread;

	if (argc > 1)
		return EXECUTED;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("READY\nPID %d\n", getpid());
	while (fgets(line, sizeof(line), stdin)) {
		refusal = nested = 0;
		if (!strncmp(line, "load ", 5)) {
			line[strcspn(line, "\n")] = 0;
			if (!dlopen(line + 5, RTLD_NOW | RTLD_GLOBAL))
				puts(dlerror());
		} else if (!strncmp(line, "end ", 4)) {
			end_inside(line + 4);
		} else if (strncmp(line, "thread ", 7)) {
			run(line);
		} else if (!pthread_create(&thread, NULL, run, line + 7)) {
			pthread_join(thread, NULL);
		}
		puts("DONE");
	}
	return 3;
}
"""


def symbol_of(row):
    return re.search(r"(\w+)\(", row.prototype).group(1)


def frees(row):
    return any(f"{word}(" in row.body for word in ("freed", "dropped", "unmapped"))


def body_of(row):
    """With a place in which the call may end otherwise: what frees is told when it is called, what allocates when it returns."""
    passing = f'\tpassing("{symbol_of(row)}");\n'
    if not frees(row):
        return passing + row.body
    before, last, after = row.body.rpartition("\treturn")
    return before + passing + last + after if last else f"{row.body}\n{passing}"


def rows_of(runtime_file):
    """[(symbol, verb)] of the rows of a runtime file, without those that are looked for elsewhere."""
    with open(runtime_file) as f:
        text = f.read().replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] != ["on"] or line.rstrip().endswith("in any library"):
            continue
        at = 1
        names = [words[at]]
        while words[at + 1] == "or":
            at += 2
            names.append(words[at])
        verb = [word for word in words[at + 1:at + 4] if word not in ("maybe", "return")][0]
        found += [(name, verb) for name in names]
    return found


def build(module, folder, libraries=None):
    """The program, linked with the module's libraries (or with those named)."""
    names = libraries or list(module.LIBRARIES)
    calls, table = [], []
    for name in names:
        rows = module.LIBRARIES[name]
        compile_c(COMMON + module.PRELUDE + "\n".join(f"{row.prototype};" for rows in module.LIBRARIES.values() for row in rows) +
                  "\n" + "\n".join(f"{row.prototype}\n{{\n{body_of(row)}\n}}" for row in rows), os.path.join(folder, name),
                  "-fPIC", "-shared", f"-Wl,-soname,{name}", "-Wl,--build-id")
        for row in rows:
            symbol = symbol_of(row)
            head, _, last = row.call.rpartition("; ")
            end = f"{last}; return 0" if re.match(r"void [^*]", row.prototype) else f"return (long){last}"
            calls.append(f"static long call_{symbol}(void)\n{{\n{head};\n{end};\n}}")
            table.append(f'{{"{symbol}", call_{symbol}}},')
    program = os.path.join(folder, "program-" + "-".join(names))
    declared = "\n".join(f"{row.prototype};" for name in names for row in module.LIBRARIES[name])
    text = (COMMON + module.PRELUDE + module.STATE + declared + "\n" + "\n".join(calls) +
            "\nstatic const struct { const char *symbol; long (*call)(void); } calls[] = {\n" + "\n".join(table) + "\n};\n" + PROGRAM)
    compile_c(text, program, "-pthread", "-rdynamic", "-Wl,--allow-shlib-undefined,-z,lazy", f"-L{folder}", *[f"-l:{n}" for n in names], f"-Wl,-rpath,{folder}")
    return program


def compile_c(text, path, *flags):
    source = path + ".c"
    with open(source, "w") as f:
        f.write(text)
    done = subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O1", "-fno-inline", "-fno-optimize-sibling-calls", "-Wall", "-Werror",
                           "-Wno-unused-parameter", "-Wno-unused-function", source, "-o", path, *flags], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:4000]


def gave(lines):
    """[(symbol, what it gave back)]"""
    return [(line.split()[1], int(line.split()[2])) for line in lines if line.startswith("GAVE ")]


def told(lines):
    """What the functions said that they did, as comparable() says it."""
    found = []
    for line in lines:
        words = line.split()
        if words[:1] != ["TOLD"]:
            continue
        event, pool, address, reserved, asked, device, code = words[1:]
        found.append((event, None if pool == "-" else pool, int(address, 16) or None,
                      *(None if int(n) == -1 else int(n) for n in (reserved, asked)),
                      None if event != "alloc" else "?" if int(device) == -1 else device, int(code) or None))
    return found


def comparable(lines, pid):
    """The same from `pooltrace events --json`, of that process."""
    found = []
    for line in lines:
        e = json.loads(line)
        if e.get("pid") != pid:
            continue
        if e["event"] not in ("alloc", "free", "failed"):
            continue
        free = e["event"] == "free"
        found.append((e["event"], None if free else e["pool"], e.get("address"),
                      None if free else e.get("reserved"), None if free else e.get("asked"),
                      None if e["event"] != "alloc" else e.get("device"), e.get("code")))
    return found
