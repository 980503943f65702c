#include "view/trigger.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *word;
	enum trigger_kind kind;
} words[] = {{"failure", TRIGGER_FAILURE}, {"SIGUSR2", TRIGGER_SIGNAL}};

int trigger_parse(const char *text, struct trigger *ret, struct diag *d)
{
	_cleanup_(str_release) struct str escaped = {};

	*ret = (struct trigger){.text = text, .kind = TRIGGER_CONDITION};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcasecmp(words[i].word, text))
			continue;
		ret->kind = words[i].kind;
		return 0;
	}
	if (strpbrk(text, "(<>=!"))
		return condition_parse_now(text, &ret->condition, d);
	str_add_escaped(&escaped, text);
	diag_set(d, -EINVAL, "'%s' for '--trigger' is none: there are failure, SIGUSR2, and conditions", str_text(&escaped));
	diag_hint(d, "such as 'peak(POOL) > 90%%' or 'now > 10GiB'");
	return -EINVAL;
}

void trigger_release(struct trigger *t)
{
	condition_release(&t->condition);
	vec_release(&t->holds);
}

void trigger_add_name(struct str *out, const struct trigger *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (words[i].kind != t->kind)
			continue;
		str_add(out, words[i].word);
		return;
	}
	str_add(out, t->condition.figure == FIGURE_END ? "now" : figure_descs[t->condition.figure].name);
	if (t->condition.pool)
		str_add_char(out, '-');
	for (const char *p = t->condition.pool; p && *p; p++)
		str_add_char(out, isalnum((unsigned char)*p) || *p == '_' ? *p : '-');
}

void triggers_init(struct triggers *t)
{
	*t = (struct triggers){};
}

void triggers_begin(struct triggers *t)
{
	t->conditions = triggers_find(t, TRIGGER_CONDITION);
	profile_init(&t->profile, PROFILE_BY_POOL, &t->all);
}

void triggers_release(struct triggers *t)
{
	for (size_t i = 0; i < t->items.nr; i++)
		trigger_release(&t->items.items[i]);
	vec_release(&t->items);
	profile_release(&t->profile);
}

const struct trigger *triggers_find(const struct triggers *t, enum trigger_kind kind)
{
	for (size_t i = 0; i < t->items.nr; i++)
		if (t->items.items[i].kind == kind)
			return &t->items.items[i];
	return NULL;
}

/* What a condition is tested on. */
struct situation {
	const struct profile_node *node;
	uint64_t figures[FIGURE_NR];
	const uint64_t *capacity; /* NULL: not known */
};

static struct situation situation_of(const struct profile_node *node, const uint64_t *capacity)
{
	return (struct situation){
		.node = node,
		.figures = {
			[FIGURE_PEAK] = node->highest,
			[FIGURE_END] = node->inuse.bytes,
			[FIGURE_ALLOCATED] = node->allocated.bytes,
			[FIGURE_COUNT] = node->allocated.blocks,
			[FIGURE_FAILED] = node->failed,
		},
		.capacity = capacity,
	};
}

/* Has it become true just now? */
static bool becomes_true(struct trigger *t, const struct situation *s)
{
	const struct place *place = s->node->place;
	bool before, holds;

	while (t->holds.nr <= place->index)
		vec_push(&t->holds, false);
	before = t->holds.items[place->index];
	holds = condition_holds_now(&t->condition, place->pool ? place->pool : "?", s->figures, s->capacity);
	t->holds.items[place->index] = holds;
	return holds && !before;
}

static void add_figure(struct str *what, const struct trigger *t, const struct situation *s)
{
	enum figure f = t->condition.figure;

	str_add(what, ", ");
	profile_add_device(what, s->node);
	str_add(what, ", ");
	profile_add_pool(what, s->node);
	str_add(what, ": ");
	figure_add(what, f, s->figures[f], false);
	if (!t->condition.percent || !s->capacity)
		return;
	str_add(what, " of ");
	figure_add(what, f, *s->capacity, false);
}

/* The pool whose figures a record changes; NULL: of none. */
static const char *pool_of(const struct record *r, const struct effect *e)
{
	static const bool changing[RECORD_NR] = {
		[RECORD_ALLOC] = true, [RECORD_BLOCK] = true,	   [RECORD_FREE] = true,
		[RECORD_CLEAR] = true, [RECORD_CORRECTION] = true, [RECORD_FAILED] = true,
	};

	if (!changing[r->kind])
		return NULL;
	if (e->arena)
		return e->arena->pool;
	return r->kind != RECORD_FAILED ? NULL : failed_is_clash(r) ? e->process->core : r->pool;
}

static void add_process(struct str *what, const struct effect *e)
{
	str_add_escaped(what, *e->process->name ? e->process->name : "process");
	str_addf(what, " %d", e->process->pid);
}

/* There is a failure less somewhere: the record does not say where. */
static void test_failures(struct triggers *t)
{
	for (size_t i = 0; i < t->items.nr; i++) {
		struct trigger *trigger = &t->items.items[i];

		if (trigger->kind != TRIGGER_CONDITION || trigger->condition.figure != FIGURE_FAILED)
			continue;
		for (size_t k = 0; k < t->profile.nodes.nr; k++) {
			const struct situation s = situation_of(t->profile.nodes.items[k], NULL);

			becomes_true(trigger, &s);
		}
	}
}

static const struct trigger *test_conditions(struct triggers *t, const struct record *r, const struct effect *e, struct str *what)
{
	const char *pool = pool_of(r, e);
	const struct trigger *fired = NULL;
	struct figures figures = {};
	struct situation s;

	profile_apply(&t->profile, r, e);
	if (r->kind == RECORD_RETRACT)
		test_failures(t);
	if (!pool)
		return NULL;
	if (e->device)
		device_figures(e->device, pool, &figures);
	s = situation_of(profile_pool(&t->profile, e->process, e->device, pool), figures.has_capacity ? &figures.capacity : NULL);
	for (size_t i = 0; i < t->items.nr; i++) {
		struct trigger *trigger = &t->items.items[i];

		if (trigger->kind != TRIGGER_CONDITION || !becomes_true(trigger, &s) || fired)
			continue;
		fired = trigger;
		add_process(what, e);
		add_figure(what, trigger, &s);
	}
	return fired;
}

const struct trigger *triggers_apply(struct triggers *t, const struct record *r, const struct effect *e, struct str *what)
{
	const struct trigger *fired = NULL;

	if (!e->process || e->checkpoint)
		return NULL;
	if (t->conditions)
		fired = test_conditions(t, r, e, what);
	if (fired || r->kind != RECORD_FAILED)
		return fired;
	fired = triggers_find(t, TRIGGER_FAILURE);
	if (fired)
		add_process(what, e);
	return fired;
}
