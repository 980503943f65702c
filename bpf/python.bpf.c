/*
 * The frames of a Python interpreter, walked while their thread stands still. How they are laid out is data (struct wire_python), which
 * user space finds for each process. What was read must fit together: the interpreter's thread must be the one that is running.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "verifier.h"
#include "wire.h"
#include "maps.h"
#include "again.h"
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

enum { PART_BYTES = 256 };

/* Of an object in the traced process. */
struct part {
	__u8 bytes[PART_BYTES];
};

/* Of a thread's hit under way: too large for a program's own stack. What is not written anew is of the hit before. */
struct walk {
	struct part part[2]; /* for frames, and for what they lead to */
	__u64 frame;	     /* the next one */
	__u32 nr, flags;
	struct wire_python_code_key key; /* of the code object under way */
	struct wire_python_stack out;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct walk);
} walks SEC(".maps");

struct step_context {
	struct walk *walk;
	const struct wire_python *python;
};

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
	verifier_must_see(wanted);
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
static __noinline __u32 send_code(const struct wire_python *p, const struct walk *w)
{
	struct wire_python_code *c = reserve(&stack_ring, sizeof(*c));
	__u64 word = 0;
	__u32 wanted, known;

	if (!c)
		return 0;
	__sync_fetch_and_add(&nr_stacks, 1);
	fill_head(&c->head, WIRE_STACK_CODE, w->out.head.thread, w->out.head.sequence);
	c->key = w->key;
	bpf_probe_read_user(&word, sizeof(word), (void *)(c->key.code + p->file));
	c->got_file = copy_text(c->file, sizeof(c->file), p, word);
	c->got_name = copy_text(c->name, sizeof(c->name), p, c->key.name);
	word = 0;
	bpf_probe_read_user(&word, sizeof(word), (void *)(c->key.table + p->bytes_length));
	c->table_bytes = word < ~0U ? word : ~0U;
	c->got_table = 0;
	wanted = word < sizeof(c->table) ? word : sizeof(c->table);
	verifier_must_see(wanted);
	if (wanted <= sizeof(c->table) && !bpf_probe_read_user(c->table, wanted, (void *)(c->key.table + p->bytes)))
		c->got_table = wanted;
	known = p->version == WIRE_PYTHON_NONE && is_generated(c, p) ? GENERATED : KNOWN;
	bpf_ringbuf_submit(c, stack_wake_flags(sizeof(*c)));
	return known;
}

/* A part of an object, at once: up to PART_BYTES. */
static __always_inline bool read_part(struct part *part, __u64 address, __u32 bytes)
{
	verifier_must_see(bytes);
	if (bytes > PART_BYTES)
		return false;
	return !bpf_probe_read_user(part->bytes, bytes, (void *)address);
}

static __always_inline __u64 word_at(const struct part *part, __u32 at)
{
	return *(const __u64 *)(part->bytes + (at & (PART_BYTES - 8)));
}

static __always_inline __u32 half_at(const struct part *part, __u32 at)
{
	return *(const __u32 *)(part->bytes + (at & (PART_BYTES - 4)));
}

static __always_inline __u8 byte_at(const struct part *part, __u32 at)
{
	return part->bytes[at & (PART_BYTES - 1)];
}

/*
 * The number that is never used twice, or else what the code object has: a hash of it. Apart, as send_code() is: all functions that
 * call one another have 512 bytes for what they keep.
 */
static __noinline __u32 hash_code(const struct part *part, const struct wire_python *p, __u64 table)
{
	__u64 has[2] = {}, size = 0, hash = word_at(part, p->file - p->code_begin);

	if (bpf_probe_read_user(&size, sizeof(size), (void *)(table + p->bytes_length)) ||
	    bpf_probe_read_user(has, sizeof(has), (void *)(table + p->bytes)))
		return 0;
	return mix(mix(mix(mix(0, hash), size), has[0]), has[1]) | 1;
}

static __always_inline bool same_key(const struct wire_python_code_key *a, const struct wire_python_code_key *b)
{
	return a->code == b->code && a->unique == b->unique && a->name == b->name && a->table == b->table && a->epoch == b->epoch;
}

/* What is known of the frame's code object, told if it is new. False: nothing. */
static __always_inline bool read_code(struct walk *w, const struct wire_python *p, struct wire_python_frame *f)
{
	struct part *part = &w->part[1];
	__u32 *known, told;

	if (!read_part(part, w->key.code + p->code_begin, p->code_bytes))
		return false;
	w->key.name = word_at(part, p->name - p->code_begin);
	w->key.table = word_at(part, p->table - p->code_begin);
	told = p->version != WIRE_PYTHON_NONE ? half_at(part, p->version - p->code_begin) : hash_code(part, p, w->key.table);
	if (!told)
		return false;
	w->key.unique = half_at(part, p->line - p->code_begin) | (__u64)told << 32;
	/* At the hit before, it was here as well. */
	if (f->known == KNOWN && same_key(&f->key, &w->key))
		return true;
	f->key = w->key;
	known = bpf_map_lookup_elem(&codes, &w->key);
	f->known = KNOWN;
	if (known && *known == KNOWN)
		return true;
	/* Each time another one, for all that can be told: it gets a name of its own. */
	if (known) {
		f->key.unique = (f->key.unique & ~0U) | bpf_ktime_get_ns() << 32;
		w->key.unique = f->key.unique;
	}
	told = send_code(p, w);
	f->known = told;
	if (told && !known)
		bpf_map_update_elem(&codes, &w->key, &told, BPF_ANY);
	return told;
}

