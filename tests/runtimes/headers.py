"""Runtime files held against the headers of what they are about: that argument N of a function is what the row takes it for."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "support"), os.path.join(os.path.dirname(HERE), "rows")]
from harness import ROOT, Skip, equal  # noqa: E402

# By the row's name for it and the form of its place: words of the parameter's name, and its type.
POINTED = {
    "address": (r"(dev)?_?p(tr)?|p?pp|dptr|(dev|dev_)ptr|phost|p?handle|(mipmapped)?array|pitcheddevptr", r"\*\*$|\*$"),
    "owner": (r"p?ctx", r"\*$"),
    "pitch": (r"p?pitch|pitcheddevptr", r"size_t\*$|pitchedptr\*$"),
    "xy": (r"desc", r"channelformatdesc\*$"), "zw": (r"desc", r"channelformatdesc\*$"),
    "pool": (r"prop", r"memallocationprop\*$"), "device": (r"prop", r"memallocationprop\*$"),
    "kind": (r"prop", r"memallocationprop\*$"), "at_8": (r"prop", r"memallocationprop\*$"), "at_12": (r"prop", r"memallocationprop\*$"),
}
ITSELF = {
    "address": (r"(dev|dev_|host)?ptr|p|dptr|h?(mipmapped)?array|hmipmappedarray|handle", r"\*$|_t$|cudeviceptr|cuarray|cumipmappedarray|handle$"),
    "owner": (r"ctx", r"cucontext|hipctx_t"),
    "parent": (r"handle", r"handle(_t)?$"),
    "bytes": (r"size", r"^size_t$"),
    "reserved": (r"size|(size)?bytes|bytesize", r"^size_t$|^unsignedint$"),
    "width": (r"width(inbytes)?", r"^size_t$"), "height": (r"height", r"^size_t$"),
    "device": (r"dev(ice)?(id)?", r"^int$|^cudevice$|^hipdevice_t$"),
}
BY_VALUE = re.compile(r"\b(cudaExtent|hipExtent|cudaPitchedPtr|hipPitchedPtr)\b(?!\s*\*)")


def rows(name):
    """[(symbol, {name: place})]"""
    with open(os.path.join(ROOT, "runtimes", f"{name}.rt")) as f:
        text = f.read().replace("\\\n", " ")
    for line in re.findall(r"^on (.*)$", text, re.MULTILINE):
        yield line.split()[0], dict(re.findall(r"(\w+)=(\S+)", line))


def declarations(text, symbol):
    """[[(type, name, the type as it stands there)]] of each declaration of a function in a header's text."""
    found = []
    for inside in re.findall(rf"\b{symbol}\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*;", re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)):
        inside = re.sub(r"\b__d(v|parm)\([^)]*\)|=[^,)]*", "", inside).strip()
        split = [re.fullmatch(r"(.*?)(\w+)", " ".join(p.split())) for p in inside.split(",") if inside not in ("", "void")]
        # What is no declaration, but a call of it.
        if not all(split):
            continue
        found.append([(re.sub(r"\s|\bconst\b|\bstruct\b", "", kind).lower(), name.lower(), kind) for kind, name in (m.groups() for m in split)])
    return found


def declaration(text, symbol):
    """That of an exported function: macros give the plain name to the newest version, and the older ones stand behind it. None: it has none."""
    exact = declarations(text, symbol)
    plain = re.sub(r"_(v2|ptsz)$", "", symbol)
    if plain == symbol:
        is_old = re.search(rf"#\s*define {symbol}\s+{symbol}_v\d", text)
        assert not is_old or len(exact) > 1, f"{symbol}: the header has no older version of it"
        return exact[-1 if is_old else 0] if exact else None
    assert exact or re.search(rf"#\s*define {plain}\s+(__\w+\({plain}\)|{symbol}\b)", text), f"no macro makes {symbol} of {plain}"
    return (exact or declarations(text, plain))[0]


