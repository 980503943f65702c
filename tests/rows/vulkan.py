"""Vulkan, by the prototypes of vulkan_core.h: memory of a device is in the heap that its physical device has said for its type."""
from rows import Row

# Physical devices 0x7000 and 0x7100, logical ones 0xd000 and 0xd100 of them. Memory of a type is in another heap on each.
PRELUDE = r"""
struct properties { unsigned int types; struct { unsigned int flags, heap; } type[32]; unsigned int heaps; struct { uint64_t size; unsigned int flags; } heap[16]; };
struct properties2 { int what; void *next; struct properties properties; };
struct more { int what; const struct more *next; };
struct info { int what; const struct more *next; uint64_t bytes; unsigned int type; };
enum { TYPES = 21, EXPORT = 1000072002, FD = 1000074000, HOST = 1000178000, DEDICATED = 1000127001 };
static inline unsigned int heap_of(uint64_t physical, unsigned int type) { return (type * 5 + (physical == 0x7100 ? 3 : 0)) % 16; }
extern int asked[4];
"""
STATE = r"""
int asked[4];
"""

FILL = """\
	p->types = TYPES;
	for (unsigned int i = 0; i < 32; i++) {
		p->type[i].flags = 0x01020304;
		p->type[i].heap = i < TYPES ? heap_of((uint64_t)physical, i) : 9;
	}
	p->heaps = 16;
	asked[(uint64_t)physical >> 8 & 3] = 1;"""

# What is told of memory before the physical device was asked is not known.
ALLOCATE = """\
	static const char *const names[] = {"heap0", "heap1", "heap2", "heap3", "heap4", "heap5", "heap6", "heap7", "heap8", "heap9", "heap10",
		"heap11", "heap12", "heap13", "heap14", "heap15"};
	uint64_t physical = 0x7000 + ((uint64_t)device & 0xfff);
	const char *pool = asked[physical >> 8 & 3] && info->type < TYPES ? names[heap_of(physical, info->type)] : "heap-unknown";
	for (const struct more *m = info->next; m; m = m->next)
		pool = m->what == FD || m->what == HOST ? "imported" : pool;
	if (refusal) {
		refused(pool, refusal, (int64_t)info->bytes, -1, 0);
		return refusal;
	}
	*memory = fresh();
	allocated(pool, *memory, (int64_t)info->bytes, -1, (uint64_t)device == 0xd100);
	return 0;"""

# The first call is before anything was asked; then of each type, with and without more to be said, on both devices; then what may be
# told by mistake: a type that there is not, a device that could not be made.
DEVICES = "void *made = NULL; int given = refusal; refusal = 0; vkCreateDevice((void *)0x7000, NULL, NULL, &made); " \
    "vkCreateDevice((void *)0x7100, NULL, NULL, &made); refusal = given; "
ALLOCATIONS = (
    DEVICES + "struct properties p; struct properties2 p2; uint64_t m; int r = 0; struct more third = {FD, NULL}, second = {DEDICATED, &third}, "
    "first = {EXPORT, &second}, host = {HOST, &first}, quiet = {EXPORT, NULL}, dedicated = {DEDICATED, &quiet}; "
    "static int times; times++; "
    "if (times == 1) { refusal = 7; void *same = (void *)0xd000; vkCreateDevice((void *)0x7100, NULL, NULL, &same); refusal = given; } "
    "if (times == 2) vkGetPhysicalDeviceMemoryProperties((void *)0x7000, &p); "
    "if (times == 3) vkGetPhysicalDeviceMemoryProperties2((void *)0x7100, &p2); "
    "for (unsigned int type = 0; type < 33; type += 4) { "
    "struct info plain = {5, NULL, size(), type}, more = {5, &dedicated, size(), type}, fd = {5, &first, size(), type}, mapped = {5, &host, size(), type}; "
    "r = vkAllocateMemory((void *)0xd000, &plain, NULL, &m); vkAllocateMemory((void *)0xd100, &more, NULL, &m); "
    "vkAllocateMemory((void *)0xd000, &fd, NULL, &m); vkAllocateMemory((void *)0xd100, &mapped, NULL, &m); } (void)0; r")

LIBRARIES = {"libvulkan.so.1": [
    Row("void vkGetPhysicalDeviceMemoryProperties(void *physical, struct properties *p)", FILL,
        "struct properties p; vkGetPhysicalDeviceMemoryProperties((void *)0x7200, &p)"),
    Row("void vkGetPhysicalDeviceMemoryProperties2(void *physical, struct properties2 *p2)",
        "\tstruct properties *p = &p2->properties;\n" + FILL,
        "struct properties2 p; vkGetPhysicalDeviceMemoryProperties2((void *)0x7200, &p)"),
    # Of a loader that has it by this name, it is not asked: the one before is.
    Row("void vkGetPhysicalDeviceMemoryProperties2KHR(void *physical, struct properties2 *p2)",
        "\tstruct properties *p = &p2->properties;\n" + FILL,
        "struct properties2 p; vkGetPhysicalDeviceMemoryProperties2KHR((void *)0x7200, &p)"),
    # What they find is probed already.
    *(Row(f"void *{name}(void *of, const char *name)", "\treturn refusal ? NULL : dlsym(NULL, name);", f'{name}((void *)0xd000, "{wanted}")')
      for name, wanted in (("vkGetDeviceProcAddr", "vkAllocateMemory"), ("vkGetInstanceProcAddr", "vkFreeMemory"))),
    Row("int vkCreateDevice(void *physical, const void *info, const void *allocator, void **device)",
        "\tif (!refusal)\n\t\t*device = (void *)(0xd000 + ((uint64_t)physical & 0xfff));\n\treturn refusal;",
        "void *made = (void *)0xd000; vkCreateDevice((void *)0x7100, NULL, NULL, &made)"),
    Row("void vkDestroyDevice(void *device, const void *allocator)", "\t;", "vkDestroyDevice((void *)0xd300, NULL)"),
    Row("int vkAllocateMemory(void *device, const struct info *info, const void *allocator, uint64_t *memory)", ALLOCATE, ALLOCATIONS),
    Row("void vkFreeMemory(void *device, uint64_t memory, const void *allocator)", "\tif (memory)\n\t\tfreed(memory);",
        "vkFreeMemory((void *)0xd000, 0, NULL); vkFreeMemory((void *)0xd000, living(), NULL)"),
]}


def is_choice(_):
    return False


def is_end(symbol):
    return symbol == "vkDestroyDevice"
