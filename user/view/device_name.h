/* device_name.h: what devices, and the chips of a row, are called. */
#ifndef VIEW_DEVICE_NAME_H
#define VIEW_DEVICE_NAME_H

#include "base/str.h"
#include "ledger/ledger.h"

/*
 * Its chips: "0", "0-7", "0,2-3", the end of a long list cut. Where they are not known "mesh of 8" or "mesh"; where nothing
 * is, the device's number in its process: "device 0" if other devices have chips with numbers.
 */
void device_add_name(struct str *out, const struct device *d);
void chip_group_add_name(struct str *out, const struct chip_group *g);
/* The object itself, "mesh 1 (0-7)" or "mesh 1 of 8"; its name as above where the runtime has no number for it. */
void device_add_mesh_name(struct str *out, const struct device *d);
/* " in mesh 1", for one that is a part of another. */
void device_add_parent(struct str *out, const struct ledger_process *p, const struct device *d);
/* The mesh that it is a part of. False: none, or the runtime's number of it is not known. */
bool device_parent_mesh(const struct ledger_process *p, const struct device *d, uint64_t *ret);

/* Its chips, or the object where another device of the process stands on the same ones. */
void device_add_own_name(struct str *out, const struct ledger_process *p, const struct device *d);
/* "device 0", "mesh 1 (0-7)": of the devices of one number the last. */
void number_add_words(struct str *out, const struct ledger_process *p, unsigned int number);
const struct device *device_of_number(const struct ledger_process *p, unsigned int number);

/* "x8": figures are of one chip, and eight have them; "x?": it may be several; nothing for one. */
void chip_group_add_times(struct str *out, const struct chip_group *g);
void device_add_times(struct str *out, const struct device *d);

#endif
