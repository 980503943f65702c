#include "view/log.h"
#include "view/call_stack.h"

#include "base/units.h"
#include "view/device_name.h"
#include "view/log_event.h"
#include "view/table_grid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The columns of a line that is about memory; a line that is not has its text from DEV on. */
static const struct {
	const char *title;
	unsigned int width, bytes_width;
	bool left;
} columns[] = {
	{"TIME", 15, 15, true}, {"HOST", 10, 10, true}, {"PID", 7, 7, false},	    {"TID", 7, 7, false},    {"EVENT", 10, 10, true},
	{"DEV", 3, 3, false},	{"POOL", 8, 8, true},	    {"RESERVED", 9, 12, false}, {"ASKED", 9, 12, false},
	{"ADDRESS", 12, 12, true},
};

enum { TIME, HOST, PID, TID, EVENT, DEV, POOL, RESERVED, ASKED, ADDRESS };

static void add_cell(struct pen *pen, const struct log_options *o, size_t column, const char *text)
{
	size_t width = o->bytes ? columns[column].bytes_width : columns[column].width, used = str_columns(text);
	size_t padding = width > used ? width - used : 0;

	pen_add_blanks(pen, columns[column].left ? 0 : padding);
	pen_add(pen, text, TONE_PLAIN);
	pen_add_blanks(pen, (columns[column].left ? padding : 0) + 2);
}

void log_add_title(struct str *out, const struct log_options *o)
{
	struct pen pen = {.out = out};

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (i != HOST || o->hosts)
			add_cell(&pen, o, i, columns[i].title);
	pen_end_line(&pen);
}

static void add_number(struct pen *pen, const struct log_options *o, size_t column, struct known n)
{
	char text[32] = "-";

	if (n.has)
		snprintf(text, sizeof(text), "%" PRIu64, n.value);
	add_cell(pen, o, column, text);
}

static void add_bytes(struct pen *pen, const struct log_options *o, size_t column, struct known n, bool sized)
{
	struct str text = {};

	if (!n.has)
		str_add(&text, sized ? "?" : "-");
	else if (o->bytes)
		str_addf(&text, "%" PRIu64, n.value);
	else
		units_add_bytes(&text, n.value);
	add_cell(pen, o, column, str_text(&text));
	str_release(&text);
}

static void add_host(struct pen *pen, const struct log_options *o, const struct event *event)
{
	struct str text = {};

	str_add_escaped(&text, event->host ? event->host : "-");
	add_cell(pen, o, HOST, str_text(&text));
	str_release(&text);
}

static void add_memory(struct pen *pen, const struct log_options *o, const struct event *event)
{
	struct str pool = {}, device = {};
	char address[32] = "-";

	str_add_escaped(&pool, event->pool ? event->pool : "?");
	if (event->address.has)
		snprintf(address, sizeof(address), "0x%" PRIx64, event->address.value);
	if (event->device)
		device_add_name(&device, event->device);
	add_cell(pen, o, DEV, event->device ? str_text(&device) : "-");
	add_cell(pen, o, POOL, str_text(&pool));
	add_bytes(pen, o, RESERVED, event->reserved, event->sized);
	add_bytes(pen, o, ASKED, event->asked, event->sized);
	add_cell(pen, o, ADDRESS, address);
	str_release(&device);
	str_release(&pool);
}

/* Words that reasons are given as, for people; other words are shown as they are. */
static const struct {
	const char *event, *reason, *text;
} reasons[] = {
	{"failed", "throw", "by an exception"},
	{"failed", "next-call", "seen at the thread's next call"},
	{"failed", "thread-exit", "seen when the thread ended"},
	{"failed", "status", "as its function says"},
	{"failed", "clash", "clash"},
	{"failed", "overflow", "overflow"},
	{"cb-free", "void", ", which are to be placed anew"},
	{"free", "clear", "the pool was cleared"},
	{"free", "gone", "the pool does not exist any more"},
	{"correction", "missing", "added: in the books only"},
	{"correction", "extra", "removed: not in the books"},
	{"correction", "size", "size as in the books"},
	{"correction", "gone", "the pool does not exist any more"},
};

static void add_reason(struct str *out, const struct event *event)
{
	if (!event->reason)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (!strcmp(event->name, reasons[i].event) && !strcmp(event->reason, reasons[i].reason)) {
			str_add(out, reasons[i].text);
			return;
		}
	}
	str_add_escaped(out, event->reason);
}

static void add_count(struct str *out, uint64_t nr, const char *thing)
{
	str_addf(out, "%" PRIu64 " %s%s", nr, thing, nr == 1 ? "" : "s");
}

/* Of a program that was refused: the figures of the runtime's own error. */
static void add_refused(struct str *out, const struct event *event)
{
	str_addf(out, ": a program's circular buffers would end at %" PRIu64, event->end.value);
	if (event->limit.has)
		str_addf(out, ", and %s at %" PRIu64,
			 strcmp(event->reason, "clash") ? "a core's memory ends" : "the lowest block begins", event->limit.value);
}

