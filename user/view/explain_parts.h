/* explain_parts.h: what the files explain*.c share. */
#ifndef VIEW_EXPLAIN_PARTS_H
#define VIEW_EXPLAIN_PARTS_H

#include "ledger/advice.h"
#include "view/explain.h"
#include "view/table_grid.h"

/* The page about one process. */
struct page {
	struct pen pen;
	const struct ledger *l;
	const struct ledger_process *p; /* has a history */
	const struct explain_options *o;
};

/* The table of phases, of at most @max_lines lines (0: no limit): the last ones. */
void page_add_table(struct page *page, size_t max_lines);
/* What its traces mean for its memory. */
void page_add_words(struct page *page);
/* What lies in the cores' own memory beside buffers. */
void page_add_core(struct page *page);
/* What to type. */
void page_add_advice(struct page *page);
/* What belongs to no tensor of the program. */
void page_add_hidden(struct page *page);
/* Why allocations failed. */
void page_add_failures(struct page *page);

/* A paragraph, wrapped; further lines are indented by @indent. */
void page_add_paragraph(struct page *page, const char *text, size_t indent);
/* "12.0 KiB"; with --bytes "12288 B". */
void page_add_size(const struct page *page, struct str *out, uint64_t bytes);
/* "3 allocations". */
void page_add_count(struct str *out, uint64_t nr, const char *one, const char *many);
void page_add_ago(const struct page *page, struct str *out, uint64_t time_ns);

/* "execution of trace 0", without what changes: times, now. */
void row_add_name(struct str *out, const struct history_row *row);
void row_add_kind_name(struct str *out, enum history_kind kind, const uint64_t *traces, size_t nr_traces);

/* A piece of advice for the devices of one number. */
struct advised {
	struct advice advice;
	const char *pool; /* the process's name of it */
	unsigned int device;
	struct history_need need;
	bool elsewhere;	  /* what should lie in the pool lies in need.pool, for want of room */
	uint64_t value;	  /* of the argument */
	bool has_value;
	bool known;	  /* it is enough, and the least; else it may have to be more: */
	bool from_begin;  /* if false, for what was before; with need.failed, for what would have come behind a failure */
	bool refused;	  /* a capture got no room */
	uint64_t becomes; /* bytes of a bank that the runtime makes of it */
	bool has_becomes;
};

typedef VEC(struct advised) advised_list;

/* All that can be said, by device. */
void advised_list_fill(const struct ledger_process *p, const struct selection *s, advised_list *ret);

/* Is there a page about the process? */
bool explain_shows(const struct ledger *l, const struct ledger_process *p, const struct explain_options *o);

/* Is the failure in a pool and of a device that are selected? */
bool failure_selected(const struct ledger_process *p, const struct selection *s, const struct history_failure *f);
/* Are the figures? */
bool figures_selected(const struct ledger_process *p, const struct selection *s, const struct history_figures *f);

#endif
