#include "runtime/decode.h"

#include "base/map.h"
#include "runtime/thread.h"

struct decoder {
	struct sink *sink;
	struct decode_target *target;
	uint64_t wall_offset_ns;
	struct map threads;	/* (thread, 0) -> struct thread * */
	struct map arenas;	/* (process, object) -> number */
	struct map constructed; /* (process, object): its constructor was seen */
};

/* One hit with all that handling it needs. */
struct step {
	struct decoder *d;
	struct thread *thread;
	uint64_t process;
	const struct binding *b;
	const struct bound_row *row;
	const struct wire_hit *hit;
};

struct decoder *decoder_new(struct sink *sink, struct decode_target *target, uint64_t wall_offset_ns)
{
	struct decoder *d = xcalloc(1, sizeof(*d));

	d->sink = sink;
	d->target = target;
	d->wall_offset_ns = wall_offset_ns;
	return d;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	for (struct map_entry *e = map_next(&d->threads, NULL); e; e = map_next(&d->threads, e))
		free(e->pointer);
	map_release(&d->threads);
	map_release(&d->arenas);
	map_release(&d->constructed);
	free(d);
}

static struct record record_of(const struct step *s, enum record_kind kind)
{
	struct record r = {.kind = kind};

	RECORD_SET(&r, TIME_NS, time_ns, s->hit->time_ns + s->d->wall_offset_ns);
	RECORD_SET(&r, PROCESS, process, s->process);
	RECORD_SET(&r, PID, pid, s->hit->tgid);
	RECORD_SET(&r, TID, tid, s->hit->tid);
	return r;
}

/* Copy the value @name of the hit to the field, if it is known. */
static bool take(const struct step *s, struct record *r, enum rt_name name, enum field field)
{
	uint64_t value;

	if (!bound_row_value(s->b, s->row, s->hit, name, &value))
		return false;
	record_set_number(r, field, value);
	return true;
}

static int unsettled(const struct step *s, const char *reason)
{
	struct record r = record_of(s, RECORD_UNSETTLED);

	RECORD_SET(&r, REASON, reason, reason);
	if (s->row) {
		take(s, &r, RT_ADDRESS, FIELD_ADDRESS);
		take(s, &r, RT_ASKED, FIELD_ASKED);
	}
	return sink_put(s->d->sink, &r);
}

uint64_t decoder_arena(const struct decoder *d, uint64_t process, uint64_t object)
{
	struct map_entry *e = map_get(&d->arenas, process, object);

	return e ? e->value : 0;
}

void decoder_set_arena(struct decoder *d, uint64_t process, uint64_t object, uint64_t arena)
{
	if (arena)
		map_put(&d->arenas, process, object, NULL)->value = arena;
	else
		map_del(&d->arenas, process, object);
}

static uint64_t arena_number(const struct step *s, uint64_t object, struct arena_hint *hint)
{
	uint64_t number = decoder_arena(s->d, s->process, object);

	if (number)
		return number;
	hint->constructed = decoder_constructed(s->d, s->process, object);
	number = s->d->target->arena(s->d->target, s->process, object, hint);
	if (number)
		decoder_set_arena(s->d, s->process, object, number);
	return number;
}

/* The hint of a call's arena; @owner as the alloc tells it. */
static struct arena_hint hint_of(const struct call *c)
{
	return (struct arena_hint){
		.has = c->hint_has, .banks = c->banks, .align = c->align, .grain = c->grain, .pool = c->pool};
}

/* The open call has failed: say so. */
static int fail(const struct step *s, const char *reason)
{
	struct call *c = &s->thread->call;
	struct record r = record_of(s, RECORD_FAILED);
	/* Who owns the arena is not known before an alloc: its record must not be made of what a begin tells. */
	struct arena_hint hint = {};
	uint64_t arena;

	c->state = CALL_FAILED;
	if (c->hidden)
		return 0;
	RECORD_SET(&r, REASON, reason, reason);
	if (c->pool)
		RECORD_SET(&r, POOL, pool, c->pool);
	arena = arena_number(s, c->object, &hint);
	if (arena)
		RECORD_SET(&r, ARENA, arena, arena);
	if (c->has_reserved)
		RECORD_SET(&r, RESERVED, reserved, c->reserved);
	if (c->has_asked)
		RECORD_SET(&r, ASKED, asked, c->asked);
	if (c->has_needed)
		RECORD_SET(&r, NEEDED, needed, c->needed);
	return sink_put(s->d->sink, &r);
}

