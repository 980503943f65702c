/*
 * bench-generate FILE EVENTS LIVE model|storm: a recording of EVENTS events of a process in which about LIVE blocks live, written
 * through the real sink with checkpoints where pooltrace makes them. The same arguments give the same records.
 *
 * model: a model that runs: two devices, four pools, 64 operations one after the other whose results live shortly or long,
 * circular buffers, captures, replays, now and then an allocation that fails; 100,000 events a second.
 * storm: seven threads that allocate and free at random, as tests/standin/storm.cpp does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "base/vec.h"
#include "ledger/checkpoint.h"
#include "stream/file.h"

enum { DEVICES = 2, POOLS = 4, OPERATIONS = 64, WEIGHTS = 8, RECENT = 32, MEAN_NS = 10000, FIRST_TID = 4000 };

#define BEGIN_NS 1700000000000000000ULL
#define TICK_NS (NS_PER_SEC / 2)
#define ROOM (1ULL << 40)

enum pool { DRAM, L1, L1_SMALL, TRACE };

/* What allocates: always as much, in the same pool, so that it can have what another of its kind has freed. */
struct operation {
	uint64_t reserved, asked, page;
	enum pool pool;
	const char *layout, *label;
	VEC(uint64_t) freed[DEVICES]; /* addresses */
};

struct live {
	uint64_t address;
	uint32_t operation, device;
};

struct maker {
	struct sink *file;
	struct ledger *l; /* what a checkpoint needs, and how many events there were */
	bool storm;
	uint64_t random, now_ns, next_tick_ns, events, wanted, steps, id, replays, programs;
	uint64_t next_address[DEVICES][POOLS];
	struct operation operations[OPERATIONS + WEIGHTS];
	VEC(struct live) live;
	size_t most_live;
	int error;
};

/* xorshift64* */
static uint64_t draw(struct maker *m, uint64_t limit)
{
	m->random ^= m->random >> 12;
	m->random ^= m->random << 25;
	m->random ^= m->random >> 27;
	return ((m->random * 0x2545f4914f6cdd1dULL) >> 11) % limit;
}

/* ---- records ---- */

static void put(struct maker *m, struct record *r)
{
	struct effect e;

	m->now_ns += 1 + draw(m, 2 * MEAN_NS);
	RECORD_SET(r, TIME_NS, time_ns, m->now_ns);
	if (!m->error)
		m->error = sink_put(m->file, r);
	if (!m->error)
		m->error = ledger_apply(m->l, r, &e);
	m->events = m->l->events;
	if (!m->error && r->kind == RECORD_TICK && file_sink_wants_checkpoint(m->file))
		m->error = file_sink_checkpoint(m->file, ledger_put_checkpoint, m->l);
}

static struct record of_process(enum record_kind kind)
{
	struct record r = {.kind = kind};

	RECORD_SET(&r, PROCESS, process, 1);
	return r;
}

static uint64_t arena_of(uint32_t device, enum pool pool)
{
	return 1 + device * POOLS + pool;
}

static struct record of_block(enum record_kind kind, const struct live *b, enum pool pool)
{
	struct record r = of_process(kind);

	RECORD_SET(&r, ARENA, arena, arena_of(b->device, pool));
	RECORD_SET(&r, ADDRESS, address, b->address);
	return r;
}

static uint64_t tid(struct maker *m)
{
	return FIRST_TID + (m->storm ? draw(m, 7) : draw(m, 50) ? 0 : 1 + draw(m, 3));
}

static void add_size(struct record *r, const struct operation *o)
{
	RECORD_SET(r, RESERVED, reserved, o->reserved);
	RECORD_SET(r, ASKED, asked, o->asked);
	RECORD_SET(r, PAGE, page, o->page);
}

static void put_alloc(struct maker *m, const struct live *b, const struct operation *o)
{
	struct record r = of_block(RECORD_ALLOC, b, o->pool);

	RECORD_SET(&r, TID, tid, tid(m));
	RECORD_SET(&r, ID, id, m->id += 1 + draw(m, 2));
	add_size(&r, o);
	RECORD_SET(&r, LAYOUT, layout, o->layout);
	if (o->label)
		RECORD_SET(&r, LABEL, label, o->label);
	if (o->pool == TRACE) {
		RECORD_SET(&r, TAG, tag, "trace");
		RECORD_SET(&r, TRACE, trace, 0);
	}
	put(m, &r);
}

/* ---- blocks ---- */

