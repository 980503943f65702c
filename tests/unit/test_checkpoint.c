/* ledger/checkpoint.h: a ledger that is put down and taken up again, anywhere in a stream, goes on as if nothing had been. */
#include "checkpointed.h"
#include "view_stream.h"

/* All kinds of records, all that a ledger keeps. */
#define SERVER                                                                                                   \
	"attach" S(100) "process=1 pid=4242 start_ns=90000000000 name=python command=\"python serve.py\" "       \
	"runtime=rt pools=DRAM,L1,TRACE core=L1 visible=0,1 gap_ns=12 advice=\"L1:l1:bank=32,TRACE:region:total=32\"\n"
#define POOL(time, process, arena, owner, pool, more)                                                                  \
	"arena" S(time) "process=" #process " arena=" #arena " object=0x" #owner #arena " owner=0x" #owner        \
	" pool=" #pool " " more "\n"
#define FULL "banks=4 bank_bytes=4096 base=1024 align=16 grain=32"
#define CHIPS(time, process, owner, more) "device" S(time) "process=" #process " owner=0x" #owner " " more "\n"
#define PUT(time, arena, address, more)                                                                          \
	"alloc" S(time) "process=1 tid=7 arena=" #arena " address=" #address " " more "\n"
#define TAKE(time, arena, address) "free" S(time) "process=1 tid=8 arena=" #arena " address=" #address "\n"
#define MARK(time, what, id) #what S(time) "process=1 tid=7 trace=" #id "\n"
#define CB(time, program, address, bytes, more)                                                                  \
	"cb" S(time) "process=1 tid=7 owner=0xa address=" #address " program=0x" #program " bytes=" #bytes " " more "\n"
#define AT(time) TICK(time)
#define FILES                                                                                                    \
	"runtime" S(100) "id=1 name=rt path=a.rt text=\"runtime rt\\x0a\"\nmodule" S(100) "module=1 id=1 path=/a version=b\n" \
	"site" S(100) "module=1 probe=alloc symbol=s offset=0x10 reason=r\nsite" S(100) "module=1 probe=free symbol=t tag=x\n" \
	"uses" S(100) "process=1 module=1\nsite" S(100) "process=1 probe=cb symbol=u reason=no\n"
#define STACKS                                                                                                   \
	"frame" S(103) "frame=1 path=serve.py symbol=step line=118\nframe" S(103) "frame=2 module=1 symbol=_Zx offset=0x40\n" \
	"stack" S(103) "stack=1 frame=1 partial=1\nstack" S(103) "stack=2 parent=0x1 frame=2\nstack" S(103) "stack=3 frame=2\n" \
	PUT(103, 1, 3900, "reserved=32 asked=32 stack=2") "unstacked" S(103) "count=4 reason=room\n"
#define FAILED(time, more) "failed" S(time) "process=1 tid=7 reason=throw " more "\n"

#define DEVICES                                                                                                  \
	SERVER FILES "census" S(100) "process=1 reason=begin\n" POOL(101, 1, 1, a, DRAM, FULL " reason=new") POOL(101, 1, 2, a, L1, FULL) \
	POOL(101, 1, 3, a, TRACE, FULL) CHIPS(101, 1, a, "chips=0,1 mesh=1")                                           \
	"block" S(101) "process=1 arena=1 address=1024 reserved=128 asked=100 id=77\n"                            \
	"census" S(101) "process=1 reason=end\n" POOL(102, 1, 4, b, DRAM, FULL " reason=new") CHIPS(102, 1, b, "chips=1 mesh=2 parent=0xa") \
	PUT(102, 4, 1024, "reserved=256 asked=200") PUT(102, 1, 2048, "reserved=512 asked=512 label=conv layout=interleaved id=9") \
	TAKE(102, 4, 1024) PUT(102, 2, 4000, "reserved=512 asked=300 label=\"a b\"") PUT(103, 2, 3000, "asked=5")   \
	"correction" S(103) "process=1 arena=2 address=3000 reserved=64 reason=size\n" STACKS AT(103)

