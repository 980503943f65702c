#include "ledger/shapes.h"

#include "ledger/ledger_parts.h"

#include <string.h>

/*
 * NAME(X, LIMIT, GIVEN, PARTS), members in the struct's order:
 * X(shape, member)            a `state` has it
 * LIMIT(shape, member, most)  a `state` has it, and it is no higher, or something would be indexed beyond its end
 * GIVEN(shape, member)        a record of another kind has it, or it follows from what they say
 * PARTS(shape, member)        the same of a struct or an array; or it has a shape of its own
 */
#define LEDGER_MEMBERS(X, LIMIT, GIVEN, PARTS)							\
	PARTS(ledger, processes) PARTS(ledger, arenas) PARTS(ledger, runtimes) PARTS(ledger, modules)	\
	PARTS(ledger, frames) PARTS(ledger, stacks)	\
	X(ledger, events) X(ledger, lost)	\
	X(ledger, corrections) X(ledger, unread) X(ledger, unknown_frees) X(ledger, unstacked) X(ledger, replaced)	\
	GIVEN(ledger, time_ns) X(ledger, interval_ns) X(ledger, ticks) PARTS(ledger, texts)	\
	PARTS(ledger, words) PARTS(ledger, probes) PARTS(ledger, sources) X(ledger, gaps)	\
	X(ledger, gaps_from_ns) X(ledger, gaps_to_ns) PARTS(ledger, placed) GIVEN(ledger, restore)	\
	GIVEN(ledger, all_layers) GIVEN(ledger, unknown_states)

#define PLACED_MEMBERS(X, LIMIT, GIVEN, PARTS)						\
	GIVEN(placed, process) GIVEN(placed, program) X(placed, time_ns) X(placed, tid)	\
	X(placed, buffers) X(placed, end) GIVEN(placed, device)

#define PROBE_MEMBERS(X, LIMIT, GIVEN, PARTS)	\
	GIVEN(probe, probe) GIVEN(probe, seen) GIVEN(probe, lost) GIVEN(probe, source)	\
	GIVEN(probe, left) GIVEN(probe, has_left)

#define SOURCE_MEMBERS(X, LIMIT, GIVEN, PARTS) X(source, ended_ns)

#define RUNTIME_MEMBERS(X, LIMIT, GIVEN, PARTS) GIVEN(runtime, name) GIVEN(runtime, path) GIVEN(runtime, text)

#define MODULE_MEMBERS(X, LIMIT, GIVEN, PARTS)							\
	GIVEN(module, id) GIVEN(module, runtime) GIVEN(module, path) GIVEN(module, build_id)	\
	GIVEN(module, version) PARTS(module, sites)

#define SITE_MEMBERS(X, LIMIT, GIVEN, PARTS)							\
	GIVEN(site, probe) GIVEN(site, symbol) GIVEN(site, tag) GIVEN(site, reason)		\
	GIVEN(site, offset) GIVEN(site, probed)

#define USES_MEMBERS(X, LIMIT, GIVEN, PARTS) GIVEN(uses, module) GIVEN(uses, path)

#define FRAME_MEMBERS(X, LIMIT, GIVEN, PARTS)							\
	GIVEN(frame, path) GIVEN(frame, symbol) GIVEN(frame, module) GIVEN(frame, offset)	\
	GIVEN(frame, line)

#define STACK_MEMBERS(X, LIMIT, GIVEN, PARTS) GIVEN(stack, parent) GIVEN(stack, frame) GIVEN(stack, partial)

