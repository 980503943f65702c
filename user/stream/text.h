/*
 * The text form of records, for tests and for debugging; recordings are written by file.h.
 *
 *     alloc time_ns=123 process=1 tid=77 arena=2 address=1048640 reserved=2113536
 *     arena time_ns=120 process=1 arena=2 object=0x7f31c0 pool=L1 reason=new
 *     attach time_ns=100 process=1 pid=4242 command="python \"serve.py\"" runtime=tt-metal pools=DRAM,L1
 *
 * A line is a record: the name of its kind, then field=value, in any order, each at most once. NUMBERs are
 * written in decimal and HEXes as 0x...; either is read as both. A TEXT is bare if it consists of letters,
 * digits and _.,:/+- alone; else it is in double quotes, with \" \\ and \xNN for quotes, backslashes
 * and bytes that are not printable ASCII. Which fields a kind needs is not checked: see record_missing().
 */
#ifndef STREAM_TEXT_H
#define STREAM_TEXT_H

#include "base/diag.h"
#include "base/str.h"
#include "stream/record.h"

/* Add @r as a line, without the line's end. */
void text_add(struct str *s, const struct record *r);

/*
 * Read a line (without its end) of @len bytes. @ret's texts are kept in @texts, which is overwritten: they
 * live until it changes. Returns -EINVAL, with the column (from 1, in bytes) in @d, when it is not a record.
 */
int text_parse(const char *line, size_t len, struct record *ret, struct str *texts, struct diag *d);

/*
 * A source that pushes a record for each line of @text, which must live as long as the source. Blank lines
 * and lines that begin with # are skipped. run() stops at the first mistake with -EINVAL (then
 * text_source_diag() says line, column and what), or with what the sink returned.
 */
struct source *text_source_new(const char *text, size_t len);
const struct diag *text_source_diag(const struct source *source);

/* A sink that adds each record to @out, which must live as long as the sink, as a line with its end. */
struct text_sink {
	struct sink sink;
	struct str *out;
};

void text_sink_init(struct text_sink *t, struct str *out);

#endif