#define PROGRAMS                                                                                                 \
	CB(103, 10, 1024, 64, "") CB(103, 10, 1088, 64, "") CB(104, 20, 1024, 512, "") CB(104, 20, 2000, 8, "placed=1") \
	"cb-free" S(104) "process=1 program=0x10 reason=void\n"                                                  \
	"failed" S(104) "process=1 tid=7 pool=L1 asked=77 reason=status code=-4\n"                               \
	"failed" S(104) "process=1 tid=7 owner=0xa pool=L1 address=3000 program=0x20 end=3300 reason=clash\n"

#define TRACES                                                                                                   \
	MARK(105, capture, 5) PUT(105, 2, 1200, "reserved=64 asked=64") MARK(106, captured, 5)                    \
	PUT(106, 3, 1024, "reserved=640 asked=600 tag=trace trace=5")                                             \
	PUT(106, 1, 3000, "reserved=64 asked=60 tag=trace trace=6") MARK(107, replay, 5)                          \
	"replays" S(107) "process=1 trace=5 count=40\n" AT(107) PUT(108, 1, 3500, "reserved=64 asked=64")          \
	TAKE(108, 1, 2048) FAILED(108, "arena=1 asked=99999 needed=30000") FAILED(108, "arena=1 asked=99999 needed=30000") \
	FAILED(108, "pool=TRACE asked=7") "retract" S(108) "process=1 tid=7\n" MARK(109, replay, 5)                \
	"replays" S(109) "process=1 trace=5 count=90\n" "check" S(109) "process=1 equal=1 partial=1\n" MARK(110, release, 5) \
	TAKE(110, 3, 1024)

#define OTHERS                                                                                                   \
	"attach" S(110) "process=2 pid=4243 name=other runtime=rt pools=DRAM,,X, core=X visible=0,1 host=b source=2\n" \
	"gap" S(110) "source=2 from_ns=109000000000\nprobe" S(110) "source=2 probe=alloc seen=3 count=0\n"     \
	POOL(110, 2, 5, a, DRAM, FULL " reason=new") POOL(110, 2, 6, a, trace, "banks=4") CHIPS(110, 2, a, "count=4 mesh=0")     \
	"module" S(110) "module=2 build_id=c\nuses" S(110) "process=2 module=2\nuses" S(110) "process=2 module=1 path=/b\n" \
	"alloc" S(111) "process=2 arena=5 address=1024 reserved=32\n"                                             \
	"lost" S(111) "count=3 from_ns=110000000000\nprobe" S(111) "probe=alloc seen=10 count=3\n"                \
	"probe" S(111) "probe=cb seen=7 count=1\nunread" S(111) "count=2\n"                                       \
	"census" S(111) "process=1 reason=none\n" "unsettled" S(111) "process=1 tid=7 reason=lost\nphantom" S(111) "process=1\n" CB(112, 30, 1024, 96, "")

#define ENDS                                                                                                     \
	AT(112) TAKE(112, 1, 999) "resize" S(113) "process=1 arena=1 bank_bytes=2048 base=2048\n"                 \
	"clear" S(113) "process=1 arena=4\nclear" S(113) "process=1 arena=4 reason=gone\n"                        \
	"correction" S(114) "process=1 arena=1 address=64 reserved=96 reason=missing\n"                           \
	"correction" S(114) "process=1 arena=1 address=3000 reason=extra\n"                                       \
	POOL(114, 1, 7, b, DRAM, FULL " reason=new") PUT(114, 7, 1024, "reserved=32 asked=32") AT(114)                  \
	"detach" S(115) "process=2 reason=exit\n" AT(115) MARK(116, capture, 8) AT(116)                            \
	"settled" S(116) "source=2\nend" S(116) "source=2 from_ns=115000000000\n"                               \
	"detach" S(117) "process=1 reason=exec\nattach" S(117) "process=3 pid=4242 runtime=rt pools=DRAM\n" AT(118)