/* A step that cannot be inside an open call: the call is over, and its alloc did not come. */
static int end_open_call(const struct step *s)
{
	return s->thread->call.state == CALL_OPEN ? fail(s, "next-call") : 0;
}

static int step_begin(struct step *s)
{
	struct call *c = &s->thread->call;
	uint64_t value;
	int err = end_open_call(s);

	if (err)
		return err;
	*c = (struct call){.state = CALL_OPEN, .time_ns = s->hit->time_ns};
	s->thread->alone = "alone";
	if (!bound_row_value(s->b, s->row, s->hit, RT_ARENA, &c->object)) {
		c->state = CALL_NONE;
		s->thread->alone = "unread";
		return unsettled(s, "unread");
	}
	if (bound_row_value(s->b, s->row, s->hit, RT_POOL, &value)) {
		c->pool = runtime_pool(s->b->runtime, value);
		c->hidden = !c->pool;
	}
	c->has_reserved = bound_row_value(s->b, s->row, s->hit, RT_RESERVED, &c->reserved);
	c->has_asked = bound_row_value(s->b, s->row, s->hit, RT_ASKED, &c->asked);
	c->has_needed = bound_row_value(s->b, s->row, s->hit, RT_NEEDED, &c->needed);
	c->has_page = bound_row_value(s->b, s->row, s->hit, RT_PAGE, &c->page);
	if (bound_row_value(s->b, s->row, s->hit, RT_BANKS, &c->banks))
		c->hint_has |= FIELD_BIT(BANKS);
	if (bound_row_value(s->b, s->row, s->hit, RT_ALIGN, &c->align))
		c->hint_has |= FIELD_BIT(ALIGN);
	if (bound_row_value(s->b, s->row, s->hit, RT_GRAIN, &c->grain))
		c->hint_has |= FIELD_BIT(GRAIN);
	return 0;
}

static int put_alloc(const struct step *s, const struct call *c, uint64_t address)
{
	struct record r = record_of(s, RECORD_ALLOC);
	struct arena_hint hint = hint_of(c);
	uint64_t arena;

	thread_label(s->thread, &r);
	if (bound_row_value(s->b, s->row, s->hit, RT_OWNER, &hint.owner))
		hint.has |= FIELD_BIT(OWNER);
	arena = arena_number(s, c->object, &hint);
	if (!arena)
		return unsettled(s, "arena");
	RECORD_SET(&r, ARENA, arena, arena);
	RECORD_SET(&r, ADDRESS, address, address);
	if (c->has_reserved)
		RECORD_SET(&r, RESERVED, reserved, c->reserved);
	if (!take(s, &r, RT_ASKED, FIELD_ASKED) && c->has_asked)
		RECORD_SET(&r, ASKED, asked, c->asked);
	if (c->has_page)
		RECORD_SET(&r, PAGE, page, c->page);
	return sink_put(s->d->sink, &r);
}

/* The pool of an alloc, where its begin did not tell it. */
static void learn_pool(const struct step *s, struct call *c)
{
	uint64_t pool;

	if (c->pool || c->hidden || !bound_row_value(s->b, s->row, s->hit, RT_POOL, &pool))
		return;
	c->pool = runtime_pool(s->b->runtime, pool);
	c->hidden = !c->pool;
}

static int put_kind(const struct step *s, enum record_kind kind)
{
	struct record r = record_of(s, kind);

	return sink_put(s->d->sink, &r);
}

/* Nothing was reserved: a call that is open did not end with this, for a pool has no address 0. */
static int phantom(struct step *s, const struct call *c)
{
	int err = end_open_call(s);

	s->thread->call.state = CALL_NONE;
	if (err || c->hidden)
		return err;
	thread_leave_all(s->thread);
	return put_kind(s, RECORD_PHANTOM);
}

