#include "live/privileges.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Since Linux 5.8 and 5.9: older headers lack them. */
enum { NUMBER_PERFMON = 38, NUMBER_BPF = 39, NUMBER_CHECKPOINT_RESTORE = 40 };

#define BIT(number) (1ULL << (number))

/* docs/pooltrace.1 says what each is for. */
#define NEEDED                                                                                                          \
	(BIT(NUMBER_BPF) | BIT(NUMBER_PERFMON) | BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH) |                       \
	 BIT(NUMBER_CHECKPOINT_RESTORE) | BIT(CAP_KILL))

/* That nothing could be dropped is no reason to end: it works all the same. */
static void keep(uint64_t wanted)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &header, data))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(data); i++) {
		data[i].permitted &= (uint32_t)(wanted >> (32 * i));
		data[i].effective &= data[i].permitted;
		data[i].inheritable = 0;
	}
	syscall(SYS_capset, &header, data);
}

void privileges_drop(bool admin, bool files)
{
	keep(NEEDED | (admin ? BIT(CAP_SYS_ADMIN) : 0) | (files ? BIT(CAP_DAC_OVERRIDE) : 0));
}

void privileges_drop_to_signals(void)
{
	keep(BIT(CAP_KILL));
}
