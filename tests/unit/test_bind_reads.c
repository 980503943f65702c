/* Which loads of a row are read at once, held against reading each by itself. */
#include "runtime/bind_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct wire_value value_of(unsigned int base, unsigned int nr_loads, ...)
{
	struct wire_value v = {.base = (__u8)base, .nr_loads = (__u8)nr_loads};
	va_list args;

	va_start(args, nr_loads);
	for (unsigned int i = 0; i < nr_loads; i++) {
		v.offset[i] = va_arg(args, int);
		v.size[i] = (__u8)va_arg(args, int);
	}
	va_end(args);
	return v;
}

/* As tt-metal's buffers: all members through one pointer, but one far behind. */
static void members_that_lie_close_share_a_read(void **state)
{
	struct wire_spec spec = {.nr_values = 6, .value = {
		value_of(1, 2, 0x10, 8, 0x40, 4), value_of(1, 2, 0x10, 8, 0x30, 8), value_of(1, 2, 0x10, 8, 0x10, 4),
		value_of(1, 2, 0x10, 8, 0x8, 8), value_of(1, 2, 0x10, 8, 0x14, 4), value_of(1, 2, 0x10, 8, 0x218, 8),
	}};
	static const __u8 ahead[] = {0x38, 0x28, 0x8, 0, 0xc, WIRE_ALONE_LOAD};

	(void)state;
	bound_reads(&spec);
	for (size_t i = 0; i < spec.nr_values; i++) {
		assert_int_equal(spec.value[i].ahead[0], 0);
		assert_int_equal(spec.value[i].ahead[1], ahead[i]);
	}
	assert_int_equal(spec.nr_plain, 0);
}

static void a_read_is_for_one_object(void **state)
{
	struct wire_spec spec = {.nr_values = 4, .value = {
		value_of(0, 1, 0x10, 8), value_of(1, 1, 0x18, 8), value_of(2, 2, 0, 8, 0x20, 4), value_of(2, 2, 8, 8, 0x20, 4),
	}};

	(void)state;
	bound_reads(&spec);
	assert_int_equal(spec.value[0].ahead[0], WIRE_ALONE_LOAD);
	assert_int_equal(spec.value[1].ahead[0], WIRE_ALONE_LOAD);
	assert_int_equal(spec.value[2].ahead[0], 0);
	assert_int_equal(spec.value[3].ahead[0], 8);
	assert_int_equal(spec.value[2].ahead[1], WIRE_ALONE_LOAD);
	assert_int_equal(spec.value[3].ahead[1], WIRE_ALONE_LOAD);
}

static void a_value_in_two_words_is_read_alone(void **state)
{
	struct wire_spec spec = {.nr_values = 3, .value = {value_of(0, 1, 4, 8), value_of(0, 1, 0, 4), value_of(0, 1, 12, 4)}};

	(void)state;
	bound_reads(&spec);
	assert_int_equal(spec.value[0].ahead[0], WIRE_ALONE_LOAD);
	assert_int_equal(spec.value[1].ahead[0], 0);
	assert_int_equal(spec.value[2].ahead[0], 12);
}

static void the_first_registers_are_plain(void **state)
{
	struct wire_spec spec = {.nr_values = 5, .nr_lasting = 2, .value = {
		value_of(0, 0), value_of(1, 0), value_of(2, 1, 0, 4), value_of(3, 0), value_of(4, 0),
	}};

	(void)state;
	bound_reads(&spec);
	assert_int_equal(spec.nr_plain, 2);
	spec.value[2].nr_loads = 0;
	bound_reads(&spec);
	assert_int_equal(spec.nr_plain, 3);
	spec.value[1].each = WIRE_NAME;
	bound_reads(&spec);
	assert_int_equal(spec.nr_plain, 1);
	spec = (struct wire_spec){.nr_values = WIRE_VALUES};
	bound_reads(&spec);
	assert_int_equal(spec.nr_plain, WIRE_PLAIN);
}

/* The bytes that lie at @address in a process whose word at any address tells where it is. */
static unsigned char byte_of(uint64_t address)
{
	uint64_t word = (address / 8 + 1) * 0x9e3779b97f4a7c15ULL;

	return (unsigned char)(word >> address % 8 * 8);
}

static uint64_t load_of(uint64_t address, unsigned int bytes)
{
	uint64_t ret = 0;

	for (unsigned int i = 0; i < bytes; i++)
		ret |= (uint64_t)byte_of(address + i) << i * 8;
	return ret;
}

/* As bpf/read.h does it. */
static uint64_t shared_load(uint64_t address, unsigned int bytes, __u8 ahead)
{
	uint64_t word = load_of(address - ahead + (ahead & ~7u), 8) >> ahead % 8 * 8;

	return bytes < 8 ? word & ((1ULL << bytes * 8) - 1) : word;
}

/* Whatever the row: what is read at once is what each would have read, and lies within the bytes that are read. */
static void shared_reads_give_what_each_gives(void **state)
{
	size_t shared = 0;

	(void)state;
	srandom(7);
	for (int round = 0; round < 20000; round++) {
		struct wire_spec spec = {.nr_values = (__u16)(1 + random() % WIRE_VALUES)};

		for (size_t i = 0; i < spec.nr_values; i++) {
			struct wire_value *v = &spec.value[i];

			*v = (struct wire_value){.base = (__u8)(random() % 2), .nr_loads = (__u8)(random() % (WIRE_LOADS + 1))};
			for (size_t k = 0; k < v->nr_loads; k++) {
				v->size[k] = (__u8)(1 << random() % 4);
				v->offset[k] = (int32_t)(random() % 3 ? random() % 24 : random() % 300 - 150);
			}
		}
		bound_reads(&spec);
		for (size_t i = 0; i < spec.nr_values; i++) {
			for (size_t k = 0; k < spec.value[i].nr_loads; k++) {
				const struct wire_value *v = &spec.value[i];
				uint64_t address = 4096 + (uint64_t)(int64_t)v->offset[k];

				if (v->ahead[k] == WIRE_ALONE_LOAD)
					continue;
				shared++;
				assert_true(v->ahead[k] + v->size[k] <= WIRE_SHARED);
				assert_int_equal(shared_load(address, v->size[k], v->ahead[k]), load_of(address, v->size[k]));
			}
		}
	}
	assert_true(shared > 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_that_lie_close_share_a_read),
		cmocka_unit_test(a_read_is_for_one_object),
		cmocka_unit_test(a_value_in_two_words_is_read_alone),
		cmocka_unit_test(the_first_registers_are_plain),
		cmocka_unit_test(shared_reads_give_what_each_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
