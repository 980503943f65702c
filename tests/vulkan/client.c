/*
 * A Vulkan program that makes calls as lines on the standard input ask for them, by the functions that it is linked to or by those that
 * the device's driver has, and counts for itself what lives. Each line is answered by "DONE POOL=BUFFERS/BYTES ... failed=N codes=N".
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

enum { DEVICES = 2, KEPT = 1 << 14, PAGE = 1 << 16 };

struct device {
	VkDevice handle;
	PFN_vkAllocateMemory allocate;
	PFN_vkFreeMemory free;
};

struct block {
	VkDeviceMemory memory;
	int device, pool; /* 0: heap0, 1: imported */
	VkDeviceSize bytes;
};

static VkPhysicalDevice physical;
static struct device devices[DEVICES];
static struct block kept[KEPT];
static size_t nr_kept;
static long buffers[2], bytes[2], failed, codes;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void check(const char *what, VkResult result)
{
	if (result == VK_SUCCESS)
		return;
	fprintf(stderr, "client: %s: %d\n", what, (int)result);
	exit(1);
}

static void keep(VkDeviceMemory memory, int device, int pool, VkDeviceSize size)
{
	pthread_mutex_lock(&lock);
	if (nr_kept == KEPT)
		exit(1);
	kept[nr_kept++] = (struct block){memory, device, pool, size};
	buffers[pool]++;
	bytes[pool] += (long)size;
	pthread_mutex_unlock(&lock);
}

static bool take(struct block *ret)
{
	pthread_mutex_lock(&lock);
	bool any = nr_kept;

	if (any) {
		*ret = kept[--nr_kept];
		buffers[ret->pool]--;
		bytes[ret->pool] -= (long)ret->bytes;
	}
	pthread_mutex_unlock(&lock);
	return any;
}

static void start(void)
{
	const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_1};
	const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
	uint32_t nr = 1;
	VkInstance instance;

	check("instance", vkCreateInstance(&info, NULL, &instance));
	if (vkEnumeratePhysicalDevices(instance, &nr, &physical) < 0 || !nr)
		exit(77);
}

/* What every program does before it allocates; by one of the two functions. */
static void ask(int second)
{
	VkPhysicalDeviceMemoryProperties2 two = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};
	VkPhysicalDeviceMemoryProperties one;

	if (second)
		vkGetPhysicalDeviceMemoryProperties2(physical, &two);
	else
		vkGetPhysicalDeviceMemoryProperties(physical, &one);
}

static void create(int i, int host)
{
	const char *const extensions[] = {VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME};
	const float priority = 1;
	const VkDeviceQueueCreateInfo queue = {
		.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1, .pQueuePriorities = &priority};
	const VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .queueCreateInfoCount = 1,
					 .pQueueCreateInfos = &queue, .enabledExtensionCount = host ? 1 : 0,
					 .ppEnabledExtensionNames = extensions};

	check("device", vkCreateDevice(physical, &info, NULL, &devices[i].handle));
}

static void look_up(int i)
{
	struct device *d = &devices[i];

	d->allocate = (PFN_vkAllocateMemory)vkGetDeviceProcAddr(d->handle, "vkAllocateMemory");
	d->free = (PFN_vkFreeMemory)vkGetDeviceProcAddr(d->handle, "vkFreeMemory");
}

static void allocate(int i, VkDeviceSize size, int direct, const void *more, int pool)
{
	const VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .pNext = more, .allocationSize = size};
	VkDeviceMemory memory = VK_NULL_HANDLE;
	VkResult result = (direct ? devices[i].allocate : vkAllocateMemory)(devices[i].handle, &info, NULL, &memory);

	if (result != VK_SUCCESS) {
		failed++;
		codes += result;
	} else if (memory) {
		keep(memory, i, pool, size);
	}
}

/* Memory of the program's own, behind something else that there is to say. */
static void import(int i, int direct)
{
	VkImportMemoryHostPointerInfoEXT host = {.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
						 .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
						 .pHostPointer = aligned_alloc(PAGE, PAGE)};
	VkMemoryAllocateFlagsInfo flags = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO, .pNext = &host};

	allocate(i, PAGE, direct, &flags, 1);
}

static void release(int direct)
{
	struct block b;

	if (take(&b))
		(direct ? devices[b.device].free : vkFreeMemory)(devices[b.device].handle, b.memory, NULL);
}

/* Whatever it still has is gone with it. */
static void destroy(int i)
{
	size_t left = 0;

	for (size_t k = 0; k < nr_kept; k++) {
		if (kept[k].device != i) {
			kept[left++] = kept[k];
			continue;
		}
		buffers[kept[k].pool]--;
		bytes[kept[k].pool] -= (long)kept[k].bytes;
	}
	nr_kept = left;
	vkDestroyDevice(devices[i].handle, NULL);
}

struct work {
	int times, direct;
};

static void *work(void *arg)
{
	const struct work *w = arg;

	for (int i = 0; i < w->times; i++) {
		allocate(0, 4096, w->direct, NULL, 0);
		if (i % 3)
			release(w->direct);
	}
	return NULL;
}

static void threads(int nr, struct work w)
{
	pthread_t thread[16];

	for (int i = 0; i < nr; i++)
		pthread_create(&thread[i], NULL, work, &w);
	for (int i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
}

static void run(const char *line)
{
	long a = 0, b = 0, c = 0, d = 0;
	char word[32] = "";

	sscanf(line, "%31s %ld %ld %ld %ld", word, &a, &b, &c, &d);
	if (!strcmp(word, "ask"))
		ask((int)a);
	else if (!strcmp(word, "create"))
		create((int)a, (int)b);
	else if (!strcmp(word, "lookup"))
		look_up((int)a);
	else if (!strcmp(word, "import"))
		import((int)a, (int)b);
	else if (!strcmp(word, "destroy"))
		destroy((int)a);
	else if (!strcmp(word, "null"))
		vkFreeMemory(devices[a].handle, VK_NULL_HANDLE, NULL);
	else if (!strcmp(word, "threads"))
		threads((int)a, (struct work){(int)b, (int)c});
	for (long i = 0; i < a && !strcmp(word, "allocate"); i++)
		allocate((int)c, (VkDeviceSize)(b + (b < 1 << 20 ? i : 0)), (int)d, NULL, 0);
	for (long i = 0; i < a && !strcmp(word, "free"); i++)
		release((int)b);
}

int main(void)
{
	char line[256];

	setvbuf(stdout, NULL, _IOLBF, 0);
	start();
	puts("READY");
	while (fgets(line, sizeof(line), stdin)) {
		/* Several, with nothing in between. */
		for (char *rest = NULL, *one = strtok_r(line, ";", &rest); one; one = strtok_r(NULL, ";", &rest))
			run(one);
		printf("DONE heap0=%ld/%ld imported=%ld/%ld failed=%ld codes=%ld\n", buffers[0], bytes[0], buffers[1], bytes[1], failed, codes);
	}
	return 0;
}
