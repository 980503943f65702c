#include "view/runtimes_json.h"

#include "view/json_object.h"

static uint64_t nr_returns(const struct bound_row *row)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < row->ways.nr; i++)
		nr += row->ways.items[i].way == WIRE_WAY_RETURN || row->ways.items[i].way == WIRE_WAY_SHARED_RETURN;
	return nr;
}

/* Where the probe stands, and why there. */
static void set_site(json_t *object, const struct binding *b, const struct bound_row *row)
{
	_cleanup_(str_release) struct str text = {};
	uint64_t address;
	bool emulated;

	set_number(object, "offset", row->file_offset);
	if (!row->row->caller)
		set_number(object, "behind_entry", row->file_offset - row->function_offset);
	if (!elf_file_address(b->elf, row->file_offset, &address) && !code_instruction(b->elf, address, &text, &emulated)) {
		set_text(object, "instruction", str_text(&text));
		set(object, "emulated", json_boolean(emulated));
	}
	set_text(object, "site", row->site_why);
	if (row->by_ways)
		set_number(object, "rets", nr_returns(row));
}

static json_t *new_row(const struct binding *b, const struct bound_row *row)
{
	json_t *object = json_object();

	set_text(object, "verb", rt_verb_name(row->row->verb));
	set_text(object, "symbol", row->symbol ? row->symbol : row->row->symbol);
	set(object, "probed", json_boolean(row->probed));
	if (row->row->any_library)
		set(object, "any_library", json_true());
	else if (row->probed)
		set_site(object, b, row);
	set_text(object, "why", row->problem);
	return object;
}

void view_binding_json(struct str *out, const struct binding *b, const char *path, int pid)
{
	json_t *object = json_object(), *rows = json_array();

	set_number(object, "schema", SCHEMA);
	if (pid)
		set_number(object, "pid", (uint64_t)pid);
	set_text(object, "runtime", b->runtime->name);
	set_text(object, "file", path);
	if (*elf_file_build_id(b->elf))
		set_text(object, "build_id", elf_file_build_id(b->elf));
	for (size_t i = 0; i < b->rows.nr; i++)
		json_array_append_new(rows, new_row(b, &b->rows.items[i]));
	set(object, "probes", rows);
	add_line(out, object);
}
