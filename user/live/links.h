/* links.h: the two ways to put a program at sites of a file. libbpf 1.1 knows no uprobe_multi: system calls. */
#ifndef LIVE_LINKS_H
#define LIVE_LINKS_H

#include "live/kernel.h"

/* BPF_TRACE_UPROBE_MULTI of enum bpf_attach_type, since Linux 6.6. */
enum { LINK_UPROBE_MULTI = 48 };

/* Does a link of that type come into being? 0, or the error. */
int links_multi_works(int program);
int links_multi(int program, const char *path, int pid, const struct probe_site *sites, size_t nr, link_fds *links);
/* A perf event and a link for each site. */
int links_single(int program, const char *path, int pid, const struct probe_site *sites, size_t nr, link_fds *links);

#endif
