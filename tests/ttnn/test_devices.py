"""Which chips a device stands on, and what each of its pools holds: meshes, submeshes and single chips, on machines of two and of
eight chips. After each step all that pooltrace says must equal what the runtime says of its open devices.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wheel  # noqa: E402
from harness import POOLS, Pooltrace, Suite, equal, process_of, run  # noqa: E402

suite = Suite(f"ttnn {wheel.VERSION} devices")
CYCLES = 20


class Program:
    """devices.py, and what the runtime says of its devices after the last step."""

    def __init__(self, machine, **more):
        if wheel.RELEASE[:2] == (0, 74):  # it configures the command queue of a second chip, which a mock machine has not
            more["TT_METAL_SLOW_DISPATCH_MODE"] = "1"
        self.target = wheel.start("devices.py", on=machine, **more)
        self.target.line("READY")
        self.pid = self.target.pid
        self.devices = []

    def do(self, *lines):
        for line in lines:
            self.target.go(line)
        for _ in lines:
            self.devices = json.loads(self.target.line("STEP"))
        assert lines, "nothing to do"

    def __enter__(self):
        return self

    def __exit__(self, *more):
        self.target.__exit__(*more)


def reserved(device):
    return {pool: device["pools"].get(pool, {}).get("reserved", 0) for pool in POOLS}


def held(device):
    return {pool: device[pool] for pool in POOLS}


def compare(state, program, what):
    """Devices as the runtime's own objects: those that hold something are there, others may be, with nothing."""
    shown = {device["mesh"]: device for device in process_of(state, program.pid)["devices"]}
    equal(len(shown), len(process_of(state, program.pid)["devices"]), f"{what}: devices with a number of their own")
    numbers, known = {device["name"]: device["mesh"] for device in program.devices}, set(shown)
    for device in program.devices:
        if not any(held(device).values()) and device["mesh"] not in shown:
            continue
        assert device["mesh"] in shown, f"{what}: {device} is not in {shown}"
        got = shown.pop(device["mesh"])
        equal(reserved(got), held(device), f"{what}: {device['name']}")
        equal(got.get("chips"), device["chips"], f"{what}: chips of {device['name']}")
        if device["parent"] and numbers[device["parent"]] in known:
            equal(got.get("parent"), numbers[device["parent"]], f"{what}: parent of {device['name']}")
    for device in shown.values():
        assert not any(reserved(device).values()), f"{what}: {device} is not the runtime's"


def compare_chips(state, program, what):
    """Each chip has what every device that stands on it holds."""
    wanted, got = {}, {}
    for device in program.devices:
        for chip in device["chips"] if any(held(device).values()) else []:
            total = wanted.setdefault(chip, dict.fromkeys(POOLS, 0))
            for pool in POOLS:
                total[pool] += device[pool]
    for row in process_of(state, program.pid)["devices"]:
        for chip in row["chips"]:
            assert chip not in got, f"{what}: chip {chip} is there twice"
            got[chip] = reserved(row)
    equal({c: v for c, v in got.items() if c in wanted or any(v.values())}, wanted, what)


def once(program, *options):
    status, out, err = run("-p", program.pid, "--once", "--json", *options)
    equal(status, 0, f"status of --once ({err})")
    return json.loads(out)


def check(pooltrace, program, what):
    compare(pooltrace.state(), program, what)
    if any(any(held(device).values()) for device in program.devices):
        compare(once(program, "--by", "mesh"), program, f"{what}, --once")
        compare_chips(once(program), program, f"{what}, chips")


def tracer(program, *options):
    return Pooltrace("top", "-p", program.pid, "--by", "mesh", *options)


def submesh_of_two(pooltrace, program, mesh, *place):
    """A mesh with tensors of both kinds, a part of it with its own."""
    program.do(f"replicate {mesh} 3 DRAM")
    check(pooltrace, program, "replicated")
    program.do(f"shard {mesh} 5 L1", f"shard {mesh} 2 DRAM")
    check(pooltrace, program, "sharded")
    program.do(f"submesh part {mesh} {' '.join(map(str, place))}", "replicate part 7 DRAM")
    check(pooltrace, program, "submesh")
    program.do("replicate part 1 L1", f"free {mesh}", f"replicate {mesh} 11 L1")
    check(pooltrace, program, "both")
    program.do("free part", "forget part")
    check(pooltrace, program, "submesh gone")