static __always_inline bool read_frame(struct walk *w, const struct wire_python *p, struct wire_python_frame *f)
{
	const struct part *part = &w->part[0];

	f->frame = w->frame;
	if (!read_part(&w->part[0], f->frame + p->frame_begin, p->frame_bytes))
		return false;
	w->key.code = word_at(part, p->code - p->frame_begin);
	w->frame = word_at(part, p->back - p->frame_begin);
	f->at = p->at_bytes == 4 ? half_at(part, p->at - p->frame_begin) : word_at(part, p->at - p->frame_begin);
	f->owner = p->owner != WIRE_PYTHON_NONE ? byte_at(part, p->owner - p->frame_begin) : 0;
	f->entry = p->entry != WIRE_PYTHON_NONE ? byte_at(part, p->entry - p->frame_begin) : 0;
	return true;
}

/* The interpreter's own frame at its entry: 3.12 and later. It is no frame of a program. */
enum { OWNED_BY_C_STACK = 3 };

static long step(__u32 i, void *context)
{
	struct step_context *c = context;
	struct walk *w = c->walk;
	const struct wire_python *p = c->python;
	struct wire_python_frame *f = &w->out.frame[i & (WIRE_PYTHON_FRAMES - 1)];

	if (!w->frame || i >= WIRE_PYTHON_FRAMES)
		return 1;
	if (!read_frame(w, p, f)) {
		w->flags |= WIRE_PYTHON_UNREAD;
		return 1;
	}
	f->unread = p->version != WIRE_PYTHON_NONE && f->owner == OWNED_BY_C_STACK ? 0 : !read_code(w, p, f);
	w->nr = i + 1;
	return 0;
}

/* The thread of the interpreter that this thread is, 0: none. */
static __always_inline __u64 find_thread(struct walk *w, const struct wire_python *p)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	__u64 self = task->thread.fsbase, block = 0, found = 0, id = 0;

	if (load(8, self + p->block, &block) || !block || load(8, block + p->slot, &found) || !found)
		return 0;
	return load(8, found + p->thread_id, &id) || id != self ? 0 : found;
}

static __always_inline bool find_first(struct walk *w, const struct wire_python *p, __u64 thread, __u64 *ret)
{
	w->out.activation = 0;
	if (load(8, thread + p->first, ret))
		return false;
	if (p->activation != WIRE_PYTHON_NONE && load(8, thread + p->activation, &w->out.activation))
		return false;
	return p->first_in == WIRE_PYTHON_NONE || !load(8, *ret + p->first_in, ret);
}

static __always_inline void send_frames(struct walk *w)
{
	__u64 nr = w->nr, bytes;

	verifier_must_see(nr);
	if (nr > WIRE_PYTHON_FRAMES)
		return;
	w->out.nr = nr;
	w->out.flags = w->flags | (nr == WIRE_PYTHON_FRAMES && w->frame ? WIRE_PYTHON_MORE : 0);
	bytes = sizeof(w->out) - sizeof(w->out.frame) + nr * sizeof(w->out.frame[0]);
	/* The verifier of Linux 6.1 must see this bound as well. */
	verifier_must_see(bytes);
	if (bytes > sizeof(w->out))
		return;
	if (bpf_ringbuf_output(&stack_ring, &w->out, bytes, stack_wake_flags(sizeof(w->out))))
		__sync_fetch_and_add(&nr_stacks_lost, 1);
	else
		__sync_fetch_and_add(&nr_stacks, 1);
}

__hidden int take_python(struct thread *thread)
{
	__u32 tgid = (__u32)(current_ids() >> 32);
	struct step_context context = {.python = bpf_map_lookup_elem(&interpreters, &tgid)};
	struct walk *w = context.python ? make_storage(&walks) : NULL;
	__u64 found;

	if (!context.python || !w)
		return 0;
	context.walk = w;
	w->nr = 0;
	w->flags = 0;
	w->key.epoch = context.python->epoch;
	found = find_thread(w, context.python);
	if (!found || !find_first(w, context.python, found, &w->frame) || !w->frame)
		return 0;
	fill_head(&w->out.head, WIRE_STACK_PYTHON, thread->at.id, thread->at.sequence);
	bpf_loop(WIRE_PYTHON_FRAMES, step, &context, 0);
	send_frames(w);
	return 0;
}
