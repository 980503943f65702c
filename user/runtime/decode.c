#include "runtime/decode_step.h"

#include <string.h>

struct record step_record(const struct step *s, enum record_kind kind)
{
	struct record r = {.kind = kind};

	RECORD_SET(&r, TIME_NS, time_ns, s->hit->time_ns + s->d->wall_offset_ns);
	RECORD_SET(&r, PROCESS, process, s->process);
	RECORD_SET(&r, PID, pid, s->hit->tgid);
	RECORD_SET(&r, TID, tid, s->hit->tid);
	return r;
}

bool step_take(const struct step *s, struct record *r, enum rt_name name, enum field field)
{
	uint64_t value;

	if (!bound_row_value(s->b, s->row, s->hit, name, &value))
		return false;
	record_set_number(r, field, value);
	return true;
}

int step_unsettled(const struct step *s, const char *reason)
{
	struct record r = step_record(s, RECORD_UNSETTLED);

	RECORD_SET(&r, REASON, reason, reason);
	if (s->row) {
		step_take(s, &r, RT_ADDRESS, FIELD_ADDRESS);
		step_take(s, &r, RT_ASKED, FIELD_ASKED);
	}
	return sink_put(s->d->sink, &r);
}

uint64_t decoder_arena(const struct decoder *d, uint64_t process, uint64_t object)
{
	struct map_entry *e = map_get(&d->arenas, process, object);

	return e && e->value != ARENA_HIDDEN ? e->value : 0;
}

static bool is_hidden(const struct step *s, uint64_t object)
{
	const struct map_entry *e = map_get(&s->d->arenas, s->process, object);

	return e && e->value == ARENA_HIDDEN;
}

void decoder_set_arena(struct decoder *d, uint64_t process, uint64_t object, uint64_t arena)
{
	if (arena)
		map_put(&d->arenas, process, object, NULL)->value = arena;
	else
		map_del(&d->arenas, process, object);
}

uint64_t step_arena(const struct step *s, uint64_t object, struct arena_hint *hint)
{
	uint64_t number = decoder_arena(s->d, s->process, object);

	if (number || is_hidden(s, object))
		return number;
	hint->constructed = decoder_constructed(s->d, s->process, object);
	number = s->d->target->arena(s->d->target, s->process, object, hint);
	if (number)
		decoder_set_arena(s->d, s->process, object, number);
	return number == ARENA_HIDDEN ? 0 : number;
}

/* The hint of a call's arena; @owner as the alloc tells it. */
static struct arena_hint hint_of(const struct call *c)
{
	return (struct arena_hint){
		.has = c->hint_has, .banks = c->banks, .align = c->align, .grain = c->grain, .pool = c->pool};
}

/* The step, as one of the process in the stream that the thread's call is of. */
static struct step step_of_call(const struct step *s)
{
	struct step of = *s;

	of.process = s->thread->call.process;
	return of;
}

/* The open call has failed: say so. */
static int fail(const struct step *step, const char *reason)
{
	const struct step of = step_of_call(step), *s = &of;
	struct call *c = &s->thread->call;
	struct record r = step_record(s, RECORD_FAILED);
	/* Who owns the arena is not known before an alloc: its record must not be made of what a begin tells. */
	struct arena_hint hint = {};
	uint64_t arena;

	c->state = CALL_FAILED;
	if (c->hidden)
		return 0;
	RECORD_SET(&r, REASON, reason, reason);
	if (c->pool)
		RECORD_SET(&r, POOL, pool, c->pool);
	arena = step_arena(s, c->object, &hint);
	if (arena)
		RECORD_SET(&r, ARENA, arena, arena);
	/* What is told of it once may take several calls. */
	if (is_hidden(s, c->object) && strcmp(reason, "throw")) {
		c->hidden = true;
		return 0;
	}
	if (c->has_reserved)
		RECORD_SET(&r, RESERVED, reserved, c->reserved);
	if (c->has_asked)
		RECORD_SET(&r, ASKED, asked, c->asked);
	if (c->has_needed)
		RECORD_SET(&r, NEEDED, needed, c->needed);
	return sink_put(s->d->sink, &r);
}

int step_end_call(const struct step *s)
{
	return s->thread->call.state == CALL_OPEN ? fail(s, "next-call") : 0;
}

