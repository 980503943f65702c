/* view_stream.h: a stream written as text in, what a view says of it as text out. */
#ifndef TESTS_VIEW_STREAM_H
#define TESTS_VIEW_STREAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "ledger/ledger.h"
#include "stream/text.h"

/* Called for each record, when the ledger has it. */
struct view {
	struct sink sink;
	struct ledger *ledger;
	struct str out;
	void (*add)(struct view *v, const struct record *r, const struct effect *e);
	const void *options;
	void *state;
};

static inline int view_put(struct sink *sink, const struct record *r)
{
	struct view *v = (struct view *)sink;
	struct effect e;
	int err = ledger_apply(v->ledger, r, &e);

	if (err)
		fail_msg("the ledger refuses %s at %llu", kind_descs[r->kind].name, (unsigned long long)r->time_ns);
	v->add(v, r, &e);
	return 0;
}

/* Fold @stream; v->out has the text. Released with view_release(). */
static inline void view_run(struct view *v, const char *stream)
{
	struct source *source = text_source_new(stream, strlen(stream));
	int err;

	v->sink.put = view_put;
	v->ledger = ledger_new();
	err = source->run(source, &v->sink);
	if (err)
		fail_msg("%s", text_source_diag(source)->text);
	source->free(source);
}

static inline void view_release(struct view *v)
{
	ledger_free(v->ledger);
	str_release(&v->out);
}

/* S(n): a time, n seconds into the stream. PYTHON: a process; POOLS: its device at owner 0x10 with four arenas from N. */
#define S(n) " time_ns=" #n "000000000 "
#define PYTHON                                                                                                   \
	"attach" S(100) "process=1 pid=4242 start_ns=90000000000 name=python command=\"python serve.py\" "       \
	"runtime=tt-metal pools=DRAM,L1,L1_SMALL,TRACE\n"
#define EMPTY "census" S(100) "process=1 reason=begin\ncensus" S(100) "process=1 reason=end\n"
#define ARENA(time, process, arena, owner, pool, banks, bytes)                                                   \
	"arena" S(time) "process=" #process " arena=" #arena " object=0x" #owner #arena " owner=0x" #owner       \
	" pool=" #pool " banks=" #banks " bank_bytes=" #bytes " base=4096 reason=new\n"
#define POOLS(time)                                                                                              \
	ARENA(time, 1, 1, 10, DRAM, 12, 1073741824)                                                              \
	ARENA(time, 1, 2, 10, L1, 64, 1400000)                                                                   \
	ARENA(time, 1, 3, 10, L1_SMALL, 64, 32768)                                                               \
	ARENA(time, 1, 4, 10, TRACE, 12, 1048576)
#define ALLOC(time, arena, address, reserved, asked)                                                             \
	"alloc" S(time) "process=1 tid=4243 arena=" #arena " address=" #address " reserved=" #reserved           \
	" asked=" #asked "\n"
#define FREE(time, arena, address) "free" S(time) "process=1 tid=4243 arena=" #arena " address=" #address "\n"
#define TICK(time) "tick" S(time) "interval_ns=500000000\n"

/* Attached to a process that had memory before; a trace was captured; and replayed. */
#define LATE                                                                                                     \
	PYTHON "census" S(100) "process=1 reason=begin\n"                                                        \
	"arena" S(100) "process=1 arena=1 object=0x1 owner=0x10 pool=DRAM banks=12 bank_bytes=1073741824 base=4096\n" \
	"arena" S(100) "process=1 arena=2 object=0x2 owner=0x10 pool=TRACE banks=12 bank_bytes=0 base=4096\n"    \
	"block" S(100) "process=1 arena=1 address=4096 reserved=8514437120\n"                                    \
	"block" S(100) "process=1 arena=1 address=5000000 reserved=12288\n"                                      \
	"census" S(100) "process=1 reason=end\n"
#define TRACED                                                                                                   \
	PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 2113536, 2097152) ALLOC(101, 2, 4096, 2097152, 2097152)      \
	"capture" S(103) "process=1 tid=4243 trace=0\n" "captured" S(104) "process=1 tid=4243 trace=0\n"         \
	"alloc" S(104) "process=1 tid=4243 arena=1 address=700000 reserved=12288 asked=9000 tag=trace trace=0\n"
#define REPLAYED TRACED "replay" S(105) "process=1 tid=4243 trace=0\nreplays" S(344) "process=1 trace=0 count=1204\n"

/* Two processes of two runtimes, three devices. */
#define TWO                                                                                                      \
	PYTHON EMPTY POOLS(101) ALLOC(101, 1, 4096, 1000, 900)                                                   \
	"attach" S(101) "process=2 pid=7 name=\"a b\" command=\"\" runtime=other pools=HBM,L1\n"                 \
	"census" S(101) "process=2 reason=begin\ncensus" S(101) "process=2 reason=end\n"                         \
	ARENA(101, 2, 5, 20, HBM, 1, 2000) ARENA(101, 2, 6, 30, HBM, 1, 2000) ARENA(101, 2, 7, 40, HBM, 1, 2000) \
	"alloc" S(102) "process=2 arena=6 address=4096 reserved=1999\nalloc" S(102) "process=2 arena=5 address=4096 reserved=2000\n"

#endif
