/* runtimes_device.h: the objects of devices in a runtime file, for `pooltrace runtimes`. */
#ifndef VIEW_RUNTIMES_DEVICE_H
#define VIEW_RUNTIMES_DEVICE_H

#include "view/runtimes.h"

/* The variables that say what chips' numbers are relative to. Nothing if there are none. */
void view_environment(struct str *s, const struct runtime *rt);
/* The functions that programs call. Likewise. */
void view_api(struct str *s, const struct runtime *rt);
/* The lines of the file. Nothing if there are none. */
void view_devices(struct str *s, const struct runtime *rt);
/* As view_books_part(), of devices alone. */
bool view_device_part(const struct binding *b, size_t i, struct books_part *ret);
/* A chain, with @base where it begins. */
void view_chain(struct str *s, const struct code_chain *chain, const char *base);

#endif