static int step_alloc(struct step *s)
{
	struct call c = s->thread->call.state == CALL_NONE ? (struct call){} : s->thread->call;
	uint64_t address;
	int err;

	learn_pool(s, &c);
	if (!bound_row_value(s->b, s->row, s->hit, RT_ADDRESS, &address)) {
		s->thread->call.state = CALL_NONE;
		return c.hidden ? 0 : unsettled(s, "unread");
	}
	if (!address)
		return phantom(s, &c);
	s->thread->call.state = CALL_NONE;
	if (c.hidden)
		return 0;
	/* It succeeded after all. */
	err = c.state == CALL_FAILED ? put_kind(s, RECORD_RETRACT) : 0;
	if (err)
		return err;
	if (c.state == CALL_NONE)
		return unsettled(s, s->thread->alone);
	return put_alloc(s, &c, address);
}

static int step_free(struct step *s)
{
	struct record r = record_of(s, RECORD_FREE);
	struct arena_hint hint = {};
	uint64_t object, address, arena;

	if (!bound_row_value(s->b, s->row, s->hit, RT_ARENA, &object) ||
	    !bound_row_value(s->b, s->row, s->hit, RT_ADDRESS, &address))
		return unsettled(s, "unread");
	s->thread->freeing = true;
	s->thread->free_ns = s->hit->time_ns;
	s->thread->free_object = object;
	s->thread->free_address = address;
	arena = arena_number(s, object, &hint);
	if (!arena)
		return 0;
	RECORD_SET(&r, ARENA, arena, arena);
	RECORD_SET(&r, ADDRESS, address, address);
	return sink_put(s->d->sink, &r);
}

/*
 * All blocks of an arena are gone; with a reason, so is its object, and one that nobody knows is not asked for any
 * more. A clear asks: the census may have read the books before it, and know the arena only behind it.
 */
static int clear(const struct step *s, const char *reason)
{
	struct record r = record_of(s, RECORD_CLEAR);
	struct arena_hint hint = {};
	uint64_t object, arena;

	if (!bound_row_value(s->b, s->row, s->hit, RT_ARENA, &object))
		return unsettled(s, "unread");
	arena = reason ? decoder_arena(s->d, s->process, object) : arena_number(s, object, &hint);
	if (reason) {
		RECORD_SET(&r, REASON, reason, reason);
		decoder_set_arena(s->d, s->process, object, 0);
		map_del(&s->d->constructed, s->process, object);
	}
	if (!arena)
		return 0;
	RECORD_SET(&r, ARENA, arena, arena);
	return sink_put(s->d->sink, &r);
}

static int step_clear(struct step *s)
{
	return clear(s, NULL);
}

static int step_gone(struct step *s)
{
	return clear(s, "gone");
}

static int step_new(struct step *s)
{
	uint64_t object;
	int err = clear(s, "gone");

	if (!err && bound_row_value(s->b, s->row, s->hit, RT_ARENA, &object))
		map_put(&s->d->constructed, s->process, object, NULL)->value = 1;
	return err;
}

static int step_throw(struct step *s)
{
	if (s->thread->call.state != CALL_OPEN)
		return 0;
	/* How far the exception goes nobody knows. */
	thread_leave_all(s->thread);
	return fail(s, "throw");
}

static int step_context(struct step *s)
{
	struct record none = {};

	thread_enter(s->thread, s->hit->stack, s->row->row->tag, &none);
	return 0;
}

/* A mark of a trace's life. */
static int mark(struct step *s, enum record_kind kind)
{
	struct record r = record_of(s, kind);
	int err = end_open_call(s);

	if (err)
		return err;
	/* A mark is in no context: what looks like one has returned. */
	thread_leave_all(s->thread);
	take(s, &r, RT_TRACE, FIELD_TRACE);
	if (kind == RECORD_CAPTURED)
		thread_enter(s->thread, s->hit->stack, s->row->row->tag, &r);
	return sink_put(s->d->sink, &r);
}

static int step_capture(struct step *s)
{
	return mark(s, RECORD_CAPTURE);
}

static int step_captured(struct step *s)
{
	return mark(s, RECORD_CAPTURED);
}

static int step_replay(struct step *s)
{
	return mark(s, RECORD_REPLAY);
}

static int step_release(struct step *s)
{
	return mark(s, RECORD_RELEASE);
}

