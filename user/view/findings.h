/*
 * findings.h: what was looked at, what was found, why that matters and what can be done: the lines of `pooltrace doctor`, as
 * text and as JSON (docs/json.md).
 */
#ifndef VIEW_FINDINGS_H
#define VIEW_FINDINGS_H

#include "base/str.h"
#include "base/vec.h"

enum finding_level {
	FINDING_OK,
	FINDING_NOTE,	 /* tracing works, with less than there could be */
	FINDING_PROBLEM, /* tracing does not work */
};

/* Where a probe stands, and what a hit there costs. */
struct finding_site {
	char *file;	   /* NULL: no site */
	uint64_t offset;   /* in the file */
	char *instruction; /* "push %rbp" */
	bool emulated;
	uint64_t hit_ns; /* 0: not known */
};

struct finding {
	enum finding_level level;
	const char *section; /* static */
	int pid;	     /* 0: of the machine */
	char *name, *what;
	char *why, *todo; /* NULL: nothing to say */
	struct finding_site site;
};

typedef VEC(struct finding) findings;

/* The new last one. Valid until the next is added. */
struct finding *findings_add(findings *f, const char *section, const char *name, enum finding_level level,
			     const char *format, ...) _printf_(5, 6);
void finding_why(struct finding *f, const char *format, ...) _printf_(2, 3);
void finding_todo(struct finding *f, const char *format, ...) _printf_(2, 3);
void findings_release(findings *f);

size_t findings_count(const findings *f, enum finding_level level);

/* A section a heading, a finding a line, its reason and remedy below; at the end whether tracing works. */
void findings_add_text(struct str *out, const findings *f);
/* One object and a newline. */
void findings_add_json(struct str *out, const findings *f);

#endif
