/*
 * stream/: the stream of records, which is the program. Live tracing and a file give the same records in
 * the same order; every table, log and report is a fold over them. Position is the only order: time is
 * for display.
 *
 * record.h: what a record is. One description (the two lists below) serves the struct, the text form, the
 * file form and the checks. To add a field or a kind, add a line; the file form stores both by name, so
 * old files stay readable.
 */
#ifndef STREAM_RECORD_H
#define STREAM_RECORD_H

#include "base/util.h"

/*
 * Fields: X(member, NAME, type). A field that is not in a record is not known: absent, never 0.
 * Types: NUMBER and HEX are uint64_t (HEX is written in hexadecimal), SIGNED is one that stands for a number which may be
 * below 0, TEXT is a const char * that lives as long as the record.
 *
 * time_ns      wall clock, ns since 1970; never decreases along a stream
 * process      number of the process in this stream, from 1; defined by its `attach`
 * pid, tid     in the pid namespace of the tracer
 * start_ns     wall clock at which the process started
 * name         the process's comm, or of a `state`;  command: its arguments, joined with blanks;  runtime: name in its .rt file
 * pools        names of the runtime's pools, in its order, joined with commas
 * advice       what to type for a pool that is too small, pools joined with commas: POOL:ARGUMENT:LIMIT=STEP, LIMITs
 *              as pooltrace-rt(5) has them
 * arena        number of one generation of a pool's object in this stream, from 1; defined by its `arena`
 * object       address of the pool's object (tt-metal: BankManager);  owner: of the device's (AllocatorImpl). Where a runtime
 *              has no such objects both are numbers of our own; owner OWNER_UNKNOWN: whose it is is not known
 * pool         its name; POOL/N: of what calls in layer N allocate, which are inside of others that allocate: a part of theirs
 * banks, bank_bytes, base, align, grain
 *              the pool's banks; bytes and first address of a bank; what sizes are rounded to (page, block)
 * address      of a block, as the runtime gives it
 * reserved     bytes that the pool gave up, all banks of one chip
 * asked        bytes that the program requested;  page: of its page size
 * needed       bytes that an allocation needs in each bank, before the pool rounds them up
 * trace        id of the trace that is captured, replayed, released, or that the buffer holds
 * tag          what the call that made the allocation is for: "trace"
 * count        how many (replays since the process's attach; records lost since the last `lost`)
 * seen         hits received
 * from_ns      start of a time range that ends at time_ns
 * label        what made the allocation, in the runtime's own words
 * id           the runtime's own number of a buffer;  layout: how it is spread over banks, in the runtime's words
 * mesh         the runtime's own number of a device's object (tt-metal: MeshDevice::id());  parent: owner of the device that
 *              a submesh is part of, whose addresses it hands out as well
 * chips        numbers of the chips that a device stands on, ascending, joined with commas
 * visible      which of the machine's chips the process may use, as its environment says: chip numbers are relative to it, so
 *              those of two processes are the same chips only if this is the same
 * program      object of the program that circular buffers belong to
 * bytes        of a circular buffer, on each of its cores;  placed: 1: it lies in an L1 buffer, whose bytes are counted there
 * end          address behind the last circular buffer of a program that is refused
 * core         name of the pool whose banks are the cores' own memory: circular buffers lie in it, and what is below its base
 *              each core keeps for code. Absent where circular buffers are not seen
 * reason       why: one of the words given at the kind
 * code         what the runtime gave back of a call that failed
 * probe        name of a probe's verb
 * equal        1: ledger and books agreed, 0: they did not
 * partial      1: something could not be read
 * age_ns       how old the last comparison with the books is
 * host         name of the machine that a process runs on, where a recording has those of several: see ledger/merge.h
 * source       number, from 1, of the recording that this was in before several became one: what is about no process is about
 *              those of the same source only. Absent: there was but one
 * gap_ns       how long a process ran after it had mapped its runtime and before it was attached to: what it allocated then is in
 *              the books. 0: it was held meanwhile; absent: it mapped it before we came
 * interval_ns  time between tables; absent when they come on request
 * module       number of a file with probes in this stream, from 1; defined by its `module`
 * path         of a file, as the process sees it; of a runtime file, where it was read
 * build_id     of a file, in hexadecimal;  version: name and version of the package that it is from
 * symbol       function of a probe, as in the file; where it was not found, as in the runtime file
 * offset       of a probed instruction in its file
 * text         of a runtime file, whole
 * left         calls that were entered and have not returned: they are under way, or were left otherwise
 * copy         which of the runtimes of its process, from 2: each file that has one is a process of the stream, of the same pid.
 *              Absent: the first
 * frame        number of a place in a program's code in this stream, from 1; defined by its `frame`
 * stack        number of a call stack in this stream, from 1; defined by its `stack`. Of an allocation: what its thread was doing
 * line         of a source file, from 1
 */
