#include "base/plain_file.h"

#include <string.h>
#include <unistd.h>

bool plain_file(const char *path, struct stat *ret_st)
{
	return strcmp(path, "-") && !stat(path, ret_st) && S_ISREG(ret_st->st_mode);
}

bool same_plain_file(const char *a, const char *b)
{
	struct stat x, y;

	return plain_file(a, &x) && plain_file(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

void remove_plain_file(const char *path)
{
	struct stat st;

	if (plain_file(path, &st))
		unlink(path);
}
