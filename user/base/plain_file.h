/* plain_file.h: files that keep what is written to them, unlike pipes and devices. The path "-" stands for none. */
#ifndef BASE_PLAIN_FILE_H
#define BASE_PLAIN_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

/* Is @path one, whatever links lead to it? Then *@ret_st is what stat(2) says of it. */
bool plain_file(const char *path, struct stat *ret_st);
/* Do both paths lead to one and the same? */
bool same_plain_file(const char *a, const char *b);
/* Remove it if it is one: a part of a file that we write would pass for all of it. */
void remove_plain_file(const char *path);

#endif
