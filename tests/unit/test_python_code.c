/* runtime/python.h: what code objects say, whatever was copied of them; runtime/call_merge.h: which frames belong together. */
#include "runtime/call_merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random_records.h"

enum { NONE = WIRE_PYTHON_NONE };

/* As of 3.10, and of 3.12. */
static const struct python old = {
	.minor = 10, .activation_back = 8, .instructions = NONE,
	.wire = {.entry = NONE, .text_length = 16, .text_state = 32, .text_ascii = 48, .text_other = 72}};
static const struct python new = {
	.minor = 12, .activation_back = NONE, .instructions = 192, .eval_start = 0x1000, .eval_end = 0x2000,
	.wire = {.entry = NONE, .text_length = 16, .text_state = 32, .text_ascii = 40, .text_other = 56}};

static uint32_t put_text(uint8_t *to, const struct python *p, unsigned int kind, bool ascii, const void *bytes, uint64_t length)
{
	uint32_t state = kind << 2 | 1 << 5 | (ascii ? 1 << 6 : 0);
	uint32_t start = ascii ? p->wire.text_ascii : p->wire.text_other;

	memcpy(to + p->wire.text_length, &length, sizeof(length));
	memcpy(to + p->wire.text_state, &state, sizeof(state));
	memcpy(to + start, bytes, length * kind);
	return start + (uint32_t)(length * kind);
}

static void texts_of_all_widths_become_utf_8(void **state)
{
	static const uint16_t two[] = {'a', 0x416, 0x20ac};
	static const uint32_t four[] = {0x1f600, 'b'};
	struct wire_python_code *wire = xcalloc(1, sizeof(*wire));
	struct python_code code;

	(void)state;
	wire->got_file = put_text(wire->file, &old, 1, true, "serve.py", 8);
	wire->got_name = put_text(wire->name, &old, 1, false, "g\xe9n", 3);
	python_code_read(&old, wire, &code);
	assert_string_equal(code.path, "serve.py");
	assert_string_equal(code.name, "g\xc3\xa9n");
	python_code_release(&code);
	wire->got_file = put_text(wire->file, &new, 2, false, two, 3);
	wire->got_name = put_text(wire->name, &new, 4, false, four, 2);
	python_code_read(&new, wire, &code);
	assert_string_equal(code.path, "a\xd0\x96\xe2\x82\xac");
	assert_string_equal(code.name, "\xf0\x9f\x98\x80" "b");
	python_code_release(&code);
	/* One that was cut is not a shorter one. */
	wire->got_file--;
	wire->got_name = 0;
	python_code_read(&new, wire, &code);
	assert_null(code.path);
	assert_null(code.name);
	python_code_release(&code);
	free(wire);
}

static uint32_t line(const struct python *p, const char *table, size_t bytes, uint64_t at)
{
	const struct python_code code = {.first_line = 10, .table = (uint8_t *)(uintptr_t)table, .table_bytes = bytes};
	const struct wire_python_frame frame = {.at = at, .key.code = 4096};

	return python_line(p, &code, &frame);
}

static void lines_are_those_of_the_tables(void **state)
{
	/* 4 bytes of line 11, 2 of none, 2 of line 9. */
	static const char pairs[] = "\x04\x01\x02\x80\x02\xfe";
	/* 2 units of line 10 (short), 1 of 11 (one line), 3 of 11 + 40 (no columns), 1 of 49 (long), 1 of none. */
	static const char locations[] = "\x81\x00\xd8\x00\x00\xea\x50\x01\xf0\x05\x00\x01\x01\xf8";
	static const struct {
		uint64_t at;
		uint32_t line;
	} old_lines[] = {{0, 11}, {1, 11}, {2, 0}, {3, 9}, {4, 0}, {UINT32_MAX, 10}},
	  new_lines[] = {{0, 10}, {2, 10}, {4, 11}, {6, 51}, {10, 51}, {12, 49}, {14, 0}, {16, 0}, {(uint64_t)-2, 10}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(old_lines); i++)
		assert_int_equal(line(&old, pairs, sizeof(pairs) - 1, old_lines[i].at), old_lines[i].line);
	for (size_t i = 0; i < ARRAY_SIZE(new_lines); i++)
		assert_int_equal(line(&new, locations, sizeof(locations) - 1, 4096 + 192 + new_lines[i].at), new_lines[i].line);
	assert_int_equal(line(&new, locations, 0, 4096 + 192), 0);
	assert_int_equal(line(&new, locations, 11, 4096 + 192 + 12), 0);
}

static void hostile_code_objects_end(void **state)
{
	struct wire_python_code *wire = xmalloc(sizeof(*wire));
	struct random random = {.state = 1};
	struct python_code code;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		const struct python *p = round & 1 ? &old : &new;
		struct wire_python_frame frame = {.at = random_number(&random)};

		for (size_t i = 0; i < sizeof(*wire); i++)
			((uint8_t *)wire)[i] = (uint8_t)random_number(&random);
		wire->got_file = (uint32_t)random_below(&random, 2) ? wire->got_file : (uint32_t)random_below(&random, WIRE_PYTHON_FILE + 1);
		wire->got_name = WIRE_PYTHON_NAME;
		wire->got_table = random_below(&random, 9) ? (uint32_t)random_below(&random, WIRE_PYTHON_LINES + 1) : wire->got_table;
		python_code_read(p, wire, &code);
		frame.key.code = frame.at - random_below(&random, 20000);
		python_line(p, &code, &frame);
		python_code_release(&code);
	}
	free(wire);
}