#define ALL DEVICES PROGRAMS TRACES AT(110) OTHERS
#define EVERYTHING ALL ENDS

/* More than a history keeps: of failures, sizes, traces. */
static char *many(void)
{
	struct str s = {};

	str_add(&s, SERVER "census" S(100) "process=1 reason=begin\ncensus" S(100) "process=1 reason=end\n"
		POOL(101, 1, 1, a, DRAM, FULL " reason=new") POOL(101, 1, 2, a, L1, FULL " reason=new")
		POOL(101, 1, 3, b, DRAM, FULL " reason=new") PUT(101, 1, 1024, "reserved=32") PUT(101, 1, 1024, "reserved=64")
		PUT(101, 2, 5000, "reserved=32 tag=trace") PUT(102, 3, 1024, "reserved=32") MARK(103, capture, 1));
	for (int i = 0; i < 9; i++)
		str_addf(&s, PUT(104, 3, %d, "reserved=%d"), 2048 + 256 * i, 32 + 32 * i);
	for (int i = 0; i < HISTORY_FAILURES + 4; i++)
		str_addf(&s, FAILED(104, "arena=3 asked=%d needed=%d"), 100 + i, 100 * i);
	str_add(&s, MARK(105, captured, 1) MARK(105, replay, 1) MARK(105, replay, 2) MARK(105, replay, 3) MARK(105, replay, 4)
		MARK(105, replay, 5) "replays" S(105) "process=1 trace=1 count=3\n" AT(105));
	for (int i = 0; i < HISTORY_KEPT_TRACES + 3; i++)
		str_addf(&s, MARK(106, captured, %d) MARK(106, release, %d), i, i);
	str_add(&s, AT(106));
	return s.p;
}

static struct keeper records_of(const char *stream)
{
	struct keeper k = {.sink.put = keeper_put};
	struct source *source = text_source_new(stream, strlen(stream));

	if (source->run(source, &k.sink))
		fail_msg("%s", text_source_diag(source)->text);
	source->free(source);
	return k;
}

/* Put down before record @cut; all views are the same then and behind. */
static void check_cut(const struct keeper *k, size_t cut)
{
	struct sides s = sides_new();

	for (size_t i = 0; i < k->records.nr; i++) {
		const struct record *r = &k->records.items[i];

		if (i == cut)
			sides_checkpoint(&s);
		if (!sides_apply(&s, r, i < cut ? FRESH : SIDES))
			fail_msg("record %zu is refused: %s", i, kind_descs[r->kind].name);
		if (i >= cut && (i - cut) % 8 == 0)
			compare_all(&s);
		if (r->kind == RECORD_TICK)
			compare_changes(&s);
	}
	if (cut == k->records.nr)
		sides_checkpoint(&s);
	compare_all(&s);
	sides_release(&s);
}

static void check_cuts(const char *stream, size_t step)
{
	struct keeper k = records_of(stream);

	for (size_t cut = 0; cut <= k.records.nr; cut += step)
		check_cut(&k, cut);
	keeper_release(&k);
}

static void a_ledger_goes_on_from_a_checkpoint_anywhere(void **state)
{
	_cleanup_(freep) char *more = many();

	(void)state;
	check_cuts(more, 17);
	check_cuts(EVERYTHING, 1);
	check_cuts(REPLAYED TICK(345), 1);
	check_cuts(LATE TICK(101), 1);
	check_cuts(TWO TICK(103), 1);
}

/* Put a checkpoint after each record. */
static void put_all(const char *stream, struct keeper *ret)
{
	struct keeper k = records_of(stream);
	struct ledger *l = ledger_new();

	for (size_t i = 0; i < k.records.nr; i++) {
		assert_int_equal(ledger_apply(l, &k.records.items[i], NULL), 0);
		take_checkpoint(l, ret);
	}
	ledger_free(l);
	keeper_release(&k);
}

