/* Where a process's Python interpreter keeps what leads to its frames. */
#include "runtime/python.h"

#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE WIRE_PYTHON_NONE

/* An interpreter's file, as the process has mapped it. */
struct found {
	const struct mapping *mapping;
	struct elf_file *elf;
	uint64_t bias;
	struct elf_symbol state; /* by which it was found */
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
static bool find_file(const struct python_process *p, const char *word, const char *name, struct found *ret)
{
	for (size_t i = 0; i < p->maps->nr; i++) {
		const struct mapping *m = &p->maps->items[i];
		const struct module *module;

		if (m->permissions[2] != 'x' || !m->inode || !strstr(base_name(m->path), word))
			continue;
		module = modules_mapped(p->modules, p->pid, m);
		if (!module || !module->elf || elf_file_bias(module->elf, m->start, m->offset, &ret->bias))
			continue;
		ret->mapping = m;
		ret->elf = module->elf;
		if (symbol(ret, name, &ret->state))
			return true;
	}
	return false;
}

/* ---- which it is ---- */

/* Version numbers as they stand in a file's name behind @word. */
static bool named_version(const char *name, const char *word, unsigned int ret[2])
{
	const char *at = strstr(name, word);
	char *end;

	if (!at)
		return false;
	ret[0] = (unsigned int)strtoul(at + strlen(word), &end, 10);
	if (*end != '.')
		return false;
	ret[1] = (unsigned int)strtoul(end + 1, NULL, 10);
	return true;
}

/* NULL: it is none that is known; @ret_numbers says which it is, 0: nobody knows. */
static const struct interpreter_version *find_version(const struct interpreter *in, const struct found *f, unsigned int ret_numbers[2])
{
	const struct interpreter_version *v;
	struct elf_symbol says;
	uint32_t hex = 0;

	ret_numbers[0] = ret_numbers[1] = 0;
	if (in->says && symbol(f, in->says, &says)) {
		if (elf_file_read(f->elf, says.address, &hex, sizeof(hex)) != sizeof(hex))
			return NULL;
		ret_numbers[0] = hex >> 24;
		ret_numbers[1] = hex >> 16 & 0xff;
		return interpreter_find_version(in, ret_numbers[0], ret_numbers[1]);
	}
	if (!named_version(base_name(f->mapping->path), in->file, ret_numbers))
		return NULL;
	v = interpreter_find_version(in, ret_numbers[0], ret_numbers[1]);
	return v && v->named ? v : NULL;
}

static int refuse(struct diag *d, const char *why)
{
	return diag_set(d, -ENOTSUP, "no Python frames: %s", why);
}

static void refuse_version(struct diag *d, const struct interpreter *in, const unsigned int numbers[2])
{
	_cleanup_(str_release) struct str known = {};

	for (size_t i = 0; i < in->versions.nr; i++)
		str_addf(&known, "%s%u.%u", i ? ", " : "", in->versions.items[i].major, in->versions.items[i].minor);
	diag_set(d, -ENOTSUP, "no Python frames: %s %u.%u is not one that is known (%s)", in->name, numbers[0], numbers[1], str_text(&known));
}

static const struct interpreter_version *choose_version(const struct interpreter *in, const struct found *f, unsigned int *ret_minor,
							struct diag *d)
{
	unsigned int numbers[2];
	const struct interpreter_version *v = find_version(in, f, numbers);
	struct elf_symbol unused;

