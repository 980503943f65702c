/* recorded.h: `pooltrace runtimes` of a recording. */
#ifndef CMD_RECORDED_H
#define CMD_RECORDED_H

#include "cmd/options.h"

/*
 * What a recording says of its runtimes, files and probes; with --print the text of a runtime file. Returns an exit status, and has
 * said why when it is not 0.
 */
int recorded_runtimes(const struct options *o);

#endif
