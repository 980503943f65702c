"""hip.rt and the HIP library of the distribution: argument orders, structs, symbols, and calls that fail since there is no device."""
import glob
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from headers import check, check_layouts, exported, rows  # noqa: E402
from harness import Skip, Suite, equal  # noqa: E402
import hip  # noqa: E402
from failing import fails_as_it_says  # noqa: E402

suite = Suite("hip")
HEADER = "/usr/include/hip/hip_runtime_api.h"
STRUCTS = "/usr/include/hip/driver_types.h"
LAYOUTS = ("offsetof(hipPitchedPtr, ptr) == 0", "offsetof(hipPitchedPtr, pitch) == 8", "offsetof(hipExtent, width) == 0", "offsetof(hipExtent, height) == 8",
           "offsetof(hipExtent, depth) == 16", "sizeof(hipExtent) == 24", "offsetof(hipChannelFormatDesc, x) == 0",
           "offsetof(hipChannelFormatDesc, w) == 12", "sizeof(((hipChannelFormatDesc *)0)->x) == 4", "sizeof(hipError_t) == 4 && hipSuccess == 0",
           # One of the two that the row tells apart.
           "offsetof(hipMemAllocationProp, type) ? offsetof(hipMemAllocationProp, location.id) == 8 : offsetof(hipMemAllocationProp, location.id) == 12",
           "hipMemAllocationTypePinned == 1", "sizeof(hipDevice_t) == 4")


def library():
    found = sorted(glob.glob("/usr/lib/x86_64-linux-gnu/libamdhip64.so.*"), key=len)
    if not found or not os.path.exists(HEADER):
        raise Skip("libamdhip64-dev is not installed")
    return found[0]


@suite.test("argument N of each function is what the row takes it for, by the header")
def _():
    library()
    with open(HEADER) as f:
        text = f.read()
    equal(list(check("hip", {"hip": text})), [], "functions that the header lacks")


@suite.test("structs are laid out as the rows read them")
def _():
    library()
    check_layouts(LAYOUTS, ("hip/hip_runtime_api.h",), "-D__HIP_PLATFORM_AMD__")


@suite.test("the library has each function that a row names")
def _():
    wanted = {symbol for symbol, _ in rows("hip")}
    assert len(wanted) > 20, wanted
    equal(sorted(wanted - exported(library())), [], "missing")


@suite.test("without a device each allocation is told as failed, with the code that the library gave")
def _():
    path = library()
    name, = hip.LIBRARIES
    fails_as_it_says(hip, {name: (os.path.basename(path), path)}, (100, 1, 101, 801))


if __name__ == "__main__":
    suite.main()
