/*
 * advice.h: what to type so that a pool is large enough, and no larger: the arguments that a runtime file names, as the
 * attach record carries them, and what was needed.
 */
#ifndef LEDGER_ADVICE_H
#define LEDGER_ADVICE_H

#include "base/str.h"
#include "ledger/history.h"

enum { ADVICE_NAME = 64 };

/*
 * How the runtime makes a pool of an argument. A limit that is 0 does not hold:
 * total   the sum of the bytes requested must not exceed the argument, which is rounded up to this
 * spread  a bank has its share of the argument, rounded up to this
 * bank    a bank has the argument, rounded up to this
 */
struct advice {
	char pool[ADVICE_NAME], argument[ADVICE_NAME];
	uint64_t total, spread, bank;
};

/* Read one piece of advice from *@text, and move it behind. False at the end. What cannot be understood is left out. */
bool advice_next(const char **text, struct advice *ret);

/* The least value of the argument that is enough for @need. False: nothing can be said. */
bool advice_value(const struct advice *a, const struct history_need *need, uint64_t *ret);
/* Bytes of a bank that the runtime makes of @value. False: not known. */
bool advice_bank_bytes(const struct advice *a, const struct history_need *need, uint64_t value, uint64_t *ret);

#endif
