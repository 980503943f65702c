/* The runtime files that are built in, and those that the user adds. */
#include "runtime/runtime.h"

#include "base/str.h"
#include "runtime/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* One more than the parser takes: so it is the parser that says that a file is too large. */
enum { FILE_BYTES = (1 << 20) + 1 };

static int read_all(int fd, struct str *ret)
{
	char bytes[16384];

	while (ret->len < FILE_BYTES) {
		ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		str_add_bytes(ret, bytes, (size_t)n);
	}
	return 0;
}

static int load_text(const char *path, struct str *ret, struct diag *d)
{
	_cleanup_(str_release) struct str escaped = {};
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : read_all(fd, ret);

	if (!err)
		return 0;
	str_add_escaped(&escaped, path);
	return diag_errno(d, err, "cannot read the runtime file '%s'", str_text(&escaped));
}

static int parse(const char *path, const char *text, size_t len, struct runtime_file *ret, struct diag *d)
{
	*ret = (struct runtime_file){};
	return interpreter_is(text, len) ? interpreter_parse(path, text, len, &ret->interpreter, d) :
					   runtime_parse(path, text, len, &ret->runtime, d);
}

int runtime_file_load(const char *path, struct runtime_file *ret, struct diag *d)
{
	_cleanup_(str_release) struct str text = {};
	int err = load_text(path, &text, d);

	return err ? err : parse(path, str_text(&text), text.len, ret, d);
}

static void put_interpreter(interpreters *list, struct interpreter *in)
{
	for (size_t i = 0; i < list->nr; i++) {
		if (strcmp(list->items[i]->name, in->name) != 0)
			continue;
		interpreter_free(list->items[i]);
		list->items[i] = in;
		return;
	}
	vec_push(list, in);
}

/* Takes it over: in the place of one of the same name, else at the end. */
static void put(runtimes *r, const struct runtime_file *file)
{
	struct runtime *rt = file->runtime;

	if (file->interpreter) {
		put_interpreter(&r->interpreters, file->interpreter);
		return;
	}
	for (size_t i = 0; i < r->nr; i++) {
		if (strcmp(r->items[i]->name, rt->name) != 0)
			continue;
		runtime_free(r->items[i]);
		r->items[i] = rt;
		return;
	}
	vec_push(r, rt);
}

static int load_embedded(runtimes *r, struct diag *d)
{
	for (const struct embedded_runtime *e = embedded_runtimes; e->name; e++) {
		_cleanup_(freep) char *path = xasprintf("built in: %s", e->name);
		struct runtime_file file;
		int err = parse(path, e->text, e->len, &file, d);

		if (err)
			return err;
		put(r, &file);
	}
	return 0;
}

int runtimes_load(runtimes *ret, const char *const *paths, size_t nr_paths, struct diag *d)
{
	_cleanup_(runtimes_release) runtimes r = {};
	int err = load_embedded(&r, d);

	for (size_t i = 0; !err && i < nr_paths; i++) {
		struct runtime_file file;

		err = runtime_file_load(paths[i], &file, d);
		if (!err)
			put(&r, &file);
	}
	if (err)
		return err;
	*ret = r;
	r = (runtimes){};
	return 0;
}

void runtimes_release(runtimes *r)
{
	for (size_t i = 0; i < r->nr; i++)
		runtime_free(r->items[i]);
	vec_release(r);
	for (size_t i = 0; i < r->interpreters.nr; i++)
		interpreter_free(r->interpreters.items[i]);
	vec_release(&r->interpreters);
}

void runtimes_probe_entries(runtimes *r)
{
	for (size_t i = 0; i < r->nr; i++)
		for (size_t k = 0; k < r->items[i]->rows.nr; k++)
			r->items[i]->rows.items[k].at_entry = true;
}
