/*
 * Fuzzer of what BPF sends of a Python interpreter (libFuzzer): whatever the code objects, the frames and the stack below them hold, texts and
 * lines are read or are not known, and the merged stack has each frame once at most, in order. Corpus: tests/fuzz/corpus/calls, of real
 * programs.
 *
 * An input: which of the versions that are built in; then pieces: a byte that says what, a length of 2 bytes, and
 *	0  a code object (struct wire_python_code)
 *	1  Python frames (struct wire_python_stack)
 *	2  from where to where the function lies that runs frames: 2 words
 *	3  frames of machine code, pc, sp and cfa each, behind their number (a byte); and the stack from the first one's sp on
 */
#include "runtime/call_merge.h"
#include "runtime/embedded.h"

#include <string.h>

enum { CODE, PYTHON, LOOP, NATIVE, KINDS };

_Static_assert(STACK_FRAMES >= UINT8_MAX, "a byte says how many");

struct state {
	struct python python;
	struct wire_python_code wire;
	struct python_code code;
	struct wire_python_stack frames;
	struct stack native;
	merged_frames merged;
	struct interpreter *in;
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static size_t take(const uint8_t **bytes, size_t *len, void *to, size_t wanted)
{
	size_t n = wanted < *len ? wanted : *len;

	if (n)
		memcpy(to, *bytes, n);
	*bytes += n;
	*len -= n;
	return n;
}

static void choose(struct state *s, uint8_t which)
{
	const struct interpreter_version *v = &s->in->versions.items[which % s->in->versions.nr];

	s->python = (struct python){.minor = v->minor,
				    .activation_back = v->offsets[INTERPRETER_CALL_BEFORE],
				    .instructions = v->offsets[INTERPRETER_INSTRUCTIONS]};
	interpreter_layout(v, &s->python.wire);
}

static void read_code(struct state *s, const uint8_t *bytes, size_t len)
{
	memset(&s->wire, 0, sizeof(s->wire));
	take(&bytes, &len, &s->wire, sizeof(s->wire));
	python_code_release(&s->code);
	python_code_read(&s->python, &s->wire, &s->code);
	BUG_ON(s->code.table_bytes > sizeof(s->wire.table));
}

/* As live/kernel_stacks.c hands them on: only those that are there. */
static void read_frames(struct state *s, const uint8_t *bytes, size_t len)
{
	size_t got = take(&bytes, &len, &s->frames, sizeof(s->frames)), head = offsetof(struct wire_python_stack, frame);
	size_t whole = got > head ? (got - head) / sizeof(s->frames.frame[0]) : 0;

	if (got < head || s->frames.nr > whole)
		s->frames.nr = (uint32_t)whole;
	for (size_t i = 0; i < s->frames.nr && s->code.table; i++)
		python_line(&s->python, &s->code, &s->frames.frame[i]);
}

static void read_loop(struct state *s, const uint8_t *bytes, size_t len)
{
	take(&bytes, &len, &s->python.eval_start, sizeof(s->python.eval_start));
	take(&bytes, &len, &s->python.eval_end, sizeof(s->python.eval_end));
}

/* Each of both kinds once at most, and further out than those before. */
static void check(const struct state *s)
{
	const struct wire_python_frame *python = NULL;
	const struct stack_frame *native = NULL;

	BUG_ON(s->merged.nr > s->native.nr + s->frames.nr + 2);
	for (size_t i = 0; i < s->merged.nr; i++) {
		const struct merged_frame *f = &s->merged.items[i];

		BUG_ON(f->native && f->python);
		BUG_ON(f->native && (f->native < (native ? native + 1 : s->native.frames) || f->native >= s->native.frames + s->native.nr));
		BUG_ON(f->python && (f->python < (python ? python + 1 : s->frames.frame) || f->python >= s->frames.frame + s->frames.nr));
		native = f->native ? f->native : native;
		python = f->python ? f->python : python;
	}
}

static void merge(struct state *s, const uint8_t *bytes, size_t len)
{
	struct stack_sample sample = {};
	uint8_t nr = 0;
	uint8_t *copy;

	take(&bytes, &len, &nr, sizeof(nr));
	s->native.nr = nr;
	memset(s->native.frames, 0, s->native.nr * sizeof(s->native.frames[0]));
	for (size_t i = 0; i < s->native.nr; i++)
		take(&bytes, &len, &s->native.frames[i], 3 * sizeof(uint64_t));
	/* Of its own, so that a read behind it is seen. */
	copy = xmalloc(len);
	sample.start = s->native.frames[0].sp;
	sample.stack = copy;
	sample.bytes = take(&bytes, &len, copy, len);
	call_merge(&s->python, &s->frames, &s->native, &sample, &s->merged);
	check(s);
	call_merge(&s->python, NULL, &s->native, &sample, &s->merged);
	BUG_ON(s->merged.nr != s->native.nr);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static void (*const readers[KINDS])(struct state *s, const uint8_t *bytes, size_t len) = {read_code, read_frames, read_loop, merge};
	struct state *s = xcalloc(1, sizeof(*s));
	uint8_t which = 0, kind;
	uint16_t size;

	for (const struct embedded_runtime *e = embedded_runtimes; e->name; e++)
		if (!s->in && interpreter_is(e->text, e->len))
			BUG_ON(interpreter_parse(e->name, e->text, e->len, &s->in, NULL));
	take(&bytes, &len, &which, sizeof(which));
	choose(s, which);
	while (take(&bytes, &len, &kind, sizeof(kind)) && take(&bytes, &len, &size, sizeof(size)) == sizeof(size)) {
		size_t n = size < len ? size : len;

		readers[kind % KINDS](s, bytes, n);
		bytes += n;
		len -= n;
	}
	python_code_release(&s->code);
	vec_release(&s->merged);
	interpreter_free(s->in);
	free(s);
	return 0;
}
