#include "view/perfetto.h"

#include "base/proto.h"

/* perfetto.protos: a number of a field is that of the message which stands before it. */
enum { TRACE_PACKET = 1 };
enum {
	PACKET_CLOCK_SNAPSHOT = 6,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE = 10,
	PACKET_TRACK_EVENT = 11,
	PACKET_INTERNED_DATA = 12,
	PACKET_SEQUENCE_FLAGS = 13,
	PACKET_DEFAULTS = 59,
	PACKET_TRACK_DESCRIPTOR = 60,
	PACKET_FIRST_ON_SEQUENCE = 87,
};
enum { SEQUENCE_CLEARED = 1, SEQUENCE_NEEDED = 2 };
enum { SNAPSHOT_CLOCKS = 1, SNAPSHOT_PRIMARY = 2, CLOCK_ID = 1, CLOCK_TIMESTAMP = 2, CLOCK_REALTIME_ID = 1 };
enum { DEFAULTS_CLOCK_ID = 58 };
enum { INTERNED_ARGUMENT_NAMES = 3, ARGUMENT_NAME_IID = 1, ARGUMENT_NAME_NAME = 2 };
enum {
	TRACK_UUID = 1,
	TRACK_NAME = 2,
	TRACK_PROCESS = 3,
	TRACK_PARENT = 5,
	TRACK_COUNTER = 8,
};
enum { PROCESS_PID = 1, PROCESS_CMDLINE = 2, PROCESS_NAME = 6, PROCESS_START = 7 };
enum { COUNTER_UNIT = 3, UNIT_SIZE_BYTES = 3 };
enum {
	EVENT_ARGUMENTS = 4,
	EVENT_TYPE = 9,
	EVENT_TRACK = 11,
	EVENT_CATEGORIES = 22,
	EVENT_NAME = 23,
	EVENT_COUNTER_VALUE = 30,
	EVENT_CALLSTACK = 56,
	TYPE_COUNTER = 4,
};
enum { ARGUMENT_IID = 1, ARGUMENT_BOOL = 2, ARGUMENT_UINT = 3, ARGUMENT_INT = 4, ARGUMENT_STRING = 6, ARGUMENT_POINTER = 7, ARGUMENT_STRING_IID = 17 };

/* The fields before it are what an event of a trace has anyway: name and time. */
enum { EVENT_FIELD_FIRST = 2 };
/* Arguments that are no fields of an event: numbers of their names. */
enum { LINE_ARGUMENT = EVENT_FIELDS_NR + 1, STACK_ARGUMENT };
/* All packets are of one sequence, so that arguments can have their names from the first. */
enum { SEQUENCE = 1 };

static size_t begin_packet(struct str *out, uint64_t flags)
{
	size_t packet = proto_begin(out, TRACE_PACKET);

	proto_add_number(out, PACKET_SEQUENCE, SEQUENCE);
	proto_add_number(out, PACKET_SEQUENCE_FLAGS, flags);
	return packet;
}

static void add_clock(struct str *out, uint64_t time_ns)
{
	size_t packet = begin_packet(out, SEQUENCE_NEEDED), snapshot, clock;

	snapshot = proto_begin(out, PACKET_CLOCK_SNAPSHOT);
	clock = proto_begin(out, SNAPSHOT_CLOCKS);
	proto_add_number(out, CLOCK_ID, CLOCK_REALTIME_ID);
	proto_add_number(out, CLOCK_TIMESTAMP, time_ns);
	proto_end(out, clock);
	proto_add_number(out, SNAPSHOT_PRIMARY, CLOCK_REALTIME_ID);
	proto_end(out, snapshot);
	proto_end(out, packet);
}

static void add_argument_name(struct str *out, uint64_t iid, const char *text)
{
	size_t name = proto_begin(out, INTERNED_ARGUMENT_NAMES);

	proto_add_number(out, ARGUMENT_NAME_IID, iid);
	proto_add_text(out, ARGUMENT_NAME_NAME, text);
	proto_end(out, name);
}

static void add_argument_names(struct str *out)
{
	size_t interned = proto_begin(out, PACKET_INTERNED_DATA);

	for (size_t i = 0; i < EVENT_FIELDS_NR; i++)
		add_argument_name(out, i + 1, event_fields[i].name);
	add_argument_name(out, LINE_ARGUMENT, "line");
	add_argument_name(out, STACK_ARGUMENT, "stack");
	proto_end(out, interned);
}

struct perfetto_interned perfetto_begin_interned(struct str *out)
{
	struct perfetto_interned i = {.packet = begin_packet(out, SEQUENCE_NEEDED)};

	i.data = proto_begin(out, PACKET_INTERNED_DATA);
	return i;
}

void perfetto_end_interned(struct str *out, struct perfetto_interned i)
{
	proto_end(out, i.data);
	proto_end(out, i.packet);
}

void perfetto_add_begin(struct str *out, uint64_t time_ns)
{
	size_t packet = begin_packet(out, SEQUENCE_CLEARED), defaults;

	proto_add_number(out, PACKET_FIRST_ON_SEQUENCE, 1);
	defaults = proto_begin(out, PACKET_DEFAULTS);
	proto_add_number(out, DEFAULTS_CLOCK_ID, CLOCK_REALTIME_ID);
	proto_end(out, defaults);
	add_argument_names(out);
	proto_end(out, packet);
	add_clock(out, time_ns);
}

