/*
 * Fuzzer of what people type and of lines that are read one by one (libFuzzer): the first byte says what the rest is. What is refused is
 * refused with a message that a terminal may have; what is taken has the form that is promised. Corpus: tests/fuzz/corpus/words.
 */
#include "base/moment.h"
#include "base/units.h"
#include "ledger/chips.h"
#include "stream/text.h"
#include "target/demangle.h"
#include "target/process.h"
#include "view/suppressions.h"
#include "view/trigger.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_text(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' && *p != '\n' && *p != '\t')
			abort();
}

/* Nothing in it that a terminal would obey. */
static void check_message(const struct diag *d)
{
	if (!d->text[0])
		abort();
	check_text(d->text);
	check_text(d->hint);
}

/* And whole, so that the caret is there. */
static void check_caret(const struct diag *d)
{
	check_message(d);
	if (d->text[strlen(d->text) - 1] != '^')
		abort();
}

static void mapping(const char *text, size_t len)
{
	struct mapping m = {};

	if (!mapping_parse(text, len, &m) && (!m.path || strlen(m.permissions) != 4))
		abort();
	free(m.path);
}

static void moment(const char *text, size_t len)
{
	uint64_t first, last;
	struct moment m;

	(void)len;
	if (moment_parse(text, &m))
		return;
	if (m.kind == MOMENT_NONE || !m.granule_ns)
		abort();
	if (!moment_resolve(&m, 1700000000000000000, 1700000100000000000, &first, &last) && first > last)
		abort();
}

static void numbers(const char *text, size_t len)
{
	uint64_t n;

	(void)len;
	if (!units_parse_duration(text, &n) && !n)
		abort();
	units_parse_span(text, &n);
	if (!units_parse_size(text, &n) && !n)
		abort();
	if (!units_parse_number(text, 99, &n) && n > 99)
		abort();
}

static void suppressions(const char *text, size_t len)
{
	struct suppressions s = {};
	struct diag d = {};

	if (suppressions_parse(&s, "fuzz.supp", text, len, &d))
		check_message(&d);
	suppressions_release(&s);
}

static void trigger(const char *text, size_t len)
{
	const uint64_t figures[FIGURE_NR] = {UINT64_MAX, 1, UINT64_MAX / 2}, capacity = UINT64_MAX;
	struct str name = {};
	struct trigger t = {};
	struct diag d = {};

	(void)len;
	if (trigger_parse(text, &t, &d)) {
		check_message(&d);
	} else {
		trigger_add_name(&name, &t);
		if (strchr(str_text(&name), '/'))
			abort();
		if (t.kind == TRIGGER_CONDITION)
			condition_holds_now(&t.condition, "L1", figures, &capacity);
	}
	str_release(&name);
	trigger_release(&t);
}

static void condition(const char *text, size_t len)
{
	struct condition c = {};
	struct diag d = {};

	(void)len;
	if (condition_parse(text, &c, &d))
		check_caret(&d);
	condition_release(&c);
}

static void selection(const char *text, size_t len)
{
	static const char *const known[] = {"DRAM", "L1", "L1_SMALL", "TRACE"};
	struct selection s = {};
	struct diag d = {};

	(void)len;
	if (selection_add_pools(&s, text, known, ARRAY_SIZE(known), &d))
		check_message(&d);
	d = (struct diag){};
	if (selection_add_devices(&s, text, &d))
		check_message(&d);
	selection_release(&s);
}

static void chips(const char *text, size_t len)
{
	chip_list list = {};

	(void)len;
	if (!chips_parse(text, &list) && list.nr)
		abort();
	for (size_t i = 1; i < list.nr; i++)
		if (list.items[i - 1] >= list.items[i])
			abort();
	vec_release(&list);
}

/* What is read as a record is written so that it is read as the same. */
static void line(const char *text, size_t len)
{
	struct str texts = {}, again = {}, told = {}, told_again = {};
	struct record r = {}, same = {};
	struct diag d = {};

	if (text_parse(text, len, &r, &texts, &d)) {
		check_message(&d);
	} else {
		text_add(&told, &r);
		if (text_parse(str_text(&told), told.len, &same, &again, &d))
			abort();
		text_add(&told_again, &same);
		if (strcmp(str_text(&told), str_text(&told_again)))
			abort();
	}
	str_release(&texts);
	str_release(&again);
	str_release(&told);
	str_release(&told_again);
}

static void name(const char *text, size_t len)
{
	struct str s = {};

	(void)len;
	demangle_add(&s, text);
	if (s.len > DEMANGLED_MAX + strlen(text) + 3)
		abort();
	str_release(&s);
}

static void (*const kinds[])(const char *text, size_t len) = {
	mapping, moment, numbers, suppressions, trigger, condition, selection, chips, line, name,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text;

	if (!len)
		return 0;
	/* Of its own size: what reads on behind it is seen. */
	text = xmalloc(len);
	memcpy(text, bytes + 1, len - 1);
	text[len - 1] = '\0';
	/* Letters, so that the corpus can be read. */
	kinds[(size_t)(bytes[0] % 32) % ARRAY_SIZE(kinds)](text, len - 1);
	free(text);
	return 0;
}
