#include "runtime/interpreter.h"

#include <stdlib.h>

const char *interpreter_field_name(enum interpreter_field field)
{
	static const char *const names[] = {
#define X(ID, word, part, bytes, needed) [INTERPRETER_##ID] = word,
		INTERPRETER_FIELDS(X)
#undef X
	};

	return names[field];
}

const struct interpreter_version *interpreter_find_version(const struct interpreter *in, unsigned int major, unsigned int minor)
{
	for (size_t i = 0; i < in->versions.nr; i++)
		if (in->versions.items[i].major == major && in->versions.items[i].minor == minor)
			return &in->versions.items[i];
	return NULL;
}

void interpreter_layout(const struct interpreter_version *v, struct wire_python *ret)
{
	const uint16_t *o = v->offsets;

	*ret = (struct wire_python){
		.thread_id = o[INTERPRETER_THREAD_ID],
		.first = o[INTERPRETER_FIRST],
		.first_in = o[INTERPRETER_FIRST_IN],
		.activation = o[INTERPRETER_CALL],
		.back = o[INTERPRETER_BACK],
		.code = o[INTERPRETER_CODE],
		.at = o[INTERPRETER_AT],
		.at_bytes = v->at_bytes,
		.owner = o[INTERPRETER_OWNER],
		.entry = o[INTERPRETER_ENTRY],
		.line = o[INTERPRETER_LINE],
		.file = o[INTERPRETER_FILE],
		.name = o[INTERPRETER_NAME],
		.table = o[INTERPRETER_TABLE],
		.version = o[INTERPRETER_VERSION],
		.frame_begin = v->frame_begin,
		.frame_bytes = v->frame_bytes,
		.code_begin = v->code_begin,
		.code_bytes = v->code_bytes,
		.text_length = o[INTERPRETER_LENGTH],
		.text_state = o[INTERPRETER_STATE],
		.text_ascii = o[INTERPRETER_ASCII],
		.text_other = o[INTERPRETER_OTHER],
		.bytes_length = o[INTERPRETER_BYTES_LENGTH],
		.bytes = o[INTERPRETER_BYTES],
	};
}

void interpreter_free(struct interpreter *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->refusals.nr; i++) {
		free(in->refusals.items[i].symbol);
		free(in->refusals.items[i].why);
	}
	vec_release(&in->refusals);
	vec_release(&in->versions);
	free(in->name);
	free(in->about);
	free(in->path);
	free(in->text);
	free(in->file);
	free(in->detect);
	free(in->says);
	free(in->loop);
	free(in->key);
	free(in);
}
