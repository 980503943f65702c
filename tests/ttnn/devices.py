"""A program for test_devices.py: it does what each line of standard input says, then tells what the runtime itself has.

    open NAME ROWS COLUMNS      a mesh
    chip NAME NUMBER            one chip
    submesh NAME PARENT ROWS COLUMNS ROW COLUMN
    replicate NAME TILES POOL   a tensor of which each chip has a copy;  shard: each chip has a part of it
    free NAME                   the last tensor there;  close NAME: a mesh or a chip;  forget NAME: a submesh

After each `STEP` and, as JSON, a list of the open devices: {"name", "mesh", "chips", "parent", pool: bytes a bank * banks}.
"""
import json
import sys
import ttnn

POOLS = ("DRAM", "L1", "L1_SMALL", "TRACE")
devices, parents, tensors = {}, {}, {}
options = {"trace_region_size": 1 << 20, "l1_small_size": 16384,
           "dispatch_core_config": ttnn.DispatchCoreConfig(ttnn.DispatchCoreType.WORKER)}


def open_mesh(name, *shape):
    devices[name] = ttnn.open_mesh_device(ttnn.MeshShape(*map(int, shape)), **options)


def open_chip(name, number):
    devices[name] = ttnn.open_device(device_id=int(number), **options)


def submesh(name, parent, rows, columns, row, column):
    shape, offset = ttnn.MeshShape(int(rows), int(columns)), ttnn.MeshCoordinate(int(row), int(column))
    devices[name] = devices[parent].create_submesh(shape, offset)
    parents[name] = parent


def memory(pool):
    return ttnn.MemoryConfig(ttnn.TensorMemoryLayout.INTERLEAVED, getattr(ttnn.BufferType, pool))


def replicate(name, tiles, pool):
    tensors.setdefault(name, []).append(
        ttnn.empty((1, 1, 32, 32 * int(tiles)), ttnn.bfloat16, ttnn.TILE_LAYOUT, devices[name], memory(pool)))


def shard(name, tiles, pool):
    device = devices[name]
    host = ttnn.Tensor([1.0] * (32 * 32 * int(tiles) * device.get_num_devices()),
                       [device.get_num_devices(), 1, 32, 32 * int(tiles)], ttnn.bfloat16, ttnn.TILE_LAYOUT)
    parts = ttnn.distribute_tensor(host, ttnn.shard_tensor_to_mesh_mapper(device, 0))
    tensors.setdefault(name, []).append(ttnn.to_device(parts, device, memory_config=memory(pool)))


def free(name):
    tensors[name].pop()


def close(name):
    tensors.pop(name, None)
    ttnn.close_mesh_device(devices.pop(name))


def forget(name):
    tensors.pop(name, None)
    del devices[name], parents[name]


WORDS = {"open": open_mesh, "chip": open_chip, "submesh": submesh, "replicate": replicate, "shard": shard, "free": free,
         "close": close, "forget": forget}


def figures(name):
    device = devices[name]
    pools = {}
    for pool in POOLS:
        view = ttnn.get_memory_view(device, getattr(ttnn.BufferType, pool))
        pools[pool] = view.total_bytes_allocated_per_bank * view.num_banks
    return {"name": name, "mesh": device.id(), "chips": sorted(device.get_device_ids()), "parent": parents.get(name), **pools}


print("READY", flush=True)
for line in sys.stdin:
    word, *arguments = line.split()
    WORDS[word](*arguments)
    print("STEP", json.dumps([figures(name) for name in devices]), flush=True)
