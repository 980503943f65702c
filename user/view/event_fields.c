#include "view/event_fields.h"

#include "view/device_name.h"

#define FIELD(type, from, name, member) {name, EVENT_##type, EVENT_FROM_##from, offsetof(struct event, member)}
#define TEXT(member) FIELD(TEXT, TEXT, #member, member)
#define NUMBER(member) FIELD(NUMBER, KNOWN, #member, member)

const struct event_field event_fields[EVENT_FIELDS_NR] = {
	FIELD(TEXT, TEXT, "event", name),
	FIELD(NUMBER, TIME, "time_ns", time_ns),
	TEXT(host),
	NUMBER(pid),
	NUMBER(tid),
	FIELD(TEXT, DEVICE, "device", device),
	FIELD(NUMBER, MESH, "mesh", device),
	TEXT(pool),
	NUMBER(reserved),
	NUMBER(asked),
	FIELD(ADDRESS, KNOWN, "address", address),
	TEXT(phase),
	TEXT(state),
	TEXT(reason),
	FIELD(SIGNED, KNOWN, "code", code),
	NUMBER(trace),
	NUMBER(id),
	TEXT(layout),
	TEXT(label),
	NUMBER(buffers),
	FIELD(ADDRESS, KNOWN, "end", end),
	FIELD(ADDRESS, KNOWN, "limit", limit),
	NUMBER(core_bytes),
	NUMBER(count),
	NUMBER(from_ns),
	TEXT(probe),
	FIELD(TEXT, TEXT, "name", process),
	TEXT(command),
	TEXT(runtime),
	TEXT(path),
	TEXT(build_id),
	TEXT(version),
	FIELD(YES_NO, KNOWN, "equal", equal),
	FIELD(YES_NO, KNOWN, "partial", partial),
	FIELD(FLAG, BOOL, "unknown", unknown_free),
	FIELD(FLAG, BOOL, "replaced", replaced),
};

static bool get_text(const void *member, struct str *text, uint64_t *number)
{
	const char *value = *(const char *const *)member;

	(void)number;
	if (value)
		str_add_escaped(text, value);
	return value != NULL;
}

static bool get_known(const void *member, struct str *text, uint64_t *number)
{
	const struct known *n = member;

	(void)text;
	*number = n->value;
	return n->has;
}

static bool get_time(const void *member, struct str *text, uint64_t *number)
{
	(void)text;
	*number = *(const uint64_t *)member;
	return true;
}

static bool get_bool(const void *member, struct str *text, uint64_t *number)
{
	(void)text;
	*number = *(const bool *)member;
	return *number;
}

static bool get_device(const void *member, struct str *text, uint64_t *number)
{
	const struct device *d = *(const struct device *const *)member;
	struct str name = {};

	(void)number;
	if (!d)
		return false;
	device_add_name(&name, d);
	str_add_escaped(text, str_text(&name));
	str_release(&name);
	return true;
}

static bool get_mesh(const void *member, struct str *text, uint64_t *number)
{
	const struct device *d = *(const struct device *const *)member;

	(void)text;
	if (!d || !d->has_mesh)
		return false;
	*number = d->mesh;
	return true;
}

bool event_get(const struct event *event, const struct event_field *field, struct str *text, uint64_t *number)
{
	static bool (*const get[])(const void *member, struct str *text, uint64_t *number) = {
		[EVENT_FROM_TEXT] = get_text, [EVENT_FROM_KNOWN] = get_known,	[EVENT_FROM_TIME] = get_time,
		[EVENT_FROM_BOOL] = get_bool, [EVENT_FROM_DEVICE] = get_device, [EVENT_FROM_MESH] = get_mesh,
	};

	return get[field->from]((const char *)event + field->offset, text, number);
}