static void allocate(struct maker *m, uint32_t operation, uint32_t device)
{
	struct operation *o = &m->operations[operation];
	struct live b = {.operation = operation, .device = device};

	if (o->freed[device].nr) {
		b.address = o->freed[device].items[--o->freed[device].nr];
	} else {
		b.address = m->next_address[device][o->pool];
		m->next_address[device][o->pool] += o->reserved / 8;
	}
	vec_push(&m->live, b);
	put_alloc(m, &b, o);
}

static void release(struct maker *m, size_t i)
{
	struct live b = m->live.items[i];
	struct operation *o = &m->operations[b.operation];
	struct record r = of_block(RECORD_FREE, &b, o->pool);

	RECORD_SET(&r, TID, tid, tid(m));
	put(m, &r);
	vec_push(&o->freed[b.device], b.address);
	m->live.items[i] = m->live.items[--m->live.nr];
}

/* Most results are used at once; some, and in a storm all, live for any time. */
static void release_one(struct maker *m)
{
	size_t nr = m->live.nr, recent = nr < RECENT ? nr : RECENT;

	release(m, m->storm || !draw(m, 5) ? draw(m, nr) : nr - 1 - draw(m, recent));
}

/* ---- all else that a process does ---- */

static void put_simple(struct maker *m, enum record_kind kind)
{
	struct record r = of_process(kind);

	RECORD_SET(&r, TID, tid, FIRST_TID);
	RECORD_SET(&r, TRACE, trace, 0);
	put(m, &r);
}

static void capture(struct maker *m)
{
	uint32_t operation = OPERATIONS + WEIGHTS - 1;

	put_simple(m, RECORD_CAPTURE);
	put_simple(m, RECORD_CAPTURED);
	allocate(m, operation, 0);
	put_simple(m, RECORD_REPLAY);
	m->replays += draw(m, 1000);
	put_simple(m, RECORD_RELEASE);
	release(m, m->live.nr - 1);
}

static void place_program(struct maker *m)
{
	struct record r = of_process(RECORD_CB);

	RECORD_SET(&r, PROGRAM, program, 0x7f0000000000 + 64 * (m->programs++ % 500));
	RECORD_SET(&r, OWNER, owner, 0x50);
	RECORD_SET(&r, TID, tid, FIRST_TID);
	for (uint64_t i = 0; i < 3; i++) {
		RECORD_SET(&r, ADDRESS, address, 100000 + 4096 * i);
		RECORD_SET(&r, BYTES, bytes, 4096);
		put(m, &r);
	}
	r = of_process(RECORD_CB_FREE);
	RECORD_SET(&r, PROGRAM, program, 0x7f0000000000 + 64 * ((m->programs + 100) % 500));
	put(m, &r);
}

static void fail(struct maker *m)
{
	struct record r = of_process(RECORD_FAILED);

	RECORD_SET(&r, TID, tid, tid(m));
	RECORD_SET(&r, ARENA, arena, arena_of(0, L1));
	RECORD_SET(&r, ASKED, asked, 1ULL << 42);
	RECORD_SET(&r, REASON, reason, "throw");
	put(m, &r);
}

static void tick(struct maker *m)
{
	struct record r = of_process(RECORD_REPLAYS), t = {.kind = RECORD_TICK};

	if (m->replays) {
		RECORD_SET(&r, TRACE, trace, 0);
		RECORD_SET(&r, COUNT, count, m->replays);
		put(m, &r);
	}
	if (!draw(m, 6)) {
		r = of_process(RECORD_CHECK);
		RECORD_SET(&r, EQUAL, equal, 1);
		put(m, &r);
	}
	RECORD_SET(&t, INTERVAL_NS, interval_ns, TICK_NS);
	put(m, &t);
	m->next_tick_ns = m->now_ns + TICK_NS;
}

static void mischief(struct maker *m)
{
	if (!draw(m, 500000))
		fail(m);
	if (!m->storm && !draw(m, 5000))
		capture(m);
	if (!m->storm && !draw(m, 200))
		place_program(m);
	if (m->now_ns >= m->next_tick_ns)
		tick(m);
}

/* ---- a process ---- */

