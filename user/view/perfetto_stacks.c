#include "view/perfetto_stacks.h"

#include "base/proto.h"
#include "view/call_stack.h"

#include <string.h>

/* perfetto.protos: fields of InternedData, and of the messages that they are; numbers of what they name are `iid`s, from 1. */
enum {
	INTERNED_FUNCTIONS = 5,
	INTERNED_FRAMES = 6,
	INTERNED_CALLSTACKS = 7,
	INTERNED_BUILD_IDS = 16,
	INTERNED_PATHS = 17,
	INTERNED_SOURCES = 18,
	INTERNED_MAPPINGS = 19,
	INTERNED_TEXTS = 29,
};
enum { STRING_IID = 1, STRING_STR = 2 };
enum { FRAME_IID = 1, FRAME_FUNCTION, FRAME_MAPPING, FRAME_ADDRESS, FRAME_SOURCE, FRAME_LINE };
enum { CALLSTACK_IID = 1, CALLSTACK_FRAMES = 2 };
enum { MAPPING_IID = 1, MAPPING_BUILD_ID = 2, MAPPING_PATH = 7 };

/* Stands for what called the outermost frame that is known; the ledger's numbers are smaller. */
#define UNKNOWN_FRAME (1ULL << 32)

/* What is said of one stack, in a packet of its own. */
struct telling {
	struct perfetto_stacks *s;
	const struct ledger *l;
	struct str *out;
};

void perfetto_stacks_release(struct perfetto_stacks *s)
{
	struct string_table *tables[] = {&s->functions, &s->sources, &s->paths, &s->texts};
	struct map *maps[] = {&s->told_frames, &s->told_stacks, &s->told_modules};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		string_table_release(tables[i]);
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
		map_release(maps[i]);
	call_groups_release(&s->lines);
	call_groups_release(&s->chains);
}

static bool is_new(struct map *told, uint64_t number)
{
	bool ret;

	map_put(told, number, 0, &ret);
	return ret;
}

/* Its number, which has been told. @text is escaped. */
static uint64_t string(struct telling *t, struct string_table *table, unsigned int field, const char *text)
{
	bool is_first;
	uint64_t iid = string_table_put(table, text, &is_first) + 1;
	size_t message;

	if (!is_first)
		return iid;
	message = proto_begin(t->out, field);
	proto_add_number(t->out, STRING_IID, iid);
	proto_add_text(t->out, STRING_STR, text);
	proto_end(t->out, message);
	return iid;
}

static uint64_t path(struct telling *t, struct string_table *table, unsigned int field, const char *text)
{
	_cleanup_(str_release) struct str escaped = {};

	str_add_escaped(&escaped, text);
	return string(t, table, field, str_text(&escaped));
}

/* ---- modules ---- */

static unsigned int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? (unsigned int)(at - digits) : 16;
}

/* There it is no text, but what the text stands for. False: it is not known. */
static bool add_build_id(struct telling *t, const struct ledger_module *m)
{
	_cleanup_(str_release) struct str bytes = {};
	size_t message, text;

	for (const char *at = m->build_id; at && *at; at += 2) {
		if (digit(at[0]) > 15 || digit(at[1]) > 15)
			return false;
		str_add_char(&bytes, (char)(digit(at[0]) << 4 | digit(at[1])));
	}
	if (!bytes.len)
		return false;
	message = proto_begin(t->out, INTERNED_BUILD_IDS);
	proto_add_number(t->out, STRING_IID, m->id);
	text = proto_begin(t->out, STRING_STR);
	str_add_bytes(t->out, bytes.p, bytes.len);
	proto_end(t->out, text);
	proto_end(t->out, message);
	return true;
}

static void tell_module(struct telling *t, const struct ledger_module *m)
{
	uint64_t where;
	size_t message;
	bool known;

	if (!is_new(&t->s->told_modules, m->id))
		return;
	where = path(t, &t->s->paths, INTERNED_PATHS, m->path ? m->path : "?");
	known = add_build_id(t, m);
	message = proto_begin(t->out, INTERNED_MAPPINGS);
	proto_add_number(t->out, MAPPING_IID, m->id);
	if (known)
		proto_add_number(t->out, MAPPING_BUILD_ID, m->id);
	proto_add_number(t->out, MAPPING_PATH, where);
	proto_end(t->out, message);
}