struct track_packet {
	size_t packet, track;
};

static struct track_packet begin_track(struct str *out, uint64_t track, uint64_t parent, const char *name)
{
	struct track_packet p = {.packet = begin_packet(out, SEQUENCE_NEEDED)};

	p.track = proto_begin(out, PACKET_TRACK_DESCRIPTOR);
	proto_add_number(out, TRACK_UUID, track);
	if (parent)
		proto_add_number(out, TRACK_PARENT, parent);
	if (name)
		proto_add_text(out, TRACK_NAME, name);
	return p;
}

static void end_track(struct str *out, struct track_packet p)
{
	proto_end(out, p.track);
	proto_end(out, p.packet);
}

void perfetto_add_process(struct str *out, const struct perfetto_process *p)
{
	struct track_packet track = begin_track(out, p->track, 0, NULL);
	size_t process = proto_begin(out, TRACK_PROCESS);

	proto_add_number(out, PROCESS_PID, (uint64_t)p->pid);
	proto_add_text(out, PROCESS_NAME, p->name);
	if (*p->command)
		proto_add_text(out, PROCESS_CMDLINE, p->command);
	if (p->has_start)
		proto_add_number(out, PROCESS_START, p->start_ns);
	proto_end(out, process);
	end_track(out, track);
}

void perfetto_add_track(struct str *out, uint64_t track, uint64_t parent, const char *name)
{
	end_track(out, begin_track(out, track, parent, name));
}

void perfetto_add_counter(struct str *out, uint64_t track, uint64_t parent, const char *name)
{
	struct track_packet p = begin_track(out, track, parent, name);
	size_t counter = proto_begin(out, TRACK_COUNTER);

	proto_add_number(out, COUNTER_UNIT, UNIT_SIZE_BYTES);
	proto_end(out, counter);
	end_track(out, p);
}

static void add_argument(struct str *out, const struct event *event, size_t i)
{
	static const unsigned int fields[] = {
		[EVENT_NUMBER] = ARGUMENT_UINT,
		[EVENT_SIGNED] = ARGUMENT_INT,
		[EVENT_ADDRESS] = ARGUMENT_POINTER,
		[EVENT_YES_NO] = ARGUMENT_BOOL,
		[EVENT_FLAG] = ARGUMENT_BOOL,
	};
	const struct event_field *field = &event_fields[i];
	_cleanup_(str_release) struct str text = {};
	uint64_t number = 0;
	size_t argument;

	if (!event_get(event, field, &text, &number))
		return;
	argument = proto_begin(out, EVENT_ARGUMENTS);
	proto_add_number(out, ARGUMENT_IID, i + 1);
	if (field->type == EVENT_TEXT)
		proto_add_text(out, ARGUMENT_STRING, str_text(&text));
	else
		proto_add_number(out, fields[field->type], number);
	proto_end(out, argument);
}

static void add_text_argument(struct str *out, uint64_t name, uint64_t text)
{
	size_t argument;

	if (!text)
		return;
	argument = proto_begin(out, EVENT_ARGUMENTS);
	proto_add_number(out, ARGUMENT_IID, name);
	proto_add_number(out, ARGUMENT_STRING_IID, text);
	proto_end(out, argument);
}

void perfetto_add_event(struct str *out, const struct perfetto_event *e)
{
	size_t packet = begin_packet(out, SEQUENCE_NEEDED), event;

	proto_add_number(out, PACKET_TIMESTAMP, e->time_ns);
	event = proto_begin(out, PACKET_TRACK_EVENT);
	proto_add_number(out, EVENT_TYPE, e->type);
	proto_add_number(out, EVENT_TRACK, e->track);
	if (e->category)
		proto_add_text(out, EVENT_CATEGORIES, e->category);
	if (e->name)
		proto_add_text(out, EVENT_NAME, e->name);
	for (size_t i = EVENT_FIELD_FIRST; e->arguments && i < EVENT_FIELDS_NR; i++)
		add_argument(out, e->arguments, i);
	add_text_argument(out, LINE_ARGUMENT, e->line_text);
	add_text_argument(out, STACK_ARGUMENT, e->stack_text);
	if (e->stack)
		proto_add_number(out, EVENT_CALLSTACK, e->stack);
	proto_end(out, event);
	proto_end(out, packet);
}

void perfetto_add_value(struct str *out, uint64_t time_ns, uint64_t track, uint64_t bytes)
{
	size_t packet = begin_packet(out, SEQUENCE_NEEDED), event;

	proto_add_number(out, PACKET_TIMESTAMP, time_ns);
	event = proto_begin(out, PACKET_TRACK_EVENT);
	proto_add_number(out, EVENT_TYPE, TYPE_COUNTER);
	proto_add_number(out, EVENT_TRACK, track);
	/* It is signed there: of a broken recording the largest number says that it is one. */
	proto_add_number(out, EVENT_COUNTER_VALUE, bytes < INT64_MAX ? bytes : INT64_MAX);
	proto_end(out, event);
	proto_end(out, packet);
}