static bool was_put(const struct keeper *k, const char *state)
{
	for (size_t i = 0; i < k->records.nr; i++)
		if (k->records.items[i].kind == RECORD_STATE && !strcmp(k->records.items[i].name, state))
			return true;
	return false;
}

/* So that nothing above is compared with nothing. */
static void the_streams_have_something_of_everything(void **state)
{
	_cleanup_(freep) char *more = many();
	struct keeper put = {};
	size_t missing = 0;

	(void)state;
	put_all(EVERYTHING, &put);
	put_all(more, &put);
	for (int shape = 0; shape < SHAPE_NR; shape++) {
		for (size_t i = 0; i < shape_descs[shape].nr; i++) {
			const struct member *m = &shape_descs[shape].members[i];

			if (m->type == MEMBER_ELSEWHERE || was_put(&put, m->name))
				continue;
			print_error("%s was never anything\n", m->name);
			missing++;
		}
	}
	assert_int_equal(missing, 0);
	keeper_release(&put);
}

/* Each once, in the struct's order, with no gap that another could be in but what alignment asks for. */
static void shapes_have_every_member_once(void **state)
{
	(void)state;
	for (int shape = 0; shape < SHAPE_NR; shape++) {
		const struct shape_desc *s = &shape_descs[shape];
		size_t end = 0;

		for (size_t i = 0; i < s->nr; i++) {
			const struct member *m = &s->members[i];

			assert_true(m->offset >= end && m->offset < end + sizeof(uint64_t));
			end = m->offset + m->bytes;
			assert_memory_equal(m->name, s->name, strlen(s->name));
		}
		assert_true(s->bytes >= end && s->bytes < end + sizeof(uint64_t));
	}
}

/* Lines of the checkpoint of a stream, without time. */
static char *checkpoint_text(const char *stream)
{
	struct keeper k = records_of(stream);
	struct ledger *l = ledger_new();
	struct text_sink sink;
	struct str text = {};

	for (size_t i = 0; i < k.records.nr; i++)
		assert_int_equal(ledger_apply(l, &k.records.items[i], NULL), 0);
	text_sink_init(&sink, &text);
	assert_int_equal(ledger_checkpoint(l, &sink.sink), 0);
	ledger_free(l);
	keeper_release(&k);
	return text.p;
}

static void a_checkpoint_is_records_that_can_be_read(void **state)
{
	char *text = checkpoint_text("attach time_ns=1 process=1 pid=42 name=p runtime=rt pools=L1\n"
				     "arena time_ns=1 process=1 arena=1 object=0x1 owner=0xa pool=L1 banks=2 bank_bytes=64 base=0\n"
				     "alloc time_ns=2 process=1 tid=7 arena=1 address=32 reserved=16 asked=9\n"
				     "alloc time_ns=3 process=1 tid=7 arena=1 address=0 asked=1\n");

	(void)state;
	assert_string_equal(text,
		"state time_ns=3 name=ledger.events count=2\n"
		"attach time_ns=3 process=1 pid=42 name=p command=\"\" runtime=rt pools=L1 advice=\"\"\n"
		"state time_ns=3 name=process.attached_ns count=1\n"
		"state time_ns=3 name=process.last_alloc_ns count=3\n"
		"state time_ns=3 name=process.events count=2\n"
		"state time_ns=3 name=process.unsettled count=1\n"
		"device time_ns=3 process=1 owner=0xa\n"
		"state time_ns=3 name=device.held count=1\n"
		"arena time_ns=3 process=1 arena=1 object=0x1 owner=0xa pool=L1 banks=2 bank_bytes=64 base=0 id=0\n"
		"state time_ns=3 name=use.top count=40\n"
		"state time_ns=3 name=use.bottom count=32\n"
		"state time_ns=3 name=use.high count=32\n"
		"state time_ns=3 name=use.asked count=10\n"
		"block time_ns=3 process=1 tid=7 arena=1 address=32 reserved=16 asked=9 seen=1 from_ns=2\n"
		"block time_ns=3 process=1 tid=7 arena=1 address=0 reserved=0 asked=1 seen=1 from_ns=3 partial=1\n"
		"state time_ns=3 name=figures.buffers count=2\n"
		"state time_ns=3 name=figures.reserved count=16\n"
		"state time_ns=3 name=figures.asked count=10\n"
		"state time_ns=3 name=figures.peak count=16\n"
		"state time_ns=3 process=1 name=process\n"
		"state time_ns=3 name=history\n"
		"state time_ns=3 name=history.phases count=1\n"
		"state time_ns=3 name=running\n"
		"state time_ns=3 name=row.times count=1\n"
		"state time_ns=3 name=row.begin_ns count=1\n"
		"state time_ns=3 name=row.allocations count=2\n"
		"state time_ns=3 name=row.allocated count=16\n");
	free(text);
}

