/*
 * nvml.c: NVML, the library of NVIDIA's driver, loaded where it is. Its functions and structs are those of its header of 2021 and
 * later, which it keeps by the number in their names.
 */
#include "target/driver.h"

#include "base/util.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef POOLTRACE_STATIC

int nvml_open(struct nvml **ret, struct diag *d)
{
	*ret = NULL;
	return diag_set(d, -ENOTSUP, "this pooltrace is a static program, which can load no library");
}

void nvml_close(struct nvml *n)
{
	(void)n;
}

int nvml_uses(struct nvml *n, int pid, driver_uses *ret)
{
	(void)n, (void)pid, (void)ret;
	return -ENOTSUP;
}

#else

#include <dlfcn.h>

#define LIBRARY "libnvidia-ml.so.1"

enum { SUCCESS = 0, INSUFFICIENT_SIZE = 7, DEVICES_MAX = 1 << 10, PROCESSES_MAX = 1 << 16, TRIES = 4 };

/* A process of a device: nvmlProcessInfo_t, as of _v3. */
struct process_info {
	unsigned int pid;
	unsigned long long bytes; /* ~0: not known */
	unsigned int gpu_instance, compute_instance;
};

/* nvmlPciInfo_t, as of _v3. */
struct pci_info {
	char legacy_id[16];
	unsigned int domain, bus, device, device_id, subsystem_id;
	char id[32];
};

struct nvml {
	void *library;
	int (*init)(void);
	int (*shutdown)(void);
	int (*count)(unsigned int *nr);
	int (*handle)(unsigned int index, void **device);
	int (*processes)(void *device, unsigned int *nr, struct process_info *infos);
	int (*graphics)(void *device, unsigned int *nr, struct process_info *infos);
	int (*pci)(void *device, struct pci_info *info);
	bool begun;
};

static const struct {
	const char *name;
	size_t place;
} functions[] = {
	{"nvmlInit_v2", offsetof(struct nvml, init)},
	{"nvmlShutdown", offsetof(struct nvml, shutdown)},
	{"nvmlDeviceGetCount_v2", offsetof(struct nvml, count)},
	{"nvmlDeviceGetHandleByIndex_v2", offsetof(struct nvml, handle)},
	{"nvmlDeviceGetComputeRunningProcesses_v3", offsetof(struct nvml, processes)},
	{"nvmlDeviceGetGraphicsRunningProcesses_v3", offsetof(struct nvml, graphics)},
	{"nvmlDeviceGetPciInfo_v3", offsetof(struct nvml, pci)},
};

void nvml_close(struct nvml *n)
{
	if (!n)
		return;
	if (n->begun)
		n->shutdown();
	if (n->library)
		dlclose(n->library);
	free(n);
}

static int find_functions(struct nvml *n, struct diag *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		void *function = dlsym(n->library, functions[i].name);

		if (!function)
			return diag_set(d, -ENOTSUP, LIBRARY " has no %s", functions[i].name);
		memcpy((char *)n + functions[i].place, &function, sizeof(function));
	}
	return 0;
}

int nvml_open(struct nvml **ret, struct diag *d)
{
	struct nvml *n = xcalloc(1, sizeof(*n));
	int err, status;

	*ret = NULL;
	n->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	err = n->library ? find_functions(n, d) : diag_set(d, -ENOENT, "there is no " LIBRARY);
	if (!err) {
		status = n->init();
		n->begun = status == SUCCESS;
		if (!n->begun)
			err = diag_set(d, -EIO, LIBRARY " cannot begin: its error %d", status);
	}
	if (err)
		nvml_close(n);
	else
		*ret = n;
	return err;
}

/* The processes of a device, as one of its two lists has them. */
static int read_list(void *device, int (*list)(void *device, unsigned int *nr, struct process_info *infos),
		     struct process_info **ret, unsigned int *ret_nr)
{
	unsigned int nr = 64;

	*ret = NULL;
	for (int i = 0; i < TRIES; i++) {
		unsigned int room = nr;
		int status;

		free(*ret);
		*ret = xcalloc(room, sizeof(**ret));
		status = list(device, &nr, *ret);
		*ret_nr = nr < room ? nr : room;
		if (status == SUCCESS)
			return 0;
		if (status != INSUFFICIENT_SIZE || nr > PROCESSES_MAX)
			return -EIO;
		nr += 16;
	}
	return -EIO;
}

/* One that computes and draws is in both lists, with the same figure. On a part of a device there is an entry for each. */
static bool sum_of(const struct process_info *infos, unsigned int nr, unsigned int pid, uint64_t *sum)
{
	bool any = false;

	for (unsigned int i = 0; i < nr; i++) {
		if (infos[i].pid != pid || infos[i].bytes == ~0ULL)
			continue;
		*sum += infos[i].bytes;
		any = true;
	}
	return any;
}

static int device_uses(const struct nvml *n, void *device, unsigned int pid, driver_uses *ret)
{
	_cleanup_(freep) struct process_info *compute = NULL, *graphics = NULL;
	unsigned int nr_compute = 0, nr_graphics = 0;
	struct pci_info pci = {};
	uint64_t bytes = 0;

	if (read_list(device, n->processes, &compute, &nr_compute))
		return -EIO;
	if (!sum_of(compute, nr_compute, pid, &bytes) &&
	    (read_list(device, n->graphics, &graphics, &nr_graphics) || !sum_of(graphics, nr_graphics, pid, &bytes)))
		return 0;
	if (n->pci(device, &pci) != SUCCESS)
		pci.id[0] = '\0';
	pci.id[sizeof(pci.id) - 1] = '\0';
	driver_uses_add(ret, &(struct driver_use){.driver = "nvidia", .device = pci.id, .region = "",
						  .source = "NVML usedGpuMemory", .bytes = bytes});
	return 0;
}

int nvml_uses(struct nvml *n, int pid, driver_uses *ret)
{
	unsigned int nr = 0;
	int err = 0;

	if (n->count(&nr) != SUCCESS || nr > DEVICES_MAX)
		return -EIO;
	for (unsigned int i = 0; i < nr; i++) {
		void *device = NULL;

		if (n->handle(i, &device) != SUCCESS || device_uses(n, device, (unsigned int)pid, ret))
			err = -EIO;
	}
	return err;
}

#endif