def registers(found):
    """Parameters that are in registers, in their order: structs by value are not."""
    return [(kind, name) for kind, name, whole in found if not BY_VALUE.search(whole)], [kind for kind, _, whole in found if BY_VALUE.search(whole)]


def check_place(symbol, what, place, in_registers, by_value):
    direct = re.fullmatch(r"arg(\d)(:4)?", place)
    through = re.fullmatch(r"\*arg(\d)(\+\d+)?(:\d)?", place)
    if direct or through:
        n = int((direct or through).group(1))
        assert n < len(in_registers), f"{symbol}: there is no argument {n}: {in_registers}"
        kind, name = in_registers[n]
        wanted = (ITSELF if direct else POINTED).get(what)
        assert wanted, f"{symbol}: {what}={place} is checked by nobody"
        assert re.fullmatch(wanted[0], name) and re.search(wanted[1], kind), f"{symbol}: {what}={place} is '{kind} {name}'"
        if direct and what in ("reserved", "device"):
            four = "int" in kind or "device" in kind
            equal(bool(direct.group(2)), four, f"{symbol}: are {what}'s bytes four ({kind})")
    elif place.startswith("*stack"):
        offset = int(place.split("+")[1])
        equal((what, len(by_value)), ({8: "width", 16: "height", 24: "depth"}[offset], 1), f"{symbol}: {place}")
        assert by_value[0].endswith("extent"), by_value
    else:
        assert re.fullmatch(r"\d+|ret:4==0|[a-z]+", place), f"{symbol}: {what}={place} is checked by nobody"


def check(name, texts):
    """All rows of a runtime file; @texts: {beginning of symbols: header}. Returns the functions that the headers lack."""
    checked, missing = 0, []
    for symbol, values in rows(name):
        found = declaration(next(text for start, text in texts.items() if symbol.startswith(start)), symbol)
        if found is None:
            missing.append(symbol)
            continue
        in_registers, by_value = registers(found)
        for what, place in values.items():
            check_place(symbol, what, place, in_registers, by_value)
            checked += 1
    assert checked > 100, f"only {checked} places"
    return missing


def check_arguments(name, text, types):
    """Every argument that a row reads, itself or what it points to; @types: {(function, N): what the header says of it, without blanks}."""
    used = set()
    for symbol, values in rows(name):
        for what, place in values.items():
            for n in re.findall(r"arg(\d)", place):
                used.add((symbol, int(n)))
            if "stack" in place:
                equal(place, "**stack+8", f"{symbol}: {what}")
                used.add((symbol, 6))
    equal(sorted(used), sorted(types), "arguments that rows read")
    text = re.sub(r"///<.*", "", text)
    for (symbol, n), wanted in types.items():
        found = re.search(rf"\b{symbol}\s*\(([^)]*)\)\s*;", text)
        assert found, f"the header has no {symbol}"
        said = re.sub(r"\s", "", found.group(1).split(",")[n])
        assert said.startswith(wanted), f"{symbol}: argument {n} is {said}, not {wanted}"


def check_layouts(assertions, includes, *flags):
    """What the headers' structs look like, by the compiler."""
    with tempfile.NamedTemporaryFile("w", suffix=".c") as f:
        f.write("#include <stddef.h>\n" + "".join(f"#include <{i}>\n" for i in includes) +
                "".join(f"_Static_assert({a}, \"\");\n" for a in assertions))
        f.flush()
        done = subprocess.run(["cc", "-fsyntax-only", "-w", *flags, f.name], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    return {line.split()[2].split("@")[0] for line in out.splitlines() if line.split()[1:2] in (["T"], ["W"], ["i"])}


def wheel(package, version):
    done = subprocess.run([os.path.join(HERE, "wheel"), package, version], capture_output=True, text=True)
    if done.returncode:
        raise Skip(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"{package} {version}")
    return done.stdout.strip()
