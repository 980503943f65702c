/* Where a process's Python interpreter keeps what leads to its frames. */
#include "runtime/python.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE WIRE_PYTHON_NONE

/*
 * By minor version, as its headers have them, for x86-64. Of those that say it themselves (struct _Py_DebugOffsets, from 3.13 on) only
 * what they do not say is taken from here, and what they say must be the same.
 */
static const struct layout {
	unsigned int minor;
	struct wire_python wire;
	uint32_t activation_back, instructions;
} layouts[] = {
	{10,
	 {.thread_id = 176, .first = 24, .first_in = NONE, .activation = 48, .back = 24, .code = 32, .at = 96, .at_bytes = 4,
	  .owner = NONE, .entry = NONE, .line = 40, .file = 104, .name = 112, .table = 120, .version = NONE,
	  .frame_begin = 24, .frame_bytes = 80, .code_begin = 40, .code_bytes = 88,
	  .text_length = 16, .bytes_length = 16, .bytes = 32, .text_state = 32, .text_ascii = 48, .text_other = 72},
	 8, NONE},
	{11,
	 {.thread_id = 152, .first = 56, .first_in = 8, .activation = 56, .back = 48, .code = 32, .at = 56, .at_bytes = 8,
	  .owner = 69, .entry = 68, .line = 72, .file = 112, .name = 128, .table = 136, .version = NONE,
	  .frame_begin = 32, .frame_bytes = 40, .code_begin = 72, .code_bytes = 72,
	  .text_length = 16, .bytes_length = 16, .bytes = 32, .text_state = 32, .text_ascii = 48, .text_other = 72},
	 16, 184},
	{12,
	 {.thread_id = 136, .first = 56, .first_in = 0, .activation = NONE, .back = 8, .code = 0, .at = 56, .at_bytes = 8,
	  .owner = 70, .entry = NONE, .line = 68, .file = 112, .name = 128, .table = 136, .version = 92,
	  .frame_begin = 0, .frame_bytes = 72, .code_begin = 64, .code_bytes = 80,
	  .text_length = 16, .bytes_length = 16, .bytes = 32, .text_state = 32, .text_ascii = 40, .text_other = 56},
	 NONE, 192},
	{13,
	 {.thread_id = 152, .first = 72, .first_in = NONE, .activation = NONE, .back = 8, .code = 0, .at = 56, .at_bytes = 8,
	  .owner = 70, .entry = NONE, .line = 68, .file = 112, .name = 128, .table = 136, .version = 92,
	  .frame_begin = 0, .frame_bytes = 72, .code_begin = 64, .code_bytes = 80,
	  .text_length = 16, .bytes_length = 16, .bytes = 32, .text_state = 32, .text_ascii = 40, .text_other = 56},
	 NONE, 200},
};

/* An interpreter's file, as the process has mapped it. */
struct found {
	const struct mapping *mapping;
	struct elf_file *elf;
	uint64_t bias;
};

static bool symbol(const struct found *f, const char *name, struct elf_symbol *ret)
{
	return elf_file_find(f->elf, name, ret, 1) == 1;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* A mapped file whose name has @word and that defines @name. */
static bool find_file(int pid, struct modules *modules, const mappings *maps, const char *word, const char *name, struct found *ret)
{
	for (size_t i = 0; i < maps->nr; i++) {
		const struct mapping *m = &maps->items[i];
		const struct module *module;
		struct elf_symbol unused;

		if (m->permissions[2] != 'x' || !m->inode || !strstr(base_name(m->path), word))
			continue;
		module = modules_mapped(modules, pid, m);
		if (!module || !module->elf || elf_file_bias(module->elf, m->start, m->offset, &ret->bias))
			continue;
		ret->mapping = m;
		ret->elf = module->elf;
		if (symbol(ret, name, &unused))
			return true;
	}
	return false;
}

/* ---- which it is ---- */

/* From 3.11 on it says so itself. */
static unsigned int minor_of(const struct found *f)
{
	const char *name = strstr(base_name(f->mapping->path), "python3.");
	struct elf_symbol version;
	uint32_t hex = 0;

	if (symbol(f, "Py_Version", &version) && elf_file_read(f->elf, version.address, &hex, sizeof(hex)) == sizeof(hex))
		return hex >> 24 == 3 ? hex >> 16 & 0xff : 0;
	return name && strtoul(name + strlen("python3."), NULL, 10) == 10 ? 10 : 0;
}

static const struct layout *layout_of(unsigned int minor)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i].minor == minor)
			return &layouts[i];
	return NULL;
}

