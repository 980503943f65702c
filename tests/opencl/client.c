/*
 * An OpenCL program that makes calls as lines on the standard input ask for them, and counts for itself what lives: by reference
 * counts of its own, which the runtime's (CL_MEM_REFERENCE_COUNT) must equal, in bytes that the runtime says (CL_MEM_SIZE). Each line
 * is answered by "DONE POOL=BUFFERS/BYTES ... failed=N codes=N,N".
 */
#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS

#include <CL/cl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NUMBERS = 4, KEPT = 1 << 14, POOLS = 6, THREADS = 64 };

static const char *const pool_names[POOLS] = {"BUFFER", "IMAGE", "PIPE", "ALLOC_HOST_PTR", "USE_HOST_PTR", "SVM"};

/* An object, with what is known of it here. */
struct object {
	cl_mem memory;
	int pool; /* -1: a view */
	size_t bytes, references;
	struct object *parent;
};

static struct object *kept[KEPT];
static size_t nr_kept;
static long buffers[POOLS], bytes[POOLS], failed, codes;
static struct {
	void *address;
	size_t bytes;
} shared[KEPT];
static size_t nr_shared;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static cl_context contexts[2];
static cl_command_queue queue;
static char *host; /* page aligned */

static void die(const char *what, long code)
{
	fprintf(stderr, "client: %s: %ld\n", what, code);
	exit(1);
}

static void check(const char *what, cl_int status)
{
	if (status)
		die(what, status);
}

static int pool_of(cl_mem_flags flags, int otherwise)
{
	return flags & CL_MEM_USE_HOST_PTR ? 4 : flags & CL_MEM_ALLOC_HOST_PTR ? 3 : otherwise;
}

static struct object *keep(cl_mem memory, int pool, struct object *parent)
{
	struct object *o = calloc(1, sizeof(*o));

	*o = (struct object){.memory = memory, .pool = pool, .references = 1, .parent = parent};
	check("size", clGetMemObjectInfo(memory, CL_MEM_SIZE, sizeof(o->bytes), &o->bytes, NULL));
	pthread_mutex_lock(&lock);
	if (nr_kept == KEPT)
		die("objects", KEPT);
	kept[nr_kept++] = o;
	if (pool >= 0) {
		buffers[pool]++;
		bytes[pool] += (long)o->bytes;
	}
	pthread_mutex_unlock(&lock);
	if (parent)
		parent->references++;
	return o;
}

/* The last reference to an object ends it, and its own to another. */
static void unreference(struct object *o)
{
	if (--o->references)
		return;
	if (o->pool >= 0) {
		buffers[o->pool]--;
		bytes[o->pool] -= (long)o->bytes;
	}
	if (o->parent)
		unreference(o->parent);
	o->memory = NULL;
}

static void let_go(struct object *o)
{
	pthread_mutex_lock(&lock);
	check("release", clReleaseMemObject(o->memory));
	unreference(o);
	pthread_mutex_unlock(&lock);
}

/* What the runtime says of its own counts; it has references of its own only while commands run, and here are none. */
static void compare_counts(void)
{
	for (size_t i = 0; i < nr_kept; i++) {
		cl_uint references;

		if (!kept[i]->memory || kept[i]->parent)
			continue;
		check("count", clGetMemObjectInfo(kept[i]->memory, CL_MEM_REFERENCE_COUNT, sizeof(references), &references, NULL));
		if (references != kept[i]->references)
			die("the runtime has another count", references);
	}
}

static void keep_made(cl_mem memory, int pool, cl_int code)
{
	if (memory) {
		keep(memory, pool, NULL);
		return;
	}
	failed++;
	codes += code;
}

/* The last buffer that lives. */
static struct object *last_buffer(void)
{
	for (size_t i = nr_kept; i-- > 0;)
		if (kept[i]->memory && !kept[i]->pool)
			return kept[i];
	die("there is no buffer", 0);
	return NULL;
}

static void create(cl_context context, cl_mem_flags flags, size_t size, int tell)
{
	cl_int code = 0;
	int pointer = flags & (CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR) ? 1 : 0;
	cl_mem memory = clCreateBuffer(context, flags, size, pointer ? host : NULL, tell ? &code : NULL);

	keep_made(memory, pool_of(flags, 0), code);
}

/* buffer NUMBER BYTES FLAGS CONTEXT */
static void command_buffer(const long *n)
{
	for (long i = 0; i < n[0]; i++)
		create(contexts[n[3] & 1], (cl_mem_flags)n[2], (size_t)n[1], (int)i & 1);
}