static int step_begin(struct step *s)
{
	struct call *c = &s->thread->call;
	uint64_t value;
	int err = step_end_call(s);

	if (err)
		return err;
	*c = (struct call){.state = CALL_OPEN, .process = s->process, .time_ns = s->hit->time_ns};
	s->thread->alone = "alone";
	if (!bound_row_value(s->b, s->row, s->hit, RT_ARENA, &c->object)) {
		c->state = CALL_NONE;
		s->thread->alone = "unread";
		return step_unsettled(s, "unread");
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
	struct record r = step_record(s, RECORD_ALLOC);
	struct arena_hint hint = hint_of(c);
	uint64_t arena, layout;

	thread_label(s->thread, &r);
	if (bound_row_value(s->b, s->row, s->hit, RT_OWNER, &hint.owner))
		hint.has |= FIELD_BIT(OWNER);
	arena = step_arena(s, c->object, &hint);
	if (!arena)
		return is_hidden(s, c->object) ? 0 : step_unsettled(s, "arena");
	RECORD_SET(&r, ARENA, arena, arena);
	RECORD_SET(&r, ADDRESS, address, address);
	if (c->has_reserved)
		RECORD_SET(&r, RESERVED, reserved, c->reserved);
	if (!step_take(s, &r, RT_ASKED, FIELD_ASKED) && c->has_asked)
		RECORD_SET(&r, ASKED, asked, c->asked);
	if (c->has_page)
		RECORD_SET(&r, PAGE, page, c->page);
	step_take(s, &r, RT_ID, FIELD_ID);
	if (bound_row_value(s->b, s->row, s->hit, RT_LAYOUT, &layout) && runtime_layout(s->b->runtime, layout))
		RECORD_SET(&r, LAYOUT, layout, runtime_layout(s->b->runtime, layout));
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
	struct record r = step_record(s, kind);

	return sink_put(s->d->sink, &r);
}

/* Nothing was reserved: a call that is open did not end with this, for a pool has no address 0. */
static int phantom(struct step *s, const struct call *c)
{
	int err = step_end_call(s);

	s->thread->call.state = CALL_NONE;
	if (err || c->hidden)
		return err;
	thread_leave_all(s->thread);
	return put_kind(s, RECORD_PHANTOM);
}

static int step_alloc(struct step *s)
{
	struct call c = s->thread->call.state == CALL_NONE ? (struct call){.process = s->process} : s->thread->call;
	uint64_t address;
	int err;

	if (s->row->row->whole)
		return step_call_alloc(s);
	s->process = c.process;
	learn_pool(s, &c);
	if (!bound_row_value(s->b, s->row, s->hit, RT_ADDRESS, &address)) {
		s->thread->call.state = CALL_NONE;
		return c.hidden ? 0 : step_unsettled(s, "unread");
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
		return step_unsettled(s, s->thread->alone);
	return put_alloc(s, &c, address);
}

static int step_free(struct step *s)
{
	struct record r = step_record(s, RECORD_FREE);
	struct arena_hint hint = {};
	uint64_t object, address, arena;

	if (s->row->row->whole)
		return step_call_free(s);
	if (!bound_row_value(s->b, s->row, s->hit, RT_ARENA, &object) ||
	    !bound_row_value(s->b, s->row, s->hit, RT_ADDRESS, &address))
		return step_unsettled(s, "unread");
	s->thread->freeing = true;
	s->thread->free_ns = s->hit->time_ns;
	s->thread->free_object = object;
	s->thread->free_address = address;
	arena = step_arena(s, object, &hint);
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
	struct record r = step_record(s, RECORD_CLEAR);
	struct arena_hint hint = {};
	uint64_t object, arena;

	if (!bound_row_value(s->b, s->row, s->hit, RT_ARENA, &object))
		return step_unsettled(s, "unread");
	arena = reason ? decoder_arena(s->d, s->process, object) : step_arena(s, object, &hint);
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
	return s->row->row->returns ? step_call_clear(s) : clear(s, NULL);
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

/* It is not done yet: the books will say how large the arena is then. */
static int step_resize(struct step *s)
{
	uint64_t object;

	if (!bound_row_value(s->b, s->row, s->hit, RT_ARENA, &object))
		return step_unsettled(s, "unread");
	return decoder_arena(s->d, s->process, object) ? step_unsettled(s, "resize") : 0;
}

static int step_throw(struct step *s)
{
	if (s->thread->call.state != CALL_OPEN)
		return 0;
	/* How far the exception goes nobody knows. */
	thread_leave_all(s->thread);
	return fail(s, "throw");
}

static void enter(const struct step *s, const struct record *mark)
{
	const struct rt_row *row = s->row->row;

	thread_enter(s->thread, &(struct context){
		.stack = s->hit->stack, .tag = row->tag, .label = row->label, .sequence = s->hit->sequence}, mark);
}

static int step_context(struct step *s)
{
	struct record none = {};

	enter(s, &none);
	return 0;
}

/* A mark of a trace's life. */
static int mark(struct step *s, enum record_kind kind)
{
	struct record r = step_record(s, kind);
	int err = step_end_call(s);

	if (err)
		return err;
	/* A mark is in no context: what looks like one has returned. */
	thread_leave_all(s->thread);
	step_take(s, &r, RT_TRACE, FIELD_TRACE);
	if (kind == RECORD_CAPTURED)
		enter(s, &r);
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
	[VERB_RESIZE] = step_resize,
	[VERB_THROW] = step_throw,     [VERB_CONTEXT] = step_context,	[VERB_CAPTURE] = step_capture,
	[VERB_CAPTURED] = step_captured, [VERB_REPLAY] = step_replay,	[VERB_RELEASE] = step_release,
	[VERB_PROGRAM] = step_program, [VERB_CB] = step_cb,		[VERB_CB_FREE] = step_cb_free,
	[VERB_CB_VOID] = step_cb_void, [VERB_CLASH] = step_clash,	[VERB_OVERFLOW] = step_overflow,
	[VERB_DEVICE] = step_device,   [VERB_OWNER] = step_owner,	[VERB_PUSH] = step_push,
	[VERB_POP] = step_pop,	       [VERB_RETAIN] = step_retain,	[VERB_DROP] = step_drop,
	[VERB_TABLE] = step_table,
	[VERB_LOOKUP] = step_lookup,
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
	return open ? step_unsettled(&(struct step){.d = s->d, .process = t->call.process, .hit = s->hit}, "lost") : 0;
}

int decoder_hit(struct decoder *d, uint64_t process, const struct binding *b, const struct bound_row *row,
		const struct wire_hit *hit)
{
	struct step s = {.d = d, .process = process, .b = b, .row = row, .hit = hit};
	int err = meet(&s);

	if (err)
		return err;
	thread_leave(s.thread, hit->stack);
	if (hit->returned)
		thread_returned(s.thread, hit->sequence - hit->returned);
	return steps[row->row->verb](&s);
}

int decoder_skip(struct decoder *d, uint64_t process, const struct wire_hit *hit)
{
	struct step s = {.d = d, .process = process, .hit = hit};
	int err = meet(&s);

	if (s.thread->call.state == CALL_NONE)
		s.thread->alone = "attach";
	return err;
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
