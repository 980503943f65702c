"""OpenCL, by the prototypes of cl.h: what is made has a handle, and a reference count."""
from rows import Row

PRELUDE = r"""
struct texels { unsigned int order, type; };
struct image { unsigned int type; size_t width, height, depth, layers, row_pitch, slice_pitch; unsigned int levels, samples; void *buffer; };
"""
STATE = ""
# All in one context: the first that holds something is DEVICE 0.
CONTEXT = "(void *)0xc0ffee"

BODY = """\
	if (refusal) {{
		{code};
		refused("{pool}", {told}, {reserved}, -1, 0);
		return NULL;
	}}
	void *made = (void *)fresh();
	allocated("{pool}", (uint64_t)made, {reserved}, -1, 0);
	return made;"""


def make(prototype, pool, reserved, call):
    """@prototype: with the parameter `error` its code is what the runtime file finds, with `unseen` it lies where nobody looks."""
    code = "if (error) *error = refusal" if "*error" in prototype else "if (unseen) *unseen = refusal" if "*unseen" in prototype else ";"
    told = "error ? refusal : 0" if "*error" in prototype else "0"
    return Row(f"void *{prototype}", BODY.format(pool=pool, reserved=reserved, code=code, told=told), call)


def ends(prototype, does, call, kind="int"):
    return Row(f"{kind} {prototype}", f"\t{does};" + ("\n\treturn refusal;" if kind == "int" else ""), call)


ERROR = "int error = 0; "
TEXELS = ERROR + "struct texels format = {0x10b5, 0x10d2}; "
IMAGE = TEXELS + "struct image desc = {0x10f1, size(), 7, 9, 11, 0, 0, 0, 0, NULL}; "
LIBRARIES = {"libOpenCL.so.1": [
    make("clCreateBuffer(void *context, unsigned long flags, size_t bytes, void *host, int *error)", "BUFFER", "bytes",
         f"{ERROR}clCreateBuffer({CONTEXT}, 1, size(), NULL, &error)"),
    make("clCreateBufferWithProperties(void *context, const void *more, unsigned long flags, size_t bytes, void *host, int *error)",
         "ALLOC_HOST_PTR", "bytes", f"{ERROR}clCreateBufferWithProperties({CONTEXT}, NULL, 1 << 4, size(), NULL, &error)"),
    make("clCreateImage(void *context, unsigned long flags, const struct texels *format, const struct image *desc, void *host, int *error)",
         "IMAGE", "desc->width * desc->height * 4", f"{IMAGE}clCreateImage({CONTEXT}, 1, &format, &desc, NULL, &error)"),
    make("clCreateImageWithProperties(void *context, const void *more, unsigned long flags, const struct texels *format, "
         "const struct image *desc, void *host, int *unseen)", "USE_HOST_PTR", "desc->width * desc->height * 4",
         f"{IMAGE}clCreateImageWithProperties({CONTEXT}, NULL, 1 << 3, &format, &desc, NULL, &error)"),
    make("clCreateImage2D(void *context, unsigned long flags, const struct texels *format, size_t width, size_t height, size_t pitch, "
         "void *host, int *unseen)", "IMAGE", "width * height * 4",
         f"{TEXELS}clCreateImage2D({CONTEXT}, 1, &format, size(), 5, 0, NULL, &error)"),
    make("clCreateImage3D(void *context, unsigned long flags, const struct texels *format, size_t width, size_t height, size_t depth, "
         "size_t row, size_t slice, void *host, int *unseen)", "IMAGE", "width * height * depth * 4",
         f"{TEXELS}clCreateImage3D({CONTEXT}, 1, &format, size(), 5, 3, 0, 0, NULL, &error)"),
    make("clCreatePipe(void *context, unsigned long flags, unsigned int packet, unsigned int packets, const void *more, int *error)",
         "PIPE", "(long)packet * packets", f"{ERROR}clCreatePipe({CONTEXT}, 1, 16, (unsigned int)size(), NULL, &error)"),
    # A view: it has no memory, and holds its buffer, of which nobody else has a reference here.
    Row("void *clCreateSubBuffer(void *buffer, unsigned long flags, unsigned int type, const void *region, int *error)",
        "\tif (error) *error = refusal;\n\tif (refusal) return NULL;\n\tuint64_t view = fresh();\n\tmapped(view, (uint64_t)buffer);\n"
        "\treturn (void *)view;",
        f"{ERROR}int given = refusal; refusal = 0; void *buffer = clCreateBuffer({CONTEXT}, 1, size(), NULL, NULL); refusal = given; "
        "void *view = clCreateSubBuffer(buffer, 1, 0x1220, NULL, &error); refusal = 0; clReleaseMemObject(buffer); refusal = given; view"),
    Row("int clRetainMemObject(void *object)", "\theld((uint64_t)object);\n\treturn refusal;",
        f"int given = refusal; refusal = 0; void *buffer = clCreateBuffer({CONTEXT}, 1, size(), NULL, NULL); refusal = given; "
        "int r = clRetainMemObject(buffer); clReleaseMemObject(buffer); r"),
    Row("int clReleaseMemObject(void *object)",
        "\tif (mapped_at((uint64_t)object))\n\t\tunmapped((uint64_t)object, 1);\n\telse\n\t\tdropped((uint64_t)object);\n\treturn refusal;",
        "clReleaseMemObject((void *)(mapping(0) ? mapping(0) : living()))"),
    make("clSVMAlloc(void *context, unsigned long flags, size_t bytes, unsigned int alignment)", "SVM", "bytes",
         f"clSVMAlloc({CONTEXT}, 1, size(), 64)"),
    ends("clSVMFree(void *context, void *p)", "freed((uint64_t)p)", f"clSVMFree({CONTEXT}, (void *)living())", "void"),
    ends("clEnqueueSVMFree(void *queue, unsigned int nr, void **list, void *function, void *data, unsigned int waits, const void *wait, "
         "void **event)", "freed((uint64_t)list[0])",
         "void *list[1] = {(void *)living()}; clEnqueueSVMFree((void *)0x4444, 1, list, NULL, NULL, 0, NULL, NULL)"),
    make("clHostMemAllocINTEL(void *context, const void *more, size_t bytes, unsigned int alignment, int *error)", "USM_HOST", "bytes",
         f"{ERROR}clHostMemAllocINTEL({CONTEXT}, NULL, size(), 64, &error)"),
    make("clDeviceMemAllocINTEL(void *context, void *device, const void *more, size_t bytes, unsigned int alignment, int *error)",
         "USM_DEVICE", "bytes", f"{ERROR}clDeviceMemAllocINTEL({CONTEXT}, NULL, NULL, size(), 64, &error)"),
    make("clSharedMemAllocINTEL(void *context, void *device, const void *more, size_t bytes, unsigned int alignment, int *error)",
         "USM_SHARED", "bytes", f"{ERROR}clSharedMemAllocINTEL({CONTEXT}, NULL, NULL, size(), 64, &error)"),
    ends("clMemFreeINTEL(void *context, void *p)", "freed((uint64_t)p)", f"clMemFreeINTEL({CONTEXT}, (void *)living())"),
    ends("clMemBlockingFreeINTEL(void *context, void *p)", "freed((uint64_t)p)", f"clMemBlockingFreeINTEL({CONTEXT}, (void *)living())"),
]}


def is_choice(_):
    """There are no devices to choose."""
    return False


def is_end(_):
    return False
