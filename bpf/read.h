/* What a hit carries: values of registers and of the traced process's memory, and what its thread has left since. */
#ifndef BPF_READ_H
#define BPF_READ_H

/* May a read wait for a page that is not present? Set before the load; probe.bpf.c has it. */
extern const volatile bool sleepable;

/* The number of the last thread that had a hit, and values that could not be read, all CPUs; probe.bpf.c has them. */
extern __u64 next_thread;
extern __u64 nr_unread;

/* The registers by enum wire_base: an index into the context itself is not allowed. */
struct bases {
	__u64 value[8];
};

static __always_inline void read_bases(struct pt_regs *ctx, struct bases *b)
{
	b->value[WIRE_ARG0] = ctx->di;
	b->value[WIRE_ARG0 + 1] = ctx->si;
	b->value[WIRE_ARG0 + 2] = ctx->dx;
	b->value[WIRE_ARG0 + 3] = ctx->cx;
	b->value[WIRE_ARG0 + 4] = ctx->r8;
	b->value[WIRE_ARG0 + 5] = ctx->r9;
	b->value[WIRE_STACK] = ctx->sp;
	b->value[WIRE_RETURN] = ctx->ax;
}

/* Nearly all pages are present, and a read that need not wait for one is the cheaper one. */
static __always_inline long read_user(void *to, __u32 bytes, __u64 address)
{
	long err = bpf_probe_read_user(to, bytes, (void *)address);

	return err && sleepable ? bpf_copy_from_user(to, bytes, (void *)address) : err;
}

static __always_inline long load(__u32 bytes, __u64 address, __u64 *to)
{
	__u64 value = 0;

	if (read_user(&value, bytes, address))
		return -1;
	*to = value;
	return 0;
}

/* A load that shares its read with others, whose first one is @ahead bytes before it. */
static __always_inline long load_shared(struct shared *shared, __u32 bytes, __u64 address, __u32 ahead, __u64 *to)
{
	__u64 value;

	if (shared->start != address - ahead) {
		shared->start = NOWHERE;
		/* All of it, which may reach into a page that is not there; no page is made present for that. */
		if (bpf_probe_read_user(shared->word, WIRE_SHARED, (void *)(address - ahead)))
			return -1;
		shared->start = address - ahead;
	}
	/* None of the values lies in two of the words. */
	value = shared->word[ahead / 8 & (WIRE_SHARED / 8 - 1)] >> ahead % 8 * 8;
	*to = bytes < sizeof(value) ? value & ((1ULL << (bytes * 8)) - 1) : value;
	return 0;
}

/* A function of its own: the verifier of Linux 6.1 takes a loop inside of the others for one without an end. */
static __noinline long read_items(const struct wire_value *v, __u64 address, __u64 *to)
{
	__u64 items = 0;

	for (int i = 0; i < (int)sizeof(items); i++) {
		__u8 item = 0;

		if (read_user(&item, sizeof(item), address + v->offset[WIRE_LOADS - 1] + (__u64)i * v->each))
			return -1;
		items |= (__u64)item << i * 8;
	}
	*to = items;
	return 0;
}

/* 1: it is longer than any that is of interest. */
static __noinline long read_name(__u64 address, __u64 *to)
{
	struct wire_name name = {};
	long bytes = bpf_probe_read_user_str(&name, sizeof(name), (void *)address);

	if (bytes < 0)
		return -1;
	if (bytes >= (long)sizeof(name))
		return 1;
	*to = wire_name_number(&name);
	return 0;
}

/*
 * 0; 1: a pointer on the way is NULL, and leads to no value; below 0: a load failed. Then the value is not known. @shared: one for first
 * loads, one for those behind them; NULL: none.
 */
static __always_inline long read_value(const struct bases *b, const struct wire_value *v, struct shared *shared, __u64 *to)
{
	__u64 value = b->value[v->base & 7], address;

	for (int i = 0; i < WIRE_LOADS; i++) {
		/* 1 to 8, in a way that the verifier of Linux 6.1 follows: it loses a bound that was compared in another copy. */
		__u32 bytes = ((v->size[i] - 1) & (sizeof(value) - 1)) + 1;

		if (i >= v->nr_loads)
			break;
		if (!value)
			return 1;
		address = value + v->offset[i];
		if (shared && v->ahead[i] != WIRE_ALONE_LOAD && !load_shared(&shared[i ? 1 : 0], bytes, address, v->ahead[i], &value))
			continue;
		if (load(bytes, address, &value))
			return -1;
	}
	if (v->each && !value)
		return 1;
	if (v->each)
		return v->each == WIRE_NAME ? read_name(value, to) : read_items(v, value, to);
	*to = value;
	return 0;
}

struct reading {
	const struct bases *bases;
	const struct wire_spec *spec;
	struct thread *thread;
};

static long read_one(__u32 i, struct reading *r)
{
	__u64 value = 0;
	long err;

	i += r->thread->first;
	verifier_must_see(i);
	if (i >= WIRE_VALUES)
		return 1;
	err = read_value(r->bases, &r->spec->value[i], r->thread->shared, &value);
	r->thread->value[i] = value;
	if (!err)
		r->thread->valid |= 1U << i;
	if (err < 0)
		r->thread->unread++;
	return 0;
}

