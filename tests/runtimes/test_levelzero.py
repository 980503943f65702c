"""levelzero.rt and the loader of the distribution: argument orders and structs by its header, its symbols, and calls that fail since
there is no driver."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from headers import check_arguments, check_layouts, exported, rows  # noqa: E402
from harness import Skip, Suite, equal  # noqa: E402
import levelzero  # noqa: E402
from failing import fails_as_it_says  # noqa: E402

suite = Suite("levelzero")
HEADER = "/usr/include/level_zero/ze_api.h"
LIBRARY = "/usr/lib/x86_64-linux-gnu/libze_loader.so.1"
LAYOUTS = ("offsetof(ze_physical_mem_desc_t, size) == 24", "sizeof(((ze_physical_mem_desc_t *)0)->size) == 8", "offsetof(ze_image_desc_t, type) == 20",
           "offsetof(ze_image_desc_t, format.layout) == 24", "offsetof(ze_image_desc_t, width) == 48", "offsetof(ze_image_desc_t, height) == 56",
           "offsetof(ze_image_desc_t, depth) == 60", "offsetof(ze_image_desc_t, arraylevels) == 64", "sizeof(((ze_image_desc_t *)0)->width) == 8",
           "sizeof(((ze_image_desc_t *)0)->height) == 4", "sizeof(ze_result_t) == 4 && ZE_RESULT_SUCCESS == 0",
           "ZE_IMAGE_TYPE_1D == 0 && ZE_IMAGE_TYPE_1DARRAY == 1 && ZE_IMAGE_TYPE_2D == 2 && ZE_IMAGE_TYPE_2DARRAY == 3 && ZE_IMAGE_TYPE_3D == 4",
           "ZE_IMAGE_TYPE_BUFFER == 5", "ZE_IMAGE_FORMAT_LAYOUT_8 == 0 && ZE_IMAGE_FORMAT_LAYOUT_16 == 1 && ZE_IMAGE_FORMAT_LAYOUT_32 == 2",
           "ZE_IMAGE_FORMAT_LAYOUT_8_8 == 3 && ZE_IMAGE_FORMAT_LAYOUT_8_8_8_8 == 4 && ZE_IMAGE_FORMAT_LAYOUT_16_16 == 5",
           "ZE_IMAGE_FORMAT_LAYOUT_16_16_16_16 == 6 && ZE_IMAGE_FORMAT_LAYOUT_32_32 == 7 && ZE_IMAGE_FORMAT_LAYOUT_32_32_32_32 == 8",
           "ZE_IMAGE_FORMAT_LAYOUT_10_10_10_2 == 9 && ZE_IMAGE_FORMAT_LAYOUT_11_11_10 == 10 && ZE_IMAGE_FORMAT_LAYOUT_5_6_5 == 11",
           "ZE_IMAGE_FORMAT_LAYOUT_5_5_5_1 == 12 && ZE_IMAGE_FORMAT_LAYOUT_4_4_4_4 == 13 && ZE_IMAGE_FORMAT_LAYOUT_Y8 == 14")
# What an argument is, by its type and name.
TYPES = {
    ("zeMemAllocDevice", 2): "size_tsize", ("zeMemAllocDevice", 4): "ze_device_handle_thDevice", ("zeMemAllocDevice", 5): "void**pptr",
    ("zeMemAllocHost", 2): "size_tsize", ("zeMemAllocHost", 4): "void**pptr",
    ("zeMemAllocShared", 3): "size_tsize", ("zeMemAllocShared", 5): "ze_device_handle_thDevice", ("zeMemAllocShared", 6): "void**pptr",
    ("zeMemFree", 1): "void*ptr", ("zeMemFreeExt", 2): "void*ptr",
    ("zePhysicalMemCreate", 1): "ze_device_handle_thDevice", ("zePhysicalMemCreate", 2): "ze_physical_mem_desc_t*desc",
    ("zePhysicalMemCreate", 3): "ze_physical_mem_handle_t*phPhysicalMemory", ("zePhysicalMemDestroy", 1): "ze_physical_mem_handle_thPhysicalMemory",
    ("zeVirtualMemMap", 1): "constvoid*ptr", ("zeVirtualMemMap", 3): "ze_physical_mem_handle_thPhysicalMemory",
    ("zeVirtualMemUnmap", 1): "constvoid*ptr", ("zeVirtualMemUnmap", 2): "size_tsize",
    ("zeImageCreate", 1): "ze_device_handle_thDevice", ("zeImageCreate", 2): "constze_image_desc_t*desc", ("zeImageCreate", 3): "ze_image_handle_t*phImage",
    ("zeImageDestroy", 0): "ze_image_handle_thImage",
}
UNINITIALIZED = 0x78000001


def needs():
    if not os.path.exists(HEADER) or not os.path.exists(LIBRARY):
        raise Skip("libze-dev is not installed")


@suite.test("argument N of each function is what the row takes it for, by the header")
def _():
    needs()
    with open(HEADER) as f:
        check_arguments("levelzero", f.read(), TYPES)


@suite.test("structs are laid out as the rows read them")
def _():
    needs()
    check_layouts(LAYOUTS, ("level_zero/ze_api.h",))


@suite.test("the loader has each function that a row names")
def _():
    needs()
    wanted = {symbol for symbol, _ in rows("levelzero")}
    assert len(wanted) >= 10, wanted
    equal(sorted(wanted - exported(LIBRARY)), [], "missing")


@suite.test("without a driver each allocation is told as failed, with the code that the loader gave")
def _():
    needs()
    name, = levelzero.LIBRARIES
    fails_as_it_says(levelzero, {name: (os.path.basename(LIBRARY), LIBRARY)}, (UNINITIALIZED,))


if __name__ == "__main__":
    suite.main()