/* "n3 p0 p1 ?": native and Python frames by number, and what is missing. */
static void check_merged(const struct python *p, const struct wire_python_stack *python, const struct stack *native,
			 const struct stack_sample *sample, const char *expected)
{
	merged_frames merged = {};
	struct str text = {};

	call_merge(p, python, native, sample, &merged);
	for (size_t i = 0; i < merged.nr; i++) {
		const struct merged_frame *f = &merged.items[i];

		if (f->native)
			str_addf(&text, "n%d ", (int)(f->native - native->frames));
		else if (f->python)
			str_addf(&text, "p%d ", (int)(f->python - python->frame));
		else
			str_add(&text, "? ");
	}
	assert_string_equal(str_text(&text), expected);
	str_release(&text);
	vec_release(&merged);
}

/* Frames of 0x100 bytes each, from 0x10000 on. */
static void fill_native(struct stack *native, size_t nr)
{
	native->nr = nr;
	for (size_t i = 0; i < nr; i++)
		native->frames[i] = (struct stack_frame){.pc = 0x500 + i, .sp = 0x10000 + i * 0x100, .cfa = 0x10100 + i * 0x100};
}

static void frames_belong_together_by_their_addresses(void **state)
{
	struct wire_python_stack *python = xcalloc(1, sizeof(*python));
	struct stack *native = xcalloc(1, sizeof(*native));
	uint64_t words[0x60] = {};
	const struct stack_sample sample = {.start = 0x10000, .bytes = sizeof(words), .stack = (const unsigned char *)words};

	(void)state;
	fill_native(native, 6);
	check_merged(&new, NULL, native, &sample, "n0 n1 n2 n3 n4 n5 ");
	check_merged(NULL, NULL, native, &sample, "n0 n1 n2 n3 n4 n5 ");
	/* Two calls of the interpreter, in n1 and n4; the first has two frames, and its own one at its end. */
	python->nr = 5;
	python->frame[2] = (struct wire_python_frame){.owner = 3, .frame = 0x10140};
	python->frame[4] = (struct wire_python_frame){.owner = 3, .frame = 0x10400};
	check_merged(&new, python, native, &sample, "n0 p0 p1 n2 n3 p3 n5 ");
	/* Machine code was followed to n2 only. */
	native->nr = 3;
	check_merged(&new, python, native, &sample, "n0 p0 p1 n2 ? p3 ");
	native->nr = 0;
	check_merged(&new, python, native, &sample, "p0 p1 p3 ");
	/* More frames than were walked: which they belong to only the function says, and what is further out is missing. */
	fill_native(native, 6);
	native->frames[4].pc = 0x1234;
	python->nr = 4;
	python->flags = WIRE_PYTHON_MORE;
	check_merged(&new, python, native, &sample, "n0 p0 p1 n2 n3 p3 ? n5 ");
	/* 3.10: each frame is a call, and variables of calls lead to one another. */
	python->nr = 2;
	python->flags = 0;
	python->activation = 0x10180;
	words[(0x180 + 8) / 8] = 0x10280;
	check_merged(&old, python, native, &sample, "n0 p0 p1 n3 n4 n5 ");
	words[(0x180 + 8) / 8] = 0x90000;
	check_merged(&old, python, native, &sample, "n0 p0 n2 n3 n4 n5 ? p1 ");
	words[(0x180 + 8) / 8] = 0x10180;
	check_merged(&old, python, native, &sample, "n0 p0 n2 n3 n4 n5 ? p1 ");
	free(native);
	free(python);
}

/* Each frame comes once, in its order, whatever addresses say. */
static void hostile_frames_end(void **state)
{
	struct wire_python_stack *python = xcalloc(1, sizeof(*python));
	struct stack *native = xcalloc(1, sizeof(*native));
	struct random random = {.state = 2};
	uint64_t words[64];
	const struct stack_sample sample = {.start = 0x10000, .bytes = sizeof(words), .stack = (const unsigned char *)words};
	merged_frames merged = {};

	(void)state;
	for (int round = 0; round < 5000; round++) {
		const struct wire_python_frame *last = NULL;
		size_t calls = 0;

		fill_native(native, random_below(&random, 20));
		python->nr = (uint32_t)random_below(&random, WIRE_PYTHON_FRAMES + 1);
		python->flags = (uint32_t)random_below(&random, 4);
		python->activation = 0x10000 + random_below(&random, 0x1000);
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			words[i] = random_below(&random, 3) ? 0x10000 + random_below(&random, 0x1000) : random_number(&random);
		for (size_t i = 0; i < WIRE_PYTHON_FRAMES; i++)
			python->frame[i] = (struct wire_python_frame){
				.frame = words[i], .owner = (uint8_t)random_below(&random, 5), .entry = (uint8_t)random_below(&random, 2)};
		call_merge(round & 1 ? &old : &new, python, native, &sample, &merged);
		for (size_t i = 0; i < merged.nr; i++) {
			calls += merged.items[i].python != NULL;
			assert_true(!merged.items[i].python || !last || merged.items[i].python > last);
			last = merged.items[i].python ? merged.items[i].python : last;
		}
		assert_true(calls <= python->nr && merged.nr <= native->nr + python->nr + 2);
	}
	vec_release(&merged);
	free(native);
	free(python);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_of_all_widths_become_utf_8),
		cmocka_unit_test(lines_are_those_of_the_tables),
		cmocka_unit_test(hostile_code_objects_end),
		cmocka_unit_test(hostile_frames_end),
		cmocka_unit_test(frames_belong_together_by_their_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