/* Fold the lines; the last gives @err. */
static void check_refused(struct ledger *l, const char *lines, int err)
{
	struct keeper k = records_of(lines);

	for (size_t i = 0; i < k.records.nr; i++) {
		int found = ledger_apply(l, &k.records.items[i], NULL);

		if (found != (i + 1 < k.records.nr ? 0 : err))
			fail_msg("%s: line %zu gives %d", lines, i + 1, found);
	}
	keeper_release(&k);
}

#define BEGIN "checkpoint time_ns=900000000000 reason=begin\n"
#define END "checkpoint time_ns=900000000000 reason=end\n"
#define LATER " time_ns=900000000000 "
#define ONE "attach" LATER "process=1 pid=1 runtime=r pools=A,B\n"
#define DEV "device" LATER "process=1 owner=0xa\n"
#define ARE "arena" LATER "process=1 arena=1 id=0 object=0x1 owner=0xa pool=A\n"
#define BLO "block" LATER "process=1 arena=1 address=32 reserved=16\n"
#define SUM "state" LATER "name=figures.buffers count=1\nstate" LATER "name=figures.reserved count=16\n"            \
	    "state" LATER "name=figures.asked_unknown count=1\nstate" LATER "name=figures.trace_unknown count=1\n"
#define PRO "state" LATER "name=process process=1\n"
#define IS(name) "state" LATER "name=" #name "\n"
#define ARE_2 "arena" LATER "process=1 arena=2 id=0 object=0x2 pool=A\n"