#define PROCESS_MEMBERS(X, LIMIT, GIVEN, PARTS)								\
	GIVEN(process, id) GIVEN(process, pid) GIVEN(process, host) GIVEN(process, source)		\
	GIVEN(process, start_ns) X(process, attached_ns)						\
	X(process, ended_ns) GIVEN(process, has_start) GIVEN(process, has_gap)				\
	GIVEN(process, copy)									\
	GIVEN(process, gap_ns) GIVEN(process, name) GIVEN(process, command) GIVEN(process, runtime)	\
	GIVEN(process, advice) GIVEN(process, visible) PARTS(process, pools) GIVEN(process, core)	\
	X(process, ended) PARTS(process, devices) PARTS(process, groups)				\
	LIMIT(process, phase, PHASE_RELEASE) X(process, phase_trace) X(process, has_phase_trace)	\
	X(process, phase_start_ns) X(process, has_phase_start) X(process, replays)			\
	PARTS(process, replays_by_trace) X(process, captured_ns) X(process, last_alloc_ns)		\
	X(process, events) X(process, failed) X(process, clashes) PARTS(process, circular)		\
	X(process, before_attach) X(process, census_running) X(process, without_books)		\
	X(process, partial) X(process, unsettled) X(process, checked_ns) X(process, check_equal) X(process, corrections)	\
	GIVEN(process, history) PARTS(process, probes) PARTS(process, drivers)

#define DRIVER_MEMBERS(X, LIMIT, GIVEN, PARTS)							\
	GIVEN(driver, driver) GIVEN(driver, device) GIVEN(driver, region) GIVEN(driver, source)	\
	GIVEN(driver, before) GIVEN(driver, before_ns) GIVEN(driver, now) GIVEN(driver, has_before)

#define DEVICE_MEMBERS(X, LIMIT, GIVEN, PARTS)							\
	GIVEN(device, place) GIVEN(device, owner) X(device, number) X(device, held) PARTS(device, arenas)		\
	PARTS(device, chips) GIVEN(device, count) GIVEN(device, mesh) GIVEN(device, parent)	\
	GIVEN(device, has_count) GIVEN(device, has_mesh) GIVEN(device, has_parent)		\
	PARTS(device, programs)

#define ARENA_MEMBERS(X, LIMIT, GIVEN, PARTS)							\
	GIVEN(arena, id) GIVEN(arena, object) GIVEN(arena, owner) GIVEN(arena, process)		\
	GIVEN(arena, device) GIVEN(arena, pool) GIVEN(arena, bank_bytes) GIVEN(arena, base)	\
	GIVEN(arena, align) GIVEN(arena, grain) GIVEN(arena, has_owner) GIVEN(arena, has_base)	\
	X(arena, gone) GIVEN(arena, is_trace) GIVEN(arena, is_inner) PARTS(arena, figures)	\
	PARTS(arena, blocks)	\
	PARTS(arena, use) GIVEN(arena, meanwhile)

#define FIGURES_MEMBERS(X, LIMIT, GIVEN, PARTS)							\
	X(figures, buffers) X(figures, reserved) X(figures, asked) X(figures, asked_unknown)	\
	X(figures, trace) X(figures, trace_unknown) X(figures, peak) GIVEN(figures, peak_known)	\
	GIVEN(figures, capacity) GIVEN(figures, has_capacity) GIVEN(figures, banks)		\
	GIVEN(figures, has_banks)

#define USE_MEMBERS(X, LIMIT, GIVEN, PARTS)							\
	X(use, top) X(use, bottom) X(use, low) X(use, high) X(use, demand) X(use, asked)	\
	X(use, asked_unknown) X(use, tagged) X(use, tagged_asked) X(use, tagged_peak)		\
	X(use, tagged_asked_peak) X(use, tagged_unknown) X(use, grows_known) X(use, grows_up)	\
	X(use, failed)

#define BLOCK_MEMBERS(X, LIMIT, GIVEN, PARTS)								\
	GIVEN(block, address) GIVEN(block, reserved) GIVEN(block, asked) GIVEN(block, trace)		\
	GIVEN(block, time_ns) GIVEN(block, id) GIVEN(block, layout) GIVEN(block, label)			\
	GIVEN(block, tid) GIVEN(block, stack) GIVEN(block, has_reserved) GIVEN(block, has_asked) GIVEN(block, has_trace)	\
	GIVEN(block, has_time) GIVEN(block, has_id) GIVEN(block, is_trace)				\
	GIVEN(block, before_attach)

