/*
 * unwind_module.h: the files that processes have mapped code of, each opened once however many processes map it. They stay open,
 * so that neither the end of a process nor the removal of a file takes them away.
 */
#ifndef TARGET_UNWIND_MODULE_H
#define TARGET_UNWIND_MODULE_H

#include "target/cfi.h"
#include "target/process.h"

/* Lives as long as the `struct modules` that it is of. Read only. */
struct module {
	uint32_t number; /* from 0, in the order in which they were met */
	char *path;	 /* as the process sees it; "[vdso]"; "//anon" and the like where it is no file */
	char *build_id;	 /* "": none, or not known */
	char *why;	 /* it cannot be unwound through; NULL: it can, as far as is known yet */
	struct elf_file *elf; /* NULL: it could not be opened, or is none */
	/* what it is known again by */
	uint64_t device, inode, changed_ns;
	/* read when first asked for */
	bool cfi_read;
	struct cfi *cfi;
};

struct modules; /* opaque */

struct modules *modules_new(void);
void modules_free(struct modules *m);

/*
 * The module that process @pid has mapped as @mapping, which is not empty ("": no file, no module). Never fails: of what
 * cannot be opened, or is another file than the one that is mapped, the name is known, and why. May read the process's memory
 * (the vdso).
 */
struct module *modules_mapped(struct modules *m, int pid, const struct mapping *mapping);
/* A file that no process needs to have mapped. NULL with the reason. */
struct module *modules_file(struct modules *m, const char *path, struct diag *d);

/* Its tables; NULL when it has none, then module->why is set. Milliseconds when it is asked for the first time. */
struct cfi *module_cfi(struct module *module);

size_t modules_count(const struct modules *m);
struct module *modules_at(const struct modules *m, size_t number);

#endif
