"""CUDA, by the prototypes of cuda_runtime_api.h and cuda.h."""
import functools

import devices
from devices import is_choice, is_end  # noqa: F401
from devices import POINTER, PITCHED, common, free, status

PRELUDE = devices.PRELUDE + r"""
struct place { int type, id; };
struct properties { int type, handles; struct place place; void *more[2]; };
struct array { size_t width, height; int format; unsigned int channels; };
struct array3d { size_t width, height, depth; int format; unsigned int channels, flags; };
static inline void *context_of(int device) { return (void *)(0xc000L + device); }
static inline int device_of(void *context) { return (int)((long)context - 0xc000L); }
"""
STATE = devices.STATE
# The driver knows no device without a context.
alloc = functools.partial(devices.alloc, device="chosen")
pitched = functools.partial(devices.pitched, device="chosen")
CURRENT = "chosen = device_of(context)"
ARRAY = "void *p = NULL; struct array a = {size(), 3, 1, 2}; "
ARRAY3D = "void *p = NULL; struct array3d a = {size(), 3, 2, 1, 2, 0}; "


def stream_ordered(suffix):
    return [
        alloc(f"cuMemAllocAsync{suffix}(uint64_t *p, size_t bytes, void *stream)", "pool",
              f"uint64_t p = 0; cuMemAllocAsync{suffix}(&p, size(), (void *)0x5555)", "bytes"),
        alloc(f"cuMemAllocFromPoolAsync{suffix}(uint64_t *p, size_t bytes, void *pool, void *stream)", "pool",
              f"uint64_t p = 0; cuMemAllocFromPoolAsync{suffix}(&p, size(), (void *)0x4444, (void *)0x5555)", "bytes"),
        free(f"cuMemFreeAsync{suffix}(uint64_t p, void *stream)", f"cuMemFreeAsync{suffix}(living(), (void *)0x5555)"),
    ]


def created(version, parameters, arguments):
    return status(f"cuCtxCreate_{version}(void **context, {parameters}, int device)", "*context = context_of(device); chosen = device",
                  f"void *c; cuCtxCreate_{version}(&c, {arguments}, 4)")