static int refuse(struct diag *d, const char *why)
{
	return diag_set(d, -ENOTSUP, "no Python frames: %s", why);
}

static const struct layout *choose_layout(const struct found *f, unsigned int *ret_minor, struct diag *d)
{
	const struct layout *layout;
	struct elf_symbol unused;

	*ret_minor = minor_of(f);
	layout = layout_of(*ret_minor);
	if (!*ret_minor)
		refuse(d, "the interpreter does not say which version it is");
	else if (!layout)
		diag_set(d, -ENOTSUP, "no Python frames: Python 3.%u is not one that was tried (3.10 to 3.13 were)", *ret_minor);
	else if (symbol(f, "_Py_NegativeRefcount", &unused))
		return refuse(d, "it is a debug build of Python"), NULL;
	return layout;
}

/* ---- what it says of itself ---- */

enum { COOKIE_WORD, VERSION_WORD, FREE_THREADED_WORD };

/* Of struct _Py_DebugOffsets in 3.13: number of the word that says it. */
enum {
	WORD_CURRENT_FRAME = 23, WORD_THREAD_ID = 24, WORD_PREVIOUS = 29, WORD_EXECUTABLE = 30, WORD_INSTR_PTR = 31, WORD_OWNER = 33,
	WORD_FILENAME = 35, WORD_QUALNAME = 37, WORD_LINETABLE = 38, WORD_FIRSTLINENO = 39, WORD_CODE = 43, WORDS = 73,
};

static int check_offsets(const struct found *f, uint64_t runtime, struct memory *memory, const struct layout *l, struct diag *d)
{
	const struct {
		unsigned int word;
		uint64_t is;
	} says[] = {
		{WORD_CURRENT_FRAME, l->wire.first}, {WORD_THREAD_ID, l->wire.thread_id}, {WORD_PREVIOUS, l->wire.back},
		{WORD_EXECUTABLE, l->wire.code},     {WORD_INSTR_PTR, l->wire.at},	 {WORD_OWNER, l->wire.owner},
		{WORD_FILENAME, l->wire.file},	     {WORD_QUALNAME, l->wire.name},	 {WORD_LINETABLE, l->wire.table},
		{WORD_FIRSTLINENO, l->wire.line},    {WORD_CODE, l->instructions},
	};
	uint64_t words[WORDS];

	(void)f;
	if (memory_read(memory, runtime, words, sizeof(words)) || memcmp(&words[COOKIE_WORD], "xdebugpy", sizeof(words[0])) ||
	    words[VERSION_WORD] >> 16 != 0x030d)
		return refuse(d, "it does not say where its frames are, as Python 3.13 does");
	if (words[FREE_THREADED_WORD])
		return refuse(d, "it is a free-threaded build of Python");
	for (size_t i = 0; i < ARRAY_SIZE(says); i++)
		if (words[says[i].word] != says[i].is)
			return refuse(d, "its frames are otherwise than in Python 3.13 as it was tried");
	return 0;
}

/* ---- the key of its threads ---- */

enum { GETTER_BYTES = 96, LEA_BYTES = 7, MOV_BYTES = 6, KEYS_MAX = 1024, KEY_BLOCK = 32 };

