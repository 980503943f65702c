/* By libiberty: it knows both languages, and is there as a static library; but for Rust's older names. */
#include "target/demangle.h"

#include "target/demangle_rust.h"

#include <setjmp.h>
#include <string.h>

#include <libiberty/demangle.h>

enum { MANGLED_MAX = 1 << 14 };

struct output {
	struct str *to;
	size_t begin;
	jmp_buf full;
};

/*
 * A short name may stand for gigabytes of text. There is no other way to make libiberty stop; what it has it keeps on the stack,
 * but for identifiers in punycode.
 */
static void add_part(const char *text, size_t len, void *context)
{
	struct output *o = context;
	size_t room = o->begin + DEMANGLED_MAX - o->to->len;

	if (len <= room) {
		str_add_bytes(o->to, text, len);
		return;
	}
	str_add_bytes(o->to, text, room);
	str_add(o->to, "...");
	longjmp(o->full, 1);
}

static void cut(struct str *s, size_t len)
{
	if (s->p && s->len > len) {
		s->len = len;
		s->p[len] = '\0';
	}
}

static bool add_rust(struct str *s, const char *name)
{
	size_t most = s->len + DEMANGLED_MAX;

	if (!demangle_add_rust(s, name))
		return false;
	if (s->len > most) {
		cut(s, most);
		str_add(s, "...");
	}
	return true;
}

void demangle_add(struct str *s, const char *name)
{
	struct output o = { .to = s, .begin = s->len };
	const bool mangled = (name[0] == '_' && (name[1] == 'Z' || name[1] == 'R')) && strlen(name) <= MANGLED_MAX;

	if (mangled) {
		if (add_rust(s, name) || setjmp(o.full))
			return;
		if (rust_demangle_callback(name, DMGL_NO_OPTS, add_part, &o) && s->len > o.begin)
			return;
		cut(s, o.begin);
		if (cplus_demangle_v3_callback(name, DMGL_ANSI, add_part, &o) && s->len > o.begin)
			return;
		cut(s, o.begin);
	}
	str_add(s, name);
}
