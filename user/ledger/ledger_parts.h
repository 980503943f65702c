/* ledger_parts.h: what the files of the fold share. */
#ifndef LEDGER_LEDGER_PARTS_H
#define LEDGER_LEDGER_PARTS_H

#include "ledger/ledger.h"

/* What a record is about; looked up and checked once, before anything changes. */
struct subject {
	struct ledger *l;
	struct ledger_process *process; /* NULL: none */
	struct arena *arena;		/* NULL: none */
	const struct device *device;	/* that it is about, where it names no arena */
	const struct block *old;	/* of a record about a block: what lives at its address before; NULL: nothing */
	struct effect *effect;
};

#endif
