#include "base/log.h"
#include "cmd/fail.h"
#include "cmd/options.h"
#include "cmd/output.h"

#include <malloc.h>
#include <stdio.h>

const struct command commands[] = {
	{"top", "[-- COMMAND ARGS...]", "a table of what is allocated, that refreshes", COMMAND_TOP, FILE_NONE, true,
	 cmd_top},
	{"events", "", "a line an event, as it happens", COMMAND_EVENTS, FILE_NONE, false, cmd_events},
	{"record", "[-- COMMAND ARGS...]", "record running processes, or a command, into a file", COMMAND_RECORD,
	 FILE_NONE, true, cmd_record},
	{"report", "FILE", "what a recording says as a whole, or at a moment", COMMAND_REPORT, FILE_NEEDED, false, cmd_report},
	{"explain", "[FILE]", "phases, traces, what to type, and why allocations failed", COMMAND_EXPLAIN,
	 FILE_OPTIONAL, false, cmd_explain},
	{"leaks", "FILE", "what of a recording grows with time, and what was left, by line", COMMAND_LEAKS, FILE_NEEDED, false,
	 cmd_leaks},
	{"diff", "OLD NEW", "what changed between two recordings", COMMAND_DIFF, FILE_TWO, false, cmd_diff},
	{"export", "--to FORMAT FILE", "a recording for Perfetto, pprof, flame graphs, SQL or jq", COMMAND_EXPORT, FILE_NEEDED,
	 false, cmd_export},
	{"merge", "-o FILE FILE...", "recordings of several hosts, or of several pooltraces on one, as one", COMMAND_MERGE, FILE_MANY,
	 false, cmd_merge},
	{"symbolize", "-o FILE RECORDING", "functions, files and lines for stacks that were recorded without", COMMAND_SYMBOLIZE, FILE_NEEDED,
	 false, cmd_symbolize},
	{"runtimes", "", "which runtimes are known, and what of them a process has", COMMAND_RUNTIMES, FILE_NONE, false,
	 cmd_runtimes},
	{"doctor", "", "what tracing needs, and whether it is there", COMMAND_DOCTOR, FILE_NONE, false, cmd_doctor},
	{},
};

/*
 * What is read of a process's books is large, and given back at once. By itself glibc would keep it, since each large block that
 * is given back raises the bound beyond which memory is the kernel's own again.
 */
static void keep_no_large_memory(void)
{
	enum { LARGE = 128 << 10 /* bytes; where glibc's bound begins */ };

	mallopt(M_MMAP_THRESHOLD, LARGE);
}

int main(int argc, char **argv)
{
	_cleanup_(options_release) struct options o = {};
	struct diag d = {};

	keep_no_large_memory();
	output_reserve();
	if (options_parse(&o, argc, argv, &d))
		return fail(&d, STATUS_USAGE);
	if (o.help)
		return output_help(&o);
	if (o.version)
		return output_text("pooltrace " POOLTRACE_VERSION "\n");
	log_set_level(o.verbose ? LOG_DEBUG : LOG_WARNING);
	return o.command->run(&o);
}
