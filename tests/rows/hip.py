"""HIP, by the prototypes of hip_runtime_api.h."""
import devices
from devices import is_choice, is_end  # noqa: F401
from devices import PITCHED, POINTER, alloc, common, free, mapping, pitched, status

PRELUDE = devices.PRELUDE + r"""
struct place { int type, id; };
/* As it was up to 5.4, and is since. */
struct properties5 { unsigned char compression; struct place place; int handles, type; unsigned short usage; void *more; };
struct properties { int type, handles; struct place place; void *more; unsigned char flags[4]; };
struct array { size_t width, height; int format; unsigned int channels; };
struct array3d { size_t width, height, depth; int format; unsigned int channels, flags; };
static inline void *context_of(int device) { return (void *)(0xc000L + device); }
static inline int device_of(void *context) { return (int)((long)context - 0xc000L); }
"""
STATE = devices.STATE
CURRENT = "chosen = device_of(context)"
ARRAY = "void *p = NULL; struct array a = {size(), 3, 1, 2}; "
ARRAY3D = "void *p = NULL; struct array3d a = {size(), 3, 2, 1, 2, 0}; "

LIBRARIES = {"libamdhip64.so.6": common("hip") + [
    status("hipDevicePrimaryCtxRetain(void **context, int device)", "*context = context_of(device)",
           "void *c; hipDevicePrimaryCtxRetain(&c, 1); hipDevicePrimaryCtxRetain(&c, 3)"),
    status("hipCtxCreate(void **context, unsigned int flags, int device)", "*context = context_of(device); chosen = device",
           "void *c; hipCtxCreate(&c, 1, 4)"),
    status("hipCtxSetCurrent(void *context)", CURRENT, "hipCtxSetCurrent(context_of(1))"),
    status("hipCtxPushCurrent(void *context)", CURRENT, "hipCtxPushCurrent(context_of(3))"),
    status("hipCtxPopCurrent(void **context)", "*context = context_of(chosen); chosen = 1", "void *c; hipCtxPopCurrent(&c)"),
    status("hipCtxDestroy(void *context)", "if (device_of(context) == chosen) chosen = 1", "hipCtxDestroy(context_of(4))"),
    alloc("hipExtMallocWithFlags(void **p, size_t bytes, unsigned int flags)", "device",
          f"{POINTER}hipExtMallocWithFlags(&p, size(), 1)", "bytes"),
    alloc("hipHostMalloc(void **p, size_t bytes, unsigned int flags)", "pinned", f"{POINTER}hipHostMalloc(&p, size(), 4)", "bytes"),
    alloc("hipMemAllocHost(void **p, size_t bytes)", "pinned", f"{POINTER}hipMemAllocHost(&p, size())", "bytes"),
    pitched("hipMemAllocPitch", f"{PITCHED}hipMemAllocPitch(&p, &pitch, size(), 5, 16)", ", unsigned int element"),
    alloc("hipArrayCreate(void **p, const struct array *a)", "array", f"{ARRAY}hipArrayCreate(&p, &a)"),
    alloc("hipArray3DCreate(void **p, const struct array3d *a)", "array", f"{ARRAY3D}hipArray3DCreate(&p, &a)"),
    alloc("hipMipmappedArrayCreate(void **p, struct array3d *a, unsigned int levels)", "array",
          f"{ARRAY3D}hipMipmappedArrayCreate(&p, &a, 4)"),
    alloc("hipMemCreate(void **handle, size_t bytes, const struct properties *properties, unsigned long long flags)", "virtual",
          "void *p = NULL; struct properties of = {1, 1, {1, 5}, NULL, {0}}; struct properties5 before = {0, {1, 7}, 1, 1, 0, NULL}; "
          "hipMemCreate(&p, size(), &of, 0); hipMemCreate(&p, size(), (void *)&before, 1)", "bytes",
          device="(flags ? ((const struct properties5 *)properties)->place.id : properties->place.id)"),
    free("hipHostFree(void *p)", "hipHostFree((void *)living())"),
    free("hipArrayDestroy(void *p)", "hipArrayDestroy((void *)living())"),
    free("hipMipmappedArrayDestroy(void *p)", "hipMipmappedArrayDestroy((void *)living())"),
    *mapping("hip", "uintptr_t", "uintptr_t", "void *made = NULL; struct properties of = {1, 1, {1, 5}, NULL, {0}}; "
             "hipMemCreate(&made, size(), &of, 0); uintptr_t p = (uintptr_t)made"),
]}
