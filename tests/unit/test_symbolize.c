/* user/runtime/symbolize.c and user/target/symbol_tree.c: frames of a recording get names from files that are known by their build id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "assemble.h"
#include "base/str.h"
#include "runtime/symbolize.h"
#include "stream/text.h"

#define BUILD_ID "00ff8023aabbccdd"
#define OTHER_ID "11ff8023aabbccdd"

/*
 * Below @directory: lib/libnamed.so; tree/a/renamed, the same without symbols, and tree/b/taken, what was taken out of it; other/libnamed.so
 * with another build id.
 */
struct fixture {
	char *directory, *library, *tree, *other;
	uint64_t hidden; /* of a function that only symbols tell of which a running program has no need */
};

static struct fixture fixture;

#define RUN(...) assemble_run((const char *[]){ __VA_ARGS__, NULL })

static char *below(const char *name)
{
	return xasprintf("%s/%s", fixture.directory, name);
}

static int build(const char *id, const char *to)
{
	_cleanup_(freep) char *option = xasprintf("-Wl,--build-id=0x%s", id);

	return RUN("c++", "-O2", "-g", "-shared", "-fPIC", option, "-o", to, "tests/unit/data/named.cpp");
}

static int make_files(void)
{
	_cleanup_(freep) char *lib = below("lib"), *a = below("tree/a"), *b = below("tree/b"), *other = below("other");
	_cleanup_(freep) char *renamed = below("tree/a/renamed"), *taken = below("tree/b/taken"), *fifo = below("tree/pipe");
	_cleanup_(freep) char *text = below("tree/text"), *dangling = below("tree/dangling");

	return RUN("mkdir", "-p", lib, a, b, other) || build(BUILD_ID, fixture.library) || build(OTHER_ID, fixture.other) ||
	       RUN("objcopy", "--strip-all", fixture.library, renamed) ||
	       RUN("objcopy", "--only-keep-debug", fixture.library, taken) || mkfifo(fifo, 0600) ||
	       RUN("cp", "tests/unit/data/named.cpp", text) || symlink("/nowhere", dangling);
}

static int set_up(void **state)
{
	struct elf_symbol symbol = {};
	struct elf_file *f;

	(void)state;
	fixture.directory = assemble_directory();
	if (!fixture.directory)
		return -1;
	fixture.library = below("lib/libnamed.so");
	fixture.other = below("other/libnamed.so");
	fixture.tree = below("tree");
	if (make_files() || elf_file_open(fixture.library, &f, NULL))
		return -1;
	elf_file_find(f, "_ZL10hidden_onei", &symbol, 1);
	fixture.hidden = symbol.address;
	elf_file_free(f);
	return symbol.address ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(fixture.library);
	free(fixture.other);
	free(fixture.tree);
	assemble_remove(fixture.directory);
	return 0;
}

/* ---- a stream ---- */

struct passing {
	struct text_sink out;
	struct str text;
	const char *folders[1];
	struct symbol_folders known;
	struct symbolizer *s;
};

static void pass(struct passing *p, const char *folder, const char *stream)
{
	struct source *source = text_source_new(stream, strlen(stream));

	p->text = (struct str){};
	text_sink_init(&p->out, &p->text);
	p->folders[0] = folder;
	p->known = (struct symbol_folders){ .paths = p->folders, .nr = folder != NULL };
	p->known.tree = symbol_tree_new(p->folders, p->known.nr);
	p->s = symbolizer_new(&p->known);
	assert_int_equal(source->run(source, symbolizer_sink(p->s, &p->out.sink)), 0);
	source->free(source);
}

static void release(struct passing *p)
{
	symbolizer_free(p->s);
	symbol_tree_free(p->known.tree);
	str_release(&p->text);
}

static void assert_counts(const struct symbolizer *s, const struct symbolizer_counts *expected)
{
	struct symbolizer_counts n;

	symbolizer_count(s, &n);
	assert_memory_equal(&n, expected, sizeof(n));
}

#define MODULE "module time_ns=1 module=1 path=%s build_id=" BUILD_ID "\n"
#define HIDDEN "symbol=hidden_one"

