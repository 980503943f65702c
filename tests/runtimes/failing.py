"""A published library that has no device to work with: what its calls give back is what is recorded of them."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bpf"))
from harness import POOLTRACE, Skip, equal, run  # noqa: E402
import rows  # noqa: E402


def call_all(program, lines):
    """(what its functions gave back, what they say that they did, what was recorded)."""
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "failing.pt")
        done = subprocess.run([POOLTRACE, "record", "-o", path, "-f", "--", program], input="".join(f"{line}\n" for line in lines),
                              capture_output=True, text=True, timeout=120)
        equal(done.returncode, 3, f"status of the program ({done.stderr})")
        status, out, err = run("events", "-r", path, "--json")
        equal(status, 0, err)
    said = done.stdout.splitlines()
    return rows.gave(said), rows.told(said), rows.comparable(out.splitlines(), int(said[1].removeprefix("PID ")))


def fails_as_it_says(module, libraries, codes):
    """@libraries: {file name in the module: (its real name, the real file)}; @codes: what there is to give back without a device."""
    with tempfile.TemporaryDirectory() as folder:
        renamed = type(sys)("renamed")
        renamed.__dict__.update(module.__dict__)
        renamed.LIBRARIES = {libraries.get(name, (name,))[0]: made for name, made in module.LIBRARIES.items()}
        program = rows.build(renamed, folder, [real for real, _ in libraries.values()])
        symbols = [rows.symbol_of(row) for real, _ in libraries.values() for row in renamed.LIBRARIES[real] if "allocated(" in row.body]
        lines = [f"{symbol} {codes[0]}" for symbol in symbols]
        _, wanted, found = call_all(program, lines)
        equal(found, wanted, "the library that is made")
        for real, path in libraries.values():
            os.unlink(os.path.join(folder, real))
            shutil.copy(path, os.path.join(folder, real))
        gave, said, found = call_all(program, lines)
        equal(said, [], "the library that was made is called")
    if any(not code for _, code in gave):
        raise Skip("there is a device")
    equal([symbol for symbol, _ in gave], symbols, "calls")
    assert {code for _, code in gave} <= set(codes), gave
    for f, w, (symbol, code) in zip(found, wanted, gave):
        equal(f, (*w[:-1], code), symbol)
    equal(len(found), len(wanted), "failed allocations")
    return gave
