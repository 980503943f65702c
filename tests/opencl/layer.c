/* A library between a program and OpenCL's, as those of tracers are: it has the same functions, and calls them. */
#define _GNU_SOURCE
#define CL_TARGET_OPENCL_VERSION 300

#include <CL/cl.h>
#include <dlfcn.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code)
{
	return NEXT(clCreateBuffer)(context, flags, size, host, code);
}

cl_mem clCreateSubBuffer(cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type, const void *what, cl_int *code)
{
	return NEXT(clCreateSubBuffer)(buffer, flags, type, what, code);
}

cl_int clRetainMemObject(cl_mem memory)
{
	return NEXT(clRetainMemObject)(memory);
}

cl_int clReleaseMemObject(cl_mem memory)
{
	return NEXT(clReleaseMemObject)(memory);
}