static void say_placed(struct str *out, const struct event *event)
{
	add_count(out, event->buffers.value, "circular buffer");
	str_add(out, " of a program");
	if (!event->end.has)
		str_add(out, ", in blocks");
	else if (event->core_bytes.has)
		str_addf(out, ", %" PRIu64 " bytes of each core", event->core_bytes.value);
}

static void say_gone(struct str *out, const struct event *event)
{
	str_add(out, "circular buffers of a program");
	add_reason(out, event);
}

static void say_memory(struct str *out, const struct event *event)
{
	if (event->buffers.has) {
		add_count(out, event->buffers.value, "buffer");
		str_add(out, ": ");
	}
	add_reason(out, event);
	if (event->code.has)
		str_addf(out, ": %" PRId64, (int64_t)event->code.value);
	if (event->end.has)
		add_refused(out, event);
	if (event->unknown_free)
		str_add(out, "nobody was seen to allocate it");
	if (event->trace.has)
		str_addf(out, "%strace %" PRIu64, out->len ? ", " : "", event->trace.value);
	if (event->label && !event->trace.has) {
		str_add(out, out->len ? ", " : "");
		str_add_escaped(out, event->label);
	}
	if (event->replaced)
		str_addf(out, "%sreplaces a block whose free was not seen", out->len ? ", " : "");
}

static void say_phase(struct str *out, const struct event *event)
{
	str_add(out, event->phase);
	if (event->trace.has)
		str_addf(out, " of trace %" PRIu64, event->trace.value);
	str_addf(out, " %ss: ", event->state);
	add_reason(out, event);
}

static void say_lost(struct str *out, const struct event *event)
{
	add_count(out, event->count.value, "event");
	str_add(out, " had no room in the ring");
	if (event->from_ns.has && event->from_ns.value <= event->time_ns) {
		str_add(out, ", within ");
		units_add_duration(out, event->time_ns - event->from_ns.value);
	}
}

static void say_unread(struct str *out, const struct event *event)
{
	add_count(out, event->count.value, "value");
	str_add(out, " could not be read in the process");
	if (event->probe) {
		str_add(out, ", at ");
		str_add_escaped(out, event->probe);
	}
}

static void say_check(struct str *out, const struct event *event)
{
	str_add(out, event->equal.value ? "equal to the runtime's books" :
					  "DIFFERENT from the runtime's books: settled in their favour");
	if (event->partial.has && event->partial.value)
		str_add(out, " (not every pool could be read)");
}

static void say_retract(struct str *out, const struct event *event)
{
	(void)event;
	str_add(out, "the failed allocation of this thread before succeeded after all");
}

static const struct {
	const char *name;
	enum tone tone;
	bool memory; /* has the columns of memory, the text behind them */
	void (*say)(struct str *out, const struct event *event);
} kinds[] = {
	{"alloc", TONE_PLAIN, true, say_memory},	   {"free", TONE_PLAIN, true, say_memory},
	{"failed", TONE_WARNING, true, say_memory},	   {"retract", TONE_PLAIN, false, say_retract},
	{"phase", TONE_TITLE, false, say_phase},	   {"lost", TONE_WARNING, false, say_lost},
	{"unread", TONE_WARNING, false, say_unread},	   {"check", TONE_WARNING, false, say_check},
	{"correction", TONE_WARNING, true, say_memory},	   {"cb", TONE_PLAIN, true, say_placed},
	{"cb-free", TONE_PLAIN, true, say_gone},
};

static size_t kind_of(const struct event *event)
{
	size_t i = 0;

	while (strcmp(kinds[i].name, event->name))
		BUG_ON(++i == ARRAY_SIZE(kinds));
	return i;
}

static void add_line(struct pen *pen, const struct log_options *o, const struct event *event)
{
	size_t kind = kind_of(event), padding = columns[EVENT].width - strlen(event->name);
	struct str text = {};

	units_add_clock(&text, event->time_ns);
	add_cell(pen, o, TIME, str_text(&text));
	if (o->hosts)
		add_host(pen, o, event);
	add_number(pen, o, PID, event->pid);
	add_number(pen, o, TID, event->tid);
	pen_add(pen, event->name, kinds[kind].tone);
	pen_add_blanks(pen, padding + 2);
	if (kinds[kind].memory)
		add_memory(pen, o, event);
	str_clear(&text);
	kinds[kind].say(&text, event);
	pen_add(pen, str_text(&text), TONE_PLAIN);
	pen_end_line(pen);
	if (event->stack)
		call_stack_add_lines(pen->out, event->ledger, event->stack);
	str_release(&text);
}

void log_add(struct str *out, const struct record *r, const struct effect *e, const struct log_options *o)
{
	struct pen pen = {.out = out, .color = o->color};
	struct events events;

	events_of(r, e, o->selection, &events);
	for (size_t i = 0; i < events.nr; i++)
		add_line(&pen, o, &events.items[i]);
}
