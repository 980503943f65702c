/*
 * What drivers say of a process whose runtime has no books: at attach, which is all that is known of what was there before,
 * and now and then afterwards.
 */
#include "live/watch.h"

#include "base/log.h"
#include "base/units.h"
#include "target/driver.h"
#include "target/host.h"

#include <string.h>

#define AGAIN_NS (5 * NS_PER_SEC)

/* Its pids are those of the initial namespace. Loaded when it is first of use. */
static struct nvml *nvml_of(struct session *s)
{
	struct diag d = {};

	if (s->nvml_tried)
		return s->nvml;
	s->nvml_tried = true;
	if (host_in_container())
		log_debug("no driver is asked by its library: in a container it knows processes by other pids");
	else if (nvml_open(&s->nvml, &d))
		log_debug("no driver is asked by its library: %s", d.text);
	return s->nvml;
}

void drivers_read(struct session *s, int pid, driver_uses *ret)
{
	struct nvml *nvml = nvml_of(s);
	int err = drm_uses(pid, ret);

	if (err)
		log_debug("process %d: what drivers say of its files is not known: %s", pid, strerror(-err));
	if (nvml && nvml_uses(nvml, pid, ret))
		log_debug("process %d: a driver's library did not tell all", pid);
}

static struct driver_use *find(driver_uses *uses, const struct driver_use *use)
{
	for (size_t i = 0; i < uses->nr; i++) {
		struct driver_use *u = &uses->items[i];

		if (!strcmp(u->driver, use->driver) && !strcmp(u->device, use->device) && !strcmp(u->region, use->region) &&
		    !strcmp(u->source, use->source))
			return u;
	}
	return NULL;
}

static int put_use(struct session *s, const struct watched *w, const struct driver_use *use, uint64_t bytes, const char *reason)
{
	struct record r = watched_record(w, RECORD_DRIVER);

	RECORD_SET(&r, NAME, name, use->driver);
	if (*use->device)
		RECORD_SET(&r, PATH, path, use->device);
	if (*use->region)
		RECORD_SET(&r, POOL, pool, use->region);
	RECORD_SET(&r, LABEL, label, use->source);
	RECORD_SET(&r, BYTES, bytes, bytes);
	if (reason)
		RECORD_SET(&r, REASON, reason, reason);
	return session_put(s, &r);
}

/* Put what has changed since it was told last; @reason of what is told for the first time. */
static int put_changed(struct session *s, struct watched *w, driver_uses *uses, const char *reason)
{
	int err = 0;

	for (size_t i = 0; i < uses->nr && !err; i++) {
		const struct driver_use *use = &uses->items[i], *told = find(&w->by_drivers, use);

		if (!told || told->bytes != use->bytes)
			err = put_use(s, w, use, use->bytes, reason);
	}
	/* What it had of a device or region that is not told any more it has no more. */
	for (size_t i = 0; i < w->by_drivers.nr && !err; i++) {
		struct driver_use *told = &w->by_drivers.items[i];

		if (find(uses, told))
			continue;
		if (told->bytes)
			err = put_use(s, w, told, 0, NULL);
		told->bytes = 0;
		driver_uses_add(uses, told);
	}
	return err;
}

static int tell(struct session *s, struct watched *w, const char *reason)
{
	driver_uses uses = {};
	int err;

	drivers_read(s, w->process.pid, &uses);
	err = put_changed(s, w, &uses, reason);
	driver_uses_release(&w->by_drivers);
	w->by_drivers = uses;
	w->drivers_due_ns = units_monotonic_ns() + AGAIN_NS;
	return err;
}

bool drivers_are_asked(const struct watched *w)
{
	return !w->library->binding->runtime->books.present && w->number == 1;
}

int drivers_begin(struct session *s, struct watched *w)
{
	return drivers_are_asked(w) ? tell(s, w, "attach") : 0;
}

int drivers_step(struct session *s, struct watched *w, uint64_t now_ns)
{
	if (!drivers_are_asked(w) || !w->armed || now_ns < w->drivers_due_ns)
		return 0;
	return tell(s, w, NULL);
}
