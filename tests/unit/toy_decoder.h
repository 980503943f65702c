/*
 * toy_decoder.h: a decoder for a toy runtime; hits as text in, records as text out.
 *
 *     7 begin arena=16 pool=1 asked=100        thread 7's begin; values that are not given could not be read
 *     2:7.3@800 context                        in process 2, the third thread with tid 7, stack pointer 800
 *     7 lose 2                                 two hits of the thread that nobody gets
 *     7 exit                                   the thread ends; `7 exit all`: its whole process
 */
#ifndef TESTS_TOY_DECODER_H
#define TESTS_TOY_DECODER_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/str.h"
#include "runtime/bind_parts.h"
#include "runtime/decode.h"
#include "stream/text.h"

#define TOY_RUNTIME                                                                                \
	"runtime toy\n"                                                                            \
	"detect d\n"                                                                               \
	"pool 0=DRAM 1=L1 3=TRACE\n"                                                               \
	"core L1\n"                                                                                \
	"on f begin    arena=arg0 pool=arg1 asked=arg2 page=arg3 banks=arg4 align=arg5\n"          \
	"layout 0=PLAIN 2=SPREAD\n"                                                                \
	"on f alloc    address=arg0 owner=arg1 pool=arg2 asked=arg3 id=arg4 layout=arg5\n"         \
	"on f resize   arena=arg0\n"                                                               \
	"on f free     arena=arg0 address=arg1\n"                                                  \
	"on f clear    arena=arg0\n"                                                               \
	"on f gone     arena=arg0\n"                                                               \
	"on f new      arena=arg0\n"                                                               \
	"on f throw    in any library\n"                                                           \
	"on f context  tag=trace\n"                                                                \
	"on f capture  trace=arg0\n"                                                               \
	"on f captured trace=arg0\n"                                                               \
	"on f replay   trace=arg0\n"                                                               \
	"on f release  trace=arg0\n"                                                               \
	"on f program  program=arg0 device=arg1 id=arg2\n"                                         \
	"on f cb       address=arg0 bytes=arg1 flag=arg2 device=arg3\n"                            \
	"on f cb_free  program=arg0\n"                                                             \
	"on f cb_void  program=arg0\n"                                                             \
	"on f clash    id=arg0 address=arg1 end=arg2\n"                                            \
	"on f overflow address=arg0 end=arg1\n"                                                    \
	"let placed = bit(flag, 0)\n"                                                              \
	"let reserved = roundup(asked, page) * banks\n"

struct toy {
	struct sink sink;
	struct decode_target target;
	struct decoder *decoder;
	struct runtime *runtime;
	struct binding binding;
	struct map sequences; /* (thread, 0) -> last running number */
	struct str out;	      /* the records, and what the target was asked */
	uint64_t time_ns, nr_arenas;
	bool whole;  /* records with time and pid, which are left out else */
	bool books;  /* the target knows every arena; else a pool must be told it */
	uint64_t hidden; /* object of an arena of which nothing is to be told; 0: none */
	int put_err; /* that the sink returns */
};

static inline struct bound_row toy_row(const struct toy *t, const struct rt_row *row)
{
	struct bound_row bound = {.row = row, .probed = true, .spec.nr_values = (__u16)row->values.nr};

	for (int name = 0; name < RT_NAMES_NR; name++) {
		bound.slot[name] = bound.let[name] = -1;
		for (size_t i = 0; i < row->values.nr; i++)
			if (!strcmp(row->values.items[i].name, rt_name_text((enum rt_name)name)))
				bound.slot[name] = (int)i;
	}
	for (size_t i = 0; i < row->values.nr; i++)
		vec_push(&bound.names, row->values.items[i].name);
	bound_row_lets(&t->binding, &bound);
	return bound;
}

static inline int toy_put(struct sink *sink, const struct record *r)
{
	struct toy *t = (struct toy *)sink;
	struct record copy = *r;

	if (!t->whole)
		copy.has &= ~(FIELD_BIT(TIME_NS) | FIELD_BIT(PID) | (r->process == 1 ? FIELD_BIT(PROCESS) : 0));
	text_add(&t->out, &copy);
	str_add_char(&t->out, '\n');
	return t->put_err;
}

static inline void toy_add_hint(struct str *s, const struct arena_hint *hint)
{
	str_addf(s, " pool %s", hint->pool ? hint->pool : "?");
	if (hint->has & FIELD_BIT(OWNER))
		str_addf(s, " owner %" PRIu64, hint->owner);
	if (hint->has & FIELD_BIT(BANKS))
		str_addf(s, " banks %" PRIu64, hint->banks);
	if (hint->has & FIELD_BIT(ALIGN))
		str_addf(s, " align %" PRIu64, hint->align);
	if (hint->has & FIELD_BIT(GRAIN))
		str_addf(s, " grain %" PRIu64, hint->grain);
	str_add(s, hint->constructed ? " constructed\n" : "\n");
}

static inline uint64_t toy_arena(struct decode_target *target, uint64_t process, uint64_t object,
				 const struct arena_hint *hint)
{
	struct toy *t = (struct toy *)((char *)target - offsetof(struct toy, target));

	str_addf(&t->out, "ask %" PRIu64 " of %" PRIu64, object, process);
	toy_add_hint(&t->out, hint);
	if (t->hidden && object == t->hidden)
		return ARENA_HIDDEN;
	return t->books || hint->pool ? ++t->nr_arenas : 0;
}

/* Device 200 of process 1 uses the owner at 0x10; of others nothing is known. */
static inline uint64_t toy_device(struct decode_target *target, uint64_t process, uint64_t object)
{
	(void)target;
	return process == 1 && object == 200 ? 0x10 : 0;
}

