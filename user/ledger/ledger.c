#include "ledger/ledger.h"

#include "ledger/figures.h"
#include "ledger/history_parts.h"
#include "ledger/ledger_parts.h"
#include "ledger/phases.h"

#include <errno.h>
#include <string.h>

static int apply_attach(struct subject *s, const struct record *r)
{
	s->process = define_process(s->l, r);
	return 0;
}

static int apply_detach(struct subject *s, const struct record *r)
{
	s->process->ended = ledger_text(s->l, r->reason);
	s->process->ended_ns = r->time_ns;
	for (size_t i = 0; i < s->process->devices.nr; i++) {
		struct device *d = s->process->devices.items[i];

		for (size_t k = 0; k < d->arenas.nr; k++) {
			arena_clear(d->arenas.items[k], s->effect);
			d->arenas.items[k]->gone = true;
		}
	}
	circular_release(s->process);
	chips_changed(s->process);
	return 0;
}

static struct device *device_of(struct ledger_process *p, uint64_t owner)
{
	for (size_t i = 0; i < p->devices.nr; i++)
		if (p->devices.items[i]->owner == owner && !device_gone(p->devices.items[i]))
			return p->devices.items[i];
	return define_device(p, owner);
}

static int apply_arena(struct subject *s, const struct record *r)
{
	/* An owner that is not known is the arena's own: never put pools together that may be of two devices. */
	struct device *d = device_of(s->process, RECORD_HAS(r, OWNER) ? r->owner : r->object);

	s->arena = define_arena(s->l, s->process, d, r);
	return 0;
}

static int apply_device(struct subject *s, const struct record *r)
{
	struct device *d = device_of(s->process, r->owner);

	device_describe(d, r);
	if (device_shown(d))
		chips_changed(s->process);
	return 0;
}

static bool number_taken(const struct ledger_process *p, const struct device *d, unsigned int number)
{
	for (size_t i = 0; i < p->devices.nr; i++) {
		const struct device *other = p->devices.items[i];

		if (other->held && other->number == number && (device_shown(other) || !same_chips(other, d)))
			return true;
	}
	return false;
}

/*
 * A device's first block: from now on it is shown, by the smallest number that is free. Devices that follow one another on
 * the same chips have one number, and what they needed is told together.
 */
static void hold(struct subject *s)
{
	struct device *d = s->arena->device;
	unsigned int number = 0;

	if (d->held)
		return;
	while (number_taken(s->process, d, number))
		number++;
	d->held = true;
	d->number = number;
	chips_changed(s->process);
}

static inline bool have_peaks(const chip_groups *groups)
{
	for (size_t i = 0; i < groups->nr; i++)
		if (groups->items[i].peaks.nr)
			return true;
	return false;
}

static void put(struct subject *s, const struct block *b)
{
	arena_put(s->arena, b, s->old);
	if (have_peaks(&s->process->groups))
		chips_raise_peaks(s->process, s->arena);
	s->effect->replaced = s->old;
	s->effect->block = *b;
	s->effect->has_block = true;
}

static void take(struct subject *s)
{
	arena_remove(s->arena, s->old);
	s->effect->has_block = true;
}

static int apply_block(struct subject *s, const struct record *r)
{
	bool from_books = r->kind != RECORD_ALLOC;
	struct block b = define_block(s->l, r);

	b.time_ns = r->time_ns;
	b.has_time = !from_books;
	b.before_attach = from_books;
	hold(s);
	put(s, &b);
	if (r->kind == RECORD_ALLOC) {
		s->l->replaced += s->effect->replaced;
		/* A part of the call was lost: the books will say how much it took. */
		s->process->unsettled += !b.has_reserved;
		if (!b.is_trace)
			s->process->last_alloc_ns = r->time_ns;
	}
	if (r->kind == RECORD_BLOCK && s->process->census_running)
		s->process->before_attach = true;
	return 0;
}

static int apply_free(struct subject *s, const struct record *r)
{
	(void)r;
	if (s->old) {
		take(s);
	} else if (!s->process->census_running) {
		/* During the census, what was allocated before attach is not in the ledger yet. */
		s->effect->unknown_free = true;
		s->l->unknown_frees++;
	}
	return 0;
}

