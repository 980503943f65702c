/* hidden.h: what belongs to no tensor of the program: blocks that carry a label, by device, pool and label. */
#ifndef VIEW_HIDDEN_H
#define VIEW_HIDDEN_H

#include "view/select.h"

struct hidden {
	const struct device *device;
	const char *pool, *label;
	uint64_t buffers, reserved; /* of all banks of one chip */
};

typedef VEC(struct hidden) hidden_list;

/* Of the process's devices that are shown, what is selected: devices and pools in their order, most bytes first. */
void hidden_list_fill(const struct ledger_process *p, const struct selection *s, hidden_list *ret);

#endif
