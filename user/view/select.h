/*
 * view/: what people see, as text, from a ledger: the table, the log, JSON. Pure: fills a struct str, prints nothing,
 * reads no clock (time is that of the stream), so that a live table equals the one made from its recording.
 *
 * select.h: which pools, devices and processes are shown. Filtering happens here alone: the stream is whole.
 */
#ifndef VIEW_SELECT_H
#define VIEW_SELECT_H

#include "base/diag.h"
#include "base/str.h"
#include "ledger/ledger.h"

struct chip_range {
	unsigned int first, last;
};

struct selection {
	VEC(char *) pools;	  /* names; empty: all */
	bool pools_negated;	  /* all but these */
	VEC(struct chip_range) devices; /* empty: all */
	bool stacks; /* events say what they were called by */
	bool timed; /* events from from_ns to to_ns only */
	uint64_t from_ns, to_ns;
};

/*
 * "TRACE,L1" or "!DRAM" (one ! negates the whole list; case does not matter) against @known names. -EINVAL: the text
 * lists what there is. May be called again to add more; all lists are negated or none.
 */
int selection_add_pools(struct selection *s, const char *text, const char *const *known, size_t nr_known, struct diag *d);
/* "0", "0,2" or "0,4-7". -EINVAL, -ERANGE. */
int selection_add_devices(struct selection *s, const char *text, struct diag *d);
void selection_release(struct selection *s);

/*
 * --pool TRACE selects pool TRACE and trace buffers wherever they lie (with no trace region they are in DRAM).
 * `!DRAM` leaves out all of DRAM, trace buffers too. A selection that is NULL is that of everything.
 */
#define SELECT_TRACE "TRACE"
bool selection_has_pool(const struct selection *s, const char *pool);
bool selection_has_block(const struct selection *s, const char *pool, const struct block *b);
bool selection_has_time(const struct selection *s, uint64_t time_ns);
/* One of its chips is selected; where its chips are not known, its number. */
bool selection_has_device(const struct selection *s, const struct device *d);
bool selection_has_group(const struct selection *s, const struct chip_group *g);
/* True if trace memory was asked for by name, so that pools which are not selected have blocks that are. */
bool selection_seeks_trace(const struct selection *s);

/*
 * Sum of what is selected of a chip, among the pools that the processes list: buffers, reserved, asked, asked_unknown,
 * trace and trace_unknown (no peak, no capacity).
 */
void selection_figures(const struct selection *s, const struct chip_group *g, struct figures *ret);

/* Is watched; or none is any more: then what is left to tell is about those that ended. */
bool process_current(const struct ledger *l, const struct ledger_process *p);
/* The current ones, and for a minute those that ended. */
bool process_shown(const struct ledger *l, const struct ledger_process *p);
/* "4242"; of a further runtime of a process "4242/2". */
void process_add_pid(struct str *out, const struct ledger_process *p);
/* Something of its memory is not known: a pool could not be read, or a step is not settled yet. */
bool process_partial(const struct ledger_process *p);
/* All that is known comes from the books and nothing has happened since: what `--once` shows. */
bool ledger_from_books(const struct ledger *l);
/* The oldest of the last comparisons with the books, false when a current process was never compared. */
bool ledger_checked(const struct ledger *l, uint64_t *ret_age_ns, bool *ret_equal);

#endif
