/* base/proto.h: bytes as the encoding of protocol buffers has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/proto.h"

static void check(struct str *s, const char *bytes, size_t len)
{
	assert_int_equal(s->len, len);
	assert_memory_equal(s->p, bytes, len);
	str_release(s);
}

#define CHECK(s, bytes) check(s, bytes, sizeof(bytes) - 1)

static void numbers_take_seven_bits_a_byte(void **state)
{
	struct str s = {};

	(void)state;
	proto_add_number(&s, 1, 0);
	CHECK(&s, "\x08\0");
	proto_add_number(&s, 1, 127);
	proto_add_number(&s, 1, 128);
	proto_add_number(&s, 1, 150);
	CHECK(&s, "\x08\x7f\x08\x80\x01\x08\x96\x01");
	proto_add_number(&s, 16, UINT64_MAX);
	CHECK(&s, "\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

static void texts_have_their_length_before_them(void **state)
{
	struct str s = {};

	(void)state;
	proto_add_text(&s, 2, "testing");
	proto_add_text(&s, 2, "");
	CHECK(&s, "\x12\x07testing\x12\0");
}

static void messages_have_theirs_and_may_be_nested(void **state)
{
	struct str s = {};
	size_t outer = proto_begin(&s, 3), inner = proto_begin(&s, 4);

	(void)state;
	proto_add_packed(&s, 3);
	proto_add_packed(&s, 270);
	proto_end(&s, inner);
	proto_add_number(&s, 1, 1);
	proto_end(&s, outer);
	CHECK(&s, "\x1a\x07\x22\x03\x03\x8e\x02\x08\x01");
	proto_end(&s, proto_begin(&s, 1));
	CHECK(&s, "\x0a\0");
}

/* A length of two bytes moves what was written behind one. */
static void a_message_may_be_long(void **state)
{
	static const size_t lengths[] = {127, 128, 16383, 16384, 3000000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct str s = {}, expected = {};
		size_t begin = proto_begin(&s, 1);

		str_add_char(&expected, 0x0a);
		proto_add_packed(&expected, lengths[i]);
		for (size_t k = 0; k < lengths[i]; k++) {
			str_add_char(&s, (char)k);
			str_add_char(&expected, (char)k);
		}
		proto_end(&s, begin);
		check(&s, expected.p, expected.len);
		str_release(&expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_take_seven_bits_a_byte),
		cmocka_unit_test(texts_have_their_length_before_them),
		cmocka_unit_test(messages_have_theirs_and_may_be_nested),
		cmocka_unit_test(a_message_may_be_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
