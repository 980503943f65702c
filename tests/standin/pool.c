#include "pool.h"

#include <stdatomic.h>

#define API __attribute__((noinline, visibility("default")))

enum { FIRST = 0x100000, STEP = 0x1000 };

static _Thread_local int current;

static void *next_address(void)
{
	static _Atomic unsigned long next = FIRST;

	return (void *)atomic_fetch_add(&next, STEP);
}

API void *my_pool_alloc(size_t bytes)
{
	return bytes > POOL_LIMIT ? NULL : next_address();
}

API void my_pool_free(void *address)
{
	__asm__ volatile("" : : "r"(address) : "memory");
}

API void *my_pool_call(size_t bytes, void (*inside)(void *), void *argument)
{
	inside(argument);
	return bytes > POOL_LIMIT ? NULL : next_address();
}

__asm__(".pushsection .text\n\t.globl my_pool_jump\n\t.type my_pool_jump, @function\nmy_pool_jump:\n\tnop\n"
	"\tjmp my_pool_alloc@PLT\n\t.size my_pool_jump, . - my_pool_jump\n\t.popsection\n");

API int dev_set(int device)
{
	if (device < 0 || device >= DEVICES)
		return DEV_BAD_DEVICE;
	current = device;
	return 0;
}

API int drv_alloc(unsigned long *ret, size_t bytes)
{
	if (bytes > POOL_LIMIT)
		return DEV_OUT_OF_MEMORY;
	*ret = (unsigned long)next_address();
	return 0;
}

API int drv_free(unsigned long address)
{
	return address ? 0 : DEV_BAD_DEVICE;
}

/* The upper half of the register that the status is in is junk, as it may be. */
API int dev_alloc(void **ret, size_t bytes)
{
	unsigned long address = 0, status = (unsigned int)drv_alloc(&address, bytes);

	if (!status)
		*ret = (void *)address;
	status |= 0x5a5a5a5aUL << 32;
	__asm__ volatile("" : "+a"(status));
	return (int)status;
}

API int dev_free(void *address)
{
	return address ? drv_free((unsigned long)address) : 0;
}

API void *host_create(void *context, const struct host_request *request, int *error)
{
	int status = context && request->bytes <= POOL_LIMIT ? 0 : HOST_OUT_OF_MEMORY;

	if (error)
		*error = status;
	return status ? NULL : next_address();
}

API void host_release(void *handle)
{
	__asm__ volatile("" : : "r"(handle) : "memory");
}
