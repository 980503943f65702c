/*
 * The frames of a Python interpreter, walked while their thread stands still. How they are laid out is data (struct wire_python), which
 * user space finds for each process. What was read must fit together: the interpreter's thread must be the one that is running.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "wire.h"
#include "maps.h"
#include "send.h"
#include "read.h"
#include "stack.h"
#include "wire_python.h"

/* What is known of a code object: one of a generated program may be followed by another one that looks the same. */
enum { KNOWN = 1, GENERATED = 2 };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 12);
	__type(key, __u32);
	__type(value, struct wire_python);
} interpreters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, struct wire_python_code_key);
	__type(value, __u32);
} codes SEC(".maps");

/* Of a thread's hit under way: too large for a program's own stack. */
struct walk {
	struct line line[2]; /* for frames, and for what they lead to */
	struct wire_python_stack out;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct walk);
} walks SEC(".maps");

/* What a step needs: it finds the rest by it. */
struct place {
	__u64 frame, thread, sequence;
	__u32 tgid, nr, flags;
};

static __always_inline struct walk *current_walk(__u64 flags)
{
	return bpf_task_storage_get(&walks, bpf_get_current_task_btf(), NULL, flags);
}

static __always_inline __u64 mix(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

/* A text as it lies in memory, with its head. Returns bytes that were read. */
static __always_inline __u32 copy_text(void *to, const __u32 max, const struct wire_python *p, __u64 text)
{
	__u64 length = 0, bytes;
	__u32 state = 0, wanted;

	if (bpf_probe_read_user(&length, sizeof(length), (void *)(text + p->text_length)) ||
	    bpf_probe_read_user(&state, sizeof(state), (void *)(text + p->text_state)) || length > WIRE_PYTHON_FILE)
		return 0;
	bytes = (state >> 6 & 1 ? p->text_ascii : p->text_other) + length * (state >> 2 & 7);
	wanted = bytes < max ? bytes : max;
	asm volatile("" : "+r"(wanted));
	if (wanted > max)
		return 0;
	return bpf_probe_read_user(to, wanted, (void *)text) ? 0 : wanted;
}

static __always_inline bool is_generated(const struct wire_python_code *c, const struct wire_python *p)
{
	__u32 ascii = c->file[p->text_state & 63] >> 6 & 1, at = ascii ? p->text_ascii : p->text_other;

	return c->got_file && c->file[at & 127] == '<';
}

/* Send what a traceback would say of a code object. Returns what is known of it; 0: there was no room. */
static __noinline __u32 send_code(const struct wire_python *p, const struct wire_python_code_key *key, struct place *at)
{
	struct wire_python_code *c = bpf_ringbuf_reserve(&stack_ring, sizeof(*c), 0);
	__u64 file = 0, bytes = 0;
	__u32 wanted, known;

	if (!c)
		return 0;
	__sync_fetch_and_add(&nr_stacks, 1);
	fill_head(&c->head, WIRE_STACK_CODE, at->thread, at->sequence);
	c->key = *key;
	bpf_probe_read_user(&file, sizeof(file), (void *)(key->code + p->file));
	c->got_file = copy_text(c->file, sizeof(c->file), p, file);
	c->got_name = copy_text(c->name, sizeof(c->name), p, key->name);
	bpf_probe_read_user(&bytes, sizeof(bytes), (void *)(key->table + p->bytes_length));
	c->table_bytes = bytes < ~0U ? bytes : ~0U;
	c->got_table = 0;
	wanted = bytes < sizeof(c->table) ? bytes : sizeof(c->table);
	asm volatile("" : "+r"(wanted));
	if (wanted <= sizeof(c->table) && !bpf_probe_read_user(c->table, wanted, (void *)(key->table + p->bytes)))
		c->got_table = wanted;
	known = p->version == WIRE_PYTHON_NONE && is_generated(c, p) ? GENERATED : KNOWN;
	bpf_ringbuf_submit(c, BPF_RB_NO_WAKEUP);
	return known;
}

/* The number that is never used twice, or else what the code object has. */
static __always_inline bool read_unique(struct line *line, const struct wire_python *p, struct wire_python_code_key *key)
{
	__u64 first = 0, more = 0, file, size;

	if (load(line, 4, key->code + p->line, &first))
		return false;
	if (p->version != WIRE_PYTHON_NONE) {
		if (load(line, 4, key->code + p->version, &more))
			return false;
	} else {
		__u64 start[WIRE_PYTHON_START / 8] = {};

		if (load(line, 8, key->code + p->file, &file) || load(line, 8, key->table + p->bytes_length, &size))
			return false;
		if (bpf_probe_read_user(start, sizeof(start), (void *)(key->table + p->bytes)))
			return false;
		more = mix(mix(mix(mix(0, file), size), start[0]), start[1]);
	}
	key->unique = (first & ~0U) | more << 32;
	return true;
}

/* What is known of the frame's code object, told if it is new. False: nothing. */
static __always_inline bool read_code(struct line *line, const struct wire_python *p, struct wire_python_frame *f, struct place *at)
{
	struct wire_python_code_key first;
	__u32 *known, told;

	if (load(line, 8, f->key.code + p->name, &f->key.name) || load(line, 8, f->key.code + p->table, &f->key.table) ||
	    !read_unique(line, p, &f->key))
		return false;
	first = f->key;
	known = bpf_map_lookup_elem(&codes, &first);
	if (known && *known == KNOWN)
		return true;
	/* Each time another one, for all that can be told: it gets a name of its own. */
	if (known)
		f->key.unique = (f->key.unique & ~0U) | bpf_ktime_get_ns() << 32;
	told = send_code(p, &f->key, at);
	if (!told)
		return false;
	/* At its first time the name is the one that all of them have: so also this one gets another, next time. */
	bpf_map_update_elem(&codes, &first, &told, BPF_ANY);
	return true;
}

static __always_inline bool read_frame(struct walk *w, const struct wire_python *p, struct wire_python_frame *f, struct place *at)
{
	/* As in read.h: 1 to 8. */
	__u32 at_bytes = ((p->at_bytes - 1) & (sizeof(f->at) - 1)) + 1;
	__u64 owner = 0, entry = 0, next = 0;

	f->frame = at->frame;
	f->key.epoch = p->epoch;
	f->key.name = f->key.table = f->key.unique = 0;
	f->reserved = 0;
	f->reserved2 = 0;
	if (load(&w->line[0], 8, at->frame + p->code, &f->key.code) ||
	    load(&w->line[0], at_bytes, at->frame + p->at, &f->at) || load(&w->line[0], 8, at->frame + p->back, &next))
		return false;
	if (p->owner != WIRE_PYTHON_NONE && load(&w->line[0], 1, at->frame + p->owner, &owner))
		return false;
	if (p->entry != WIRE_PYTHON_NONE && load(&w->line[0], 1, at->frame + p->entry, &entry))
		return false;
	f->owner = owner;
	f->entry = entry;
	at->frame = next;
	return true;
}

/* The interpreter's own frame at its entry: 3.12 and later. It is no frame of a program. */
enum { OWNED_BY_C_STACK = 3 };

static long step(__u32 i, void *context)
{
	struct place *at = context;
	struct walk *w = current_walk(0);
	const struct wire_python *p = bpf_map_lookup_elem(&interpreters, &at->tgid);
	struct wire_python_frame *f;

	if (!w || !p || !at->frame || i >= WIRE_PYTHON_FRAMES)
		return 1;
	f = &w->out.frame[i & (WIRE_PYTHON_FRAMES - 1)];
	if (!read_frame(w, p, f, at)) {
		at->flags |= WIRE_PYTHON_UNREAD;
		return 1;
	}
	f->unread = p->version != WIRE_PYTHON_NONE && f->owner == OWNED_BY_C_STACK ? 0 : !read_code(&w->line[1], p, f, at);
	at->nr = i + 1;
	return 0;
}

/* The thread of the interpreter that this thread is, 0: none. */
static __always_inline __u64 find_thread(struct walk *w, const struct wire_python *p)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	__u64 self = task->thread.fsbase, block = 0, found = 0, id = 0;

	if (load(NULL, 8, self + p->block, &block) || !block || load(NULL, 8, block + p->slot, &found) || !found)
		return 0;
	return load(&w->line[1], 8, found + p->thread_id, &id) || id != self ? 0 : found;
}