MACHINES = [("two chips", "n300", "1 2", "1 1 0 1"), ("eight chips", "t3000", "2 4", "2 2 0 1")]

for machine_name, machine, shape, part in MACHINES:
    @suite.test(f"a mesh of {machine_name} and a part of it, from before they are opened")
    def _(machine=machine, shape=shape, part=part):
        with Program(machine) as program, tracer(program, "--check=off") as pooltrace:
            equal(process_of(pooltrace.state())["devices"], [], "devices of a program that has opened none")
            program.do(f"open all {shape}")
            submesh_of_two(pooltrace, program, "all", part)
            program.do("close all")
            equal(process_of(pooltrace.state())["devices"], [], "devices when all are closed")

    @suite.test(f"a mesh of {machine_name} and a part of it, found when they hold something")
    def _(machine=machine, shape=shape, part=part):
        with Program(machine) as program:
            program.do(f"open all {shape}", "replicate all 4 L1", f"submesh one all {part}", "replicate one 3 DRAM",
                       "shard all 6 DRAM")
            with tracer(program) as pooltrace:
                check(pooltrace, program, "at attach")
                program.do("free one", "forget one")
                submesh_of_two(pooltrace, program, "all", part)


@suite.test("parts of parts, side by side and one over another, have each its own chips")
def _():
    with Program("t3000") as program, tracer(program) as pooltrace:
        program.do("open all 2 4", "submesh left all 2 2 0 0", "submesh right all 2 2 0 2", "submesh one left 1 1 1 1",
                   "replicate one 3 DRAM")
        check(pooltrace, program, "the smallest")
        program.do("replicate right 5 L1", "shard left 2 DRAM", "replicate all 9 DRAM")
        check(pooltrace, program, "all of them")
        program.do("free left", "free all")
        check(pooltrace, program, "some of them")


@suite.test("single chips side by side")
def _():
    with Program("n300") as program, tracer(program) as pooltrace:
        program.do("chip a 0", "chip b 1", "replicate b 3 DRAM", "replicate a 2 L1")
        check(pooltrace, program, "both")
        program.do("close a", "replicate b 2 L1")
        check(pooltrace, program, "one")
        program.do("chip c 0", "replicate c 1 DRAM", "close b")
        check(pooltrace, program, "the other")


@suite.test(f"a device opened and closed {CYCLES} times, on other chips each time, has the chips of the last time")
def _():
    opened = ["open x 1 2", "chip x 1", "chip x 0", "open x 2 1"]
    with Program("n300") as program, tracer(program, "--check=off") as pooltrace:
        for i in range(CYCLES):
            program.do(opened[i % len(opened)], f"replicate x {i + 1} DRAM", f"replicate x {i + 2} L1")
            compare(pooltrace.state(), program, f"{opened[i % len(opened)]}, time {i}")
            program.do("close x")
            equal(process_of(pooltrace.state())["devices"], [], "devices when it is closed")


@suite.test("a device that was closed and replaced while nobody looked does not leave its chips to the next")
def _():
    with Program("n300") as program, tracer(program, "--check=off") as pooltrace:
        for first, last in ((0, 1), (1, 0)) * 3:
            program.do(f"chip a {first}", "replicate a 3 DRAM", "close a", f"chip b {last}", "replicate b 2 DRAM")
            compare(pooltrace.state(), program, f"chip {first}, then {last}")
            program.do("close b")


@suite.test("what chip numbers are relative to is told as the process's environment has it")
def _():
    mock = f"TT_METAL_MOCK_CLUSTER_DESC_PATH={wheel.cluster('n150')}"
    for more, wanted in (({}, mock), ({"TT_METAL_VISIBLE_DEVICES": "0"}, f"TT_METAL_VISIBLE_DEVICES=0 {mock}")):
        with Program("n150", **more) as program, tracer(program) as pooltrace:
            equal(process_of(pooltrace.state())["visible"], wanted, "visible")


if __name__ == "__main__":
    suite.main()