#define RECORD_FIELDS(X)                                                                           \
	X(time_ns, TIME_NS, NUMBER)                                                                \
	X(process, PROCESS, NUMBER)                                                                \
	X(pid, PID, NUMBER)                                                                        \
	X(tid, TID, NUMBER)                                                                        \
	X(start_ns, START_NS, NUMBER)                                                              \
	X(name, NAME, TEXT)                                                                        \
	X(command, COMMAND, TEXT)                                                                  \
	X(runtime, RUNTIME, TEXT)                                                                  \
	X(pools, POOLS, TEXT)                                                                      \
	X(advice, ADVICE, TEXT)                                                                    \
	X(arena, ARENA, NUMBER)                                                                    \
	X(object, OBJECT, HEX)                                                                     \
	X(owner, OWNER, HEX)                                                                       \
	X(pool, POOL, TEXT)                                                                        \
	X(banks, BANKS, NUMBER)                                                                    \
	X(bank_bytes, BANK_BYTES, NUMBER)                                                          \
	X(base, BASE, NUMBER)                                                                      \
	X(align, ALIGN, NUMBER)                                                                    \
	X(grain, GRAIN, NUMBER)                                                                    \
	X(address, ADDRESS, NUMBER)                                                                \
	X(reserved, RESERVED, NUMBER)                                                              \
	X(asked, ASKED, NUMBER)                                                                    \
	X(needed, NEEDED, NUMBER)                                                                  \
	X(page, PAGE, NUMBER)                                                                      \
	X(trace, TRACE, NUMBER)                                                                    \
	X(tag, TAG, TEXT)                                                                          \
	X(count, COUNT, NUMBER)                                                                    \
	X(seen, SEEN, NUMBER)                                                                      \
	X(from_ns, FROM_NS, NUMBER)                                                                \
	X(label, LABEL, TEXT)                                                                      \
	X(id, ID, NUMBER)                                                                          \
	X(layout, LAYOUT, TEXT)                                                                    \
	X(mesh, MESH, NUMBER)                                                                      \
	X(parent, PARENT, HEX)                                                                     \
	X(chips, CHIPS, TEXT)                                                                      \
	X(visible, VISIBLE, TEXT)                                                                  \
	X(program, PROGRAM, HEX)                                                                   \
	X(bytes, BYTES, NUMBER)                                                                    \
	X(placed, PLACED, NUMBER)                                                                  \
	X(end, END, NUMBER)                                                                        \
	X(core, CORE, TEXT)                                                                        \
	X(reason, REASON, TEXT)                                                                    \
	X(probe, PROBE, TEXT)                                                                      \
	X(equal, EQUAL, NUMBER)                                                                    \
	X(partial, PARTIAL, NUMBER)                                                                \
	X(age_ns, AGE_NS, NUMBER)                                                                  \
	X(gap_ns, GAP_NS, NUMBER)                                                                  \
	X(interval_ns, INTERVAL_NS, NUMBER)                                                        \
	X(host, HOST, TEXT)                                                                        \
	X(source, SOURCE, NUMBER)                                                                  \
	X(module, MODULE, NUMBER)                                                                  \
	X(path, PATH, TEXT)                                                                        \
	X(build_id, BUILD_ID, TEXT)                                                                \
	X(version, VERSION, TEXT)                                                                  \
	X(symbol, SYMBOL, TEXT)                                                                    \
	X(offset, OFFSET, HEX)                                                                     \
	X(text, TEXT, TEXT)                                                                        \
	X(copy, COPY, NUMBER)                                                                      \
	X(code, CODE, SIGNED)                                                                      \
	X(left, LEFT, NUMBER)                                                                      \
	X(frame, FRAME, NUMBER)                                                                    \
	X(stack, STACK, NUMBER)                                                                    \
	X(line, LINE, NUMBER)