static const char *const contradictions[] = {
	"state" LATER "name=ledger.events count=1\n", /* outside of one */
	END,
	BEGIN "checkpoint" LATER "reason=middle\n",
	BEGIN "attach" LATER "process=2 pid=1 runtime=r pools=A\n",
	BEGIN DEV,
	BEGIN ONE "device" LATER "process=2 owner=0xa\n",
	BEGIN ONE "replays" LATER "process=2 count=1\n",
	BEGIN ONE ARE, /* no such device */
	BEGIN ONE DEV "arena" LATER "process=1 arena=1 object=0x1 pool=A\n",
	BEGIN ONE DEV "arena" LATER "process=1 arena=2 id=0 object=0x1 pool=A\n",
	BEGIN ONE DEV "arena" LATER "process=2 arena=1 id=0 object=0x1 pool=A\n",
	BEGIN ONE DEV BLO,
	BEGIN ONE DEV ARE BLO BLO,
	BEGIN ONE DEV ARE "block" LATER "process=1 arena=2 address=32 reserved=16\n",
	BEGIN ONE DEV ARE BLO PRO, /* does not add up */
	BEGIN ONE DEV ARE BLO ARE_2,
	BEGIN ONE DEV ARE BLO "attach" LATER "process=2 pid=1 runtime=r pools=A\n",
	BEGIN ONE DEV ARE BLO END,
	BEGIN ONE DEV ARE SUM END,
	BEGIN ONE DEV ARE "state" LATER "name=arena.gone count=1\n" BLO SUM END,
	BEGIN ONE DEV "state" LATER "name=device.held count=1\n" END, /* without an arena */
	BEGIN ONE DEV "state" LATER "name=device.held count=2\n",
	BEGIN ONE "state" LATER "name=process.phase count=6\n",
	BEGIN ONE "state" LATER "name=process.events tag=many\n",
	BEGIN ONE "state" LATER "name=process.ended count=1\n",
	BEGIN ONE "state" LATER "name=arena.gone count=1\n",
	BEGIN ONE PRO "state" LATER "name=process.events count=1\n",
	BEGIN ONE PRO DEV,
	BEGIN ONE PRO ONE,
	BEGIN ONE PRO "probe" LATER "probe=p seen=1 count=0\n",
	BEGIN ONE "probe" LATER "probe=p seen=1 count=0\nprobe" LATER "probe=p seen=1 count=0\n",
	BEGIN ONE "state" LATER "name=process process=2\n",
	BEGIN ONE IS(history),
	BEGIN ONE IS(program),
	BEGIN ONE PRO IS(running),
	BEGIN ONE PRO IS(group),
	BEGIN ONE PRO IS(peak),
	BEGIN ONE PRO IS(history) IS(history),
	BEGIN ONE PRO IS(history) IS(row-trace),
	BEGIN ONE PRO IS(history) IS(holder),
	BEGIN ONE PRO IS(history) IS(pool),
	BEGIN ONE PRO IS(history) IS(meanwhile), /* in which? */
	BEGIN ONE PRO IS(history) IS(running) IS(pool), /* no such device */
	BEGIN ONE DEV PRO IS(history) IS(running) "state" LATER "name=pool id=0 count=2\n",
	BEGIN ONE PRO IS(history) IS(running) "state" LATER "name=row.kind count=9\n",
	BEGIN ONE PRO IS(history) IS(failure) "state" LATER "name=failure.cause count=6\n",
	BEGIN ONE PRO IS(history) IS(failure) IS(holder) IS(failure) "state" LATER "name=holder.bytes count=6\n",
	BEGIN ONE PRO IS(history) IS(trace) "state" LATER "name=trace.has_buffer count=1\n" END, /* in which pool? */
	BEGIN ONE PRO "state" LATER "name=program program=1 id=0\n",
	BEGIN ONE PRO IS(program) IS(program),
	BEGIN ONE IS(placed),
	BEGIN ONE "state" LATER "name=placed process=1 id=0\n",
	BEGIN ONE "state" LATER "name=placed process=1\nstate" LATER "name=placed process=1\n",
	BEGIN ONE DEV "state" LATER "name=device.held count=1\n" ARE PRO IS(group) IS(peak) END, /* one of two pools */
	BEGIN ONE DEV "state" LATER "name=device.held count=1\n" ARE PRO IS(group) IS(peak) IS(peak) IS(peak),
	BEGIN ONE DEV "state" LATER "name=device.held count=1\n" ARE PRO IS(group) IS(peak) IS(group),
	BEGIN "checkpoint time_ns=1 reason=end\n",
};

static void a_checkpoint_that_contradicts_itself_is_as_if_it_had_not_been(void **state)
{
	struct keeper k = records_of(EVERYTHING);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(contradictions); i++) {
		struct sides s = sides_new();
		struct ledger *l = ledger_new();

		for (size_t n = 0; n < k.records.nr; n++)
			sides_apply(&s, &k.records.items[n], FRESH);
		check_refused(l, contradictions[i], -EINVAL);
		check_refused(s.side[BASED].ledger, contradictions[i], -EINVAL);
		/* What can be in one is no more believed; what cannot ends it. */
		assert_true(!l->processes.nr && !l->arenas.nr);
		check_refused(s.side[BASED].ledger, "tick" LATER "\n", 0);
		check_refused(s.side[WHOLE].ledger, "tick" LATER "\n", 0);
		same_ledger(s.side[WHOLE].ledger, s.side[BASED].ledger);
		check_refused(l, BEGIN ONE DEV ARE BLO SUM PRO IS(history) END, 0);
		assert_int_equal(l->arenas.nr, 1);
		ledger_free(l);
		sides_release(&s);
	}
	keeper_release(&k);
}

