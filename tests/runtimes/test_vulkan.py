"""vulkan.rt and the loader of the distribution: argument orders, structs and constants by its headers, and its symbols."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from headers import check_arguments, check_layouts, exported, rows  # noqa: E402
from harness import Skip, Suite, equal  # noqa: E402

suite = Suite("vulkan")
HEADER = "/usr/include/vulkan/vulkan_core.h"
LIBRARY = "/usr/lib/x86_64-linux-gnu/libvulkan.so.1"
LAYOUTS = ("offsetof(VkPhysicalDeviceMemoryProperties, memoryTypeCount) == 0", "offsetof(VkPhysicalDeviceMemoryProperties, memoryTypes[0].heapIndex) == 8",
           "offsetof(VkPhysicalDeviceMemoryProperties, memoryTypes[1].heapIndex) == 16", "VK_MAX_MEMORY_TYPES == 32", "VK_MAX_MEMORY_HEAPS == 16",
           "offsetof(VkPhysicalDeviceMemoryProperties2, memoryProperties) == 16", "offsetof(VkMemoryAllocateInfo, pNext) == 8",
           "offsetof(VkMemoryAllocateInfo, allocationSize) == 16", "offsetof(VkMemoryAllocateInfo, memoryTypeIndex) == 24",
           "sizeof(((VkMemoryAllocateInfo *)0)->memoryTypeIndex) == 4", "offsetof(VkBaseInStructure, sType) == 0", "offsetof(VkBaseInStructure, pNext) == 8",
           "sizeof(VkStructureType) == 4", "VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR == 1000074000",
           "VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT == 1000178000", "sizeof(VkDeviceMemory) == 8", "sizeof(VkDevice) == 8",
           "sizeof(VkResult) == 4 && VK_SUCCESS == 0")
# What an argument is, by its type.
TYPES = {
    ("vkGetPhysicalDeviceMemoryProperties", 0): "VkPhysicalDevice", ("vkGetPhysicalDeviceMemoryProperties", 1): "VkPhysicalDeviceMemoryProperties*",
    ("vkGetPhysicalDeviceMemoryProperties2", 0): "VkPhysicalDevice", ("vkGetPhysicalDeviceMemoryProperties2", 1): "VkPhysicalDeviceMemoryProperties2*",
    ("vkCreateDevice", 0): "VkPhysicalDevice", ("vkCreateDevice", 3): "VkDevice*", ("vkDestroyDevice", 0): "VkDevice",
    ("vkAllocateMemory", 0): "VkDevice", ("vkAllocateMemory", 1): "constVkMemoryAllocateInfo*", ("vkAllocateMemory", 3): "VkDeviceMemory*",
    ("vkFreeMemory", 1): "VkDeviceMemory", ("vkGetDeviceProcAddr", 1): "constchar*", ("vkGetInstanceProcAddr", 1): "constchar*",
}


def needs():
    if not os.path.exists(HEADER) or not os.path.exists(LIBRARY):
        raise Skip("libvulkan-dev is not installed")


@suite.test("argument N of each function is what the row takes it for, by the header")
def _():
    needs()
    with open(HEADER) as f:
        check_arguments("vulkan", f.read(), TYPES)


@suite.test("structs are laid out as the rows read them, and constants are those of the rows")
def _():
    needs()
    check_layouts(LAYOUTS, ("vulkan/vulkan.h",))


@suite.test("the loader has each function that a row names")
def _():
    needs()
    wanted = {symbol for symbol, _ in rows("vulkan")}
    assert len(wanted) >= 8, wanted
    equal(sorted(wanted - exported(LIBRARY)), [], "missing")


if __name__ == "__main__":
    suite.main()
