"""Functions that give back a status, of runtimes whose threads choose a device: CUDA and HIP have the same ones."""
from rows import Row

# A thread's device: of the runtime 0 until it chooses, of the driver that of a context. A context is 0xc000 + its device.
PRELUDE = r"""
extern _Thread_local int chosen;
struct extent { size_t width, height, depth; };
struct pitched { void *ptr; size_t pitch, xsize, ysize; };
struct channels { int x, y, z, w; int f; };
static inline size_t pitch_of(size_t width) { return (width + 511) / 512 * 512; }
static inline size_t unit(const struct channels *c) { return (size_t)(c->x + c->y + c->z + c->w) / 8; }
static inline int device_now(void) { return chosen < 0 ? 0 : chosen; }
static inline size_t rows_of(size_t n) { return n ? n : 1; }
"""
STATE = "_Thread_local int chosen = -1;\n"

BODY = """\
	int status = refusal;
	if (!status && nested) {{
		inside++;
		status = {inner};
		inside--;
	}}
	if (status) {{
		refused("{pool}", status, {refused}, {asked}, {device});
		return status;
	}}
	if (!nested || inside)
		{fill};
	{sets};
	allocated("{pool}", (uint64_t){address}, {reserved}, {asked}, {device});
	return 0;"""


def alloc(prototype, pool, call, reserved=-1, asked=-1, device="device_now()", sets="", address="", inner="0", refused=None):
    """Gives back a new address by its first parameter, or by what @address is; C in terms of its parameters. @inner: what it calls."""
    first = prototype.split("(")[1].split(",")[0].split()[-1].lstrip("*")
    address = address or f"*{first}"
    fill = f"{address} = (__typeof__({address}))fresh()" if address.startswith("*") or "->" in address else "fresh()"
    return Row(f"int {prototype}", BODY.format(pool=pool, reserved=reserved, asked=asked, device=device, sets=sets, address=address, inner=inner,
                                               fill=fill, refused=reserved if refused is None else refused), call)


def free(prototype, call, inner="0"):
    name = prototype.rstrip(")").split("(")[1].split(",")[0].split()[-1].lstrip("*")
    return Row(f"int {prototype}", f"\tfreed((uint64_t){name});\n\tif (nested) {{\n\t\tinside++;\n\t\t(void)({inner});\n\t\tinside--;\n\t}}\n"
                                   f"\treturn refusal;", call)


def status(prototype, does, call):
    """Does something where it is not to fail."""
    return Row(f"int {prototype}", f"\tif (!refusal) {{\n\t\t{does};\n\t}}\n\treturn refusal;", call)


def mapping(prefix, handle, pointer, made):
    """Physical memory that is mapped. @made: C that makes some, with its handle in `p`."""
    quiet = "int given = refusal, r; refusal = 0; "
    return [
        Row(f"int {prefix}MemRelease({handle} p)", "\tdropped((uint64_t)p);\n\treturn refusal;", f"{prefix}MemRelease(({handle})living())"),
        status(f"{prefix}MemMap({pointer} p, size_t bytes, size_t offset, {handle} handle, unsigned long long flags)",
               "mapped((uint64_t)p, (uint64_t)handle)",
               f"{quiet}uint64_t at = fresh(); {made}; refusal = given; r = {prefix}MemMap(({pointer})at, 0x1000, 0x77, p, 0); "
               f"refusal = 0; {prefix}MemRelease(p); refusal = given; r"),
        status(f"{prefix}MemRetainAllocationHandle({handle} *handle, void *p)",
               f"*handle = ({handle})mapped_at((uint64_t)p); held((uint64_t)*handle)",
               f"{handle} h = 0; int r = {prefix}MemRetainAllocationHandle(&h, (void *)mapping(0)); "
               f"if (!refusal) {prefix}MemRelease(h); r"),
        # Two of them.
        Row(f"int {prefix}MemUnmap({pointer} p, size_t bytes)", "\tunmapped((uint64_t)p, bytes);\n\treturn refusal;",
            f"uint64_t at = mapping(0), next = mapping(1); {prefix}MemUnmap(({pointer})at, next ? next + 1 - at : 1)"),
    ]


def pitched(name, call, more="", **options):
    return alloc(f"{name}(void **ptr, size_t *pitch, size_t width, size_t height{more})", "device", call, reserved="*pitch * height",
                 asked="width * height", sets="*pitch = pitch_of(width)", refused=-1, **options)


# Values of arguments that the callers use; each call has sizes of its own.
POINTER = "void *p = NULL; "
PITCHED = "void *p = NULL; size_t pitch = 77777; "
ARRAY = "void *p = NULL; struct channels c = {8, 16, 0, 8, 0}; "
EXTENT = "(struct extent){size(), 7, 3}"
TEXELS = "unit(desc) * extent.width * rows_of(extent.height) * rows_of(extent.depth)"


