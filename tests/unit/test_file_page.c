/* docs/recording-format.md: its tables are those of the code, its example is what is written. */
#include "reading.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "stream/file_shape.h"

static void read_page(struct str *ret)
{
	int fd = open("docs/recording-format.md", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	add_fd(ret, fd);
	close(fd);
}

/* How many lines of the page begin with @begin. */
static unsigned lines_with(const struct str *page, const char *begin)
{
	unsigned nr = 0;

	for (const char *line = str_text(page); line; line = strchr(line, '\n')) {
		line += *line == '\n';
		nr += !strncmp(line, begin, strlen(begin));
	}
	return nr;
}

/* What stands between two lines of the page: the table behind a heading's row, say. */
static void add_section(struct str *ret, const struct str *page, const char *first, const char *behind)
{
	const char *begin = strstr(str_text(page), first), *end = begin ? strstr(begin, behind) : NULL;

	assert_non_null(end);
	str_add_bytes(ret, begin, (size_t)(end - begin));
}

static void fields_have_the_types_methods_and_parameters_of_the_page(void **state)
{
	static const char *const types[] = {"0 number", "1 hex", "2 text", "0 number"};
	static const char *const methods[] = {"0 delta", "1 chain", "2 group", "3 place"};
	_cleanup_(str_release) struct str page = {}, table = {};

	(void)state;
	read_page(&page);
	add_section(&table, &page, "| field | type | method | parameter |", "\n\n");
	for (int field = 0; field < FIELD_NR; field++) {
		unsigned parameter;
		enum file_method method = file_method_of((enum field)field, &parameter);
		char row[128], number[64];

		snprintf(number, sizeof(number), "%u", parameter);
		if (method == METHOD_PLACE)
			snprintf(number, sizeof(number), "`%s`", field_descs[parameter].name);
		snprintf(row, sizeof(row), "| `%s` | %s | %s | %s |", field_descs[field].name,
			 types[field_descs[field].type], methods[method], number);
		if (lines_with(&table, row) != 1)
			fail_msg("the page lacks '%s'", row);
	}
	assert_int_equal(lines_with(&table, "| `"), FIELD_NR);
}

static void kinds_have_the_roles_of_the_page(void **state)
{
	static const char *const roles[] = {"0 none", "1 makes", "2 takes"};
	_cleanup_(str_release) struct str page = {}, table = {};
	unsigned nr = 0;

	(void)state;
	read_page(&page);
	add_section(&table, &page, "| kind | role |", "| all others | 0 none |");
	for (int kind = RECORD_NONE + 1; kind < RECORD_NR; kind++) {
		enum file_role role = file_role_of((enum record_kind)kind);
		char row[64];

		snprintf(row, sizeof(row), "| `%s` | %s |", kind_descs[kind].name, roles[role]);
		nr += role != ROLE_NONE;
		assert_int_equal(lines_with(&table, row), role != ROLE_NONE);
	}
	assert_int_equal(lines_with(&table, "| `"), nr);
}

/* The limits that the page names are those of the code. */
static void limits_are_those_of_the_page(void **state)
{
	static const struct {
		const char *format;
		unsigned long value;
	} limits[] = {
		{"version of the format: %lu |", FILE_VERSION},
		{"whose readers can read this file: %lu |", FILE_OLDEST_READER},
		{"checksum included: 52 to %lu |", FILE_HEADER_MAX},
		{"bytes of the payload, at most %lu (64 MiB) |", FILE_CHUNK_MAX},
		{"number of kinds, at most %lu\n", FILE_KINDS_MAX},
		{"number of fields, at most %lu\n", FILE_FIELDS_MAX},
		{"number of records, as in the chunk's header; at most %lu\n", FILE_RECORDS_MAX},
		{"number of texts, at most %lu\n", FILE_TEXTS_MAX},
		{"number of shapes, at most %lu\n", FILE_SHAPES_MAX},
		{"All columns of a chunk have %lu numbers at most", FILE_VALUES_MAX},
		{"or the context is above %lu.", FILE_CONTEXT_MAX},
	};
	_cleanup_(str_release) struct str page = {};

	(void)state;
	read_page(&page);
	assert_int_equal(FILE_HEADER_MIN, 52);
	assert_int_equal(FILE_FRAME_MAX, 64 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		char text[128];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), limits[i].format, limits[i].value);
#pragma GCC diagnostic pop
		if (!strstr(str_text(&page), text))
			fail_msg("the page lacks '%s'", text);
	}
}

/* A part of the example: its bytes, -1 for those that depend on something. */
struct part {
	VEC(int) bytes;
};

/* The lines of bytes behind the page's line @heading, each at its place: `    00000010  50 4f .. |   what`. */
static void read_part(const struct str *page, const char *heading, struct part *ret)
{
	const char *line = strstr(str_text(page), heading);

	assert_non_null(line);
	while ((line = strchr(line, '\n') + 1) && strncmp(line, "    0", 5))
		;
	for (; !strncmp(line, "    0", 5); line = strchr(line, '\n') + 1) {
		const char *p = line + 12;

		assert_int_equal(strtoul(line, NULL, 16), ret->bytes.nr);
		for (; *p != '|'; p += 1 + (*p != ' '))
			if (*p != ' ')
				vec_push(&ret->bytes, *p == '.' ? -1 : (int)strtoul((char[]){p[0], p[1], 0}, NULL, 16));
	}
	assert_true(ret->bytes.nr > 0);
}

/* The part is the beginning of @bytes; @nr: it has so many. */
static void assert_part(const struct str *page, const char *heading, const char *bytes, size_t len, size_t nr)
{
	struct part part = {};

	read_part(page, heading, &part);
	assert_int_equal(part.bytes.nr, nr);
	assert_true(nr <= len);
	for (size_t i = 0; i < part.bytes.nr; i++)
		if (part.bytes.items[i] >= 0 && part.bytes.items[i] != (unsigned char)bytes[i])
			fail_msg("%s: byte %zu is %02x, not %02x", heading, i, (unsigned char)bytes[i],
				 (unsigned)part.bytes.items[i]);
	vec_release(&part.bytes);
}

static void the_example_is_what_is_written(void **state)
{
	static const char text[] = "arena time_ns=1000 process=1 arena=1 object=0x40 pool=P\n"
				   "alloc time_ns=1005 process=1 arena=1 address=4096 reserved=32\n"
				   "free time_ns=1007 process=1 arena=1 address=4096\n";
	_cleanup_(str_release) struct str page = {}, file = {};
	const char *records, *frame;
	char content[256];
	size_t len;

	(void)state;
	read_page(&page);
	record_text_lines(&file, text);
	assert_part(&page, "The begin of a recording by pooltrace 1.2.3", file.p, file.len, 128);
	records = memmem(file.p + 100, file.len - 100, "\x89PTC", 4);
	assert_non_null(records);
	assert_part(&page, "are a chunk with this header:", records, 36, 36);
	frame = records + 36;
	len = ZSTD_decompress(content, sizeof(content), frame,
			      ZSTD_findFrameCompressedSize(frame, file.len - (size_t)(frame - file.p)));
	assert_false(ZSTD_isError(len));
	assert_part(&page, "and this content of its frame:", content, len, len);
	assert_part(&page, "The recording's end:", file.p + file.len - 52, 52, 52);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_have_the_types_methods_and_parameters_of_the_page),
		cmocka_unit_test(kinds_have_the_roles_of_the_page),
		cmocka_unit_test(limits_are_those_of_the_page),
		cmocka_unit_test(the_example_is_what_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
