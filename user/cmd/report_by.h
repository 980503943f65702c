/* report_by.h: `report --by line|op|function|file|stack` and `report --tree`. */
#ifndef CMD_REPORT_BY_H
#define CMD_REPORT_BY_H

#include "cmd/options.h"

/* Returns the exit status. */
int report_by(const struct options *o);

#endif
