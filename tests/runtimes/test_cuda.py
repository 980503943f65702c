"""cuda.rt and the published CUDA runtime libraries, 11.8 and 12.9: argument orders, structs, symbols, and calls that fail since there is
no driver or no device: as failed allocations, with the code."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from headers import check, check_layouts, exported, rows, wheel  # noqa: E402
from harness import Suite, equal  # noqa: E402
import cuda  # noqa: E402
from failing import fails_as_it_says  # noqa: E402

suite = Suite("cuda")
RELEASES = {"11.8": ("nvidia-cuda-runtime-cu11", "11.8.89", "libcudart.so.11.0"), "12.9": ("nvidia-cuda-runtime-cu12", "12.9.79", "libcudart.so.12")}
LAYOUTS = ("offsetof(CUmemAllocationProp, location.type) == 8", "offsetof(CUmemAllocationProp, location.id) == 12", "CU_MEM_LOCATION_TYPE_DEVICE == 1",
           "sizeof(CUmemLocationType) == 4", "offsetof(struct cudaPitchedPtr, ptr) == 0", "offsetof(struct cudaPitchedPtr, pitch) == 8",
           "offsetof(struct cudaExtent, width) == 0", "offsetof(struct cudaExtent, height) == 8", "offsetof(struct cudaExtent, depth) == 16",
           "sizeof(struct cudaExtent) == 24", "offsetof(struct cudaChannelFormatDesc, x) == 0", "offsetof(struct cudaChannelFormatDesc, w) == 12",
           "sizeof(((struct cudaChannelFormatDesc *)0)->x) == 4", "sizeof(cudaError_t) == 4 && cudaSuccess == 0",
           "sizeof(CUresult) == 4 && CUDA_SUCCESS == 0", "sizeof(CUdeviceptr) == 8", "sizeof(CUdevice) == 4")
# In later headers than these.
LATER = {"11.8": {"cuCtxCreate_v4"}, "12.9": set()}


def files(release):
    package, version, library = RELEASES[release]
    folder = os.path.join(wheel(package, version), "nvidia", "cuda_runtime")
    return os.path.join(folder, "include"), os.path.join(folder, "lib", library)


def text_of(path):
    with open(path, errors="replace") as f:
        return f.read()


for name in RELEASES:
    @suite.test(f"{name}: argument N of each function is what the row takes it for, by the headers")
    def _(release=name):
        include, _ = files(release)
        texts = {"cuda": text_of(os.path.join(include, "cuda_runtime_api.h")), "cu": text_of(os.path.join(include, "cuda.h"))}
        equal(set(check("cuda", texts)), LATER[release], "functions that the headers lack")

    @suite.test(f"{name}: structs are laid out as the rows read them")
    def _(release=name):
        check_layouts(LAYOUTS, ("cuda.h", "cuda_runtime_api.h"), f"-I{files(release)[0]}")

    @suite.test(f"{name}: the library has each function that a row of the runtime library names")
    def _(release=name):
        wanted = {symbol for symbol, _ in rows("cuda") if symbol.startswith("cuda")}
        assert len(wanted) > 20, wanted
        equal(sorted(wanted - exported(files(release)[1])), [], "missing")

    @suite.test(f"{name}: without a driver or a device each allocation is told as failed, with the code that the library gave")
    def _(release=name):
        package, version, library = RELEASES[release]
        # cudaErrorInsufficientDriver, cudaErrorNoDevice; a library may not have been told of some functions by an old driver.
        fails_as_it_says(cuda, {"libcudart.so.12": (library, files(release)[1])}, (35, 100))


if __name__ == "__main__":
    suite.main()
