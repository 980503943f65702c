/*
 * Fuzzer of runtime files (libFuzzer): whatever the bytes are, they are read and shown, or refused with a message.
 * Corpus: tests/fuzz/corpus/runtime, and runtimes.
 */
#include "view/runtimes.h"
#include "view/runtimes_interpreter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_message(const struct diag *d)
{
	/* Whole, so that the caret is there, and nothing in it that a terminal would obey. */
	if (!d->text[0] || strlen(d->text) >= sizeof(d->text) - 1)
		abort();
	for (const char *p = d->text; *p; p++)
		if ((unsigned char)*p < ' ' && *p != '\n' && *p != '\t')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_(str_release) struct str s = {};
	const char *text = (const char *)bytes;
	struct interpreter *in = NULL;
	struct runtime *rt = NULL;
	struct diag d = {};

	if (interpreter_is(text, len) ? interpreter_parse("fuzz.rt", text, len, &in, &d) : runtime_parse("fuzz.rt", text, len, &rt, &d))
		check_message(&d);
	else if (in)
		view_interpreter(&s, in);
	else
		view_runtime(&s, rt);
	interpreter_free(in);
	runtime_free(rt);
	return 0;
}
