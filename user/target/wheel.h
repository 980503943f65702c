/* wheel.h: which release a file is from, if an installer of Python packages put it where it is. */
#ifndef TARGET_WHEEL_H
#define TARGET_WHEEL_H

/*
 * Name and version ("ttnn 0.81.1") of the package whose RECORD lists the file at @path, as process @pid sees it. NULL when there
 * is none, or it may not be read. The caller frees it.
 */
char *wheel_of(int pid, const char *path);

#endif
