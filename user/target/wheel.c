#include "target/wheel.h"

#include "base/util.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_MAX = 16 << 20 };

/* Behind the folder that packages are installed in; NULL: @path is in none. */
static const char *installed_name(const char *path)
{
	static const char *const folders[] = {"/site-packages/", "/dist-packages/"};
	const char *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		for (const char *p = path; (p = strstr(p, folders[i])); p++)
			if (p + strlen(folders[i]) > found)
				found = p + strlen(folders[i]);
	return found;
}

/* A line is NAME,HASH,SIZE; NAME is in quotes if a comma is in it, and then not ours. */
static bool lists(const char *record, const char *name)
{
	_cleanup_(freep) char *line = NULL;
	size_t bytes = 0, len = strlen(name), read = 0;
	FILE *f = fopen(record, "re");
	bool found = false;
	ssize_t n;

	if (!f)
		return false;
	while (!found && read < RECORD_MAX && (n = getline(&line, &bytes, f)) > 0) {
		read += (size_t)n;
		found = !strncmp(line, name, len) && line[len] == ',';
	}
	fclose(f);
	return found;
}

/* "ttnn-0.81.1.dist-info" -> "ttnn 0.81.1"; NULL: it is none. */
static char *release_name(const char *folder)
{
	static const char suffix[] = ".dist-info";
	size_t len = strlen(folder);
	const char *dash = strchr(folder, '-');
	char *name;

	if (len < sizeof(suffix) || strcmp(folder + len - (sizeof(suffix) - 1), suffix) || !dash)
		return NULL;
	name = xstrndup(folder, len - (sizeof(suffix) - 1));
	name[dash - folder] = ' ';
	return name;
}

char *wheel_of(int pid, const char *path)
{
	const char *name = installed_name(path);
	_cleanup_(freep) char *root = NULL;
	char *found = NULL;
	DIR *folder;

	if (!name)
		return NULL;
	root = xasprintf("/proc/%d/root%.*s", pid, (int)(name - path), path);
	folder = opendir(root);
	for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
		char *release = release_name(entry->d_name);
		_cleanup_(freep) char *record = xasprintf("%s%s/RECORD", root, entry->d_name);

		if (release && lists(record, name))
			found = release;
		else
			free(release);
	}
	if (folder)
		closedir(folder);
	return found;
}
