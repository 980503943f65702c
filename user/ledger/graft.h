/*
 * graft.h: of a ledger that several streams were folded into, the part of one of them is replaced: that stream has a gap, and
 * what is known behind it stands in a checkpoint of its own.
 */
#ifndef LEDGER_GRAFT_H
#define LEDGER_GRAFT_H

#include "ledger/ledger.h"
#include "stream/renumber.h"

/* What happened in all, of which a ledger keeps sums. */
struct totals {
	uint64_t events, lost, corrections, unread, unknown_frees, unstacked, replaced, gaps;
};

struct totals totals_of(const struct ledger *l);
/* *@sum += @now - @before */
void totals_add(struct totals *sum, const struct totals *now, const struct totals *before);

struct graft {
	const struct ledger *whole;
	struct ledger *part;		 /* made of the checkpoint, by itself; its numbers become those of the whole */
	const struct renumber *renumber; /* of that stream: all that the part has is defined, its sources too */
	const struct totals *counted;	 /* what the stream has brought into the whole so far */
	const char *host;		 /* of processes that name none; NULL: there is but one host */
};

/* Put the whole as it is with the part: all that stands between a checkpoint's begin and end. Returns what @to returns. */
int ledger_graft(const struct graft *g, struct sink *to);

#endif