/*
 * Kinds: X(NAME, "name", fields that must be there, besides time_ns).
 *
 * attach      a process is watched from here on. (pid, start_ns, exec count) is its identity: an exec is
 *             `detach reason=exec` and a new `attach` with a new number
 * detach      it is not any more. reason: exit, exec, killed-tracer, detached
 * arena       one generation of a pool's object: what later records call `arena=N`. `reason=new` if its
 *             construction was seen or it was found empty and unused: then its peak and totals are known
 * device      what is known of the device whose arenas have this `owner`: chips, or only their number (`count`), mesh, parent.
 *             A later one replaces it. A device without one: nothing is known of its chips
 * clear       all blocks of an arena are gone (deallocate_all); `reason=gone`: and the object as well
 * alloc       succeeded. reserved is absent when a part of the call was lost
 * free        at the entry of the call. Without an arena: no block that is known was at that address
 * failed      an allocation that did not succeed. reason: throw, next-call, thread-exit; status: its function said so, with
 *             a `code` if it gave one. Or a program that was refused. reason:
 *             clash, its circular buffers would reach (`end`) into blocks, the lowest of which is at `address`; overflow,
 *             they would reach beyond the bank, which ends there
 * retract     the `failed` of this thread before was none: its alloc came after all
 * phantom     an allocation at address 0: it reserved nothing
 * cb          a circular buffer of a program was given its place (`address`, `bytes`) on a device (`owner`). Programs run one
 *             after another: those of different programs lie over one another
 * cb-free     a program's circular buffers are gone: it is placed anew, or destroyed; `reason=void`: they will be placed anew,
 *             and where is not known before a `cb` says so
 * unsettled   a step whose call was not seen whole: the books will say. reason: lost, attach (in flight when we came),
 *             unread (a value), arena (of which nothing is known), alone (an alloc without a begin), resize (an arena's size
 *             changes)
 * resize      an arena's banks have another size now, as the books say, and another `base`
 * capture     a trace's capture began (`trace`)
 * captured    the runtime was told to end it; the trace's own buffer is allocated after this, tag=trace
 * replay      the first replay of a run: nothing was allocated, captured or released since
 * replays     `count` replays of `trace` in all since attach; sent before each tick when it changed
 * release     a trace is released
 * census      reading the books at attach. reason=begin: until reason=end, blocks of before attach are not
 *             known yet, so a free of an unknown address means nothing. reason=none: there are no books; partial: it was
 *             there before us
 * block       a block that the books held (from before attach, or of a step that was unsettled)
 * check       ledger and books were compared
 * correction  a difference, settled in the books' favour. reason: missing (added), extra (removed),
 *             size (replaced), gone (the arena does not exist any more)
 * driver      what a driver (`name`) says of a process whose runtime has no books: `bytes` of a `pool` (a region of memory, in
 *             the driver's words) of a device (`path`); `label`: what it calls the figure. reason=attach: as it was when the
 *             process was attached to (at from_ns, absent: now); else as it is now
 * lost        `count` hits had no room in the ring between from_ns and time_ns
 * probe       all calls of a verb's probes so far: `seen` hits received, `count` lost; told after a loss and at the end
 * unread      `count` values of `probe` could not be read in the target
 * tick        a table is due here. events and lost totals are folds, not fields
 * settled     what a tick of a source means where no table is due: all replays of its processes so far were told
 * end         of a source: nothing is known of its processes from here on (or from from_ns on), while others go on
 * gap         records of a source are missing from from_ns (absent: from its beginning) to here: it was damaged
 * checkpoint  reason=begin: until reason=end, records say what is known here, and nothing of what came before is needed: they
 *             are no events. See ledger/checkpoint.h
 * state       in a checkpoint only: what no other kind says. `name` says what; its value is `count` or `tag`
 * runtime     a runtime file that is used here (`name`, `text`). `id`: its number in this stream, from 1
 * module      a file in which functions of a runtime were looked for (`id`: the runtime's number). Nobody has it yet
 * site        a row of the runtime file in a module: its verb (`probe`), `symbol`, and the probe's `offset`. Without that it has none:
 *             `reason` says why not, or else what the row must do without. With `process` instead of a module: no file of that
 *             process has the function. No sites at all: nothing was probed
 * frame       a place in code that stands in stacks. Of machine code: its `module`, the address (`offset`) of its instruction, or
 *             within the call that it is in, as the file was linked, and the name of its function (`symbol`), as in its source; `path`
 *             and `line` of that, if somebody has looked for them. Of an interpreter's, which has no module: `path`, `line`, and
 *             the function's name. What is absent is not known
 * stack       a call stack: a `frame`, called by the last one of another stack (`parent`, a lower number), which is its outer part.
 *             Without it nothing called the frame; with `partial` as well, what did is not known
 * unstacked   `count` allocations have no stack. reason: room (in the ring), budget (of bytes a second)
 * uses        a process has mapped a module, with all probes that it has; `path`: where, if that is not the module's
 */