/* properties NUMBER BYTES */
static void command_properties(const long *n)
{
	for (long i = 0; i < n[0]; i++) {
		cl_int code = 0;
		cl_mem memory = clCreateBufferWithProperties(contexts[0], NULL, 0, (size_t)n[1], NULL, &code);

		keep_made(memory, 0, code);
	}
}

/* retain NUMBER: each object that is kept so many times */
static void command_retain(const long *n)
{
	for (size_t i = 0; i < nr_kept; i++)
		for (long k = 0; k < n[0] && kept[i]->memory; k++) {
			check("retain", clRetainMemObject(kept[i]->memory));
			kept[i]->references++;
		}
}

/* release NUMBER: each object that is kept so many times, until the program has no reference of its own any more */
static void command_release(const long *n)
{
	for (size_t i = 0; i < nr_kept; i++) {
		size_t held = 0;

		for (size_t k = 0; k < nr_kept; k++)
			held += kept[k]->memory && kept[k]->parent == kept[i];
		for (long k = 0; k < n[0] && kept[i]->memory && kept[i]->references > held; k++)
			let_go(kept[i]);
	}
}

/* view NUMBER: of the last buffer, each with one reference more, and one that fails */
static void command_view(const long *n)
{
	struct object *parent = last_buffer();
	cl_buffer_region region = {0, 64}, outside = {1UL << 40, 64};
	cl_int code;

	for (long i = 0; i < n[0]; i++) {
		cl_mem view = clCreateSubBuffer(parent->memory, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &code);
		struct object *o;

		check("view", code);
		o = keep(view, -1, parent);
		check("retain", clRetainMemObject(view));
		o->references++;
	}
	if (clCreateSubBuffer(parent->memory, 0, CL_BUFFER_CREATE_TYPE_REGION, &outside, &code))
		die("a view of what is not there", 0);
}

/* image SHAPE FORMAT FLAGS LEGACY: one of an odd size, by cl_mem_object_type */
static void command_image(const long *n)
{
	static const cl_image_format formats[] = {
		{CL_RGBA, CL_UNORM_INT8}, {CL_R, CL_FLOAT}, {CL_RGBA, CL_HALF_FLOAT}, {CL_BGRA, CL_UNORM_INT8}, {CL_RGBA, CL_UNSIGNED_INT32},
		{CL_A, CL_UNORM_INT8}, {CL_RG, CL_SIGNED_INT16}, {CL_R, CL_SNORM_INT8},
	};
	const cl_image_format *format = &formats[n[1]];
	cl_image_desc desc = {.image_type = (cl_mem_object_type)n[0], .image_width = 37, .image_height = 53, .image_depth = 7,
			      .image_array_size = 5};
	cl_mem_flags flags = (cl_mem_flags)n[2];
	cl_int code = 0;
	cl_mem memory;

	if (desc.image_type == CL_MEM_OBJECT_IMAGE1D_BUFFER) {
		struct object *parent = last_buffer();

		desc.buffer = parent->memory;
		memory = clCreateImage(contexts[0], flags, format, &desc, NULL, &code);
		check("image of a buffer", code);
		keep(memory, -1, parent);
		return;
	}
	if (n[3] == 2)
		memory = clCreateImageWithProperties(contexts[0], NULL, flags, format, &desc, NULL, &code);
	else if (n[3] && desc.image_type == CL_MEM_OBJECT_IMAGE2D)
		memory = clCreateImage2D(contexts[0], flags, format, 37, 53, 0, NULL, &code);
	else if (n[3])
		memory = clCreateImage3D(contexts[0], flags, format, 37, 53, 7, 0, 0, NULL, &code);
	else
		memory = clCreateImage(contexts[0], flags, format, &desc, NULL, &code);
	keep_made(memory, pool_of(flags, 1), code);
}

/* pipe NUMBER: not all runtimes have them */
static void command_pipe(const long *n)
{
	for (long i = 0; i < n[0]; i++) {
		cl_int code = 0;
		cl_mem memory = clCreatePipe(contexts[0], CL_MEM_READ_WRITE | CL_MEM_HOST_NO_ACCESS, 4, 101, NULL, &code);

		keep_made(memory, 2, code);
	}
}

/* svm NUMBER BYTES */
static void command_svm(const long *n)
{
	for (long i = 0; i < n[0]; i++) {
		void *address = clSVMAlloc(contexts[0], CL_MEM_READ_WRITE, (size_t)n[1], 0);

		if (!address) {
			failed++;
			continue;
		}
		shared[nr_shared].address = address;
		shared[nr_shared++].bytes = (size_t)n[1];
		buffers[5]++;
		bytes[5] += n[1];
	}
}

