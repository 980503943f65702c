/* export.h: a recording in the formats of others. Pure: bytes from records and the ledger that they make. */
#ifndef VIEW_EXPORT_H
#define VIEW_EXPORT_H

#include "base/str.h"
#include "view/select.h"

/* Which blocks a profile is of: see struct profile_node. */
enum export_sample { EXPORT_INUSE, EXPORT_PEAK, EXPORT_ALLOC };

struct export_options {
	const struct selection *selection; /* lives as long as the exporter */
	enum export_sample sample;	   /* of formats with samples */
};

struct exporter {
	/* Adds to @out what @r, which had that effect on the ledger, says. */
	void (*put)(struct exporter *x, struct str *out, const struct record *r, const struct effect *e);
	/* After the last one. */
	void (*finish)(struct exporter *x, struct str *out, const struct ledger *l);
	void (*free)(struct exporter *x);
	bool empty; /* of formats with samples, after finish(): there is nothing of that sample */
};

enum export_to { EXPORT_PERFETTO, EXPORT_PPROF, EXPORT_FOLDED, EXPORT_CSV, EXPORT_NDJSON, EXPORT_NR };

struct export_format {
	const char *what; /* "a Perfetto trace" */
	bool binary;	  /* no terminal can show it */
	bool samples;
	struct exporter *(*new)(const struct export_options *o);
};

extern const struct export_format export_formats[EXPORT_NR];

struct exporter *export_perfetto_new(const struct export_options *o);
struct exporter *export_pprof_new(const struct export_options *o);
struct exporter *export_folded_new(const struct export_options *o);
struct exporter *export_csv_new(const struct export_options *o);
struct exporter *export_ndjson_new(const struct export_options *o);

#endif
