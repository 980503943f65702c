/* events.c: a line an event, in text or JSON. Lines are written at ticks and when many are waiting. */
#include "cmd/trace.h"

#include "base/units.h"
#include "stream/file.h"
#include "view/json.h"
#include "view/log.h"

#define EVENTS_INTERVAL_NS (100 * NS_PER_MS)

enum { FLUSH_BYTES = 32 * 1024 };

struct events {
	struct view view;
	struct str text; /* that waits to be written */
	bool titled;
	bool hosts; /* the recording has several */
};

static int flush(struct events *e, struct trace *t)
{
	int err;

	if (!e->text.len)
		return 0;
	err = output_write(&t->output, str_text(&e->text), e->text.len);
	str_clear(&e->text);
	return err;
}

static void add_record(struct events *e, const struct trace *t, const struct record *r, const struct effect *effect)
{
	const struct log_options log = {
		.selection = &t->selection, .bytes = t->options->bytes, .color = t->output.color, .hosts = e->hosts};
	size_t before;

	if (!e->titled && !t->options->json)
		log_add_title(&e->text, &log);
	e->titled = true;
	before = e->text.len;
	if (t->options->json)
		json_add_event(&e->text, r, effect, &t->selection);
	else
		log_add(&e->text, r, effect, &log);
	e->view.shown |= e->text.len > before;
}

static int take(struct view *view, struct trace *t, const struct record *r, const struct effect *effect)
{
	struct events *e = (struct events *)view;

	add_record(e, t, r, effect);
	if (r->kind == RECORD_TICK || e->text.len > FLUSH_BYTES)
		return flush(e, t);
	return 0;
}

int cmd_events(const struct options *o)
{
	struct events e = {.view.put = take};
	struct trace t;
	int status = trace_init(&t, o, &e.view, false);
	const struct trace_plan plan = {.interval_ns = EVENTS_INTERVAL_NS, .output = o->output};

	if (!status)
		status = trace_open(&t, &plan);
	if (!status) {
		e.hosts = o->recording && file_header_has_hosts(file_source_header(t.source));

		int err = trace_run(&t), last = t.output.err ? 0 : flush(&e, &t);

		status = trace_finish(&t, trace_ended_well(&t, err) && last ? last : err);
	}
	trace_release(&t);
	str_release(&e.text);
	return status;
}
