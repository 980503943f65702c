#include "cmd/file_names.h"

#include "base/units.h"
#include "target/process.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define ENDING ".pt"

enum { NAME_CHARS = 32 };

static void add_local_time(struct str *s, uint64_t wall_ns)
{
	time_t seconds = (time_t)(wall_ns / NS_PER_SEC);
	char text[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y%m%d-%H%M%S", &tm);
	str_add(s, text);
}

/* A name of a program, as it may stand in a file's name. */
static void add_program(struct str *s, const char *name)
{
	for (size_t i = 0; name[i] && i < NAME_CHARS; i++)
		str_add_char(s, isalnum((unsigned char)name[i]) || strchr("._+", name[i]) ? name[i] : '_');
}

static void add_process(struct str *s, const struct options *o, int pid)
{
	const char *slash = o->child ? strrchr(o->child[0], '/') : NULL;
	struct process p = {.pidfd = -1};

	if (o->child) {
		add_program(s, slash ? slash + 1 : o->child[0]);
	} else if (!process_open(pid, &p, NULL)) {
		add_program(s, p.name);
		process_close(&p);
	} else {
		str_add(s, "process");
	}
	str_addf(s, "-%d", pid);
}

char *file_name_of_recording(const struct options *o, int child, uint64_t wall_ns)
{
	_cleanup_(str_release) struct str s = {};
	int pid = child ? child : o->pids.nr ? o->pids.items[0] : 0;

	str_add(&s, "pooltrace-");
	if (pid)
		add_process(&s, o, pid);
	else
		str_add(&s, "all");
	str_add_char(&s, '-');
	add_local_time(&s, wall_ns);
	str_add(&s, ENDING);
	return xstrdup(str_text(&s));
}

char *file_name_of_moment(const char *recording, const char *trigger, uint64_t wall_ns, unsigned int number)
{
	_cleanup_(str_release) struct str s = {};
	size_t len = strlen(recording), ending = strlen(ENDING);

	if (len > ending && !strcmp(recording + len - ending, ENDING))
		len -= ending;
	str_add_bytes(&s, recording, len);
	str_add_char(&s, '-');
	add_local_time(&s, wall_ns);
	str_addf(&s, "-%s", trigger);
	if (number > 1)
		str_addf(&s, "-%u", number);
	str_add(&s, ENDING);
	return xstrdup(str_text(&s));
}
