/*
 * condition.h: what --fail-if says: peak(DRAM) > +2%
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
void condition_release(struct condition *c);
/* -EINVAL: it names a pool that neither recording knows; the text lists what there is. */
int condition_check(const struct condition *c, const struct comparison *in, struct diag *d);
/* @row: of pools. */
bool condition_holds(const struct condition *c, const struct compare_row *row);

/* "'peak(DRAM) > +2%' holds: python, device 0, DRAM: peak 7.69 GiB, then 7.90 GiB (+2.7%)", without a line's end. */
void condition_add_text(struct str *out, const struct condition *c, const struct compare_row *row, bool bytes);

/* The comparison as one object and a newline; docs/json.md is the contract. @pools: what conditions are tested on. */
void comparison_add_json(struct str *out, const struct comparison *c, const struct compare_options *o,
			 const struct condition *conditions, size_t nr, const struct comparison *pools);

#endif
