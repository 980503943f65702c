#include "view/host_name.h"

bool ledger_has_hosts(const struct ledger *l)
{
	for (size_t i = 0; i < l->processes.nr; i++)
		if (l->processes.items[i]->host)
			return true;
	return false;
}

/* Equal texts of a ledger are one. */
static bool is_first(const struct ledger *l, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (l->processes.items[k]->host == l->processes.items[i]->host)
			return false;
	return true;
}

size_t ledger_count_hosts(const struct ledger *l)
{
	size_t nr = 0;

	for (size_t i = 0; i < l->processes.nr; i++)
		nr += is_first(l, i);
	return nr;
}

void process_add_host(struct str *out, const struct ledger_process *p)
{
	str_add_escaped(out, p->host && *p->host ? p->host : "?");
}

void process_add_on_host(struct str *out, const struct ledger_process *p)
{
	if (!p->host)
		return;
	str_add(out, " on ");
	process_add_host(out, p);
}
