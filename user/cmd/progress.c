#include "cmd/progress.h"

#include "base/units.h"
#include "cmd/fail.h"

#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS_USUAL = 80 };

void progress_init(struct progress *p, bool wanted)
{
	uint64_t now = units_monotonic_ns();

	*p = (struct progress){.on = wanted && isatty(STDERR_FILENO), .begin_ns = now, .last_ns = now, .due_ns = now + NS_PER_SEC};
}

bool progress_due(const struct progress *p, uint64_t now_ns)
{
	return p->on && now_ns >= p->due_ns;
}

static size_t terminal_columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? COLUMNS_USUAL : size.ws_col;
}

void progress_draw(struct progress *p, uint64_t now_ns, const struct progress_figures *f)
{
	uint64_t passed = now_ns - p->last_ns, rate = passed ? (f->events - p->last_events) * NS_PER_SEC / passed : 0;
	_cleanup_(str_release) struct str s = {};
	size_t columns = terminal_columns();

	str_add(&s, "recording for ");
	units_add_duration(&s, now_ns - p->begin_ns);
	str_addf(&s, ": %llu events, %llu/s, ", (unsigned long long)f->events, (unsigned long long)rate);
	units_add_bytes(&s, f->bytes);
	if (f->held_ns) {
		str_add(&s, " of the last ");
		units_add_span(&s, f->held_ns);
	}
	str_addf(&s, ", %llu lost", (unsigned long long)f->lost);
	/* ASCII alone: a byte is a column. One that is full would begin another line. */
	if (s.len >= columns) {
		s.len = columns - 1;
		s.p[s.len] = '\0';
	}
	status_line(str_text(&s));
	p->drawn = true;
	p->last_ns = now_ns;
	p->last_events = f->events;
	p->due_ns = now_ns + NS_PER_SEC;
}

void progress_clear(struct progress *p)
{
	if (p->drawn)
		status_line("");
	p->drawn = false;
}
