/*
 * drivers.h: what drivers say of a process whose runtime has no books: how much it had before it was watched, and what of that
 * is allocated now nobody knows. They are told as they are, and are in no pool's figures.
 */
#ifndef LEDGER_DRIVERS_H
#define LEDGER_DRIVERS_H

#include "base/vec.h"
#include "stream/record.h"

/* Texts live as long as the ledger, equal ones are one, and are "" where they are not told. */
struct driver_figure {
	const char *driver, *device, *region;
	const char *source;  /* what the driver calls the figure */
	uint64_t before;     /* bytes when the process was attached to */
	uint64_t before_ns;  /* when that was */
	uint64_t now;	     /* as last told */
	bool has_before;     /* else the driver told nothing of it then */
};
typedef VEC(struct driver_figure) driver_figures;

struct ledger;
struct ledger_process;

/* Did a driver say what the process had before it was watched? */
bool drivers_told(const struct ledger_process *p);

#endif