static void make_operations(struct maker *m)
{
	static const char *const layouts[] = {"INTERLEAVED", "HEIGHT_SHARDED 8x8", "WIDTH_SHARDED 8x8", "BLOCK_SHARDED 8x8"};
	static const char *const labels[] = {"ttnn::matmul", "ttnn::add", "ttnn::softmax"};

	for (size_t i = 0; i < OPERATIONS + WEIGHTS; i++) {
		struct operation *o = &m->operations[i];
		uint64_t pages = (i < OPERATIONS ? 1 : 8) + draw(m, 6) * draw(m, 40);

		o->page = draw(m, 3) ? 2048 : 1088;
		o->pool = i >= OPERATIONS || !draw(m, 4) ? DRAM : draw(m, 20) ? L1 : L1_SMALL;
		o->reserved = pages * 2048 * 8;
		o->asked = pages * o->page * 8;
		o->layout = layouts[o->pool == DRAM ? 0 : draw(m, ARRAY_SIZE(layouts))];
		o->label = m->storm || draw(m, 3) ? NULL : labels[draw(m, ARRAY_SIZE(labels))];
	}
	m->operations[OPERATIONS + WEIGHTS - 1].pool = TRACE;
}

static void begin(struct maker *m)
{
	static const char *const pools[] = {[DRAM] = "DRAM", [L1] = "L1", [L1_SMALL] = "L1_SMALL", [TRACE] = "TRACE"};
	struct record r = of_process(RECORD_ATTACH);

	RECORD_SET(&r, PID, pid, FIRST_TID);
	RECORD_SET(&r, NAME, name, m->storm ? "storm" : "model");
	RECORD_SET(&r, RUNTIME, runtime, "tt-metal");
	RECORD_SET(&r, POOLS, pools, "DRAM,L1,L1_SMALL,TRACE");
	RECORD_SET(&r, CORE, core, "L1");
	put(m, &r);
	for (uint32_t device = 0; device < DEVICES; device++) {
		for (enum pool pool = DRAM; pool <= TRACE; pool++) {
			r = of_process(RECORD_ARENA);
			RECORD_SET(&r, ARENA, arena, arena_of(device, pool));
			RECORD_SET(&r, OBJECT, object, 0x7f1000000000 + 0x1000 * arena_of(device, pool));
			RECORD_SET(&r, OWNER, owner, 0x50 + device);
			RECORD_SET(&r, POOL, pool, pools[pool]);
			RECORD_SET(&r, BANKS, banks, 8);
			RECORD_SET(&r, BANK_BYTES, bank_bytes, ROOM);
			RECORD_SET(&r, BASE, base, 1 << 16);
			RECORD_SET(&r, REASON, reason, "new");
			put(m, &r);
			m->next_address[device][pool] = 1 << 16;
		}
	}
	m->next_tick_ns = m->now_ns + TICK_NS;
}

static void make(struct maker *m)
{
	make_operations(m);
	begin(m);
	/* Weights, which live to the end as long as others can be freed. */
	while (!m->error && m->events < m->wanted && m->live.nr + RECENT < m->most_live && !m->storm)
		allocate(m, OPERATIONS + (uint32_t)draw(m, WEIGHTS - 1), (uint32_t)draw(m, DEVICES));
	while (!m->error && m->events < m->wanted) {
		bool any = m->storm || !draw(m, 20);

		if (m->live.nr < m->most_live && draw(m, 8))
			allocate(m, (uint32_t)(any ? draw(m, OPERATIONS) : m->steps++ % OPERATIONS),
				 m->storm ? 0 : (uint32_t)draw(m, DEVICES));
		else if (m->live.nr)
			release_one(m);
		mischief(m);
	}
}

static void maker_release(struct maker *m)
{
	for (size_t i = 0; i < OPERATIONS + WEIGHTS; i++)
		for (size_t k = 0; k < DEVICES; k++)
			vec_release(&m->operations[i].freed[k]);
	vec_release(&m->live);
	ledger_free(m->l);
}

int main(int argc, char **argv)
{
	const struct file_sink_options options = {.force = true};
	struct maker m = {.random = 88172645463325252ULL, .now_ns = BEGIN_NS};
	struct diag d = {};

	if (argc != 5 || file_sink_open(argv[1], &options, &m.file, &d)) {
		fprintf(stderr, "bench-generate: %s\n", argc == 5 ? d.text : "FILE EVENTS LIVE model|storm");
		return 1;
	}
	m.l = ledger_new();
	m.wanted = strtoull(argv[2], NULL, 10);
	m.most_live = strtoull(argv[3], NULL, 10);
	m.storm = !strcmp(argv[4], "storm");
	make(&m);
	maker_release(&m);
	if (file_sink_close(m.file, &d) || m.error) {
		fprintf(stderr, "bench-generate: %s\n", d.text[0] ? d.text : strerror(-m.error));
		return 1;
	}
	return 0;
}
