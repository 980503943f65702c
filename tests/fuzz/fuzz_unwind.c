/*
 * Fuzzer of call stacks (libFuzzer): whatever the unwind tables, the registers and the copy of the stack hold, there are frames, few
 * enough, each farther up than the one before, and an end that has a name. Corpus: tests/fuzz/corpus/unwind.
 *
 * An input: two lengths of 2 bytes, .eh_frame, .eh_frame_hdr, 17 registers, and the stack, at the stack pointer.
 */
#include "target/unwind.h"

#include <string.h>

enum { FRAMES_AT = 0x10000, HEADER_AT = 0x8000, CODE_END = 0x200000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static size_t take(const uint8_t **bytes, size_t *len, void *to, size_t wanted)
{
	size_t n = wanted < *len ? wanted : *len;

	if (to && n)
		memcpy(to, *bytes, n);
	*bytes += n;
	*len -= n;
	return n;
}

static struct cfi_bytes take_bytes(const uint8_t **bytes, size_t *len, size_t wanted, uint64_t address)
{
	struct cfi_bytes ret = { .address = address };
	size_t n = wanted < *len ? wanted : *len;
	/* Of its own, so that a read behind it is seen. */
	uint8_t *copy = xmalloc(n);

	ret.len = take(bytes, len, copy, n);
	ret.p = copy;
	return ret;
}

static void check(const struct stack *s)
{
	BUG_ON(!s->nr || s->nr > STACK_FRAMES || s->end >= STACK_END_NR || !stack_end_text(s->end));
	BUG_ON(s->end == STACK_DEEP && s->nr != STACK_FRAMES);
	for (size_t i = 0; i < s->nr; i++)
		BUG_ON(s->frames[i].module && s->frames[i].address >= CODE_END);
}

static void ask_rows(struct cfi *c, const struct stack *s)
{
	for (size_t i = 0; i < s->nr; i++) {
		uint64_t start, end;
		struct cfi_row row;

		if (cfi_function(c, s->frames[i].pc, &start, &end))
			continue;
		BUG_ON(s->frames[i].pc < start || s->frames[i].pc >= end);
		if (!cfi_row(c, s->frames[i].pc, &row))
			BUG_ON(row.nr > CFI_REGISTERS || row.cfa_register >= CFI_REGISTERS);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct stack stack;
	struct modules *modules = modules_new();
	struct unwinder *u = unwinder_new(modules, 0);
	struct stack_sample sample = {};
	uint16_t lengths[2] = {};
	struct cfi_bytes frames, header, copy;
	struct module module = { .cfi_read = true };

	take(&bytes, &len, lengths, sizeof(lengths));
	frames = take_bytes(&bytes, &len, lengths[0], FRAMES_AT);
	header = take_bytes(&bytes, &len, lengths[1], HEADER_AT);
	take(&bytes, &len, sample.reg, sizeof(sample.reg));
	copy = take_bytes(&bytes, &len, len, sample.reg[CFI_RSP]);
	sample.start = copy.address;
	sample.stack = copy.p;
	sample.bytes = copy.len;
	module.cfi = cfi_new(&frames, &header);
	unwinder_place(u, &module, 0, CODE_END, 0);
	for (int again = 0; again < 2; again++) {
		unwinder_unwind(u, &sample, &stack);
		check(&stack);
	}
	ask_rows(module.cfi, &stack);
	cfi_free(module.cfi);
	unwinder_free(u);
	modules_free(modules);
	free((void *)(uintptr_t)frames.p);
	free((void *)(uintptr_t)header.p);
	free((void *)(uintptr_t)copy.p);
	return 0;
}