static int apply_resize(struct subject *s, const struct record *r)
{
	s->arena->bank_bytes = r->bank_bytes;
	s->arena->base = r->base;
	s->arena->has_base = true;
	s->arena->figures.has_capacity = s->arena->figures.has_banks;
	s->arena->figures.capacity = s->arena->figures.banks * r->bank_bytes;
	return 0;
}

static int correct_gone(struct subject *s, const struct record *r)
{
	(void)r;
	arena_clear(s->arena, s->effect);
	s->arena->gone = true;
	if (device_gone(s->arena->device)) {
		circular_forget(s->process, s->arena->device);
		chips_changed(s->process);
	}
	return 0;
}

static int apply_clear(struct subject *s, const struct record *r)
{
	if (r->reason && !strcmp(r->reason, "gone"))
		return correct_gone(s, r);
	arena_clear(s->arena, s->effect);
	return 0;
}

static int correct_extra(struct subject *s, const struct record *r)
{
	(void)r;
	if (s->old)
		take(s);
	return 0;
}

/* A block of another size is another block, but for one whose size was not known: that is what the books add. */
static int correct_size(struct subject *s, const struct record *r)
{
	struct block b;

	if (!s->old || s->old->has_reserved)
		return apply_block(s, r);
	b = *s->old;
	b.reserved = r->reserved;
	b.has_reserved = true;
	put(s, &b);
	return 0;
}

static const struct {
	const char *reason;
	uint64_t needs;
	int (*apply)(struct subject *s, const struct record *r);
} corrections[] = {
	{"missing", FIELD_BIT(ADDRESS) | FIELD_BIT(RESERVED), apply_block},
	{"extra", FIELD_BIT(ADDRESS), correct_extra},
	{"size", FIELD_BIT(ADDRESS) | FIELD_BIT(RESERVED), correct_size},
	{"gone", 0, correct_gone},
};

/* The index in corrections of a record that is whole, else ARRAY_SIZE(corrections). */
static size_t correction_of(const struct record *r)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(corrections) && strcmp(corrections[i].reason, r->reason))
		i++;
	return i < ARRAY_SIZE(corrections) && corrections[i].needs & ~r->has ? ARRAY_SIZE(corrections) : i;
}

static int apply_correction(struct subject *s, const struct record *r)
{
	s->l->corrections++;
	s->process->corrections++;
	return corrections[correction_of(r)].apply(s, r);
}

static void find_device(struct subject *s, const struct record *r)
{
	s->device = RECORD_HAS(r, OWNER) ? device_of(s->process, r->owner) : NULL;
}

/* What an inner layer does is a part of what the outermost one does, which counts. */
static bool is_inner(const struct subject *s, const struct record *r)
{
	return s->arena ? s->arena->is_inner : r->pool && pool_is_inner(r->pool);
}

static int apply_failed(struct subject *s, const struct record *r)
{
	bool refused = failed_is_clash(r);

	if (refused)
		find_device(s, r);
	s->process->clashes += refused;
	s->process->failed += !refused && !is_inner(s, r);
	return 0;
}

static int apply_cb(struct subject *s, const struct record *r)
{
	find_device(s, r);
	circular_put(s->l, s->process, s->device, r);
	return 0;
}

static int apply_cb_free(struct subject *s, const struct record *r)
{
	s->device = circular_free(s->process, r);
	return 0;
}

static int apply_retract(struct subject *s, const struct record *r)
{
	(void)r;
	s->process->failed -= s->process->failed > 0;
	return 0;
}

static int apply_unsettled(struct subject *s, const struct record *r)
{
	s->process->unsettled++;
	/* A program that was being placed when we came is one of those before. */
	if (RECORD_HAS(r, PROBE) && strcmp(r->reason, "attach"))
		circular_doubt(s->l, s->process);
	return 0;
}

static int apply_captured(struct subject *s, const struct record *r)
{
	s->process->captured_ns = r->time_ns;
	s->process->last_alloc_ns = 0;
	return 0;
}

