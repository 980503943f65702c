/*
 * usage: bench-empty OBJECT PROGRAM PID FILE OFFSET... [FILE OFFSET...]...
 *
 * Puts the PROGRAM of OBJECT at the sites, in the way that pooltrace does (one uprobe_multi link a file, with the pid),
 * prints READY, and removes it when its standard input ends.
 */
#include "live/links.h"

#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef VEC(struct probe_site) sites;

static int fail(int err, const char *what)
{
	fprintf(stderr, "bench-empty: %s: %s\n", what, strerror(-err));
	return 1;
}

/* The program's file descriptor, or an error. */
static int load(const char *path, const char *name)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *p, *wanted;
	int err;

	if (!object)
		return -errno;
	wanted = bpf_object__find_program_by_name(object, name);
	if (!wanted)
		return -ENOENT;
	bpf_object__for_each_program(p, object)
		bpf_program__set_autoload(p, p == wanted);
	bpf_program__set_expected_attach_type(wanted, (enum bpf_attach_type)LINK_UPROBE_MULTI);
	err = bpf_object__load(object);
	return err ? err : bpf_program__fd(wanted);
}

static int attach(int program, int pid, char **words, link_fds *links)
{
	int err = 0;

	while (*words && !err) {
		const char *path = *words++;
		sites at = {};

		for (; *words && isdigit((unsigned char)**words); words++)
			vec_push(&at, ((struct probe_site){.file_offset = strtoull(*words, NULL, 0)}));
		err = at.nr ? links_multi(links_at_entry(program), path, pid, at.items, at.nr, links) : -EINVAL;
		vec_release(&at);
	}
	return err;
}

int main(int argc, char **argv)
{
	link_fds links = {};
	int program, err;
	char byte;

	if (argc < 6)
		return fail(-EINVAL, "usage: bench-empty OBJECT PROGRAM PID FILE OFFSET...");
	program = load(argv[1], argv[2]);
	if (program < 0)
		return fail(program, "cannot load");
	err = attach(program, atoi(argv[3]), argv + 4, &links);
	if (err)
		return fail(err, "cannot attach");
	puts("READY");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	for (size_t i = 0; i < links.nr; i++)
		close(links.items[i]);
	vec_release(&links);
	return 0;
}
