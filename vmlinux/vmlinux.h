/* Made by scripts/vmlinux; the UAPI types come from linux/bpf.h. */
#ifndef VMLINUX_H
#define VMLINUX_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	unsigned long di;
	unsigned long si;
	unsigned long dx;
	unsigned long cx;
	unsigned long r8;
	unsigned long r9;
	unsigned long ax;
	unsigned long sp;
};

struct signal_struct {
	unsigned int flags;
	struct task_struct *group_exec_task;
};

struct task_struct {
	struct signal_struct *signal;
};

#pragma clang attribute pop

#endif
