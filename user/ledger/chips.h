/*
 * chips.h: which chips figures are of. A device (a mesh) stands on several chips, with the same blocks on each of them; and a
 * chip may be in several devices (a mesh and its submesh), of which each takes memory of it.
 */
#ifndef LEDGER_CHIPS_H
#define LEDGER_CHIPS_H

#include "base/vec.h"

struct arena;
struct device;
struct figures;
struct ledger_process;
struct record;

/* CHIPS_END: numbers are lower. */
enum { CHIPS_MAX = 1024, CHIPS_END = 1 << 30 };

/* Numbers of chips, ascending. Empty: not known. */
typedef VEC(unsigned int) chip_list;

/* "0,1,2". False, and @ret, which was empty, stays so: no list of at most CHIPS_MAX ascending numbers. */
bool chips_parse(const char *text, chip_list *ret);
bool chips_have(const chip_list *chips, unsigned int chip);

/* The highest sum of a pool's reserved bytes that was seen. */
struct chip_peak {
	uint64_t peak;
	bool known; /* it was seen from the beginning */
};

/*
 * The chips of a process that stand under exactly the same devices: what each of them has is the sum of what these hold. A
 * device whose chips are not known is a group by itself.
 */
struct chip_group {
	chip_list chips;
	VEC(const struct device *) devices; /* at least one */
	VEC(struct chip_peak) peaks; /* as the process's pools; empty while it was the same one device's all the time */
};

typedef VEC(struct chip_group) chip_groups;

void chip_groups_release(chip_groups *groups);
/* Group the chips of @devices, which may be of several processes: by first chip, those that are not known last. No peaks. */
void chip_groups_make(const struct device *const *devices, size_t nr, chip_groups *ret);

/* Of one chip of the group: the sum of its devices' arenas of one pool (NULL: of all), as device_figures(). Capacity and
 * banks exist once: those of the largest. False: no device has such an arena. */
bool chip_group_figures(const struct chip_group *g, const char *pool, struct figures *ret);
/* As device_largest_free(). Where devices overlap it is not known. */
bool chip_group_largest_free(const struct chip_group *g, const char *pool, uint64_t *ret);
/* How many chips have these figures. False: not known. */
bool chip_group_count(const struct chip_group *g, uint64_t *ret);
bool device_chip_count(const struct device *d, uint64_t *ret);

/* They stand on the same chips, or of neither they are known. */
bool same_chips(const struct device *a, const struct device *b);

/* For ledger.c. Take over what a `device` record says; it replaces what one before it said. */
void device_describe(struct device *d, const struct record *r);
/* A device began to hold blocks, is gone, or was described: group the process's chips anew. */
void chips_changed(struct ledger_process *p);
/* Group them, without peaks; what p->groups has held is not released. */
void chips_group(struct ledger_process *p);
/* A block was put into @a, and some group has peaks. */
void chips_raise_peaks(struct ledger_process *p, const struct arena *a);

#endif
