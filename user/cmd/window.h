/* window.h: --at, --from and --to: which part of a recording is asked for. */
#ifndef CMD_WINDOW_H
#define CMD_WINDOW_H

#include "cmd/options.h"

struct window {
	const struct options *options;
	bool open; /* a record has come: times are known */
	uint64_t begin_ns; /* of the recording: its first record's; 0: it is not open */
	uint64_t end_ns;   /* its last record's; UINT64_MAX: not known */
	uint64_t from_ns, to_ns; /* both are in it; 0 and UINT64_MAX: no limit */
};

/* Can it be read as often as one likes? A pipe cannot. */
bool recording_is_file(const char *path);
/* Time of a file's first or last record. Reads little, if the recording is whole. False: it has none, or cannot be read. */
bool recording_begin(const char *path, uint64_t *ret_ns);
bool recording_end(const char *path, uint64_t *ret_ns);

/* Before the recording is opened; if it is a file, with window_open(). -EINVAL: @d says why. */
int window_init(struct window *w, const struct options *o, struct diag *d);
/* At its first record. -EINVAL likewise. */
int window_open(struct window *w, uint64_t first_ns, struct diag *d);
/* When it was read to its end, at @last_ns: -EINVAL when what is asked for would have come later. */
int window_check(const struct window *w, uint64_t last_ns, struct diag *d);

#endif