#define RECORD_KINDS(X)                                                                            \
	X(ATTACH, "attach", F(PROCESS) | F(PID) | F(RUNTIME) | F(POOLS))                           \
	X(DETACH, "detach", F(PROCESS) | F(REASON))                                                \
	X(ARENA, "arena", F(PROCESS) | F(ARENA) | F(OBJECT) | F(POOL))                             \
	X(DEVICE, "device", F(PROCESS) | F(OWNER))                                                 \
	X(CLEAR, "clear", F(PROCESS) | F(ARENA))                                                   \
	X(RESIZE, "resize", F(PROCESS) | F(ARENA) | F(BANK_BYTES) | F(BASE))                       \
	X(ALLOC, "alloc", F(PROCESS) | F(ARENA) | F(ADDRESS))                                      \
	X(FREE, "free", F(PROCESS) | F(ADDRESS))                                                   \
	X(FAILED, "failed", F(PROCESS) | F(REASON))                                                \
	X(RETRACT, "retract", F(PROCESS) | F(TID))                                                 \
	X(PHANTOM, "phantom", F(PROCESS))                                                          \
	X(CB, "cb", F(PROCESS) | F(PROGRAM) | F(ADDRESS) | F(BYTES))                               \
	X(CB_FREE, "cb-free", F(PROCESS) | F(PROGRAM))                                             \
	X(UNSETTLED, "unsettled", F(PROCESS) | F(REASON))                                          \
	X(CAPTURE, "capture", F(PROCESS))                                                          \
	X(CAPTURED, "captured", F(PROCESS))                                                        \
	X(REPLAY, "replay", F(PROCESS))                                                            \
	X(REPLAYS, "replays", F(PROCESS) | F(COUNT))                                               \
	X(RELEASE, "release", F(PROCESS))                                                          \
	X(CENSUS, "census", F(PROCESS) | F(REASON))                                                \
	X(BLOCK, "block", F(PROCESS) | F(ARENA) | F(ADDRESS) | F(RESERVED))                        \
	X(CHECK, "check", F(PROCESS) | F(EQUAL))                                                   \
	X(CORRECTION, "correction", F(PROCESS) | F(ARENA) | F(REASON))                             \
	X(DRIVER, "driver", F(PROCESS) | F(NAME) | F(BYTES))                                      \
	X(LOST, "lost", F(COUNT))                                                                  \
	X(PROBE, "probe", F(PROBE) | F(SEEN) | F(COUNT))                                           \
	X(UNREAD, "unread", F(COUNT))                                                              \
	X(TICK, "tick", 0)                                                                         \
	X(SETTLED, "settled", F(SOURCE))                                                           \
	X(END, "end", F(SOURCE))                                                                   \
	X(GAP, "gap", 0)                                                                           \
	X(CHECKPOINT, "checkpoint", F(REASON))                                                     \
	X(STATE, "state", F(NAME))                                                                 \
	X(RUNTIME, "runtime", F(ID) | F(NAME))                                                     \
	X(MODULE, "module", F(MODULE))                                                             \
	X(SITE, "site", F(PROBE))                                                                  \
	X(USES, "uses", F(PROCESS) | F(MODULE))                                                    \
	X(FRAME, "frame", F(FRAME))                                                                \
	X(STACK, "stack", F(STACK) | F(FRAME))                                                     \
	X(UNSTACKED, "unstacked", F(COUNT) | F(REASON))