static void frames_get_names_and_lines_and_nothing_else_changes(void **state)
{
	_cleanup_(freep) char *stream = xasprintf(
		MODULE "frame time_ns=1 frame=1 module=1 offset=%#lx\n"
		       "frame time_ns=1 frame=2 path=/srv/serve.py symbol=step line=118\n"
		       "frame time_ns=1 frame=3 module=1 offset=%#lx symbol=kept\n"
		       "frame time_ns=1 frame=4 module=1 offset=%#lx path=/kept.c symbol=kept line=7\n"
		       "frame time_ns=1 frame=5 module=1 offset=0xfffffff\n"
		       "frame time_ns=1 frame=6 module=2 offset=%#lx\nframe time_ns=1 frame=7\n"
		       "stack time_ns=1 stack=1 frame=1\nfree time_ns=2 process=1 address=4096\n",
		fixture.library, fixture.hidden, fixture.hidden, fixture.hidden, fixture.hidden);
	struct passing p;
	char *line;

	(void)state;
	pass(&p, NULL, stream);
	assert_counts(p.s, &(struct symbolizer_counts){ .frames = 5, .named = 3, .lined = 3, .were_named = 2, .were_lined = 1 });
	/* Without what was added, it is what came. */
	assert_non_null(strstr(str_text(&p.text), "frame=1 "));
	line = strstr(str_text(&p.text), "named.cpp");
	assert_non_null(line);
	assert_non_null(strstr(str_text(&p.text), HIDDEN));
	/* Of the function's begin: compilers differ. */
	line = strstr(line, " line=");
	assert_non_null(line);
	assert_in_range(atoi(line + strlen(" line=")), 19, 21);
	assert_non_null(strstr(strstr(str_text(&p.text), "frame=3 "), "symbol=kept"));
	assert_non_null(strstr(str_text(&p.text), "path=/kept.c symbol=kept"));
	for (int frame = 5; frame <= 7; frame++) {
		_cleanup_(freep) char *begin = xasprintf("frame=%d", frame);
		const char *at = strstr(str_text(&p.text), begin);
		const char *symbol = at ? strstr(at, "symbol=") : NULL;

		assert_non_null(at);
		assert_null(symbol);
	}
	release(&p);
}

static void assert_named(const char *path, const char *folder, bool named)
{
	_cleanup_(freep) char *stream = xasprintf(MODULE "frame time_ns=1 frame=1 module=1 offset=%#lx\n", path, fixture.hidden);
	struct passing p;

	pass(&p, folder, stream);
	assert_counts(p.s, &(struct symbolizer_counts){ .frames = 1, .named = named, .lined = named });
	release(&p);
}

static void files_are_found_below_a_folder_whatever_they_are_called(void **state)
{
	_cleanup_(freep) char *renamed = below("tree/a/renamed"), *taken = below("tree/b"), *lib = below("lib");
	_cleanup_(freep) char *fifo = below("tree/pipe");

	(void)state;
	assert_named(fixture.library, NULL, true);
	assert_named("/nowhere/libnamed.so", NULL, false);
	assert_named("/nowhere/libnamed.so", lib, true);
	assert_named("/nowhere/else.so", lib, true);
	/* the library itself has no symbols, and something else in the folder has them */
	assert_named("/nowhere/libnamed.so", fixture.tree, true);
	assert_named(renamed, fixture.tree, true);
	assert_named(renamed, NULL, false);
	/* without the library */
	assert_named("/nowhere/libnamed.so", taken, true);
	/* what is no file is not opened */
	assert_named(fifo, NULL, false);
	assert_named("/dev/zero", NULL, false);
}

static void a_file_with_another_build_id_is_not_used(void **state)
{
	_cleanup_(freep) char *stream = xasprintf(MODULE "frame time_ns=1 frame=1 module=1 offset=%#lx\n"
							 "frame time_ns=1 frame=2 module=1 offset=%#lx symbol=known\n"
							 "frame time_ns=1 frame=1 module=1 offset=%#lx\n",
						  fixture.other, fixture.hidden, fixture.hidden, fixture.hidden);
	_cleanup_(freep) char *folder = below("other");
	symbolizer_missing_list missing = {};
	struct passing p;

	(void)state;
	pass(&p, folder, stream);
	assert_counts(p.s, &(struct symbolizer_counts){ .frames = 2, .named = 1, .were_named = 1 });
	symbolizer_missing(p.s, &missing);
	assert_int_equal(missing.nr, 1);
	assert_int_equal(missing.items[0].frames, 1);
	assert_non_null(strstr(missing.items[0].why, "with build id " BUILD_ID));
	assert_non_null(strstr(missing.items[0].why, "is another file (build id " OTHER_ID ")"));
	vec_release(&missing);
	release(&p);
}

/* More files than may be open at a time, asked in turns: none is taken for one that is not there. */
static void many_files_are_asked_in_turns(void **state)
{
	enum { FILES = 70, TURNS = 2 };
	_cleanup_(str_release) struct str stream = {};
	struct passing p;

	(void)state;
	for (int i = 1; i <= FILES; i++)
		str_addf(&stream, "module time_ns=1 module=%d path=%s/lib/%d build_id=" BUILD_ID "\n", i, fixture.directory, i);
	for (int i = 1; i <= FILES; i++) {
		_cleanup_(freep) char *name = xasprintf("lib/%d", i), *link_name = below(name);

		assert_int_equal(symlink(fixture.library, link_name), 0);
	}
	for (int i = 0; i < FILES * TURNS; i++)
		str_addf(&stream, "frame time_ns=1 frame=%d module=%d offset=%#lx path=/x.c\n", i + 1, i % FILES + 1, fixture.hidden);
	pass(&p, NULL, str_text(&stream));
	assert_counts(p.s, &(struct symbolizer_counts){
		.frames = FILES * TURNS, .named = FILES * TURNS, .lined = FILES * TURNS, .were_lined = FILES * TURNS });
	release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_get_names_and_lines_and_nothing_else_changes),
		cmocka_unit_test(files_are_found_below_a_folder_whatever_they_are_called),
		cmocka_unit_test(a_file_with_another_build_id_is_not_used),
		cmocka_unit_test(many_files_are_asked_in_turns),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
