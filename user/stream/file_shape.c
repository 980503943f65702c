#include "stream/file_shape.h"

enum { GROUP_WHO = 1, GROUP_WHAT };

static const struct {
	uint8_t method, parameter;
} methods[FIELD_NR] = {
	[FIELD_TIME_NS] = {METHOD_CHAIN, 0},
	[FIELD_PROCESS] = {METHOD_GROUP, GROUP_WHO},
	[FIELD_PID] = {METHOD_GROUP, GROUP_WHO},
	[FIELD_TID] = {METHOD_GROUP, GROUP_WHO},
	[FIELD_ARENA] = {METHOD_GROUP, GROUP_WHAT},
	[FIELD_POOL] = {METHOD_GROUP, GROUP_WHAT},
	[FIELD_RESERVED] = {METHOD_GROUP, GROUP_WHAT},
	[FIELD_ASKED] = {METHOD_GROUP, GROUP_WHAT},
	[FIELD_PAGE] = {METHOD_GROUP, GROUP_WHAT},
	[FIELD_TAG] = {METHOD_GROUP, GROUP_WHAT},
	[FIELD_LABEL] = {METHOD_GROUP, GROUP_WHAT},
	[FIELD_LAYOUT] = {METHOD_GROUP, GROUP_WHAT},
	[FIELD_STACK] = {METHOD_GROUP, GROUP_WHAT},
	[FIELD_ADDRESS] = {METHOD_PLACE, FIELD_ARENA},
};

static const uint8_t roles[RECORD_NR] = {
	[RECORD_ALLOC] = ROLE_MAKES,
	[RECORD_BLOCK] = ROLE_MAKES,
	[RECORD_FREE] = ROLE_TAKES,
};

enum file_method file_method_of(enum field field, unsigned *ret_parameter)
{
	*ret_parameter = methods[field].parameter;
	return (enum file_method)methods[field].method;
}

enum file_role file_role_of(enum record_kind kind)
{
	return (enum file_role)roles[kind];
}

static void add_group(const struct file_schema *schema, uint64_t mask, unsigned field, struct file_step *step)
{
	for (unsigned other = field; other < schema->nr_fields; other++)
		if (mask & 1ULL << other && schema->methods[other] == METHOD_GROUP &&
		    schema->parameters[other] == schema->parameters[field])
			step->members[step->nr_members++] = (uint8_t)other;
}

/* Has a field before it in the mask the same group? */
static bool in_group_before(const struct file_schema *schema, uint64_t mask, unsigned field)
{
	for (unsigned other = 0; other < field; other++)
		if (mask & 1ULL << other && schema->methods[other] == METHOD_GROUP &&
		    schema->parameters[other] == schema->parameters[field])
			return true;
	return false;
}

/* A reader must have the context before the place. */
static bool has_context(const struct file_schema *schema, uint64_t mask, unsigned field)
{
	return schema->parameters[field] < field && mask & 1ULL << schema->parameters[field];
}

static unsigned nr_columns(const struct file_step *step)
{
	return step->method == METHOD_GROUP ? 1U + step->nr_members : step->method == METHOD_PLACE ? 2 : 1;
}

void file_steps(const struct file_schema *schema, uint64_t mask, struct file_steps *ret)
{
	ret->nr = ret->nr_columns = 0;
	for (unsigned field = 0; field < schema->nr_fields; field++) {
		struct file_step *step = &ret->step[ret->nr];

		if (!(mask & 1ULL << field))
			continue;
		if (schema->methods[field] == METHOD_GROUP && in_group_before(schema, mask, field))
			continue;
		*step = (struct file_step){.method = schema->methods[field], .field = (uint8_t)field,
					   .context = FILE_FIELDS_MAX, .column = (uint16_t)ret->nr_columns};
		if (step->method == METHOD_GROUP)
			add_group(schema, mask, field, step);
		if (step->method == METHOD_PLACE && has_context(schema, mask, field))
			step->context = schema->parameters[field];
		ret->nr_columns += nr_columns(step);
		ret->nr++;
	}
}