static int32_t displacement(const uint8_t *p)
{
	int32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

/*
 * The address that an instruction computes, or reads, as getters of the key begin: lea runtime+N(%rip), lea N(%rax) with the runtime in
 * rax, mov key(%rip), or mov of the address itself.
 */
static uint64_t operand(const uint8_t *p, uint64_t at, uint64_t runtime)
{
	if (p[0] == 0x48 && p[1] == 0x8d && (p[2] == 0xb8 || p[2] == 0x98))
		return runtime + (uint64_t)displacement(p + 3);
	if (p[0] == 0x48 && p[1] == 0x8d && (p[2] == 0x3d || p[2] == 0x1d))
		return at + LEA_BYTES + (uint64_t)displacement(p + 3);
	if (p[0] == 0x8b && (p[1] == 0x3d || p[1] == 0x1d))
		return at + MOV_BYTES + (uint64_t)displacement(p + 2) - sizeof(uint32_t);
	return p[0] == 0xbf || p[0] == 0xbb ? (uint32_t)displacement(p + 1) : 0;
}

/* A key as pthread_key_create() gives it, in an object that says that it was made. */
static bool read_key(struct memory *memory, uint64_t address, uint32_t *ret)
{
	uint32_t key[2];

	if (memory_read(memory, address, key, sizeof(key)) || key[0] != 1 || key[1] >= KEYS_MAX)
		return false;
	*ret = key[1];
	return true;
}

static int find_key(const struct found *f, const struct elf_symbol *runtime, struct memory *memory, uint32_t *ret, struct diag *d)
{
	uint64_t start = runtime->address + f->bias;
	uint8_t code[GETTER_BYTES] = {};
	struct elf_symbol getter;
	size_t bytes;

	if (!symbol(f, "PyGILState_GetThisThreadState", &getter))
		return refuse(d, "it does not show where its threads are");
	bytes = getter.size && getter.size < sizeof(code) ? getter.size : sizeof(code);
	bytes = elf_file_read(f->elf, getter.address, code, bytes);
	for (size_t i = 0; i + LEA_BYTES <= bytes; i++) {
		uint64_t address = operand(code + i, getter.address + f->bias + i, start);

		if (address >= start && address + sizeof(uint64_t) <= start + runtime->size && read_key(memory, address, ret))
			return 0;
	}
	return refuse(d, "how it finds the thread that runs is not understood");
}

/* glibc's own description, for debuggers: of each field its bits, number of elements, and offset. */
static int find_slots(int pid, struct modules *modules, const mappings *maps, struct memory *memory, uint32_t key,
		      struct wire_python *ret, struct diag *d)
{
	struct elf_symbol specific, data, size;
	uint32_t blocks[3], value[3], bytes = 0;
	struct found libc;

	if (!find_file(pid, modules, maps, "libc", "_thread_db_pthread_specific", &libc) ||
	    !symbol(&libc, "_thread_db_pthread_specific", &specific) || !symbol(&libc, "_thread_db_pthread_key_data_data", &data) ||
	    !symbol(&libc, "_thread_db_sizeof_pthread_key_data", &size))
		return refuse(d, "its C library is not glibc");
	if (memory_read(memory, specific.address + libc.bias, blocks, sizeof(blocks)) ||
	    memory_read(memory, data.address + libc.bias, value, sizeof(value)) ||
	    memory_read(memory, size.address + libc.bias, &bytes, sizeof(bytes)))
		return refuse(d, "where its C library keeps what threads have could not be read");
	ret->block = blocks[2] + key / KEY_BLOCK * (uint32_t)sizeof(uint64_t);
	ret->slot = key % KEY_BLOCK * bytes + value[2];
	return 0;
}

int python_find(int pid, struct modules *modules, const mappings *maps, struct memory *memory, struct python *ret, struct diag *d)
{
	const struct layout *layout;
	struct elf_symbol runtime, eval;
	struct found f;
	uint32_t key = 0;
	int err = 0;

	if (!find_file(pid, modules, maps, "python", "_PyRuntime", &f) || !symbol(&f, "_PyRuntime", &runtime))
		return -ENOENT;
	layout = choose_layout(&f, &ret->minor, d);
	if (!layout)
		return -ENOTSUP;
	ret->eval_start = ret->eval_end = 0;
	if (symbol(&f, "_PyEval_EvalFrameDefault", &eval)) {
		ret->eval_start = eval.address + f.bias;
		ret->eval_end = ret->eval_start + eval.size;
	}
	ret->wire = layout->wire;
	ret->activation_back = layout->activation_back;
	ret->instructions = layout->instructions;
	if (layout->minor >= 13)
		err = check_offsets(&f, runtime.address + f.bias, memory, layout, d);
	if (!err)
		err = find_key(&f, &runtime, memory, &key, d);
	return err ? err : find_slots(pid, modules, maps, memory, key, &ret->wire, d);
}
