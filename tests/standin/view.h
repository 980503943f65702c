/* What the programs that use the stand-in share: a device's size, and what its own free lists say is allocated. */
#ifndef STANDIN_VIEW_H
#define STANDIN_VIEW_H

#include "tt_metal.h"

#include <string>

namespace standin {

/* The pools of one Wormhole N150, as the published library makes them; with no trace region, TRACE has no banks. */
tt::tt_metal::AllocatorConfig wormhole(bool trace_region);

/*
 * Print "ASKED DRAM=n L1=n L1_SMALL=n TRACE=n", the bytes that living buffers asked for, then "STEP name" with the bytes
 * that the pools gave up for them: of each pool's free list, a bank's times banks.
 */
void print_step(const std::string &name, const tt::tt_metal::AllocatorImpl &allocator);

/* A line of standard input, read without reading further; false at its end. */
bool read_line(std::string *ret);

/* " name=n" for each function that a tracer may probe. */
std::string calls_made();

}

#endif