static __always_inline bool find_first(struct walk *w, const struct wire_python *p, __u64 thread, __u64 *ret)
{
	w->out.activation = 0;
	if (load(&w->line[1], 8, thread + p->first, ret))
		return false;
	if (p->activation != WIRE_PYTHON_NONE && load(&w->line[1], 8, thread + p->activation, &w->out.activation))
		return false;
	return p->first_in == WIRE_PYTHON_NONE || !load(NULL, 8, *ret + p->first_in, ret);
}

__hidden int take_python(struct thread *thread)
{
	struct place at = {.thread = thread->id, .sequence = thread->sequence, .tgid = (__u32)(current_ids() >> 32)};
	const struct wire_python *p = bpf_map_lookup_elem(&interpreters, &at.tgid);
	struct walk *w = p ? current_walk(BPF_LOCAL_STORAGE_GET_F_CREATE) : NULL;
	__u64 found, bytes;

	if (!p || !w)
		return 0;
	w->line[0].start = NO_LINE;
	w->line[1].start = NO_LINE;
	found = find_thread(w, p);
	if (!found || !find_first(w, p, found, &at.frame) || !at.frame)
		return 0;
	bpf_loop(WIRE_PYTHON_FRAMES, step, &at, 0);
	w->out.nr = at.nr;
	w->out.flags = at.flags | (at.nr == WIRE_PYTHON_FRAMES && at.frame ? WIRE_PYTHON_MORE : 0);
	fill_head(&w->out.head, WIRE_STACK_PYTHON, thread->id, thread->sequence);
	bytes = sizeof(w->out) - (WIRE_PYTHON_FRAMES - (__u64)(at.nr & 127)) * sizeof(struct wire_python_frame);
	if (at.nr > WIRE_PYTHON_FRAMES || bytes > sizeof(w->out) || bytes < sizeof(w->out) - sizeof(w->out.frame))
		return 0;
	if (bpf_ringbuf_output(&stack_ring, &w->out, bytes, BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&nr_stacks_lost, 1);
	else
		__sync_fetch_and_add(&nr_stacks, 1);
	return 0;
}
