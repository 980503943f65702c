#include "view/export.h"

const struct export_format export_formats[EXPORT_NR] = {
	[EXPORT_PERFETTO] = {"a Perfetto trace", true, false, export_perfetto_new},
	[EXPORT_PPROF] = {"a profile", true, true, export_pprof_new},
	[EXPORT_FOLDED] = {"folded stacks", false, true, export_folded_new},
	[EXPORT_CSV] = {"CSV", false, false, export_csv_new},
	[EXPORT_NDJSON] = {"JSON", false, false, export_ndjson_new},
};