/* ---- frames and stacks ---- */

static void tell_frame(struct telling *t, uint64_t number)
{
	const struct ledger_frame *f = ledger_frame(t->l, number);
	const struct ledger_module *m = ledger_module(t->l, f->module);
	_cleanup_(str_release) struct str name = {};
	uint64_t function, source;
	size_t message;

	if (!is_new(&t->s->told_frames, number))
		return;
	call_stack_add_function(&name, t->l, f);
	function = string(t, &t->s->functions, INTERNED_FUNCTIONS, str_text(&name));
	source = f->path ? path(t, &t->s->sources, INTERNED_SOURCES, f->path) : 0;
	if (m)
		tell_module(t, m);
	message = proto_begin(t->out, INTERNED_FRAMES);
	proto_add_number(t->out, FRAME_IID, number);
	proto_add_number(t->out, FRAME_FUNCTION, function);
	if (m) {
		proto_add_number(t->out, FRAME_MAPPING, m->id);
		proto_add_number(t->out, FRAME_ADDRESS, f->offset);
	}
	if (source)
		proto_add_number(t->out, FRAME_SOURCE, source);
	if (f->line && f->line <= UINT32_MAX)
		proto_add_number(t->out, FRAME_LINE, f->line);
	proto_end(t->out, message);
}

static void tell_unknown(struct telling *t)
{
	uint64_t function;
	size_t message;

	if (!is_new(&t->s->told_frames, UNKNOWN_FRAME))
		return;
	function = string(t, &t->s->functions, INTERNED_FUNCTIONS, "... (what called it is not known)");
	message = proto_begin(t->out, INTERNED_FRAMES);
	proto_add_number(t->out, FRAME_IID, UNKNOWN_FRAME);
	proto_add_number(t->out, FRAME_FUNCTION, function);
	proto_end(t->out, message);
}

static void tell_stack(struct telling *t, uint64_t number)
{
	VEC(uint64_t) frames = {};
	size_t message;

	for (const struct ledger_stack *s = ledger_stack(t->l, number); s; s = ledger_stack(t->l, s->parent)) {
		tell_frame(t, s->frame);
		vec_push(&frames, s->frame);
		if (!s->partial)
			continue;
		tell_unknown(t);
		vec_push(&frames, UNKNOWN_FRAME);
	}
	message = proto_begin(t->out, INTERNED_CALLSTACKS);
	proto_add_number(t->out, CALLSTACK_IID, number);
	for (size_t i = frames.nr; i; i--)
		proto_add_number(t->out, CALLSTACK_FRAMES, frames.items[i - 1]);
	proto_end(t->out, message);
	vec_release(&frames);
}

static uint64_t tell(struct telling *t, const struct block *b)
{
	struct perfetto_interned packet;
	uint64_t line, chain;

	packet = perfetto_begin_interned(t->out);
	t->s->lines.by = CALL_BY_LINE;
	t->s->chains.by = CALL_BY_STACK;
	line = string(t, &t->s->texts, INTERNED_TEXTS, call_group_of(&t->s->lines, t->l, NULL, b));
	chain = string(t, &t->s->texts, INTERNED_TEXTS, call_group_of(&t->s->chains, t->l, NULL, b));
	tell_stack(t, b->stack);
	perfetto_end_interned(t->out, packet);
	return line << 32 | chain;
}

void perfetto_stacks_set(struct perfetto_stacks *s, struct str *out, const struct ledger *l, const struct block *b,
			 struct perfetto_event *e)
{
	struct map_entry *told;
	bool is_first;

	if (!ledger_stack(l, b->stack))
		return;
	told = map_put(&s->told_stacks, b->stack, 0, &is_first);
	if (is_first)
		told->value = tell(&(struct telling){.s = s, .l = l, .out = out}, b);
	e->stack = b->stack;
	e->line_text = told->value >> 32;
	e->stack_text = told->value & UINT32_MAX;
}