enum field {
#define X(member, NAME, type) FIELD_##NAME,
	RECORD_FIELDS(X)
#undef X
	FIELD_NR
};

enum record_kind {
	RECORD_NONE,
#define X(NAME, name, required) RECORD_##NAME,
	RECORD_KINDS(X)
#undef X
	RECORD_NR
};

enum field_type { FIELD_TYPE_NUMBER, FIELD_TYPE_HEX, FIELD_TYPE_TEXT, FIELD_TYPE_SIGNED };

#define RECORD_MEMBER_NUMBER uint64_t
#define RECORD_MEMBER_SIGNED uint64_t
#define RECORD_MEMBER_HEX uint64_t
#define RECORD_MEMBER_TEXT const char *

#define OWNER_UNKNOWN UINT64_MAX

enum { SOURCES_MAX = 65536 };

struct record {
	enum record_kind kind;
	uint64_t has; /* bit FIELD_x: the member is set. An unset member is 0 or NULL */
#define X(member, NAME, type) RECORD_MEMBER_##type member;
	RECORD_FIELDS(X)
#undef X
};

#define FIELD_BIT(NAME) (1ULL << FIELD_##NAME)
#define RECORD_HAS(r, NAME) (!!((r)->has & FIELD_BIT(NAME)))
/* Set a field: RECORD_SET(&r, ADDRESS, address, 4096). */
#define RECORD_SET(r, NAME, member, x) ((void)((r)->member = (x), (r)->has |= FIELD_BIT(NAME)))

struct field_desc {
	const char *name;
	enum field_type type;
	size_t offset; /* of the member in struct record */
};

struct kind_desc {
	const char *name;
	uint64_t required; /* FIELD_BITs */
};

extern const struct field_desc field_descs[FIELD_NR];
extern const struct kind_desc kind_descs[RECORD_NR];

/* The number of a field or kind by its name, -1 if there is none. */
int field_by_name(const char *name, size_t len);
int kind_by_name(const char *name, size_t len);

/* Value of a field that is present, by its number. */
uint64_t record_number(const struct record *r, enum field f);
const char *record_text(const struct record *r, enum field f);
void record_set_number(struct record *r, enum field f, uint64_t value);
/* Where the value of a field lies that is no text, or one. */
uint64_t *record_slot(struct record *r, enum field f);
const char **record_text_slot(struct record *r, enum field f);
void record_set_text(struct record *r, enum field f, const char *text);

/* Required fields that @r lacks, as bits; 0 if it is whole. */
static inline uint64_t record_missing(const struct record *r)
{
	return kind_descs[r->kind].required & ~r->has;
}

/*
 * Where records go. put() does not keep the record or its texts. idle(), if there is one, is called several times a second
 * by a source that waits: what a sink has kept back may be due. Both return 0, or -errno to stop the source.
 */
struct sink {
	int (*put)(struct sink *sink, const struct record *r);
	int (*idle)(struct sink *sink);
};

static inline int sink_put(struct sink *sink, const struct record *r)
{
	return sink->put(sink, r);
}

static inline int sink_idle(struct sink *sink)
{
	return sink->idle ? sink->idle(sink) : 0;
}

/* Where records come from: a live session, a file, a text. run() pushes until the end. */
struct source {
	int (*run)(struct source *source, struct sink *sink);
	void (*free)(struct source *source);
};

#endif
