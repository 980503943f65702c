#include "ways.h"

#include <atomic>
#include <stdexcept>

#define API __attribute__((noinline, visibility("default")))

enum { FIRST = 0x100000, STEP = 0x1000, SMALL = 1 << 20 };

static void *next_address()
{
	static std::atomic<unsigned long> next{FIRST};

	return reinterpret_cast<void *>(next.fetch_add(STEP));
}

namespace ways {

API void *plain(size_t bytes)
{
	if (!bytes)
		return nullptr;
	if (bytes > LIMIT)
		throw std::length_error("too much");
	if (bytes > SMALL && bytes & 1)
		return nullptr;
	return next_address();
}

API void *through(size_t bytes, inner inside, void *argument)
{
	inside(argument);
	return plain(bytes) ? next_address() : nullptr;
}

API void *catches(size_t bytes, inner inside, void *argument)
{
	try {
		inside(argument);
	} catch (const std::exception &) {
		return nullptr;
	}
	return bytes ? next_address() : nullptr;
}

API void *lower(size_t bytes, inner inside, void *argument)
{
	if (inside)
		inside(argument);
	return bytes ? next_address() : nullptr;
}

API void *chosen(size_t bytes, unsigned int way)
{
	void *address = next_address();

	switch (way) {
	case 0:
		return bytes ? address : nullptr;
	case 1:
		throw std::length_error("chosen");
	case 2:
		__asm__ volatile("" : "+r"(address) : : "rbx", "r12");
		return address;
	case 3:
		return bytes & 1 ? address : nullptr;
	case 4:
		__asm__ volatile("" : "+r"(address) : : "r13");
		return address;
	default:
		return nullptr;
	}
}

API void release(void *address)
{
	__asm__ volatile("" : : "r"(address) : "memory");
}

}

/* As no compiler is asked to: ways::jumps(), and other forms of `ret`. Their address is the argument's double. */
__asm__(".pushsection .text\n"
	".macro FUNCTION name\n.globl \\name\n.type \\name, @function\n\\name:\n.cfi_startproc\n.endm\n"
	".macro END name\n.cfi_endproc\n.size \\name, . - \\name\n.endm\n"
	"FUNCTION _ZN4ways5jumpsEmPFvPvES0_\n\ttest %rdi, %rdi\n\tjne 1f\n\txor %eax, %eax\n\tret\n"
	"1:\tjmp .Llower\nEND _ZN4ways5jumpsEmPFvPvES0_\n"
	"FUNCTION _Z8ways_repm\n\tlea (%rdi,%rdi), %rax\n\trep ret\nEND _Z8ways_repm\n"
	"FUNCTION _Z8ways_bndm\n\tlea (%rdi,%rdi), %rax\n\t.byte 0xf2\n\tret\nEND _Z8ways_bndm\n"
	"FUNCTION _Z9ways_popsm\n\tlea (%rdi,%rdi), %rax\n\tret $8\nEND _Z9ways_popsm\n"
	"FUNCTION ways_call_pops\n\tsub $8, %rsp\n\t.cfi_adjust_cfa_offset 8\n\tpush $7\n\t.cfi_adjust_cfa_offset 8\n\tcall _Z9ways_popsm\n"
	"\t.cfi_adjust_cfa_offset -8\n\tadd $8, %rsp\n\t.cfi_adjust_cfa_offset -8\n\tret\nEND ways_call_pops\n"
	".set .Llower, _ZN4ways5lowerEmPFvPvES0_\n"
	".popsection\n");
