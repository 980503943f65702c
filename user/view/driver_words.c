#include "view/driver_words.h"

#include "base/units.h"
#include "view/json_object.h"

#include <inttypes.h>
#include <string.h>

static void add_bytes(struct str *out, uint64_t value, bool bytes)
{
	if (bytes)
		str_addf(out, "%" PRIu64, value);
	else
		units_add_bytes(out, value);
}

static void add_name(struct str *out, const char *name)
{
	if (!*name)
		return;
	str_add_escaped(out, name);
	str_add_char(out, ' ');
}

void drivers_add_words(struct str *out, const struct ledger_process *p, bool bytes)
{
	bool any = false;

	for (size_t i = 0; i < p->drivers.nr; i++) {
		const struct driver_figure *f = &p->drivers.items[i];

		/* What was nothing, and is, is no memory of before. */
		if (!f->has_before || (!f->before && f->now == f->before))
			continue;
		str_add(out, any ? "; " : "before attach, by driver: ");
		any = true;
		add_name(out, f->driver);
		add_name(out, f->device);
		add_name(out, f->region);
		add_bytes(out, f->before, bytes);
		if (f->now == f->before)
			continue;
		str_add(out, ", now ");
		add_bytes(out, f->now, bytes);
	}
}

static json_t *new_figure(const struct driver_figure *f)
{
	json_t *object = json_object();

	set_text(object, "driver", f->driver);
	set_text(object, "device", *f->device ? f->device : NULL);
	set_text(object, "region", *f->region ? f->region : NULL);
	set_text(object, "source", *f->source ? f->source : NULL);
	if (f->has_before) {
		set_number(object, "before_attach", f->before);
		set_number(object, "before_attach_ns", f->before_ns);
	}
	set_number(object, "now", f->now);
	return object;
}

json_t *drivers_new_json(const struct ledger_process *p)
{
	json_t *array = p->drivers.nr ? json_array() : NULL;

	for (size_t i = 0; i < p->drivers.nr; i++)
		json_array_append_new(array, new_figure(&p->drivers.items[i]));
	return array;
}
