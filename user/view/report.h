/*
 * report.h: what a recording says as a whole: when and where it was made, its processes, of each pool what it had at the end,
 * at most and in all, the largest blocks that were left, how long others lived, what is not known. Or the state at
 * one moment: then the same without what only the whole has.
 *
 * Cells are as in the table of `top`. Figures are of one chip; a row is a device of the runtime.
 */
#ifndef VIEW_REPORT_H
#define VIEW_REPORT_H

#include "ledger/summary.h"
#include "stream/file.h"
#include "view/table.h"

struct report_hint {
	const char *command, *what;
};

struct report {
	const struct ledger *l;
	const struct summary *s;
	const struct file_header *header;
	const char *name; /* of the recording, as it was given */
	const struct table_options *table; /* its selection, bytes and color are the report's */
	const char *order; /* of the blocks: "largest" */
	const struct report_hint *hints;
	size_t nr_hints;
	const struct file_outcome *outcome; /* of reading it */
	uint64_t begin_ns; /* of its first record; 0: it has none */
	uint64_t from_ns; /* what counts begins there; 0: at the recording's begin */
	uint64_t to_ns;	  /* what was read ends there; UINT64_MAX: at the recording's end */
	bool at;	 /* the state at to_ns; the summary has counted nothing */
};

/* Names are escaped. */
void report_add(struct str *out, const struct report *r);
/* The state as json_add_state() has it, with more keys; docs/json.md is the contract. */
void report_add_json(struct str *out, const struct report *r);

#endif
