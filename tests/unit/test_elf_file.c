/* Symbols, addresses and bytes of small libraries made from tests/unit/data/elf.S, whole and broken. */
#include "target/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "assemble.h"
#include "target/code.h"

struct fixture {
	char *directory, *path;
	struct elf_file *elf;
	struct elf_file *stripped; /* without .symtab, another linker layout, no build id */
};

static struct fixture fixture;

static int set_up(void **state)
{
	static const char *const flags[] = { "-shared", "-Wl,-z,lazy", "-Wl,--build-id=0x00ff8023", NULL };
	static const char *const small[] = {
		"-shared", "-s", "-Wl,-z,noseparate-code", "-Wl,--hash-style=gnu", "-Wl,--build-id=none", NULL,
	};
	char *path;

	(void)state;
	fixture.directory = assemble_directory();
	if (!fixture.directory)
		return -1;
	fixture.path = assemble(fixture.directory, "elf.so", "tests/unit/data/elf.S", flags);
	path = assemble(fixture.directory, "stripped.so", "tests/unit/data/elf.S", small);
	if (!fixture.path || !path || elf_file_open(fixture.path, &fixture.elf, NULL) ||
	    elf_file_open(path, &fixture.stripped, NULL))
		return -1;
	free(path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	elf_file_free(fixture.elf);
	elf_file_free(fixture.stripped);
	elf_file_free(NULL);
	free(fixture.path);
	assemble_remove(fixture.directory);
	return 0;
}

static uint64_t address_of(const char *name)
{
	struct elf_symbol symbol = {};

	assert_int_equal(elf_file_find(fixture.elf, name, &symbol, 1), 1);
	assert_string_equal(symbol.name, name);
	return symbol.address;
}

static void a_name_finds_one_symbol(void **state)
{
	struct elf_symbol symbol;

	(void)state;
	assert_int_equal(elf_file_find(fixture.elf, "_ZN5thing6secondEv", &symbol, 1), 1);
	assert_string_equal(symbol.name, "_ZN5thing6secondEv");
	assert_int_equal(symbol.size, 11);
	assert_true(symbol.function);
	assert_int_equal(elf_file_find(fixture.elf, "_ZTV5thing", &symbol, 1), 1);
	assert_int_equal(symbol.size, 24);
	assert_false(symbol.function);
}

static void what_is_no_name_finds_nothing(void **state)
{
	/* a part of a name; longer than it; imported only; a label; nothing */
	static const char *const patterns[] = { "_ZN5thing6second", "_ZN5thing6secondEvx", "imported", "imp*", "plt_none1*",
						"zzz*", "AAA*", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct elf_symbol symbol = { .address = 77 };

		assert_int_equal(elf_file_find(fixture.elf, patterns[i], &symbol, 1), 0);
		assert_int_equal(symbol.address, 77);
	}
}

static void a_prefix_finds_all_sorted_by_address(void **state)
{
	struct elf_symbol symbols[8];

	(void)state;
	assert_int_equal(elf_file_find(fixture.elf, "_ZN5thing*", symbols, 8), 3);
	assert_string_equal(symbols[0].name, "_ZN5thing5firstEv");
	assert_string_equal(symbols[1].name, "_ZN5thingC1Ev"); /* and C2, which is the same */
	assert_string_equal(symbols[2].name, "_ZN5thing6secondEv");
	assert_true(symbols[0].address < symbols[1].address);
	assert_true(symbols[1].address < symbols[2].address);
	assert_int_equal(elf_file_find(fixture.elf, "_ZN5thingC2*", symbols, 8), 1);
	assert_string_equal(symbols[0].name, "_ZN5thingC2Ev");
}

static void more_matches_than_room_are_counted(void **state)
{
	struct elf_symbol symbols[3] = { [2] = { .address = 77 } };

	(void)state;
	assert_int_equal(elf_file_find(fixture.elf, "_ZN5thing*", symbols, 2), 3);
	assert_string_equal(symbols[1].name, "_ZN5thingC1Ev");
	assert_int_equal(symbols[2].address, 77);
	assert_int_equal(elf_file_find(fixture.elf, "_ZN5thing*", NULL, 0), 3);
	assert_true(elf_file_find(fixture.elf, "*", NULL, 0) > 10);
}

static void symtab_is_asked_when_dynsym_has_none(void **state)
{
	struct elf_symbol symbols[4];

	(void)state;
	assert_int_equal(elf_file_find(fixture.elf, "hidden_*", symbols, 4), 2);
	assert_string_equal(symbols[0].name, "hidden_one");
	assert_string_equal(symbols[1].name, "hidden_two");
	assert_int_equal(elf_file_find(fixture.stripped, "hidden_*", symbols, 4), 0);
	assert_int_equal(elf_file_find(fixture.stripped, "_ZN5thing*", symbols, 4), 3);
}

static void an_address_has_the_function_that_holds_it(void **state)
{
	uint64_t second = address_of("_ZN5thing6secondEv"), outer = address_of("outer");
	struct elf_symbol symbol;

	(void)state;
	assert_int_equal(elf_file_symbol_at(fixture.elf, second, &symbol), 0);
	assert_string_equal(symbol.name, "_ZN5thing6secondEv");
	assert_int_equal(elf_file_symbol_at(fixture.elf, second + 10, &symbol), 0);
	assert_string_equal(symbol.name, "_ZN5thing6secondEv");
	assert_int_equal(elf_file_symbol_at(fixture.elf, second - 1, &symbol), -ENOENT);
	assert_int_equal(elf_file_symbol_at(fixture.elf, outer, &symbol), 0);
	assert_string_equal(symbol.name, "outer");
	assert_int_equal(elf_file_symbol_at(fixture.elf, outer + 2, &symbol), 0);
	assert_string_equal(symbol.name, "inner");
	assert_int_equal(elf_file_symbol_at(fixture.elf, outer + 3, &symbol), 0);
	assert_string_equal(symbol.name, "outer");
	assert_int_equal(elf_file_symbol_at(fixture.elf, address_of("hidden_one") + 1, &symbol), 0);
	assert_string_equal(symbol.name, "hidden_one");
	assert_int_equal(elf_file_symbol_at(fixture.elf, address_of("without_size"), &symbol), -ENOENT);
	assert_int_equal(elf_file_symbol_at(fixture.elf, address_of("_ZTV5thing"), &symbol), -ENOENT);
	assert_int_equal(elf_file_symbol_at(fixture.elf, UINT64_MAX, &symbol), -ENOENT);
}

/* Where the call at @address goes. */
static uint64_t target_of(uint64_t address)
{
	uint8_t code[5];
	int32_t distance;

	assert_int_equal(elf_file_read(fixture.elf, address, code, 5), 5);
	assert_int_equal(code[0], 0xe8);
	memcpy(&distance, code + 1, 4);
	return address + 5 + (uint64_t)(int64_t)distance;
}

static void a_plt_entry_has_the_name_of_its_function(void **state)
{
	uint64_t second = address_of("_ZN5thing6secondEv");

	(void)state;
	assert_string_equal(elf_file_plt(fixture.elf, target_of(second)), "imported");
	assert_string_equal(elf_file_plt(fixture.elf, target_of(second + 5)), "_ZN5thing5firstEv");
	assert_null(elf_file_plt(fixture.elf, target_of(second) + 1));
	assert_null(elf_file_plt(fixture.elf, second));
	assert_null(elf_file_plt(fixture.elf, UINT64_MAX - 3));
}

static void plt_entries_of_every_linker_are_read(void **state)
{
	static const char *const names[] = { "plt_plain", "plt_endbr", "plt_bnd", "plt_lld" };
	uint64_t slot = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(elf_file_plt(fixture.elf, address_of(names[i])), "imported");
	assert_null(elf_file_plt(fixture.elf, address_of("plt_none")));
	assert_null(elf_file_plt(fixture.elf, address_of("plt_elsewhere")));

	uint64_t plain = address_of("plt_plain");
	int32_t distance;

	assert_int_equal(elf_file_read(fixture.elf, plain + 2, &distance, 4), 4);
	slot = plain + 6 + (uint64_t)(int64_t)distance;
	assert_string_equal(elf_file_slot(fixture.elf, slot), "imported");
	assert_null(elf_file_slot(fixture.elf, slot + 1));
}

static void bytes_are_read_by_address(void **state)
{
	uint64_t vtable = address_of("_ZTV5thing"), word = 0;
	uint8_t bytes[8] = { [1] = 77 };

	(void)state;
	assert_int_equal(elf_file_read(fixture.elf, vtable + 16, &word, sizeof(word)), 8);
	assert_int_equal(word, 0x1122334455667788);
	assert_int_equal(elf_file_read(fixture.elf, address_of("_ZN5thing5firstEv"), bytes, 1), 1);
	assert_int_equal(bytes[0], 0xc3);
	assert_int_equal(bytes[1], 77);
	assert_int_equal(elf_file_read(fixture.elf, address_of("zeroes") + 0x1000, bytes, 8), 0);
	assert_int_equal(elf_file_read(fixture.elf, UINT64_MAX, bytes, 8), 0);
	/* .data ends its segment's bytes: what lies behind is not in the file */
	assert_true(elf_file_read(fixture.elf, vtable + 20, bytes, 8) >= 4);
}

static void addresses_and_offsets_lead_to_each_other(void **state)
{
	static const char *const names[] = { "_ZN5thing5firstEv", "plt_lld", "_ZTV5thing" };
	struct elf_symbol symbol;
	uint64_t offset, address;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(elf_file_offset(fixture.elf, address_of(names[i]), &offset), 0);
		assert_int_equal(elf_file_address(fixture.elf, offset, &address), 0);
		assert_int_equal(address, address_of(names[i]));
	}
	/* without pages of its own, data lies at another distance from its offset than code does */
	assert_int_equal(elf_file_find(fixture.stripped, "_ZTV5thing", &symbol, 1), 1);
	assert_int_equal(elf_file_offset(fixture.stripped, symbol.address, &offset), 0);
	assert_int_not_equal(offset, symbol.address);
	assert_int_equal(elf_file_address(fixture.stripped, offset, &address), 0);
	assert_int_equal(address, symbol.address);
	assert_int_equal(elf_file_offset(fixture.elf, address_of("zeroes") + 0x1000, &offset), -ENOENT);
	assert_int_equal(elf_file_offset(fixture.elf, UINT64_MAX, &offset), -ENOENT);
	assert_int_equal(elf_file_address(fixture.elf, UINT64_MAX, &offset), -ENOENT);
}