def common(prefix, runtime=True):
    """The functions that the runtime libraries have in common, by their prefix: cuda, hip."""
    free_array, mipmapped = f"{prefix}FreeArray", f"{prefix}FreeMipmappedArray"
    return [
        status(f"{prefix}SetDevice(int device)", "chosen = device", f"{prefix}SetDevice(2)"),
        status(f"{prefix}DeviceReset(void)", ";", f"{prefix}DeviceReset()"),
        alloc(f"{prefix}Malloc(void **p, size_t bytes)", "device", f"{POINTER}{prefix}Malloc(&p, size())", "bytes",
              inner="cuMemAlloc_v2((uint64_t *)p, bytes)" if prefix == "cuda" else "0"),
        alloc(f"{prefix}MallocManaged(void **p, size_t bytes, unsigned int flags)", "managed",
              f"{POINTER}{prefix}MallocManaged(&p, size(), 1)", "bytes"),
        alloc(f"{prefix}MallocHost(void **p, size_t bytes)", "pinned", f"{POINTER}{prefix}MallocHost(&p, size())", "bytes"),
        alloc(f"{prefix}HostAlloc(void **p, size_t bytes, unsigned int flags)", "pinned",
              f"{POINTER}{prefix}HostAlloc(&p, size(), 4)", "bytes"),
        alloc(f"{prefix}HostRegister(void *p, size_t bytes, unsigned int flags)", "pinned",
              f"{prefix}HostRegister((void *)fresh(), size(), 2)", "bytes", address="p"),
        alloc(f"{prefix}MallocAsync(void **p, size_t bytes, void *stream)", "pool",
              f"{POINTER}{prefix}MallocAsync(&p, size(), (void *)0x5555)", "bytes"),
        alloc(f"{prefix}MallocFromPoolAsync(void **p, size_t bytes, void *pool, void *stream)", "pool",
              f"{POINTER}{prefix}MallocFromPoolAsync(&p, size(), (void *)0x4444, (void *)0x5555)", "bytes"),
        pitched(f"{prefix}MallocPitch", f"{PITCHED}{prefix}MallocPitch(&p, &pitch, size(), 5)"),
        alloc(f"{prefix}Malloc3D(struct pitched *p, struct extent extent)", "device",
              f"struct pitched p = {{NULL, 77777, 1, 1}}; {prefix}Malloc3D(&p, {EXTENT})", "p->pitch * extent.height * extent.depth",
              "extent.width * extent.height * extent.depth", address="p->ptr", sets="p->pitch = pitch_of(extent.width)", refused=-1),
        alloc(f"{prefix}MallocArray(void **p, const struct channels *desc, size_t width, size_t height, unsigned int flags)", "array",
              f"{ARRAY}{prefix}MallocArray(&p, &c, size(), refusal ? 0 : 9, 1)", asked="unit(desc) * width * rows_of(height)"),
        alloc(f"{prefix}Malloc3DArray(void **p, const struct channels *desc, struct extent extent, unsigned int flags)", "array",
              f"{ARRAY}{prefix}Malloc3DArray(&p, &c, {EXTENT}, 1)", asked=TEXELS),
        alloc(f"{prefix}MallocMipmappedArray(void **p, const struct channels *desc, struct extent extent, unsigned int levels, "
              "unsigned int flags)", "array", f"{ARRAY}{prefix}MallocMipmappedArray(&p, &c, {EXTENT}, 4, 1)"),
        free(f"{prefix}Free(void *p)", f"{prefix}Free((void *)living())", inner="cuMemFree_v2((uint64_t)p)" if prefix == "cuda" else "0"),
        free(f"{prefix}FreeHost(void *p)", f"{prefix}FreeHost((void *)living())"),
        free(f"{prefix}HostUnregister(void *p)", f"{prefix}HostUnregister((void *)living())"),
        free(f"{prefix}FreeAsync(void *p, void *stream)", f"{prefix}FreeAsync((void *)living(), (void *)0x5555)"),
        free(f"{free_array}(void *p)", f"{free_array}((void *)living())"),
        free(f"{mipmapped}(void *p)", f"{mipmapped}((void *)living())"),
    ]


def is_choice(symbol):
    """Does the function choose a device?"""
    return any(word in symbol for word in ("SetDevice", "Ctx")) and not is_end(symbol)


def is_end(symbol):
    """Does it end all that a device has?"""
    return symbol.removesuffix("_v2").endswith("Reset")