/* The callback of commands that free: it must free itself. */
static void CL_CALLBACK free_all(cl_command_queue of, cl_uint nr, void *addresses[], void *context)
{
	(void)of;
	for (cl_uint i = 0; i < nr; i++)
		clSVMFree(context, addresses[i]);
}

/* unsvm NUMBER HOW: 0 at once, 1 by a command, 2 by a command with a callback */
static void command_unsvm(const long *n)
{
	for (long i = 0; i < n[0] && nr_shared; i++) {
		void *address = shared[--nr_shared].address;

		if (n[1])
			check("free", clEnqueueSVMFree(queue, 1, &address, n[1] == 2 ? free_all : NULL, contexts[0], 0, NULL, NULL));
		else
			clSVMFree(contexts[0], address);
		buffers[5]--;
		bytes[5] -= (long)shared[nr_shared].bytes;
	}
	clFinish(queue);
	clSVMFree(contexts[0], NULL);
}

struct work {
	long calls;
	size_t bytes;
};

/* Buffers that live for a while, with references that other threads may drop as well. */
static void *work(void *argument)
{
	const struct work *w = argument;

	for (long i = 0; i < w->calls; i++) {
		cl_int code;
		cl_mem memory = clCreateBuffer(contexts[i & 1], CL_MEM_READ_WRITE, w->bytes, NULL, &code);

		check("buffer", code);
		check("retain", clRetainMemObject(memory));
		check("release", clReleaseMemObject(memory));
		if (i % 8 == 7)
			keep(memory, 0, NULL);
		else
			check("release", clReleaseMemObject(memory));
	}
	return NULL;
}

/* threads NUMBER CALLS BYTES: each */
static void command_threads(const long *n)
{
	struct work w = {n[1], (size_t)n[2]};
	pthread_t threads[THREADS];

	for (long i = 0; i < n[0]; i++)
		pthread_create(&threads[i], NULL, work, &w);
	for (long i = 0; i < n[0]; i++)
		pthread_join(threads[i], NULL);
}

static long now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* pairs NUMBER: a buffer is made and released so often; CPU time of the thread, and how long that took, in ns */
static void command_pairs(const long *n)
{
	long begin = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);

	for (long i = 0; i < n[0]; i++)
		check("release", clReleaseMemObject(clCreateBuffer(contexts[0], CL_MEM_READ_WRITE, 4096, NULL, NULL)));
	cpu = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	printf("NS %ld %ld\n", cpu, now_ns(CLOCK_MONOTONIC) - begin);
}

/* invalid: references to what is no object */
static void command_invalid(const long *n)
{
	(void)n;
	if (!clRetainMemObject(NULL) || !clReleaseMemObject(NULL))
		die("a reference to nothing", 0);
}

static const struct {
	const char *name;
	void (*run)(const long *numbers);
} commands[] = {
	{"buffer", command_buffer}, {"properties", command_properties}, {"retain", command_retain}, {"release", command_release},
	{"view", command_view},	    {"image", command_image},		{"pipe", command_pipe},	    {"svm", command_svm},
	{"unsvm", command_unsvm},   {"threads", command_threads},	{"invalid", command_invalid},
	{"pairs", command_pairs},
};

static void run(char *line)
{
	const char *name = strtok(line, " \n");
	long numbers[NUMBERS] = {0};

	for (size_t i = 0; i < NUMBERS; i++) {
		const char *number = strtok(NULL, " \n");

		numbers[i] = number ? strtol(number, NULL, 0) : 0;
	}
	for (size_t i = 0; name && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			commands[i].run(numbers);
	compare_counts();
	printf("DONE");
	for (int i = 0; i < POOLS; i++)
		printf(" %s=%ld/%ld", pool_names[i], buffers[i], bytes[i]);
	printf(" failed=%ld codes=%ld\n", failed, codes);
	fflush(stdout);
}

static void open_device(void)
{
	cl_platform_id platform;
	cl_device_id device;
	cl_int code;

	check("platform", clGetPlatformIDs(1, &platform, NULL));
	check("device", clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL));
	for (int i = 0; i < 2; i++) {
		contexts[i] = clCreateContext(NULL, 1, &device, NULL, NULL, &code);
		check("context", code);
	}
	queue = clCreateCommandQueueWithProperties(contexts[0], device, NULL, &code);
	check("queue", code);
	host = aligned_alloc(4096, 1 << 24);
	if (!host)
		die("memory", 1 << 24);
}

int main(void)
{
	char line[256];

	open_device();
	printf("READY\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		run(line);
	return 3;
}
