/*
 * A runtime that is a C library: functions that give back a status, a pointer, or both by a parameter. It hands out addresses, each
 * once, and no memory.
 */
#ifndef STANDIN_POOL_H
#define STANDIN_POOL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { POOL_LIMIT = 1 << 30, DEV_OUT_OF_MEMORY = 2, DEV_BAD_DEVICE = 101, DEVICES = 3, HOST_OUT_OF_MEMORY = -4 };

/* NULL: more than POOL_LIMIT bytes. */
void *my_pool_alloc(size_t bytes);
void my_pool_free(void *address);
/* The same, and in the middle of it @inside is called, which may never come back. */
void *my_pool_call(size_t bytes, void (*inside)(void *), void *argument);
/* Ends with a jump to my_pool_alloc(). */
void *my_pool_jump(size_t bytes);

/* Device memory: a status, 0 if it was done. Each calls the driver below. */
int dev_set(int device);
int dev_alloc(void **ret, size_t bytes);
int dev_free(void *address);
/* A status, as int. */
int drv_alloc(unsigned long *ret, size_t bytes);
int drv_free(unsigned long address);

/* Memory of the host, or of a device: gives back a handle, and a status by its last parameter. */
struct host_request {
	int kind, flags;
	size_t bytes;
};
void *host_create(void *context, const struct host_request *request, int *error);
void host_release(void *handle);

#ifdef __cplusplus
}
#endif

#endif