static void a_file_has_its_path_and_its_build_id(void **state)
{
	(void)state;
	assert_string_equal(elf_file_path(fixture.elf), fixture.path);
	assert_string_equal(elf_file_build_id(fixture.elf), "00ff8023");
	assert_string_equal(elf_file_build_id(fixture.stripped), "");
}

static size_t load(const char *path, uint8_t **ret)
{
	FILE *file = fopen(path, "rbe");
	struct stat st;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	*ret = xmalloc((size_t)st.st_size);
	assert_int_equal(fread(*ret, 1, (size_t)st.st_size, file), st.st_size);
	fclose(file);
	return (size_t)st.st_size;
}

static void save(const char *path, const uint8_t *bytes, size_t len)
{
	FILE *file = fopen(path, "wbe");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static void what_is_no_elf_file_of_ours_is_refused(void **state)
{
	static const struct {
		size_t offset;
		uint8_t byte;
	} changes[] = { { 0, 'E' }, { 4, 1 /* 32 bits */ }, { 5, 2 /* big endian */ }, { 16, 1 /* object file */ },
			{ 18, 183 /* aarch64 */ } };
	char *path = xasprintf("%s/other", fixture.directory);
	struct elf_file *f = NULL;
	uint8_t *bytes;
	size_t len = load(fixture.path, &bytes);
	struct diag d;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		uint8_t kept = bytes[changes[i].offset];

		bytes[changes[i].offset] = changes[i].byte;
		save(path, bytes, len);
		assert_int_equal(elf_file_open(path, &f, &d), -ENOEXEC);
		assert_non_null(strstr(d.text, "is no x86-64 program or library"));
		bytes[changes[i].offset] = kept;
	}
	assert_int_equal(elf_file_open(fixture.directory, &f, &d), -ENOEXEC);
	assert_non_null(strstr(d.text, "is not a regular file"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(elf_file_open(path, &f, &d), -ENOENT);
	assert_non_null(strstr(d.text, "No such file or directory"));
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(elf_file_open(path, &f, &d), -ENOEXEC); /* and does not wait for a writer */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(elf_file_open("/nowhere/\x1b[31m", &f, &d), -ENOENT);
	assert_non_null(strstr(d.text, "/nowhere/\\x1b[31m"));
	assert_null(f);
	free(bytes);
	free(path);
}

/* Ask all that can be asked. Whatever the answers are: how many symbols there were. */
static size_t ask(struct elf_file *f)
{
	struct elf_symbol symbols[4], symbol;
	size_t nr = elf_file_find(f, "*", symbols, ARRAY_SIZE(symbols)), nr_chains;
	size_t stored = nr < ARRAY_SIZE(symbols) ? nr : ARRAY_SIZE(symbols);

	for (size_t i = 0; i < stored; i++) {
		struct code_chain chains[2];
		uint64_t offset;
		uint8_t bytes[64];

		assert_true(strlen(symbols[i].name) < 1 << 20);
		elf_file_symbol_at(f, symbols[i].address, &symbol);
		elf_file_plt(f, symbols[i].address);
		elf_file_read(f, symbols[i].address, bytes, sizeof(bytes));
		if (!elf_file_offset(f, symbols[i].address, &offset))
			assert_int_equal(elf_file_address(f, offset, &offset), 0);
		code_returns(f, &symbols[i], NULL, chains, NULL);
		code_passes(f, &symbols[i], "imported", 0, chains, 2, &nr_chains, NULL);
	}
	elf_file_symbol_at(f, 0x1001, &symbol);
	elf_file_find(f, "hidden_one", &symbol, 1);
	assert_true(strlen(elf_file_build_id(f)) < 200);
	return nr;
}

static void every_shortened_file_is_refused_or_read(void **state)
{
	char *path = xasprintf("%s/short.so", fixture.directory);
	uint8_t *bytes;
	size_t len = load(elf_file_path(fixture.stripped), &bytes), nr_opened = 0, nr_with_symbols = 0;

	(void)state;
	save(path, bytes, len);
	for (size_t i = len; i-- > 0;) {
		struct elf_file *f;

		assert_int_equal(truncate(path, (off_t)i), 0);

		int err = elf_file_open(path, &f, NULL);

		if (err) {
			assert_int_equal(err, -ENOEXEC);
			continue;
		}
		nr_opened++;
		nr_with_symbols += ask(f) > 0;
		elf_file_free(f);
	}
	assert_in_range(nr_opened, 1, len - 64);
	assert_in_range(nr_with_symbols, 0, nr_opened);
	free(bytes);
	free(path);
}

/* Each byte once with all bits turned, once with the highest. */
static void every_damaged_file_is_refused_or_read(void **state)
{
	static const uint8_t changes[] = { 0xff, 0x80 };
	char *path = xasprintf("%s/damaged.so", fixture.directory);
	uint8_t *bytes;
	size_t len = load(elf_file_path(fixture.stripped), &bytes), nr_opened = 0;

	(void)state;
	save(path, bytes, len);

	int fd = open(path, O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < len * ARRAY_SIZE(changes); i++) {
		size_t at = i / ARRAY_SIZE(changes);
		uint8_t damaged = bytes[at] ^ changes[i % ARRAY_SIZE(changes)];
		struct elf_file *f;

		assert_int_equal(pwrite(fd, &damaged, 1, (off_t)at), 1);
		if (!elf_file_open(path, &f, NULL)) {
			nr_opened++;
			ask(f);
			elf_file_free(f);
		}
		assert_int_equal(pwrite(fd, &bytes[at], 1, (off_t)at), 1);
	}
	assert_in_range(nr_opened, 1, len * ARRAY_SIZE(changes) - 1);
	close(fd);
	free(bytes);
	free(path);
}

static void a_file_may_shrink_while_it_is_open(void **state)
{
	char *path = xasprintf("%s/shrinking.so", fixture.directory);
	uint8_t *bytes;
	size_t len = load(fixture.path, &bytes);

	(void)state;
	for (size_t i = 0; i < len; i += 113) {
		struct elf_file *f;
		struct elf_symbol symbol;

		save(path, bytes, len);
		assert_int_equal(elf_file_open(path, &f, NULL), 0);
		if (i % 2) /* some tables have been read by then */
			assert_int_equal(elf_file_find(f, "outer", &symbol, 1), 1);
		assert_int_equal(truncate(path, (off_t)i), 0);
		ask(f);
		elf_file_free(f);
	}
	free(bytes);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_finds_one_symbol),
		cmocka_unit_test(what_is_no_name_finds_nothing),
		cmocka_unit_test(a_prefix_finds_all_sorted_by_address),
		cmocka_unit_test(more_matches_than_room_are_counted),
		cmocka_unit_test(symtab_is_asked_when_dynsym_has_none),
		cmocka_unit_test(an_address_has_the_function_that_holds_it),
		cmocka_unit_test(a_plt_entry_has_the_name_of_its_function),
		cmocka_unit_test(plt_entries_of_every_linker_are_read),
		cmocka_unit_test(bytes_are_read_by_address),
		cmocka_unit_test(addresses_and_offsets_lead_to_each_other),
		cmocka_unit_test(a_file_has_its_path_and_its_build_id),
		cmocka_unit_test(what_is_no_elf_file_of_ours_is_refused),
		cmocka_unit_test(every_shortened_file_is_refused_or_read),
		cmocka_unit_test(every_damaged_file_is_refused_or_read),
		cmocka_unit_test(a_file_may_shrink_while_it_is_open),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