static void a_checkpoint_of_less_than_there_is_contradicts_that(void **state)
{
	struct ledger *l = ledger_new();

	(void)state;
	check_refused(l, PYTHON POOLS(101), 0);
	check_refused(l, BEGIN END, -EINVAL);
	check_refused(l, BEGIN ONE DEV ARE END, -EINVAL);
	assert_int_equal(l->arenas.nr, 4);
	assert_string_equal(l->processes.items[0]->name, "python");
	ledger_free(l);
}

static void what_a_newer_pooltrace_adds_is_counted(void **state)
{
	struct ledger *l = ledger_new();

	(void)state;
	check_refused(l, BEGIN ONE IS(process.mood) IS(mood) IS(mood.high) DEV PRO END, 0);
	assert_int_equal(l->unknown_states, 3);
	check_refused(l, BEGIN IS(ledger.mood) ONE END, 0);
	assert_int_equal(l->unknown_states, 4);
	ledger_free(l);
}

static void a_checkpoint_that_was_cut_is_replaced_by_the_next(void **state)
{
	struct ledger *l = ledger_new();

	(void)state;
	check_refused(l, BEGIN ONE DEV ARE BLO BEGIN ONE DEV ARE BLO SUM END, 0);
	assert_int_equal(l->arenas.nr, 1);
	/* Or by what comes behind it: then it is as if it had not been. */
	check_refused(l, BEGIN ONE "alloc" LATER "process=1 arena=1 address=64 reserved=8\n", 0);
	assert_int_equal(l->arenas.items[0]->blocks.nr, 2);
	check_refused(l, BEGIN ONE, 0);
	ledger_free(l);
}

static void processes_arenas_and_texts_stay_where_they_are(void **state)
{
	struct sides s = sides_new();
	struct keeper k = records_of(ALL);
	const struct ledger *l = s.side[BASED].ledger;

	(void)state;
	for (size_t i = 0; i < k.records.nr; i++)
		sides_apply(&s, &k.records.items[i], FRESH);

	const struct ledger_process *p = l->processes.items[0];
	const struct arena *a = l->arenas.items[1];
	const char *pool = a->pool, *name = p->name;

	sides_checkpoint(&s);
	assert_ptr_equal(l->processes.items[0], p);
	assert_ptr_equal(l->arenas.items[1], a);
	assert_ptr_equal(a->pool, pool);
	assert_ptr_equal(p->pools.items[1], pool);
	assert_ptr_equal(p->name, name);
	sides_release(&s);
	keeper_release(&k);
}

struct stopper {
	struct sink sink;
	int left;
};

static int stop(struct sink *sink, const struct record *r)
{
	(void)r;
	return ((struct stopper *)sink)->left-- ? 0 : -ENOSPC;
}

static void an_error_of_the_sink_ends_it(void **state)
{
	struct stopper s = {.sink.put = stop, .left = 3};
	struct ledger *l = ledger_new();

	(void)state;
	check_refused(l, PYTHON POOLS(101), 0);
	assert_int_equal(ledger_checkpoint(l, &s.sink), -ENOSPC);
	assert_int_equal(s.left, -1);
	ledger_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ledger_goes_on_from_a_checkpoint_anywhere),
		cmocka_unit_test(the_streams_have_something_of_everything),
		cmocka_unit_test(shapes_have_every_member_once),
		cmocka_unit_test(a_checkpoint_is_records_that_can_be_read),
		cmocka_unit_test(a_checkpoint_that_contradicts_itself_is_as_if_it_had_not_been),
		cmocka_unit_test(a_checkpoint_of_less_than_there_is_contradicts_that),
		cmocka_unit_test(what_a_newer_pooltrace_adds_is_counted),
		cmocka_unit_test(a_checkpoint_that_was_cut_is_replaced_by_the_next),
		cmocka_unit_test(processes_arenas_and_texts_stay_where_they_are),
		cmocka_unit_test(an_error_of_the_sink_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
