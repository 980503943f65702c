/*
 * base/: what every room uses and what knows nothing of the project: memory, strings, vectors, a hash
 * map, units, and the error that travels upwards. Nothing here prints but log.c.
 *
 * util.h: memory that aborts when there is none, cleanup of locals, broken invariants.
 */
#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(string, first) __attribute__((format(printf, string, first)))

/* A condition that only a mistake of ours can make true. Bad input is never a BUG. */
#define BUG_ON(condition)                                                                          \
	do {                                                                                       \
		if (__builtin_expect(!!(condition), 0))                                            \
			bug_at(__FILE__, __LINE__, #condition);                                    \
	} while (0)

__attribute__((noreturn)) void bug_at(const char *file, int line, const char *condition);

/* As their namesakes, but abort with a message when there is no memory. The caller frees with free(). */
void *xmalloc(size_t bytes) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t nr, size_t bytes) __attribute__((malloc, returns_nonnull));
/* As xcalloc(), on lines of the processor's cache; @bytes fill some of them. */
void *xcalloc_lines(size_t nr, size_t bytes) __attribute__((malloc, returns_nonnull));
void *xreallocarray(void *p, size_t nr, size_t bytes) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t len) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *format, ...) _printf_(1, 2) __attribute__((malloc, returns_nonnull));

/* For _cleanup_: free a pointer, close a descriptor that is not negative. */
void freep(void *p);
void closep(int *fd);

#endif