RUNTIME = common("cuda") + [
    devices.alloc("cudaMallocAsync_ptsz(void **p, size_t bytes, void *stream)", "pool",
          f"{POINTER}cudaMallocAsync_ptsz(&p, size(), (void *)0x5555)", "bytes"),
    devices.alloc("cudaMallocFromPoolAsync_ptsz(void **p, size_t bytes, void *pool, void *stream)", "pool",
          f"{POINTER}cudaMallocFromPoolAsync_ptsz(&p, size(), (void *)0x4444, (void *)0x5555)", "bytes"),
    free("cudaFreeAsync_ptsz(void *p, void *stream)", "cudaFreeAsync_ptsz((void *)living(), (void *)0x5555)"),
]
DRIVER = [
    created("v2", "unsigned int flags", "1"),
    created("v3", "void *affinity, int count, unsigned int flags", "NULL, 0, 1"),
    created("v4", "void *parameters, unsigned int flags", "NULL, 1"),
    status("cuDevicePrimaryCtxRetain(void **context, int device)", "*context = context_of(device)",
           "void *c; cuDevicePrimaryCtxRetain(&c, 1); cuDevicePrimaryCtxRetain(&c, 3)"),
    status("cuCtxSetCurrent(void *context)", CURRENT, "cuCtxSetCurrent(context_of(1))"),
    status("cuCtxPushCurrent_v2(void *context)", CURRENT, "cuCtxPushCurrent_v2(context_of(3))"),
    status("cuCtxPopCurrent_v2(void **context)", "*context = context_of(chosen); chosen = 1", "void *c; cuCtxPopCurrent_v2(&c)"),
    status("cuCtxDestroy_v2(void *context)", "if (device_of(context) == chosen) chosen = 1", "cuCtxDestroy_v2(context_of(4))"),
    status("cuDevicePrimaryCtxReset_v2(int device)", ";", "cuDevicePrimaryCtxReset_v2(1)"),
    status("cuDevicePrimaryCtxReset(int device)", ";", "cuDevicePrimaryCtxReset(3)"),
    alloc("cuMemAlloc_v2(uint64_t *p, size_t bytes)", "device", "uint64_t p = 0; cuMemAlloc_v2(&p, size())", "bytes"),
    alloc("cuMemAlloc(unsigned int *p, unsigned int bytes)", "device", "unsigned int p[2] = {0, 0xeeeeeeee}; cuMemAlloc(p, size())", "bytes"),
    alloc("cuMemAllocManaged(uint64_t *p, size_t bytes, unsigned int flags)", "managed",
          "uint64_t p = 0; cuMemAllocManaged(&p, size(), 1)", "bytes"),
    alloc("cuMemAllocHost_v2(void **p, size_t bytes)", "pinned", f"{POINTER}cuMemAllocHost_v2(&p, size())", "bytes"),
    alloc("cuMemAllocHost(void **p, unsigned int bytes)", "pinned", f"{POINTER}cuMemAllocHost(&p, size())", "bytes"),
    alloc("cuMemHostAlloc(void **p, size_t bytes, unsigned int flags)", "pinned", f"{POINTER}cuMemHostAlloc(&p, size(), 4)", "bytes"),
    alloc("cuMemHostRegister_v2(void *p, size_t bytes, unsigned int flags)", "pinned",
          "cuMemHostRegister_v2((void *)fresh(), size(), 2)", "bytes", address="p"),
    alloc("cuMemHostRegister(void *p, size_t bytes, unsigned int flags)", "pinned",
          "cuMemHostRegister((void *)fresh(), size(), 2)", "bytes", address="p"),
    pitched("cuMemAllocPitch_v2", f"{PITCHED}cuMemAllocPitch_v2(&p, &pitch, size(), 5, 16)", ", unsigned int element"),
    *stream_ordered(""), *stream_ordered("_ptsz"),
    alloc("cuArrayCreate_v2(void **p, const struct array *a)", "array", f"{ARRAY}cuArrayCreate_v2(&p, &a)"),
    alloc("cuArray3DCreate_v2(void **p, const struct array3d *a)", "array", f"{ARRAY3D}cuArray3DCreate_v2(&p, &a)"),
    alloc("cuMipmappedArrayCreate(void **p, const struct array3d *a, unsigned int levels)", "array",
          f"{ARRAY3D}cuMipmappedArrayCreate(&p, &a, 4)"),
    alloc("cuMemCreate(uint64_t *handle, size_t bytes, const struct properties *properties, unsigned long long flags)", "virtual",
          "uint64_t p = 0; struct properties of = {1, 1, {1, 5}, {0}}; cuMemCreate(&p, size(), &of, 0)", "bytes",
          device="properties->place.id"),
    free("cuMemFree_v2(uint64_t p)", "cuMemFree_v2(living())"),
    free("cuMemFree(unsigned int p)", "cuMemFree((unsigned int)living())"),
    free("cuMemFreeHost(void *p)", "cuMemFreeHost((void *)living())"),
    free("cuMemHostUnregister(void *p)", "cuMemHostUnregister((void *)living())"),
    free("cuArrayDestroy(void *p)", "cuArrayDestroy((void *)living())"),
    free("cuMipmappedArrayDestroy(void *p)", "cuMipmappedArrayDestroy((void *)living())"),
    *devices.mapping("cu", "uint64_t", "uint64_t", "uint64_t p = 0; struct properties of = {1, 1, {1, 5}, {0}}; cuMemCreate(&p, size(), &of, 0)"),
]
LIBRARIES = {"libcudart.so.12": RUNTIME, "libcuda.so.1": DRIVER}
