#include "cmd/python.h"

#include "runtime/python.h"
#include "view/doctor_python.h"

void python_examine(int pid, const mappings *maps, findings *f)
{
	struct modules *modules = modules_new();
	struct python python = {};
	struct memory *memory;
	struct diag why = {};

	if (!memory_open(pid, &memory, &why)) {
		int err = python_find(pid, modules, maps, memory, &python, &why);

		doctor_add_python(f, pid, err, python.minor, &why);
		memory_free(memory);
	}
	modules_free(modules);
}