#define GROUP_MEMBERS(X, LIMIT, GIVEN, PARTS) PARTS(group, chips) PARTS(group, devices) PARTS(group, peaks)

#define PEAK_MEMBERS(X, LIMIT, GIVEN, PARTS) X(peak, peak) X(peak, known)

#define CIRCULAR_MEMBERS(X, LIMIT, GIVEN, PARTS) PARTS(circular, programs) X(circular, doubted) GIVEN(circular, changes)

#define PROGRAM_MEMBERS(X, LIMIT, GIVEN, PARTS)	\
	GIVEN(program, device) X(program, buffers) X(program, end) X(program, stale)

#define HISTORY_MEMBERS(X, LIMIT, GIVEN, PARTS)								\
	PARTS(history, running) PARTS(history, rows) X(history, phases) X(history, ended)		\
	PARTS(history, failures) X(history, failed) X(history, clashes)					\
	X(history, failures_left_out) X(history, failed_at_event) PARTS(history, traces)		\
	X(history, traces_left_out) X(history, captures) X(history, runs) X(history, captured_ns)	\
	X(history, captured_trace) X(history, has_captured_trace) PARTS(history, meanwhile)

#define ROW_MEMBERS(X, LIMIT, GIVEN, PARTS)								\
	LIMIT(row, kind, HISTORY_NR - 1) X(row, times) PARTS(row, trace) GIVEN(row, nr_traces)		\
	X(row, more_traces) X(row, begin_ns) X(row, end_ns) X(row, lasted_ns) X(row, allocations)	\
	X(row, frees) X(row, failed) X(row, allocated) X(row, freed) X(row, replays)			\
	X(row, replays_shared) X(row, replays_above) X(row, fresh) PARTS(row, figures)

#define POOL_MEMBERS(X, LIMIT, GIVEN, PARTS)								\
	GIVEN(pool, device) X(pool, number) GIVEN(pool, place) GIVEN(pool, pool) X(pool, reserved)	\
	X(pool, trace) X(pool, buffers) X(pool, before) X(pool, has_before) X(pool, is_core)		\
	PARTS(pool, circular) X(pool, code) X(pool, has_code) X(pool, gone)

#define CORE_MEMBERS(X, LIMIT, GIVEN, PARTS)						\
	X(core, programs) X(core, known) X(core, exact) X(core, bytes) X(core, room)	\
	X(core, has_room)

#define FAILURE_MEMBERS(X, LIMIT, GIVEN, PARTS)							\
	X(failure, time_ns) X(failure, first_ns) X(failure, times) X(failure, number)		\
	X(failure, tid) LIMIT(failure, during, HISTORY_NR - 1) X(failure, trace)		\
	X(failure, has_trace) X(failure, has_device) X(failure, device) X(failure, pool)	\
	X(failure, code) X(failure, has_code) X(failure, asked) X(failure, needed) X(failure, taken)		\
	X(failure, has_asked) X(failure, has_needed) X(failure, has_taken) X(failure, banks)	\
	X(failure, bank_bytes) X(failure, allocated) X(failure, free) X(failure, largest_free)	\
	X(failure, has_bank) X(failure, has_largest) LIMIT(failure, cause, CAUSE_OVERFLOW)	\
	PARTS(failure, holders) GIVEN(failure, nr_holders) X(failure, arena) X(failure, end)	\
	X(failure, limit)

#define HOLDER_MEMBERS(X, LIMIT, GIVEN, PARTS)								\
	X(holder, reserved) X(holder, buffers) X(holder, bytes) X(holder, trace) X(holder, rest)	\
	X(holder, label)

#define TRACE_MEMBERS(X, LIMIT, GIVEN, PARTS)							\
	X(trace, id) X(trace, captured_ns) X(trace, released_ns) X(trace, replays_before)	\
	X(trace, has_buffer) X(trace, buffer_freed) X(trace, arena) X(trace, reserved)		\
	X(trace, pool)

