/*
 * call_merge.h: the native and the Python frames of one moment as one stack. Each call of the interpreter has a frame of machine code and runs
 * some Python frames; which belong together is known by addresses alone: what stands for the call of the interpreter is a variable of it.
 */
#ifndef RUNTIME_CALL_MERGE_H
#define RUNTIME_CALL_MERGE_H

#include "base/vec.h"
#include "runtime/python.h"
#include "target/unwind.h"

/* Of a merged stack, the innermost first: a native frame, or one of Python. */
struct merged_frame {
	const struct stack_frame *native;	/* NULL: it is none */
	const struct wire_python_frame *python; /* likewise; both NULL: something is missing here, and nobody knows what */
};

typedef VEC(struct merged_frame) merged_frames;

/*
 * Of @sample the frames @native, and @python, which may be NULL. A frame of the interpreter itself becomes the Python frames that it runs. What has
 * no partner stands where it must be: further out than all else, behind something that is missing; but where there is nothing native at all.
 */
void call_merge(const struct python *p, const struct wire_python_stack *python, const struct stack *native,
		const struct stack_sample *sample, merged_frames *ret);

#endif
