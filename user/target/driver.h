/*
 * driver.h: what drivers say of the memory that a process has on devices. Figures of theirs, by names of theirs: what they
 * count differs, and nothing else is to be added to them.
 */
#ifndef TARGET_DRIVER_H
#define TARGET_DRIVER_H

#include "base/diag.h"
#include "base/vec.h"

struct driver_use {
	char *driver, *device; /* its name; which device, "" if that is not told */
	char *region;	       /* of the device's memory, "" if it is all one */
	char *source;	       /* what the driver calls the figure */
	uint64_t bytes;
};
typedef VEC(struct driver_use) driver_uses;

void driver_uses_release(driver_uses *uses);
/* Add @use, whose texts are copied: to the figure of the same texts if there is one. */
void driver_uses_add(driver_uses *uses, const struct driver_use *use);

/* ---- drm.c: the kernel's graphics drivers (Documentation/gpu/drm-usage-stats.rst) ---- */

enum { DRM_TEXT = 64, DRM_REGIONS = 32 };

/* Of one open file. */
struct drm_client {
	char driver[DRM_TEXT], device[DRM_TEXT];
	uint64_t id;
	bool has_id;
	size_t nr_regions;
	struct drm_region {
		char name[DRM_TEXT];
		uint64_t bytes[3]; /* by enum drm_figure */
		bool has[3];
	} region[DRM_REGIONS];
};

/* What is taken for the memory that a client has: the first that its driver tells. */
enum drm_figure { DRM_TOTAL, DRM_RESIDENT, DRM_MEMORY };

/* The contents of a file in /proc/PID/fdinfo. False: of no such driver, or it cannot be understood. Fuzzed. */
bool drm_parse(const char *text, size_t len, struct drm_client *ret);
/* What all clients of process @pid have, added to @ret: each client once, however many files it is open as. -errno: not known. */
int drm_uses(int pid, driver_uses *ret);

/* ---- nvml.c: a driver that tells by a library of its own ---- */

struct nvml;

/* Load the library and begin: may take a second. -ENOENT: there is none; -ENOTSUP: a static program can load none. */
int nvml_open(struct nvml **ret, struct diag *d);
void nvml_close(struct nvml *n);
/* What process @pid (of the initial pid namespace) has, added to @ret. -EIO: the library did not say. */
int nvml_uses(struct nvml *n, int pid, driver_uses *ret);

#endif
