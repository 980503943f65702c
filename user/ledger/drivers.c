#include "ledger/ledger_parts.h"

#include <string.h>

/* What a driver tells is of a few devices and regions. */
enum { FIGURES_MAX = 1 << 10 };

bool drivers_told(const struct ledger_process *p)
{
	for (size_t i = 0; i < p->drivers.nr; i++)
		if (p->drivers.items[i].has_before)
			return true;
	return false;
}

static struct driver_figure *find(struct ledger_process *p, const struct driver_figure *wanted)
{
	for (size_t i = 0; i < p->drivers.nr; i++) {
		struct driver_figure *f = &p->drivers.items[i];

		if (f->driver == wanted->driver && f->device == wanted->device && f->region == wanted->region &&
		    f->source == wanted->source)
			return f;
	}
	return NULL;
}

void define_driver(struct ledger *l, struct ledger_process *p, const struct record *r)
{
	struct driver_figure fresh = {
		.driver = ledger_text(l, r->name),
		.device = ledger_text(l, r->path),
		.region = ledger_text(l, r->pool),
		.source = ledger_text(l, r->label),
	};
	struct driver_figure *f = find(p, &fresh);

	if (!f && p->drivers.nr == FIGURES_MAX)
		return;
	if (!f) {
		f = vec_add(&p->drivers);
		*f = fresh;
	}
	f->now = r->bytes;
	if (!RECORD_HAS(r, REASON) || strcmp(r->reason, "attach"))
		return;
	f->before = r->bytes;
	f->before_ns = RECORD_HAS(r, FROM_NS) ? r->from_ns : r->time_ns;
	f->has_before = true;
}
