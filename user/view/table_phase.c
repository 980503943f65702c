#include "view/table_header.h"

#include "base/units.h"

#include <inttypes.h>

static void add_ago(struct str *out, const struct ledger *l, const struct ledger_process *p, uint64_t time_ns)
{
	units_add_duration(out, ledger_now(l, p) - time_ns);
	str_add(out, " ago");
}

static void add_trace(struct str *out, const struct ledger_process *p)
{
	if (p->has_phase_trace)
		str_addf(out, "trace %" PRIu64, p->phase_trace);
	else
		str_add(out, "a trace");
}

/* Is the trace that is replayed the one whose capture ended last? Its buffer was made when the capture ended. */
static bool captured_last(const struct ledger_process *p)
{
	uint64_t newest_ns = 0;
	bool is_newest = false;
	struct block b;

	for (size_t i = 0; i < p->devices.nr; i++) {
		for (size_t k = 0; k < p->devices.items[i]->arenas.nr; k++) {
			const struct arena *a = p->devices.items[i]->arenas.items[k];

			if (!a->figures.trace)
				continue;
			for (size_t at = 0; blocks_next(&a->blocks, &at, &b);) {
				if (!b.is_trace || !b.has_trace || !b.has_time || b.time_ns < newest_ns)
					continue;
				is_newest = b.trace == p->phase_trace || (is_newest && b.time_ns == newest_ns);
				newest_ns = b.time_ns;
			}
		}
	}
	return is_newest && p->has_phase_trace && newest_ns >= p->captured_ns;
}

static void add_replays(struct str *out, const struct ledger_process *p)
{
	struct map_entry *e = p->has_phase_trace ? map_get(&p->replays_by_trace, p->phase_trace, 0) : NULL;
	uint64_t count = e ? e->value : 0;

	add_trace(out, p);
	if (!count)
		str_add(out, " is replayed");
	else
		str_addf(out, " replayed %" PRIu64 " %s", count, count == 1 ? "time" : "times");
	if (count && p->replays != count)
		str_addf(out, ", all traces %" PRIu64, p->replays);
}

/* Since when nothing has been allocated. */
static void add_quiet(struct str *out, const struct ledger *l, const struct ledger_process *p)
{
	str_add(out, "nothing has been allocated ");
	if (p->last_alloc_ns) {
		str_add(out, "for ");
		units_add_duration(out, ledger_now(l, p) - p->last_alloc_ns);
	} else if (p->captured_ns) {
		str_addf(out, "since %s capture ended ", captured_last(p) ? "its" : "the last");
		add_ago(out, l, p, p->captured_ns);
	} else {
		str_add(out, "since pooltrace attached ");
		add_ago(out, l, p, p->attached_ns);
	}
}

static void add_unknown(struct str *out, const struct ledger *l, const struct ledger_process *p)
{
	/* With probes set and no event, a process that has memory only computes; without probes nothing follows. */
	if (!p->before_attach || p->events || p->census_running || ledger_from_books(l))
		return;
	add_quiet(out, l, p);
}

static void add_init(struct str *out, const struct ledger *l, const struct ledger_process *p)
{
	(void)l;
	(void)p;
	str_add(out, "init: no trace has been captured yet");
}

static void add_capture(struct str *out, const struct ledger *l, const struct ledger_process *p)
{
	str_add(out, "capture: ");
	add_trace(out, p);
	str_add(out, " is being captured");
	if (p->has_phase_start) {
		str_add(out, ", begun ");
		add_ago(out, l, p, p->phase_start_ns);
	}
}

static void add_execution(struct str *out, const struct ledger *l, const struct ledger_process *p)
{
	str_add(out, "execution: ");
	add_replays(out, p);
	str_add(out, "; ");
	add_quiet(out, l, p);
	str_add(out, " (a replay allocates nothing)");
}

static void add_release(struct str *out, const struct ledger *l, const struct ledger_process *p)
{
	str_add(out, "release: ");
	add_trace(out, p);
	str_add(out, " was released");
	if (p->has_phase_start) {
		str_add_char(out, ' ');
		add_ago(out, l, p, p->phase_start_ns);
	}
}

static void (*const phases[])(struct str *out, const struct ledger *l, const struct ledger_process *p) = {
	[PHASE_UNKNOWN] = add_unknown, [PHASE_NONE] = NULL,		 [PHASE_INIT] = add_init,
	[PHASE_CAPTURE] = add_capture, [PHASE_EXECUTION] = add_execution, [PHASE_RELEASE] = add_release,
};

void table_phase_add(struct str *out, const struct ledger *l, const struct ledger_process *p)
{
	if (phases[p->phase])
		phases[p->phase](out, l, p);
}
