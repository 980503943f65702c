/*
 * checkpoint.h: a ledger written down as records, and made again of them: where a reader can begin.
 *
 * Between `checkpoint reason=begin` and `reason=end` come
 *	state ledger.*, probe	totals
 *	state source		for each source (`source`), when it ended
 *	runtime, module, site	what processes were traced with, by number
 *	frame, stack		those that allocations were told with, by number: more may come with any of them
 *	attach, state process.*, uses, site, device, state device.*, replays
 *				each process; `id` of an `arena` below is the place of its device among them
 *	arena, state arena.* and use.*, block, state figures.*
 *				each arena, by number, what lives there, and what that adds up to. A block has been known since
 *				`from_ns`; `seen`: when it was allocated, else from the books; `partial`: its size is not known
 *	state process		for each process (`process`), what needs all of that: state group (`id`: in order) with peaks,
 *				program, history with rows, failures, traces
 *	state placed		circular buffers that are not told yet
 * A `state` whose name has no dot begins something, and those with a dot that follow are its members; shapes.h lists them. What
 * is 0, or not known, is left out. Time is that of the ledger's last record.
 */
#ifndef LEDGER_CHECKPOINT_H
#define LEDGER_CHECKPOINT_H

#include "ledger/ledger.h"

/*
 * Put all of @l: what stands between `begin` and `end`. Needs no memory that grows with it. Returns 0, or what @to returned.
 *
 * ledger_apply() makes a ledger of them that is equal in all that can be read of it and in all that it will say of later
 * records, also where it has seen something else before: that is dropped at the end, and kept until then, or if the records
 * contradict one another. Processes and arenas stay where they are in memory, and texts; devices do not.
 */
int ledger_checkpoint(const struct ledger *l, struct sink *to);
/* As ledger_checkpoint(), of a `const struct ledger`, for those that call back to have one put. */
int ledger_put_checkpoint(void *ledger, struct sink *to);

#endif
