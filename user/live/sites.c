#include "live/sites.h"

#include "target/process.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * In assembly, so that nothing stands before the instruction. They keep to the calling convention.
 */
#define SITE(name, code) "\t.type site_" name ", @function\nsite_" name ":\n\t" code "\n\t.size site_" name ", . - site_" name "\n"

__asm__(".pushsection .text\n" SITE("push", "push %rbp\n\tpop %rbp\n\tret")
	SITE("nop", "nop\n\tret")
	SITE("nopl", ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n\tret")
	SITE("jmp", "jmp 1f\n\tnop\n1:\tret")
	SITE("je", "je 1f\n1:\tret")
	SITE("call", "call 1f\n\tret\n1:\tret")
	SITE("mov", "mov %rdi, %rax\n\tret")
	SITE("sub", "sub $8, %rsp\n\tadd $8, %rsp\n\tret")
	SITE("endbr64", "endbr64\n\tret")
	SITE("ret", "ret")
	".popsection\n");

#define DECLARE(name) void site_##name(uint64_t arg0) __attribute__((visibility("hidden")))
DECLARE(push);
DECLARE(nop);
DECLARE(nopl);
DECLARE(jmp);
DECLARE(je);
DECLARE(call);
DECLARE(mov);
DECLARE(sub);
DECLARE(endbr64);
DECLARE(ret);

const struct site sites[] = {
	{"push", true, site_push},   {"nop", true, site_nop}, {"nopl", true, site_nopl}, {"jmp", true, site_jmp},
	{"je", true, site_je},	     {"call", true, site_call}, {"mov", false, site_mov}, {"sub", false, site_sub},
	{"endbr64", false, site_endbr64}, {"ret", false, site_ret}, {},
};

const struct site *site_for(const char *instruction, bool emulated)
{
	size_t len = strcspn(instruction, " ");
	const struct site *of_kind = NULL;

	for (const struct site *s = sites; s->instruction; s++) {
		if (s->emulated != emulated)
			continue;
		if (strlen(s->instruction) == len && !strncmp(s->instruction, instruction, len))
			return s;
		if (!of_kind)
			of_kind = s;
	}
	return of_kind;
}

int site_offset(const struct site *site, uint64_t *ret_offset)
{
	uint64_t address = (uintptr_t)site->call;
	mappings maps = {};
	int err = mappings_read(getpid(), &maps, NULL);

	if (err)
		return err;
	err = -ENOENT;
	for (size_t i = 0; i < maps.nr && err; i++) {
		const struct mapping *m = &maps.items[i];

		if (!m->inode || address < m->start || address >= m->end)
			continue;
		*ret_offset = address - m->start + m->offset;
		err = 0;
	}
	mappings_release(&maps);
	return err;
}
