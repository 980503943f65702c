/* Functions whose names and lines are asked for. */
#include <vector>

namespace shop
{
template <typename T> struct shelf {
	__attribute__((noinline)) int put(const std::vector<T> &things);
};

template <typename T> int shelf<T>::put(const std::vector<T> &things)
{
	return (int)things.size() * 3; // a line to be found
}

template struct shelf<char>;
} // namespace shop

static __attribute__((noinline, used)) int hidden_one(int x)
{
	return x * 7;
}

extern "C" {
int exported(int x)
{
	return hidden_one(x) + 1;
}

int __other_name(int x) __attribute__((alias("exported")));
int weak_name_of_it(int x) __attribute__((weak, alias("exported")));
}

asm(".text\n"
    ".globl unsized\n"
    "unsized:\n"
    ".cfi_startproc\n"
    "nop\n"
    "a_label:\n"
    "nop\n"
    "ret\n"
    ".cfi_endproc\n"
    ".globl bare\n"
    "bare:\n"
    "nop\n"
    "ret\n");
