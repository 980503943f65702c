#include "cmd/python.h"

#include "runtime/python.h"
#include "view/doctor_python.h"

void python_examine(int pid, const mappings *maps, const interpreters *known, findings *f)
{
	struct modules *modules = modules_new();
	struct python python = {};
	struct memory *memory;
	struct diag why = {};

	if (!memory_open(pid, &memory, &why)) {
		const struct python_process process = {pid, modules, maps, memory};
		int err = python_find(&process, known, &python, &why);

		doctor_add_python(f, pid, err, python.minor, &why);
		memory_free(memory);
	}
	modules_free(modules);
}