/*
 * The first @nr values, into the thread's own memory, and from there into the ring. bpf_loop() because the kernel looks at a loop of
 * its own once, and at one of C for each time that it may be gone through, and for each size that a hit may have in the ring.
 */
static __always_inline void read_values(struct reading *r, __u32 nr)
{
	const struct wire_spec *spec = r->spec;
	struct thread *thread = r->thread;
	__u32 plain = nr < spec->nr_plain ? nr : spec->nr_plain;

	/* What an earlier hit read may have changed since. */
	thread->shared[0].start = NOWHERE;
	thread->shared[1].start = NOWHERE;
	thread->valid = (1U << plain) - 1;
	thread->unread = 0;
	__builtin_memset(thread->value + WIRE_PLAIN, 0, sizeof(thread->value) - WIRE_PLAIN * sizeof(*thread->value));
	for (int i = 0; i < WIRE_PLAIN; i++)
		thread->value[i] = i < plain ? r->bases->value[spec->value[i].base & 7] : 0;
	thread->first = plain;
	if (nr > plain)
		bpf_loop(nr - plain, read_one, r, 0);
}

/* Where a thread keeps what lasts of the object that value 0 is the address of. */
static __always_inline struct lasting *lasting_of(struct thread *thread)
{
	__u64 i = thread->value[0] * 0x9e3779b97f4a7c15ULL >> 32;

	verifier_must_see(i);
	return &thread->lasting[i & (OBJECTS - 1)];
}

/* A value of the thread's, of which the verifier sees that there is one. */
static __always_inline __u64 *value_at(struct thread *thread, __u32 i)
{
	verifier_must_see(i);
	return &thread->value[i & (VALUES - 1)];
}

/* The values that follow the first @first, which were read. */
static __always_inline void read_lasting(struct reading *r, __u32 first, __u32 cookie, const struct wire_target *target)
{
	const struct wire_spec *spec = r->spec;
	struct thread *thread = r->thread;
	__u32 all = ((1U << spec->nr_lasting) - 1) << first;
	/* Before anything is read: what changes from here on is read once more. */
	__u64 changes = *(const volatile __u64 *)&target->changes;
	struct lasting *l = lasting_of(thread);

	if (l->key == thread->value[0] && l->spec == cookie && l->changes == changes) {
		for (int i = 0; i < WIRE_LASTING; i++)
			*value_at(thread, first + i) = l->value[i];
		thread->valid |= all;
		return;
	}
	thread->first = first;
	bpf_loop(spec->nr_lasting, read_one, r, 0);
	/* What could not be read now may be there the next time. */
	if ((thread->valid & all) != all)
		return;
	l->key = thread->value[0];
	l->spec = cookie;
	l->changes = changes;
	/* Of a row with fewer, those behind them belong to no value. */
	for (int i = 0; i < WIRE_LASTING; i++)
		l->value[i] = *value_at(thread, first + i);
}

static __always_inline void fill_values(struct wire_hit *hit, const struct thread *thread, int max)
{
	for (int i = 0; i < max; i++)
		hit->value[i] = thread->value[i];
}

static __always_inline void count_unread(__u32 spec, const struct thread *thread)
{
	struct wire_stats *stat;

	if (!thread->unread)
		return;
	stat = bpf_map_lookup_elem(&stats, &spec);
	if (stat)
		__sync_fetch_and_add(&stat->unread, thread->unread);
	__sync_fetch_and_add(&nr_unread, thread->unread);
}

static __always_inline struct frame *frame_at(struct thread *thread, __u32 i)
{
	verifier_must_see(i);
	return &thread->frame[i & (FRAMES - 1)];
}

static __always_inline bool stands(const struct frame *f, __u64 stack)
{
	__u64 back = 0;

	if (f->slot < stack || read_user(&back, sizeof(back), f->slot))
		return false;
	return f->calling ? back - f->back <= CALL_BYTES_MAX : back == f->back;
}

/* Contexts that do not last any more at a hit with this stack pointer. Returns what the hit tells of them. */
static __always_inline __u16 leave_frames(struct thread *thread, __u64 stack)
{
	__u64 oldest = 0, ago;

	for (int i = 0; i < FRAMES; i++) {
		struct frame *f = frame_at(thread, thread->nr_frames - 1);

		if (!thread->nr_frames || stands(f, stack))
			break;
		oldest = f->sequence;
		thread->nr_frames--;
	}
	if (!oldest)
		return 0;
	ago = thread->at.sequence - oldest;
	return ago < RETURNED_MAX ? ago : RETURNED_MAX;
}

static __always_inline struct thread *current_thread(void)
{
	struct thread *thread = make_storage(&threads);

	if (thread && !thread->at.id)
		thread->at.id = __sync_fetch_and_add(&next_thread, 1) + 1;
	return thread;
}

#endif
