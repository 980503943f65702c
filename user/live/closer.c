#include "live/closer.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* A process has some links, or, where each is of one probe, dozens: these are not worth a thread each. */
enum { THREADS_MAX = 128, PARTS_MAX = 8, STACK_BYTES = 64 << 10 };

struct closer {
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	pthread_attr_t attr;
	unsigned int running;
};

struct job {
	struct closer *closer;
	size_t nr;
	int links[];
};

struct closer *closer_new(void)
{
	struct closer *c = xcalloc(1, sizeof(*c));

	pthread_mutex_init(&c->mutex, NULL);
	pthread_cond_init(&c->ended, NULL);
	pthread_attr_init(&c->attr);
	pthread_attr_setdetachstate(&c->attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&c->attr, STACK_BYTES);
	return c;
}

static void close_links(const int *links, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		close(links[i]);
}

static void *run(void *arg)
{
	struct job *job = arg;
	struct closer *c = job->closer;

	close_links(job->links, job->nr);
	free(job);
	pthread_mutex_lock(&c->mutex);
	c->running--;
	/* Under the lock: who waits for it frees it. */
	pthread_cond_signal(&c->ended);
	pthread_mutex_unlock(&c->mutex);
	return NULL;
}

/* One more thread; false: there are enough. */
static bool take_turn(struct closer *c)
{
	bool taken;

	pthread_mutex_lock(&c->mutex);
	taken = c->running < THREADS_MAX;
	c->running += taken;
	pthread_mutex_unlock(&c->mutex);
	return taken;
}

static void close_part(struct closer *c, const int *links, size_t nr)
{
	struct job *job;
	pthread_t thread;

	if (!take_turn(c)) {
		close_links(links, nr);
		return;
	}
	job = xcalloc(1, sizeof(*job) + nr * sizeof(job->links[0]));
	job->closer = c;
	job->nr = nr;
	memcpy(job->links, links, nr * sizeof(job->links[0]));
	if (pthread_create(&thread, &c->attr, run, job))
		run(job);
}

void closer_close(struct closer *c, link_fds *links)
{
	size_t parts = links->nr < PARTS_MAX ? links->nr : PARTS_MAX;

	for (size_t i = 0; i < parts; i++) {
		size_t begin = links->nr * i / parts, end = links->nr * (i + 1) / parts;

		close_part(c, &links->items[begin], end - begin);
	}
	vec_release(links);
}

void closer_free(struct closer *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->mutex);
	while (c->running)
		pthread_cond_wait(&c->ended, &c->mutex);
	pthread_mutex_unlock(&c->mutex);
	pthread_mutex_destroy(&c->mutex);
	pthread_cond_destroy(&c->ended);
	pthread_attr_destroy(&c->attr);
	free(c);
}