#define MEANWHILE_MEMBERS(X, LIMIT, GIVEN, PARTS)							\
	GIVEN(meanwhile, pool) X(meanwhile, allocations) X(meanwhile, allocated) X(meanwhile, frees)	\
	X(meanwhile, freed)

/* One value for each member, by position: that there is one too few or too many is an error of -Wextra. */
#define VALUE(shape, member) 0,
#define VALUE_LIMIT(shape, member, most) 0,
#define VALUE_PARTS(shape, member) {},
#define S(NAME, name, type)                                           \
	static const __attribute__((unused)) type all_of_##name = {   \
		NAME##_MEMBERS(VALUE, VALUE_LIMIT, VALUE, VALUE_PARTS)};
SHAPES(S)
#undef S

#define S(NAME, name, type) typedef type shape_##name;
SHAPES(S)
#undef S

#define OF(shape, member) (((shape_##shape *)NULL)->member)
#define TYPE_OF(x) _Generic(x, const char *: MEMBER_TEXT, default: MEMBER_NUMBER)
#define MOST_OF(x) _Generic(x, bool: 1, default: sizeof(x) == sizeof(uint32_t) ? UINT32_MAX : UINT64_MAX)
#define DESCRIBE(shape, member, member_type, limit)                                                                   \
	{.name = #shape "." #member, .offset = offsetof(shape_##shape, member), .bytes = sizeof(OF(shape, member)),   \
	 .type = (member_type), .most = (limit)},
#define ROW(shape, member) DESCRIBE(shape, member, TYPE_OF(OF(shape, member)), MOST_OF(OF(shape, member)))
#define ROW_LIMIT(shape, member, limit) DESCRIBE(shape, member, MEMBER_NUMBER, limit)
#define ROW_ELSEWHERE(shape, member) DESCRIBE(shape, member, MEMBER_ELSEWHERE, 0)
#define S(NAME, name, type) \
	static const struct member members_of_##name[] = {NAME##_MEMBERS(ROW, ROW_LIMIT, ROW_ELSEWHERE, ROW_ELSEWHERE)};
SHAPES(S)
#undef S

const struct shape_desc shape_descs[SHAPE_NR] = {
#define S(NAME, name, type) {#name, sizeof(type), members_of_##name, ARRAY_SIZE(members_of_##name)},
	SHAPES(S)
#undef S
};

const struct member *member_by_name(const char *name, enum shape *ret)
{
	size_t len = strcspn(name, ".");

	for (size_t i = 0; i < SHAPE_NR; i++) {
		const struct shape_desc *s = &shape_descs[i];

		if (strncmp(s->name, name, len) || s->name[len])
			continue;
		*ret = (enum shape)i;
		for (size_t k = 0; k < s->nr; k++)
			if (s->members[k].type != MEMBER_ELSEWHERE && !strcmp(s->members[k].name, name))
				return &s->members[k];
	}
	return NULL;
}

uint64_t member_number(const struct member *m, const void *object)
{
	const void *at = (const char *)object + m->offset;

	if (m->bytes == sizeof(bool))
		return *(const bool *)at;
	return m->bytes == sizeof(uint32_t) ? *(const uint32_t *)at : *(const uint64_t *)at;
}

const char *member_text(const struct member *m, const void *object)
{
	return *(const char *const *)(const void *)((const char *)object + m->offset);
}

void member_set_number(const struct member *m, void *object, uint64_t value)
{
	void *at = (char *)object + m->offset;

	if (m->bytes == sizeof(bool))
		*(bool *)at = value;
	else if (m->bytes == sizeof(uint32_t))
		*(uint32_t *)at = (uint32_t)value;
	else
		*(uint64_t *)at = value;
}

void member_set_text(const struct member *m, void *object, const char *text)
{
	*(const char **)(void *)((char *)object + m->offset) = text;
}
