"""oneAPI Level Zero, by the prototypes of ze_api.h: devices are handles, and are numbered as they first hold something."""
from rows import Row

PRELUDE = r"""
struct memory_desc { int stype; void *next; unsigned int flags, ordinal; };
struct physical_desc { int stype; void *next; unsigned int flags; size_t bytes; };
struct format { int layout, type, x, y, z, w; };
struct image_desc { int stype; const void *next; unsigned int flags; int shape; struct format format; uint64_t width; unsigned int height, depth, layers, levels; };
/* Numbered by us: the first that holds something is 0. */
int device_number(const void *device);
static inline int64_t texel_of(int layout)
{
	static const int bytes[] = {1, 2, 4, 2, 4, 4, 8, 8, 16, 4, 4, 2, 2, 2};

	return layout < 14 ? bytes[layout] : 0;
}
static inline int64_t texels(const struct image_desc *d)
{
	/* 1D, 1D array, 2D, 2D array, 3D, buffer */
	uint64_t n = d->width;

	n *= d->shape == 2 || d->shape == 3 || d->shape == 4 ? d->height : 1;
	n *= d->shape == 4 ? d->depth : d->shape == 1 || d->shape == 3 ? d->layers : 1;
	return (int64_t)n;
}
"""
STATE = r"""
static const void *numbered[16];
int device_number(const void *device)
{
	int i = 0;

	while (numbered[i] && numbered[i] != device)
		i++;
	numbered[i] = device;
	return i;
}
"""
BODY = """\
	if (refusal) {{
		refused("{pool}", refusal, {reserved}, {asked}, 0);
		return refusal;
	}}
	*made = (void *)fresh();
	allocated("{pool}", (uint64_t)*made, {reserved}, {asked}, device_number({device}));
	return 0;"""


def alloc(prototype, pool, call, reserved="(int64_t)bytes", asked="-1", device="device"):
    return Row(f"int {prototype}", BODY.format(pool=pool, reserved=reserved, asked=asked, device=device), call)


def status(prototype, does, call):
    return Row(f"int {prototype}", f"\t{does}\n\treturn refusal;", call)


C, D, E = "(void *)0xc000", "(void *)0xd000", "(void *)0xe000"
POINTER = "void *p = NULL; "
PHYSICAL = f"{POINTER}struct physical_desc d = {{0x1a, NULL, 1, size()}}; "
IMAGE = (f"{POINTER}int r = 0; for (int layout = 0; layout < 15; layout++) for (int shape = 0; shape < 6; shape++) {{ "
         f"struct image_desc d = {{0x15, NULL, 1, shape, {{layout, 1, 0, 1, 2, 3}}, size(), 7, 5, 3, 0}}; "
         f"r = zeImageCreate({C}, {E}, &d, &p); }} (void)0; r")
QUIET = "int given = refusal, r; refusal = 0; "

LIBRARIES = {"libze_loader.so.1": [
    alloc("zeMemAllocDevice(void *context, const struct memory_desc *desc, size_t bytes, size_t alignment, void *device, void **made)", "device",
          f"{POINTER}struct memory_desc d = {{0, NULL, 1, 2}}; zeMemAllocDevice({C}, &d, size(), 64, {D}, &p)"),
    alloc("zeMemAllocHost(void *context, const struct memory_desc *desc, size_t bytes, size_t alignment, void **made)", "host",
          f"{POINTER}struct memory_desc d = {{0, NULL, 1, 2}}; zeMemAllocHost({C}, &d, size(), 64, &p)", device="(void *)1"),
    alloc("zeMemAllocShared(void *context, const struct memory_desc *desc, const struct memory_desc *host, size_t bytes, size_t alignment, "
          "void *device, void **made)", "shared",
          f"{POINTER}struct memory_desc d = {{0, NULL, 1, 2}}; zeMemAllocShared({C}, &d, &d, size(), 64, {E}, &p)"),
    status("zeMemFree(void *context, void *p)", "freed((uint64_t)p);", f"zeMemFree({C}, (void *)living())"),
    status("zeMemFreeExt(void *context, const void *desc, void *p)", "freed((uint64_t)p);", f"zeMemFreeExt({C}, {E}, (void *)living())"),
    alloc("zePhysicalMemCreate(void *context, void *device, struct physical_desc *desc, void **made)", "virtual",
          f"{PHYSICAL}zePhysicalMemCreate({C}, {D}, &d, &p)", reserved="(int64_t)desc->bytes"),
    status("zePhysicalMemDestroy(void *context, void *p)", "dropped((uint64_t)p);", f"zePhysicalMemDestroy({C}, (void *)living())"),
    status("zeVirtualMemMap(void *context, const void *at, size_t bytes, void *physical, size_t offset, int access)",
           "if (!refusal)\n\t\tmapped((uint64_t)at, (uint64_t)physical);",
           f"{QUIET}uint64_t at = fresh(); {PHYSICAL}zePhysicalMemCreate({C}, {D}, &d, &p); refusal = given; "
           f"r = zeVirtualMemMap({C}, (void *)at, 0x1000, p, 0x77, 1); refusal = 0; zePhysicalMemDestroy({C}, p); refusal = given; r"),
    # Two of them.
    status("zeVirtualMemUnmap(void *context, const void *at, size_t bytes)", "unmapped((uint64_t)at, bytes);",
           f"uint64_t at = mapping(0), next = mapping(1); zeVirtualMemUnmap({C}, (void *)at, next ? next + 1 - at : 1)"),
    alloc("zeImageCreate(void *context, void *device, const struct image_desc *desc, void **made)", "image", IMAGE, reserved="-1",
          asked="(desc->format.layout < 14 ? texels(desc) * texel_of(desc->format.layout) : -1)"),
    status("zeImageDestroy(void *p)", "freed((uint64_t)p);", "zeImageDestroy((void *)living())"),
]}


def is_choice(_):
    """Devices are arguments."""
    return False


def is_end(_):
    return False
