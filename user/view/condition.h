/*
 * condition.h: what --fail-if says, and --trigger: peak(DRAM) > +2%
 *
 *     figure [(pool)] comparison value      figure: see compare.h; comparison: > >= < <= == !=
 *
 * Of a value with a sign, and of a percentage, the change from OLD to NEW is meant; else the figure of NEW. It is tested for each
 * pool of each device of each process, or for those of one name.
 */
#ifndef VIEW_CONDITION_H
#define VIEW_CONDITION_H

#include "base/diag.h"
#include "view/compare.h"

struct condition {
	const char *text; /* as it was given */
	enum figure figure;
	char *pool; /* NULL: any */
	bool (*compare)(__int128 a, __int128 b);
	bool change, percent;
	int64_t value; /* bytes, or a number; of a percentage, millionths of a percent */
};

/* Read @text, which lives as long as @ret. -EINVAL: the text says where and what. The caller releases @ret in any case. */
int condition_parse(const char *text, struct condition *ret, struct diag *d);
/*
 * The same of a recording that is being made, for --trigger: peak(DRAM) > 90%. `now` takes the place of `end`, no value has a sign,
 * and a percentage is of the pool's capacity.
 */
int condition_parse_now(const char *text, struct condition *ret, struct diag *d);
void condition_release(struct condition *c);
/* -EINVAL: it names a pool that neither recording knows; the text lists what there is. */
int condition_check(const struct condition *c, const struct comparison *in, struct diag *d);
/* @row: of pools. */
bool condition_holds(const struct condition *c, const struct compare_row *row);
/* Of condition_parse_now(). @figures: FIGURE_NR of a pool of a device; @capacity: NULL if it is not known, then no percentage holds. */
bool condition_holds_now(const struct condition *c, const char *pool, const uint64_t *figures, const uint64_t *capacity);

/* "'peak(DRAM) > +2%' holds: python, device 0, DRAM: peak 7.69 GiB, then 7.90 GiB (+2.7%)", without a line's end. */
void condition_add_text(struct str *out, const struct condition *c, const struct compare_row *row, bool bytes);

/* The comparison as one object and a newline; docs/json.md is the contract. @pools: what conditions are tested on. */
void comparison_add_json(struct str *out, const struct comparison *c, const struct compare_options *o,
			 const struct condition *conditions, size_t nr, const struct comparison *pools);

#endif
