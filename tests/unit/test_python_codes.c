/* python_codes.h: code objects by their keys. */
#include "runtime/python_codes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MANY = 5003 };

static struct wire_python_code_key key_of(uint64_t i)
{
	return (struct wire_python_code_key){.epoch = 1, .code = 0x7f0000001000ULL + 16 * i, .name = 2, .table = 3, .unique = 4};
}

static void codes_differ_by_any_part_of_their_keys(void **state)
{
	struct wire_python_code_key keys[] = {key_of(0), key_of(0), key_of(0), key_of(0), key_of(0), key_of(0)};
	struct python_codes codes = {};

	(void)state;
	keys[1].epoch++;
	keys[2].code++;
	keys[3].name++;
	keys[4].table++;
	keys[5].unique++;
	for (uint32_t i = 0; i < ARRAY_SIZE(keys); i++) {
		assert_null(python_codes_find(&codes, &keys[i]));
		*python_codes_put(&codes, &keys[i]) = (struct python_code){.first_line = i};
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_int_equal(python_codes_find(&codes, &keys[i])->first_line, i);
	python_codes_release(&codes);
}

static void what_is_put_again_takes_the_place_of_what_was(void **state)
{
	const struct wire_python_code_key key = key_of(7);
	struct python_codes codes = {};

	(void)state;
	*python_codes_put(&codes, &key) = (struct python_code){.path = xstrdup("a.py"), .first_line = 1};
	assert_null(python_codes_put(&codes, &key)->path);
	*python_codes_put(&codes, &key) = (struct python_code){.path = xstrdup("b.py"), .first_line = 2};
	assert_string_equal(python_codes_find(&codes, &key)->path, "b.py");
	assert_int_equal(codes.by_key.nr, 1);
	python_codes_release(&codes);
}

static void all_can_be_forgotten(void **state)
{
	struct python_codes codes = {};

	(void)state;
	for (int again = 0; again < 2; again++) {
		for (uint32_t i = 0; i < MANY; i++) {
			struct wire_python_code_key key = key_of(i);

			*python_codes_put(&codes, &key) = (struct python_code){.name = xstrdup("f"), .first_line = i};
		}
		for (uint32_t i = 0; i < MANY; i++) {
			struct wire_python_code_key key = key_of(i);

			assert_int_equal(python_codes_find(&codes, &key)->first_line, i);
		}
		python_codes_clear(&codes);
		assert_int_equal(codes.by_key.nr, 0);
	}
	python_codes_release(&codes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_differ_by_any_part_of_their_keys),
		cmocka_unit_test(what_is_put_again_takes_the_place_of_what_was),
		cmocka_unit_test(all_can_be_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