static int apply_replays(struct subject *s, const struct record *r)
{
	struct map_entry *e = map_put(&s->process->replays_by_trace, r->trace, 0, NULL);

	s->process->replays += r->count - e->value;
	e->value = r->count;
	return 0;
}

static int apply_census(struct subject *s, const struct record *r)
{
	s->process->census_running = !strcmp(r->reason, "begin");
	s->process->without_books = !strcmp(r->reason, "none");
	s->process->partial = r->partial;
	s->process->unsettled = 0;
	/* Arenas without a block may have had some: only an empty process is seen from its beginning. */
	if (!s->process->census_running && s->process->devices.nr)
		s->process->before_attach = true;
	return 0;
}

static int apply_check(struct subject *s, const struct record *r)
{
	s->effect->check_changed = !s->process->checked_ns || s->process->check_equal != !!r->equal;
	s->process->checked_ns = r->time_ns;
	s->process->check_equal = r->equal;
	s->process->partial = r->partial;
	s->process->unsettled = 0;
	return 0;
}

static int apply_driver(struct subject *s, const struct record *r)
{
	define_driver(s->l, s->process, r);
	return 0;
}

static int apply_traced(struct subject *s, const struct record *r)
{
	s->effect->module = define_traced(s->l, s->process, r);
	return 0;
}

/*
 * EVENT: it is something that the traced process did. BLOCK: it is about a block of an arena. TRACED: what is traced. BEGINS: a
 * process or an arena. RULES: it must fit what came before in more than its process and its arena.
 */
enum { EVENT = 1, BLOCK = 2, TRACED = 4, BEGINS = 8, RULES = 16 };

static const struct {
	int (*apply)(struct subject *s, const struct record *r);
	unsigned int is;
} kinds[RECORD_NR] = {
	[RECORD_ATTACH] = {apply_attach, BEGINS},            [RECORD_DETACH] = {apply_detach, 0},
	[RECORD_ARENA] = {apply_arena, BEGINS},              [RECORD_CLEAR] = {apply_clear, EVENT},
	[RECORD_DEVICE] = {apply_device, 0},             [RECORD_ALLOC] = {apply_block, EVENT | BLOCK},
	[RECORD_FREE] = {apply_free, EVENT | BLOCK},     [RECORD_FAILED] = {apply_failed, EVENT},
	[RECORD_RETRACT] = {apply_retract, 0},           [RECORD_PHANTOM] = {NULL, EVENT},
	[RECORD_UNSETTLED] = {apply_unsettled, EVENT},   [RECORD_CAPTURE] = {NULL, EVENT},
	[RECORD_CAPTURED] = {apply_captured, EVENT},     [RECORD_REPLAY] = {NULL, EVENT},
	[RECORD_REPLAYS] = {apply_replays, 0},           [RECORD_RELEASE] = {NULL, EVENT},
	[RECORD_CENSUS] = {apply_census, 0},             [RECORD_BLOCK] = {apply_block, BLOCK},
	[RECORD_CHECK] = {apply_check, 0},               [RECORD_RESIZE] = {apply_resize, 0},
	[RECORD_CORRECTION] = {apply_correction, BLOCK | RULES}, [RECORD_LOST] = {totals_lost, 0},
	[RECORD_PROBE] = {totals_probe, 0},               [RECORD_UNREAD] = {totals_unread, 0},
	[RECORD_CB] = {apply_cb, EVENT},                 [RECORD_CB_FREE] = {apply_cb_free, EVENT},
	[RECORD_TICK] = {totals_tick, 0},                 [RECORD_SETTLED] = {NULL, 0},
	[RECORD_END] = {totals_end, RULES},               [RECORD_GAP] = {totals_gap, 0},
	[RECORD_RUNTIME] = {apply_traced, TRACED | RULES},
	[RECORD_MODULE] = {apply_traced, TRACED | RULES}, [RECORD_SITE] = {apply_traced, TRACED | RULES},
	[RECORD_USES] = {apply_traced, TRACED | RULES},  [RECORD_DRIVER] = {apply_driver, 0},
	[RECORD_FRAME] = {apply_traced, TRACED | RULES}, [RECORD_STACK] = {apply_traced, TRACED | RULES},
	[RECORD_UNSTACKED] = {totals_unstacked, 0},
};