/* Arenas 1 and 2, of process 1, at 16 and 32, are known. */
static inline struct toy *toy_new(void)
{
	struct toy *t = xcalloc(1, sizeof(*t));
	struct diag d = {};

	t->sink.put = toy_put;
	t->target.arena = toy_arena;
	t->target.device = toy_device;
	t->time_ns = 1000;
	t->decoder = decoder_new(&t->sink, &t->target, 5000);
	if (runtime_parse("toy.rt", TOY_RUNTIME, strlen(TOY_RUNTIME), &t->runtime, &d))
		fail_msg("%s", d.text);
	t->binding.runtime = t->runtime;
	for (size_t i = 0; i < t->runtime->rows.nr; i++)
		vec_push(&t->binding.rows, toy_row(t, &t->runtime->rows.items[i]));
	decoder_set_arena(t->decoder, 1, 16, ++t->nr_arenas);
	decoder_set_arena(t->decoder, 1, 32, ++t->nr_arenas);
	return t;
}

static inline void toy_free(struct toy *t)
{
	for (size_t i = 0; i < t->binding.rows.nr; i++) {
		struct bound_row *row = &t->binding.rows.items[i];

		for (size_t k = 0; k < t->runtime->lets.nr; k++)
			free(row->lets[k].source);
		free(row->lets);
		vec_release(&row->names);
	}
	vec_release(&t->binding.rows);
	runtime_free(t->runtime);
	decoder_free(t->decoder);
	map_release(&t->sequences);
	str_release(&t->out);
	free(t);
}

static inline const struct bound_row *toy_verb(const struct toy *t, enum rt_verb verb)
{
	for (size_t i = 0; i < t->binding.rows.nr; i++)
		if (t->binding.rows.items[i].row->verb == verb)
			return &t->binding.rows.items[i];
	fail_msg("the toy has no %s", rt_verb_name(verb));
	return NULL;
}

static inline void toy_value(const struct bound_row *row, struct wire_hit *hit, const char *name, uint64_t value)
{
	for (size_t i = 0; i < row->names.nr; i++) {
		if (strcmp(row->names.items[i], name))
			continue;
		hit->value[i] = value;
		hit->valid |= 1U << i;
		return;
	}
	fail_msg("no value '%s' in '%s'", name, rt_verb_name(row->row->verb));
}

/* A hit of the next running number and time. */
static inline struct wire_hit toy_hit(struct toy *t, uint64_t thread, uint32_t tid)
{
	return (struct wire_hit){.tgid = 42,
				 .tid = tid,
				 .thread = thread,
				 .time_ns = ++t->time_ns,
				 .stack = 1000,
				 .sequence = ++map_put(&t->sequences, thread, 0, NULL)->value};
}

/* A line of the form above, `*line` behind its first word. */
static inline int toy_send(struct toy *t, uint64_t process, struct wire_hit *hit, const char *verb, char *values)
{
	const struct bound_row *row = NULL;
	char *save = NULL;

	for (int v = 0; v < VERB_NR; v++)
		if (!strcmp(verb, rt_verb_name((enum rt_verb)v)))
			row = toy_verb(t, (enum rt_verb)v);
	if (!row)
		fail_msg("no verb '%s'", verb);
	for (char *word = strtok_r(values, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *value = strchr(word, '=');

		assert_non_null(value);
		*value = '\0';
		toy_value(row, hit, word, strtoull(value + 1, NULL, 0));
	}
	return decoder_hit(t->decoder, process, &t->binding, row, hit);
}

static inline int toy_line(struct toy *t, const char *line)
{
	unsigned int process = 1, tid = 0, nth = 0, stack = 1000;
	char who[32], verb[16], values[200] = "", *p;
	struct wire_hit hit;

	assert_true(sscanf(line, "%31s %15s %199[^\n]", who, verb, values) >= 2);
	p = strchr(who, ':');
	if (p)
		process = (unsigned int)atoi(who);
	p = p ? p + 1 : who;
	tid = (unsigned int)strtoul(p, &p, 10);
	if (*p == '.')
		nth = (unsigned int)strtoul(p + 1, &p, 10);
	if (*p == '@')
		stack = (unsigned int)strtoul(p + 1, &p, 10);
	assert_int_equal(*p, '\0');
	if (!strcmp(verb, "lose")) {
		map_put(&t->sequences, tid * 1000 + nth, 0, NULL)->value += strtoull(values, NULL, 10);
		return 0;
	}
	hit = toy_hit(t, tid * 1000 + nth, tid);
	hit.stack = stack;
	if (strcmp(verb, "exit"))
		return toy_send(t, process, &hit, verb, values);
	hit.valid = 1;
	hit.value[0] = !strcmp(values, "all");
	return decoder_thread_exit(t->decoder, process, &hit);
}

/* Returns what the decoder returned to the last line. */
static inline int toy_run(struct toy *t, const char *lines)
{
	_cleanup_(freep) char *copy = xstrdup(lines);
	char *save = NULL;
	int err = 0;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		err = toy_line(t, line);
	return err;
}

/* These hits, then, give exactly these lines. */
static inline void toy_gives(struct toy *t, const char *lines, const char *expected)
{
	str_clear(&t->out);
	assert_int_equal(toy_run(t, lines), 0);
	assert_string_equal(str_text(&t->out), expected);
}

/* As toy_gives(), for a decoder that has seen nothing before. */
static inline void hits_give(const char *lines, const char *expected)
{
	struct toy *t = toy_new();

	toy_gives(t, lines, expected);
	toy_free(t);
}

#endif
