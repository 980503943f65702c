/* links.h: the two ways to put a program at sites of a file. libbpf 1.1 knows no uprobe_multi: system calls. */
#ifndef LIVE_LINKS_H
#define LIVE_LINKS_H

#include "live/kernel.h"

/* Of enum bpf_attach_type: BPF_TRACE_UPROBE_MULTI, since Linux 6.6, and BPF_TRACE_UPROBE_SESSION, since 6.13. */
enum link_type { LINK_UPROBE_MULTI = 48, LINK_UPROBE_SESSION = 57, LINK_MULTI_RETURN = 1000 };

/* What is put there, loaded for links of this type. */
struct link_program {
	int fd;
	enum link_type type;
};

static inline struct link_program links_at_entry(int fd)
{
	return (struct link_program){fd, LINK_UPROBE_MULTI};
}

/* Does a link of that type come into being, for programs at entries, or of a session? Asked with an empty one. 0, or the error. */
int links_work(enum link_type type);
int links_multi(struct link_program program, const char *path, int pid, const struct probe_site *sites, size_t nr,
		link_fds *links);
/* One site, and other types than entry: to ask what the kernel has. Returns the link, or -errno. */
int links_multi_of(int program, enum link_type type, const char *path, int pid, const struct probe_site *site);
/* A perf event and a link for each site. It knows no sessions. When the main thread ends while others run, it has no hits any more. */
int links_single(struct link_program program, const char *path, int pid, const struct probe_site *sites, size_t nr,
		 link_fds *links);

#endif