	*ret_minor = numbers[1];
	if (!v && !numbers[0])
		refuse(d, "the interpreter does not say which version it is");
	else if (!v)
		refuse_version(d, in, numbers);
	for (size_t i = 0; v && i < in->refusals.nr; i++)
		if (symbol(f, in->refusals.items[i].symbol, &unused))
			return refuse(d, in->refusals.items[i].why), NULL;
	return v;
}

/* ---- what it says of itself ---- */

enum { COOKIE_WORD, VERSION_WORD, STATED_WORDS = 128 };

static bool is_stated_by(const uint64_t *words, const struct interpreter_version *v)
{
	return words[COOKIE_WORD] == v->stated.cookie && words[VERSION_WORD] >> 16 == (v->major << 8 | v->minor);
}

/* Not more than is said of it is read: what lies behind may not be there. */
static size_t words_of(const struct interpreter_stated *s)
{
	size_t most = s->free_threaded == NONE || s->free_threaded < VERSION_WORD ? VERSION_WORD : s->free_threaded;

	for (size_t i = 0; i < INTERPRETER_NR; i++)
		if (s->words[i] != NONE && s->words[i] > most)
			most = s->words[i];
	return most + 1;
}

static int check_stated(uint64_t runtime, struct memory *memory, const struct interpreter_version *v, struct diag *d)
{
	const struct interpreter_stated *s = &v->stated;
	uint64_t words[STATED_WORDS] = {};

	if (!s->present)
		return 0;
	if (memory_read(memory, runtime, words, words_of(s) * sizeof(words[0])) || !is_stated_by(words, v))
		return refuse(d, "it does not say where its frames are, as its version does");
	if (s->free_threaded != NONE && words[s->free_threaded])
		return refuse(d, "it is a free-threaded build of Python");
	for (size_t i = 0; i < INTERPRETER_NR; i++)
		if (s->words[i] != NONE && words[s->words[i]] != v->offsets[i])
			return refuse(d, "its frames are otherwise than in the build of its version that is known");
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

static int find_key(const struct interpreter *in, const struct found *f, struct memory *memory, uint32_t *ret, struct diag *d)
{
	const struct elf_symbol *runtime = &f->state;
	uint64_t start = runtime->address + f->bias;
	uint8_t code[GETTER_BYTES] = {};
	struct elf_symbol getter;
	size_t bytes;

	if (!symbol(f, in->key, &getter))
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
static int find_slots(const struct python_process *p, uint32_t key, struct wire_python *ret, struct diag *d)
{
	struct elf_symbol specific, data, size;
	uint32_t blocks[3], value[3], bytes = 0;
	struct found libc;

	if (!find_file(p, "libc", "_thread_db_pthread_specific", &libc) || !symbol(&libc, "_thread_db_pthread_specific", &specific) ||
	    !symbol(&libc, "_thread_db_pthread_key_data_data", &data) || !symbol(&libc, "_thread_db_sizeof_pthread_key_data", &size))
		return refuse(d, "its C library is not glibc");
	if (memory_read(p->memory, specific.address + libc.bias, blocks, sizeof(blocks)) ||
	    memory_read(p->memory, data.address + libc.bias, value, sizeof(value)) ||
	    memory_read(p->memory, size.address + libc.bias, &bytes, sizeof(bytes)))
		return refuse(d, "where its C library keeps what threads have could not be read");
	ret->block = blocks[2] + key / KEY_BLOCK * (uint32_t)sizeof(uint64_t);
	ret->slot = key % KEY_BLOCK * bytes + value[2];
	return 0;
}

static int find(const struct python_process *p, const struct interpreter *in, const struct found *f, struct python *ret, struct diag *d)
{
	const struct interpreter_version *v = choose_version(in, f, &ret->minor, d);
	struct elf_symbol eval;
	uint32_t key = 0;
	int err;

	if (!v)
		return -ENOTSUP;
	ret->eval_start = ret->eval_end = 0;
	if (in->loop && symbol(f, in->loop, &eval)) {
		ret->eval_start = eval.address + f->bias;
		ret->eval_end = ret->eval_start + eval.size;
	}
	interpreter_layout(v, &ret->wire);
	ret->activation_back = v->offsets[INTERPRETER_CALL_BEFORE];
	ret->instructions = v->offsets[INTERPRETER_INSTRUCTIONS];
	err = check_stated(f->state.address + f->bias, p->memory, v, d);
	if (!err)
		err = find_key(in, f, p->memory, &key, d);
	return err ? err : find_slots(p, key, &ret->wire, d);
}

int python_find(const struct python_process *p, const interpreters *known, struct python *ret, struct diag *d)
{
	for (size_t i = 0; i < known->nr; i++) {
		const struct interpreter *in = known->items[i];
		struct found f;

		if (find_file(p, in->file, in->detect, &f))
			return find(p, in, &f, ret, d);
	}
	return -ENOENT;
}
