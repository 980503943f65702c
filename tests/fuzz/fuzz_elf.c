/*
 * Fuzzer of ELF files (libFuzzer), which the traced process maps, and may have made: symbols, addresses and instructions of whatever it
 * is are found or not, in bounded time. Corpus: tests/fuzz/corpus/elf.
 */
#include "target/code.h"
#include "target/code_site.h"
#include "target/unwind_module.h"
#include "target/ways_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { SYMBOLS = 8, CODE = 64, CHAINS = 8 };

/* What is found is so on each path, or it is refused with a reason. */
static void follow(struct elf_file *f, const struct elf_symbol *symbol)
{
	struct code_chain chains[CHAINS];
	uint64_t addresses[CHAINS];
	struct ways_out ways = {};
	struct code_site site;
	size_t nr;
	struct diag d[8] = {};
	int err[] = {
		code_returns(f, symbol, NULL, chains, &d[0]),
		code_passes(f, symbol, "*", 0, chains, CHAINS, &nr, &d[1]),
		code_reads_first(f, symbol, chains, &d[2]),
		code_stores(f, symbol, 1, 8, chains, &d[3]),
		code_divides(f, symbol, chains, &d[4]),
		code_compares(f, symbol, 3, chains, &d[5]),
		code_calls(f, symbol, "*", addresses, CHAINS, &nr, &d[6]),
		code_ways_out(f, symbol, &ways, &d[7]),
	};

	for (size_t i = 0; i < sizeof(err) / sizeof(err[0]); i++)
		if (err[i] && !d[i].text[0])
			abort();
	ways_out_release(&ways);
	code_choose_site(f, symbol, 0x3f, &site);
	if (site.address - site.into != symbol->address)
		abort();
	code_site_release(&site);
}

static void look_at(struct elf_file *f, const struct elf_symbol *symbol)
{
	uint64_t offset, address, bias;
	struct elf_symbol other;
	char code[CODE];

	if (!symbol->name || elf_file_read(f, symbol->address, code, sizeof(code)) > sizeof(code))
		abort();
	if (symbol->function)
		follow(f, symbol);
	elf_file_plt(f, symbol->address);
	elf_file_slot(f, symbol->address);
	elf_file_symbol_at(f, symbol->address + symbol->size / 2, &other);
	elf_file_begins(f, symbol->address, symbol->address + symbol->size, &other);
	if (!elf_file_offset(f, symbol->address, &offset)) {
		elf_file_address(f, offset, &address);
		elf_file_bias(f, 0x7f0000000000, offset & ~0xfffULL, &bias);
	}
}

static void unwind(const char *path)
{
	struct modules *modules = modules_new();
	struct diag d = {};
	struct module *module = modules_file(modules, path, &d);

	if (!module && !d.text[0])
		abort();
	if (module && !module_cfi(module) && !module->why)
		abort();
	modules_free(modules);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct elf_symbol symbols[SYMBOLS];
	struct elf_file *f = NULL;
	struct diag d = {};
	char path[64];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (elf_file_open(path, &f, &d)) {
		if (!d.text[0])
			abort();
		close(fd);
		return 0;
	}
	for (int exported = 0; exported < 2; exported++) {
		elf_file_set_exported(f, exported);
		for (const char *const *pattern = (const char *const[]){"fuzz_*", "_Z*", "fuzz_alloc", "", NULL}; *pattern; pattern++) {
			size_t nr = elf_file_find(f, *pattern, symbols, SYMBOLS);

			for (size_t i = 0; i < nr && i < SYMBOLS; i++)
				look_at(f, &symbols[i]);
		}
	}
	elf_file_build_id(f);
	elf_file_free(f);
	unwind(path);
	close(fd);
	return 0;
}
