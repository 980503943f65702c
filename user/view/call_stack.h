/* call_stack.h: what an allocation was called by, as text and as JSON. */
#ifndef VIEW_CALL_STACK_H
#define VIEW_CALL_STACK_H

#include "base/str.h"
#include "ledger/ledger.h"

#include <jansson.h>

/* What a place is called: "step (serve.py:118)", "f (libx.so)", "libx.so+0x1234"; "?" where nothing is known. */
void call_stack_add_frame(struct str *out, const struct ledger *l, const struct ledger_frame *f);
/* Its function alone: as call_stack_add_frame() where that is not known. */
void call_stack_add_function(struct str *out, const struct ledger *l, const struct ledger_frame *f);
/* For a line of many: "serve.py:118 step" of source, else the function, of templates and of lambdas without their arguments. */
void call_stack_add_short(struct str *out, const struct ledger *l, const struct ledger_frame *f);
/* Its function as programs call it: "space::name", without arguments, nor "[clone .cold]"; nothing where it has no name. Escaped. */
void call_stack_add_plain(struct str *out, const struct ledger_frame *f);
/* A line a frame, the innermost first, each indented; the last one says so if what called it is not known. */
void call_stack_add_lines(struct str *out, const struct ledger *l, uint64_t stack);
/* Set `stack` in @object, and `stack_partial`, as docs/json.md has them. */
void call_stack_set_json(json_t *object, const struct ledger *l, uint64_t stack);

#endif
