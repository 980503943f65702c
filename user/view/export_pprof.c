/*
 * export_pprof.c: a profile as pprof reads it: perftools.profiles.Profile, by its published field numbers. A sample is the blocks of
 * a stack, or of a kind, which stands where a stack would.
 */
#include "base/proto.h"
#include "view/export_profile.h"
#include "view/host_name.h"
#include "view/string_table.h"

enum { PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE, PROFILE_LOCATION = 4, PROFILE_FUNCTION, PROFILE_STRING_TABLE };
enum { PROFILE_TIME_NANOS = 9, PROFILE_DURATION_NANOS, PROFILE_PERIOD_TYPE, PROFILE_PERIOD, PROFILE_COMMENT };
enum { PROFILE_DEFAULT_SAMPLE_TYPE = 14 };
enum { VALUE_TYPE_TYPE = 1, VALUE_TYPE_UNIT };
enum { SAMPLE_LOCATION_ID = 1, SAMPLE_VALUE, SAMPLE_LABEL };
enum { LABEL_KEY = 1, LABEL_STR, LABEL_NUM };
enum { LOCATION_ID = 1, LOCATION_LINE = 4, LINE_FUNCTION_ID = 1 };
enum { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME };

static const struct {
	const char *blocks, *bytes;
	enum export_sample sample;
} samples[] = {
	{"alloc_objects", "alloc_space", EXPORT_ALLOC},
	{"peak_objects", "peak_space", EXPORT_PEAK},
	{"inuse_objects", "inuse_space", EXPORT_INUSE},
};

struct pprof {
	struct str *out;
	struct string_table strings;
	struct map functions;	/* (string, 0) -> that: which have been written */
};

static void add_type(struct pprof *p, unsigned int field, const char *type, const char *unit)
{
	size_t begin = proto_begin(p->out, field);

	proto_add_number(p->out, VALUE_TYPE_TYPE, string_table_put(&p->strings, type, NULL));
	proto_add_number(p->out, VALUE_TYPE_UNIT, string_table_put(&p->strings, unit, NULL));
	proto_end(p->out, begin);
}

/* A frame has a function and a location of its own, whose numbers are that of its name. */
static uint64_t frame(struct pprof *p, const char *name)
{
	uint64_t id = string_table_put(&p->strings, name, NULL);
	size_t begin, line;
	bool is_new;

	map_put(&p->functions, id, 0, &is_new);
	if (!is_new)
		return id;
	begin = proto_begin(p->out, PROFILE_FUNCTION);
	proto_add_number(p->out, FUNCTION_ID, id);
	proto_add_number(p->out, FUNCTION_NAME, id);
	proto_add_number(p->out, FUNCTION_SYSTEM_NAME, id);
	proto_end(p->out, begin);
	begin = proto_begin(p->out, PROFILE_LOCATION);
	proto_add_number(p->out, LOCATION_ID, id);
	line = proto_begin(p->out, LOCATION_LINE);
	proto_add_number(p->out, LINE_FUNCTION_ID, id);
	proto_end(p->out, line);
	proto_end(p->out, begin);
	return id;
}

static void add_label(struct pprof *p, const char *key, unsigned int field, uint64_t value)
{
	size_t begin = proto_begin(p->out, SAMPLE_LABEL);

	proto_add_number(p->out, LABEL_KEY, string_table_put(&p->strings, key, NULL));
	proto_add_number(p->out, field, value);
	proto_end(p->out, begin);
}

/* They are signed there: of a broken recording the largest number says that it is one. */
static void add_value(struct pprof *p, uint64_t value)
{
	proto_add_packed(p->out, value < INT64_MAX ? value : INT64_MAX);
}

static void add_values(struct pprof *p, const struct profile_node *node)
{
	size_t begin = proto_begin(p->out, SAMPLE_VALUE);

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		struct amount amount = profile_sample(node, samples[i].sample);

		add_value(p, amount.blocks);
		add_value(p, amount.bytes);
	}
	proto_end(p->out, begin);
}

static void add_host(struct pprof *p, const struct ledger_process *process)
{
	_cleanup_(str_release) struct str host = {};

	if (!process->host)
		return;
	process_add_host(&host, process);
	add_label(p, "host", LABEL_STR, string_table_put(&p->strings, str_text(&host), NULL));
}

static void add_sample(struct pprof *p, const struct profile_node *node, const struct ledger *l)
{
	VEC(uint64_t) ids = {};
	struct frames frames;
	size_t begin, stack;

	frames_fill(&frames, node, l);
	for (size_t i = 0; i < frames.names.nr; i++)
		vec_push(&ids, frame(p, str_text(&frames.names.items[i])));
	begin = proto_begin(p->out, PROFILE_SAMPLE);
	stack = proto_begin(p->out, SAMPLE_LOCATION_ID);
	for (size_t i = ids.nr; i > 0; i--)
		proto_add_packed(p->out, ids.items[i - 1]);
	proto_end(p->out, stack);
	add_values(p, node);
	add_host(p, node->place->process);
	add_label(p, "pid", LABEL_NUM, (uint64_t)node->place->process->pid);
	add_label(p, "device", LABEL_STR, ids.items[FRAME_DEVICE]);
	add_label(p, "pool", LABEL_STR, ids.items[FRAME_POOL]);
	proto_end(p->out, begin);
	vec_release(&ids);
	frames_release(&frames);
}

static void add_types(struct pprof *p, enum export_sample preferred)
{
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		add_type(p, PROFILE_SAMPLE_TYPE, samples[i].blocks, "count");
		add_type(p, PROFILE_SAMPLE_TYPE, samples[i].bytes, "bytes");
		if (samples[i].sample == preferred)
			proto_add_number(p->out, PROFILE_DEFAULT_SAMPLE_TYPE, string_table_put(&p->strings, samples[i].bytes, NULL));
	}
	add_type(p, PROFILE_PERIOD_TYPE, "space", "bytes");
	proto_add_number(p->out, PROFILE_PERIOD, 1);
}

static void finish(struct exporter *x, struct str *out, const struct ledger *l)
{
	struct profile_exporter *exporter = (struct profile_exporter *)x;
	struct pprof p = {.out = out};

	profile_finish(&exporter->profile);
	string_table_put(&p.strings, "", NULL);
	add_types(&p, exporter->sample);
	proto_add_number(out, PROFILE_TIME_NANOS, exporter->first_ns);
	proto_add_number(out, PROFILE_DURATION_NANOS, exporter->last_ns - exporter->first_ns);
	proto_add_number(out, PROFILE_COMMENT, string_table_put(&p.strings, "pooltrace " POOLTRACE_VERSION, NULL));
	x->empty = true;
	for (size_t i = 0; i < exporter->profile.nodes.nr; i++) {
		add_sample(&p, exporter->profile.nodes.items[i], l);
		x->empty &= !profile_sample(exporter->profile.nodes.items[i], exporter->sample).bytes;
	}
	for (size_t i = 0; i < p.strings.list.nr; i++)
		proto_add_text(out, PROFILE_STRING_TABLE, p.strings.list.items[i]);
	string_table_release(&p.strings);
	map_release(&p.functions);
}

struct exporter *export_pprof_new(const struct export_options *o)
{
	return profile_exporter_new(o, finish);
}
