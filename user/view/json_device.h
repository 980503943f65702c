/* json_device.h: what a JSON object is about: a process, a device, or chips with the same figures. See docs/json.md. */
#ifndef VIEW_JSON_DEVICE_H
#define VIEW_JSON_DEVICE_H

#include "ledger/ledger.h"

#include <jansson.h>

/* Keys of @object: host, pid, copy, start_time_ns, name, command. */
void json_set_process(json_t *object, const struct ledger_process *p);
/* Keys of @object: device, chips, count, mesh or meshes, parent. @p: NULL if the devices are of several processes. */
void json_set_group(json_t *object, const struct ledger_process *p, const struct chip_group *g);
/* device, mesh. */
void json_set_device(json_t *object, const struct device *d);

#endif
