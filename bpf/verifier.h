/* What the kernel's verifier needs to be shown. */
#ifndef BPF_VERIFIER_H
#define BPF_VERIFIER_H

/*
 * Let the compiler forget what it knows of @x. A bound that is checked behind it stays checked, in the register that is used then: what
 * the compiler has proven the verifier may not see.
 */
#define verifier_must_see(x) asm volatile("" : "+r"(x))

#endif