static bool find_process(struct subject *s, const struct record *r)
{
	s->process = ledger_process(s->l, r->process);
	return s->process && !s->process->ended;
}

/* Its number is the next one. Of an attach a source has something; others only name it. */
static bool may_begin(struct subject *s, const struct record *r)
{
	if (r->kind == RECORD_ATTACH)
		return r->source <= SOURCES_MAX && r->process == s->l->processes.nr + 1;
	return find_process(s, r) && r->arena == s->l->arenas.nr + 1;
}

static bool keeps_rules(const struct subject *s, const struct record *r)
{
	if (r->kind == RECORD_CORRECTION)
		return correction_of(r) < ARRAY_SIZE(corrections);
	if (r->kind == RECORD_END)
		return r->source <= SOURCES_MAX;
	return traced_fits(s->l, r);
}

/* Find what the record is about. -EINVAL if that contradicts what came before. */
static int look_up(struct subject *s, const struct record *r)
{
	if (r->kind <= RECORD_NONE || r->kind >= RECORD_NR || record_missing(r) || r->time_ns < s->l->time_ns)
		return -EINVAL;
	if (kinds[r->kind].is & BEGINS)
		return may_begin(s, r) ? 0 : -EINVAL;
	if (RECORD_HAS(r, PROCESS) && !find_process(s, r))
		return -EINVAL;
	if (RECORD_HAS(r, ARENA)) {
		s->arena = ledger_arena(s->l, r->arena);
		if (!s->arena || s->arena->process != s->process || s->arena->gone)
			return -EINVAL;
	}
	return kinds[r->kind].is & RULES && !keeps_rules(s, r) ? -EINVAL : 0;
}

int ledger_check(const struct ledger *l, const struct record *r)
{
	/* Looking up changes nothing. */
	struct subject s = {.l = (struct ledger *)(uintptr_t)l};

	return l->restore ? -EINVAL : look_up(&s, r);
}

/* What is large, and seldom set, stays as it is. One by one: a memset() becomes an instruction that is slow to begin. */
static inline void begin_effect(struct effect *e)
{
	e->process = NULL;
	e->arena = NULL;
	e->device = NULL;
	e->module = NULL;
	e->checkpoint = e->has_block = e->unknown_free = e->replaced = e->check_changed = false;
	e->from = e->to = PHASE_UNKNOWN;
	e->from_trace = 0;
	e->has_from_trace = false;
	e->why = NULL;
	e->cleared = e->cleared_bytes = 0;
	e->placed.process = NULL;
}

int ledger_apply(struct ledger *l, const struct record *r, struct effect *effect)
{
	struct effect scratch;
	struct subject s = {.l = l, .effect = effect ? effect : &scratch};
	bool inner;
	int err;

	begin_effect(s.effect);
	if (ledger_in_checkpoint(l, r) && restore_wants(l, r)) {
		s.effect->checkpoint = true;
		return restore_apply(l, r);
	}
	err = look_up(&s, r);
	if (err)
		return err;
	l->time_ns = r->time_ns;
	if (l->placed.process)
		circular_told(l, r, &s.effect->placed);
	if (kinds[r->kind].is & BLOCK && s.arena && blocks_seek(&s.arena->blocks, r->address, &s.effect->block))
		s.old = &s.effect->block;
	inner = is_inner(&s, r);
	if (!inner)
		history_apply(&s, r);
	if (kinds[r->kind].apply)
		err = kinds[r->kind].apply(&s, r);
	if (err)
		return err;
	l->events += kinds[r->kind].is & EVENT && !inner;
	if (s.process && !inner) {
		s.process->events += kinds[r->kind].is & EVENT;
		phases_apply(s.process, r, s.effect);
	}
	s.effect->ledger = l;
	s.effect->process = s.process;
	s.effect->arena = s.arena;
	s.effect->device = s.arena ? s.arena->device : s.device;
	return 0;
}
