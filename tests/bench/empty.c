/*
 * usage: bench-empty OBJECT PROGRAM PID FILE OFFSET... [FILE OFFSET...]...
 *
 * Puts the PROGRAM of OBJECT at the sites, in the way that pooltrace does (one uprobe_multi link a file, with the pid),
 * prints READY, empties its ring, which not every PROGRAM fills, and removes it when its standard input ends. At an OFFSET that
 * an `r` follows, returns are seen as well: by a session where the kernel has them, else by probes at both.
 */
#include "live/links.h"

#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef VEC(struct probe_site) sites;

#define RETURNS "empty_return"

#define RING "ring"
/* As often as pooltrace looks at its own. */
enum { EMPTY_EVERY_MS = 20 };

struct programs {
	struct link_program entry, returns;
	struct ring_buffer *ring;
};

static int fail(int err, const char *what)
{
	fprintf(stderr, "bench-empty: %s: %s\n", what, strerror(-err));
	return 1;
}

static int pass_over(void *unused, void *record, size_t bytes)
{
	(void)unused;
	(void)record;
	(void)bytes;
	return 0;
}

/* The programs, loaded; 0 or an error. */
static int load(const char *path, const char *name, struct programs *ret)
{
	const enum link_type at_returns = links_work(LINK_UPROBE_SESSION) ? LINK_MULTI_RETURN : LINK_UPROBE_SESSION;
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *p, *entry, *returns;
	int err;

	if (!object)
		return -errno;
	entry = bpf_object__find_program_by_name(object, name);
	returns = bpf_object__find_program_by_name(object, RETURNS);
	if (!entry || !returns)
		return -ENOENT;
	bpf_object__for_each_program(p, object)
		bpf_program__set_autoload(p, p == entry || p == returns);
	bpf_program__set_expected_attach_type(entry, (enum bpf_attach_type)LINK_UPROBE_MULTI);
	bpf_program__set_expected_attach_type(returns, (enum bpf_attach_type)(at_returns == LINK_UPROBE_SESSION ? at_returns :
													      LINK_UPROBE_MULTI));
	err = bpf_object__load(object);
	if (err)
		return err;
	*ret = (struct programs){{bpf_program__fd(entry), LINK_UPROBE_MULTI}, {bpf_program__fd(returns), at_returns},
				 ring_buffer__new(bpf_object__find_map_fd_by_name(object, RING), pass_over, NULL, NULL)};
	return ret->ring ? 0 : -errno;
}

/* Both of one file; a session is at the entry by itself. */
static int attach_file(const struct programs *programs, const char *path, int pid, sites *entries, const sites *returns, link_fds *links)
{
	int err = returns->nr ? links_multi(programs->returns, path, pid, returns->items, returns->nr, links) : 0;

	for (size_t i = 0; i < returns->nr && programs->returns.type == LINK_MULTI_RETURN; i++)
		vec_push(entries, returns->items[i]);
	if (err || !entries->nr)
		return err;
	return links_multi(programs->entry, path, pid, entries->items, entries->nr, links);
}

static int attach(const struct programs *programs, int pid, char **words, link_fds *links)
{
	int err = 0;

	while (*words && !err) {
		const char *path = *words++;
		sites entries = {}, returns = {};

		for (; *words && isdigit((unsigned char)**words); words++) {
			char *end;
			struct probe_site site = {.file_offset = strtoull(*words, &end, 0)};

			vec_push(*end == 'r' ? &returns : &entries, site);
		}
		err = entries.nr + returns.nr ? attach_file(programs, path, pid, &entries, &returns, links) : -EINVAL;
		vec_release(&entries);
		vec_release(&returns);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct programs programs;
	link_fds links = {};
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char byte;
	int err, ready;

	if (argc < 6)
		return fail(-EINVAL, "usage: bench-empty OBJECT PROGRAM PID FILE OFFSET...");
	err = load(argv[1], argv[2], &programs);
	if (err)
		return fail(err, "cannot load");
	err = attach(&programs, atoi(argv[3]), argv + 4, &links);
	if (err)
		return fail(err, "cannot attach");
	puts("READY");
	fflush(stdout);
	do {
		ready = poll(&input, 1, EMPTY_EVERY_MS);
		ring_buffer__consume(programs.ring);
	} while (ready <= 0 || read(STDIN_FILENO, &byte, 1) > 0);
	for (size_t i = 0; i < links.nr; i++)
		close(links.items[i]);
	vec_release(&links);
	return 0;
}
