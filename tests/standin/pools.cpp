/*
 * standin-pools: does what lines of standard input say to the pools of one device, and after each prints `CAPACITY` and
 * `STEP number` with what its own free lists say. Pools are DRAM, L1, L1_SMALL, TRACE.
 *
 *   alloc POOL BYTES [NUMBER]   as many buffers (1), with pages of 2048 bytes, or of 32 in L1_SMALL
 *   free POOL [NUMBER]          the newest ones of the pool
 *   shrink POOL BYTES           each bank's begin is taken away (sub-devices); reset POOL: given back
 *   rebuild POOL [BANKS ALIGN]  its manager dies, and another is constructed at its address
 *   spare POOL [BANKS ALIGN]    a manager like the pool's is made; take POOL: the pool's takes over what it has
 *   close                       as a device that is closed
 *   destroy, create             the allocator dies without a word; another is made
 *   touch MEGABYTES             of memory that is no device's
 */
#include "view.h"

#include <cstring>
#include <iostream>
#include <new>
#include <sstream>
#include <sys/mman.h>
#include <unistd.h>

using namespace tt::tt_metal;

static const char *const names[] = {"DRAM", "L1", "L1_SMALL", "TRACE"};
static const BufferType types[] = {BufferType::DRAM, BufferType::L1, BufferType::L1_SMALL, BufferType::TRACE};

struct program {
	std::unique_ptr<AllocatorImpl> allocator;
	std::vector<std::shared_ptr<Buffer>> live[4];
	std::vector<char *> touched;
	std::unique_ptr<BankManager> spare;
};

static size_t pool_of(std::istream &words)
{
	std::string name;

	words >> name;
	for (size_t i = 0; i < 4; i++)
		if (name == names[i])
			return i;
	throw std::runtime_error("no pool '" + name + "'");
}

static uint64_t number(std::istream &words, uint64_t otherwise)
{
	uint64_t n;

	return words >> n ? n : otherwise;
}

static void do_alloc(program &p, std::istream &words)
{
	size_t pool = pool_of(words);
	uint64_t bytes = number(words, 2048), nr = number(words, 1);

	for (uint64_t i = 0; i < nr; i++)
		p.live[pool].push_back(Buffer::create(*p.allocator, types[pool], bytes, pool == 2 ? 32 : 2048));
}

static void do_free(program &p, std::istream &words)
{
	size_t pool = pool_of(words);

	for (uint64_t nr = number(words, 1); nr && !p.live[pool].empty(); nr--)
		p.live[pool].pop_back();
}

static void do_shrink(program &p, std::istream &words)
{
	size_t pool = pool_of(words);

	p.allocator->shrink_allocator_size(types[pool], number(words, 0), true);
}

static void do_reset(program &p, std::istream &words)
{
	p.allocator->reset_allocator_size(types[pool_of(words)]);
}

/* Buffers whose memory is gone do not give it back. */
static void forget(std::vector<std::shared_ptr<Buffer>> &live)
{
	for (auto &buffer : live)
		buffer->impl->allocated = 0;
	live.clear();
}

/* Like the pool's manager, but for the number of its banks and how it rounds pages, if that is said. */
struct geometry {
	BufferType type;
	std::vector<int64_t> banks;
	uint64_t bytes, base;
	uint32_t align, least;

	geometry(program &p, size_t pool, std::istream &words) : type(types[pool])
	{
		BankManager *m = p.allocator->manager(type);

		banks.resize(number(words, m->num_banks()));
		bytes = m->bank_size();
		base = m->allocators[0]->offset_bytes;
		align = number(words, m->alignment_bytes);
		least = m->allocators[0]->min_allocation_size;
	}
};

/* The pool's buffers are gone with its manager. */
static void forget_pool(program &p, size_t pool)
{
	for (auto &buffer : p.live[pool])
		p.allocator->allocated_buffers.erase(buffer.get());
	forget(p.live[pool]);
}

static void do_rebuild(program &p, std::istream &words)
{
	size_t pool = pool_of(words);
	geometry g(p, pool, words);
	BankManager *m = p.allocator->manager(g.type);

	forget_pool(p, pool);
	m->~BankManager();
	new (m) BankManager(g.type, g.banks, g.bytes, g.align, g.least, g.base, false, BankManager::AllocatorDependencies());
}

static void do_spare(program &p, std::istream &words)
{
	geometry g(p, pool_of(words), words);

	p.spare = std::make_unique<BankManager>(g.type, g.banks, g.bytes, g.align, g.least, g.base, false,
						BankManager::AllocatorDependencies());
}

static void do_take(program &p, std::istream &words)
{
	size_t pool = pool_of(words);

	forget_pool(p, pool);
	*p.allocator->manager(types[pool]) = std::move(*p.spare);
	p.spare.reset();
}

static void do_close(program &p, std::istream &)
{
	p.allocator->deallocate_buffers();
	p.allocator->clear();
	for (auto &live : p.live)
		forget(live);
}

static void do_destroy(program &p, std::istream &)
{
	for (auto &live : p.live)
		forget(live);
	p.allocator.reset();
}

static void do_create(program &p, std::istream &)
{
	AllocatorConfig config = standin::wormhole(true);

	p.allocator.reset(new L1BankingAllocator(config));
}

static void do_touch(program &p, std::istream &words)
{
	size_t bytes = number(words, 1) << 20;
	char *memory = static_cast<char *>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	if (memory == MAP_FAILED)
		throw std::bad_alloc();
	/* Pages of a kind of their own: what looks at them must not be helped by their being all the same. */
	for (size_t i = 0; i < bytes; i += sizeof(uint64_t))
		*reinterpret_cast<uint64_t *>(memory + i) = i * 0x9e3779b97f4a7c15ULL;
	p.touched.push_back(memory);
}

static const struct {
	const char *name;
	void (*run)(program &p, std::istream &words);
} commands[] = {
	{"alloc", do_alloc},	 {"free", do_free},   {"shrink", do_shrink}, {"reset", do_reset}, {"rebuild", do_rebuild}, {"spare", do_spare},
	{"take", do_take},	 {"close", do_close}, {"touch", do_touch},   {"destroy", do_destroy}, {"create", do_create},
};

static void obey(program &p, const std::string &line)
{
	std::istringstream words(line);
	std::string name;

	words >> name;
	for (const auto &command : commands)
		if (name == command.name)
			return command.run(p, words);
	throw std::runtime_error("no command '" + name + "'");
}

static void print(const program &p, const std::string &name)
{
	std::string text = "CAPACITY";

	for (size_t i = 0; i < 4 && p.allocator; i++) {
		uint64_t bank = p.allocator->get_statistics(types[i]).total_bytes;
		text += std::string(" ") + names[i] + "=" + std::to_string(bank * p.allocator->manager(types[i])->num_banks());
	}
	std::cout << text << "\n";
	if (p.allocator)
		standin::print_step(name, *p.allocator);
	else
		std::cout << "STEP " << name << std::endl;
}

int main()
{
	program p;
	std::string line;
	int status = 0;

	do_create(p, std::cin);
	std::cout << "READY " << getpid() << std::endl;
	for (unsigned n = 1; standin::read_line(&line) && line != "quit"; n++) {
		try {
			obey(p, line);
		} catch (const std::exception &e) {
			std::cerr << "standin-pools: " << line << ": " << e.what() << std::endl;
			status = 1;
		}
		print(p, std::to_string(n));
	}
	std::cout.flush();
	_exit(status);
}
