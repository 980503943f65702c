#include "live/closer.h"

#include <limits.h>
#include <pthread.h>
#include <unistd.h>

enum { THREADS_MAX = 64, STACK_BYTES = 64 << 10 };

struct closer {
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	pthread_attr_t attr;
	unsigned int running;
};

struct job {
	struct closer *closer;
	link_fds links;
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

static void *run(void *arg)
{
	struct job *job = arg;
	struct closer *c = job->closer;

	kernel_detach(&job->links);
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

void closer_close(struct closer *c, link_fds *links)
{
	struct job *job;
	pthread_t thread;

	if (!links->nr || !take_turn(c)) {
		kernel_detach(links);
		return;
	}
	job = xcalloc(1, sizeof(*job));
	job->closer = c;
	job->links.items = links->items;
	job->links.nr = links->nr;
	links->items = NULL;
	vec_release(links);
	if (pthread_create(&thread, &c->attr, run, job))
		run(job);
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
