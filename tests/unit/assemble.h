/*
 * A small shared object for a test: tests/unit/data/NAME assembled and linked with the machine's compiler
 * ($CC or cc), in a directory of its own. Tests run in the repository's root.
 */
#ifndef TESTS_UNIT_ASSEMBLE_H
#define TESTS_UNIT_ASSEMBLE_H

#include "base/util.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ASSEMBLE_ARGUMENTS = 32 };

/* A fresh directory; assemble_remove() takes it away. NULL when there is none. The caller frees it. */
static inline char *assemble_directory(void)
{
	const char *base = getenv("TMPDIR");
	char *path = xasprintf("%s/pooltrace-test-XXXXXX", base && *base ? base : "/tmp");

	if (mkdtemp(path))
		return path;
	free(path);
	return NULL;
}

/* Run @arguments (NULL at the end) and wait. The exit status, or -1. */
static inline int assemble_run(const char *const *arguments)
{
	pid_t pid;
	int status;

	if (posix_spawnp(&pid, arguments[0], NULL, NULL, (char **)(uintptr_t)arguments, environ) ||
	    waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/*
 * Make @directory/@name from @source with @flags (NULL at the end) after the usual ones. Returns its path, which the
 * caller frees, or NULL when the compiler failed.
 */
static inline char *assemble(const char *directory, const char *name, const char *source, const char *const *flags)
{
	const char *cc = getenv("CC");
	char *path = xasprintf("%s/%s", directory, name);
	const char *arguments[ASSEMBLE_ARGUMENTS] = { cc && *cc ? cc : "cc", "-nostdlib", "-x", "assembler-with-cpp",
						      source, "-o", path };
	size_t nr = 7;

	for (size_t i = 0; flags[i] && nr + 1 < ASSEMBLE_ARGUMENTS; i++)
		arguments[nr++] = flags[i];
	if (!assemble_run(arguments))
		return path;
	free(path);
	return NULL;
}

/* Remove the directory, which the tests have emptied, and free its name. */
static inline void assemble_remove(char *directory)
{
	const char *arguments[] = { "rm", "-rf", directory, NULL };

	if (directory)
		assemble_run(arguments);
	free(directory);
}

/* A library made for a test, in a directory of its own. */
struct assembled {
	char *directory, *path;
};

static inline void assembled_release(struct assembled *a)
{
	free(a->path);
	assemble_remove(a->directory);
	*a = (struct assembled){};
}

/* As NAME in a fresh directory, from the file @source. False: it failed; release it all the same. */
static inline bool assembled_from_file(struct assembled *a, const char *name, const char *source)
{
	static const char *const flags[] = { "-shared", "-Wl,-z,lazy", NULL };

	a->directory = assemble_directory();
	a->path = a->directory ? assemble(a->directory, name, source, flags) : NULL;
	return a->path;
}

/* The same from the lines in @assembly. */
static inline bool assembled_from_text(struct assembled *a, const char *name, const char *assembly)
{
	static const char *const flags[] = { "-shared", NULL };
	bool written = false;
	char *source;
	FILE *f;

	a->directory = assemble_directory();
	if (!a->directory)
		return false;
	source = xasprintf("%s/source.s", a->directory);
	f = fopen(source, "we");
	if (f) {
		written = fputs(assembly, f) != EOF;
		written &= !fclose(f);
	}
	if (written)
		a->path = assemble(a->directory, name, source, flags);
	free(source);
	return a->path;
}

#endif