static int (*const steps[VERB_NR])(struct step *s) = {
	[VERB_BEGIN] = step_begin,     [VERB_ALLOC] = step_alloc,	[VERB_FREE] = step_free,
	[VERB_CLEAR] = step_clear,     [VERB_GONE] = step_gone,		[VERB_NEW] = step_new,
	[VERB_THROW] = step_throw,     [VERB_CONTEXT] = step_context,	[VERB_CAPTURE] = step_capture,
	[VERB_CAPTURED] = step_captured, [VERB_REPLAY] = step_replay,	[VERB_RELEASE] = step_release,
};

/* Find the thread and compare running numbers: a gap is a loss. */
static int meet(struct step *s)
{
	bool first, open;
	struct map_entry *e = map_put(&s->d->threads, s->hit->thread, 0, &first);
	struct thread *t;

	if (first)
		e->pointer = thread_new();
	t = s->thread = e->pointer;
	t->process = s->process;
	t->freeing = false;
	if (s->hit->sequence == t->sequence + 1) {
		t->sequence++;
		return 0;
	}
	open = t->call.state == CALL_OPEN;
	thread_break(t);
	t->sequence = s->hit->sequence;
	return open ? unsettled(&(struct step){.d = s->d, .process = s->process, .hit = s->hit}, "lost") : 0;
}

int decoder_hit(struct decoder *d, uint64_t process, const struct binding *b, const struct bound_row *row,
		const struct wire_hit *hit)
{
	struct step s = {.d = d, .process = process, .b = b, .row = row, .hit = hit};
	int err = meet(&s);

	if (err)
		return err;
	thread_leave(s.thread, hit->stack);
	return steps[row->row->verb](&s);
}

int decoder_thread_exit(struct decoder *d, uint64_t process, const struct wire_hit *hit)
{
	struct step s = {.d = d, .process = process, .hit = hit};
	struct map_entry *e = map_get(&d->threads, hit->thread, 0);
	struct thread *thread;
	int err;

	if (!e)
		return 0;
	err = meet(&s);
	thread = s.thread;
	/* A thread that its process's end cuts off inside a call did not fail to allocate. */
	if (!err && thread->call.state == CALL_OPEN && !hit->value[0])
		err = fail(&s, "thread-exit");
	free(thread);
	map_del(&d->threads, hit->thread, 0);
	return err;
}

static void forget(struct map *m, uint64_t process)
{
	struct map kept = {};

	for (struct map_entry *e = map_next(m, NULL); e; e = map_next(m, e))
		if (e->a != process)
			map_put(&kept, e->a, e->b, NULL)->value = e->value;
	map_release(m);
	*m = kept;
}

void decoder_process_end(struct decoder *d, uint64_t process)
{
	struct map kept = {};

	for (struct map_entry *e = map_next(&d->threads, NULL); e; e = map_next(&d->threads, e)) {
		if (((struct thread *)e->pointer)->process == process)
			free(e->pointer);
		else
			map_put(&kept, e->a, e->b, NULL)->pointer = e->pointer;
	}
	map_release(&d->threads);
	d->threads = kept;
	forget(&d->arenas, process);
	forget(&d->constructed, process);
}

bool decoder_constructed(const struct decoder *d, uint64_t process, uint64_t object)
{
	return map_get(&d->constructed, process, object);
}

bool decoder_allocating(const struct decoder *d, uint64_t process, uint64_t object, uint64_t since_ns)
{
	for (struct map_entry *e = map_next(&d->threads, NULL); e; e = map_next(&d->threads, e)) {
		const struct thread *t = e->pointer;

		if (t->process == process && t->call.state == CALL_OPEN && t->call.object == object &&
		    t->call.time_ns >= since_ns)
			return true;
	}
	return false;
}

bool decoder_freeing(const struct decoder *d, uint64_t process, uint64_t object, uint64_t address, uint64_t since_ns)
{
	for (struct map_entry *e = map_next(&d->threads, NULL); e; e = map_next(&d->threads, e)) {
		const struct thread *t = e->pointer;

		if (t->process == process && t->freeing && t->free_object == object && t->free_address == address &&
		    t->free_ns >= since_ns)
			return true;
	}
	return false;
}
