"""What is shown of a program of whose events many are lost: the same must be shown of its recording."""
import os
import re
import subprocess

from harness import POOLTRACE, Lines, equal

LOSSES = f"--ring-size={os.sysconf('SC_PAGE_SIZE')}"


def lossy(target, is_enough, *arguments, storm, leave):
    """
    The first line and the rest of what a pooltrace shows that has no room for most events: during storm(), after it until that
    is_enough(), when the program stands still, and to the program's end, which comes after leave().
    """
    tracer = subprocess.Popen([POOLTRACE, *map(str, arguments), "-p", str(target.pid), LOSSES, "-i", "30ms"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
    lines = Lines(tracer.stdout)
    first, rest = lines.next(), []
    storm()
    while not is_enough(rest):
        rest.append(lines.next())
    leave()
    equal(target.wait(), 0, "the target's status")
    rest += lines.all()
    equal(tracer.wait(60), 3, "status")
    err = tracer.stderr.read().decode()
    assert re.fullmatch(r"pooltrace: \d+ events were lost.*\n(hint: .*\n)?", err), err
    tracer.stdout.close()
    tracer.stderr.close()
    return first, rest


def corrected(lines):
    """Do the last of these tables tell of a correction, and of a comparison after it that was equal?"""
    told = [line for line in lines[-8:] if re.search(r'"corrections":[1-9]| [1-9]\d* corrections?\b', line)]
    return told and re.search(r'"equal":true|: equal', told[-1])


def told_equal(lines):
    """In the log, has a comparison that differed been followed by one that was equal?"""
    return lines and re.search(r'"event":"check".*"equal":true| check +equal', lines[-1]) and \
        any(re.search(r'"equal":false| check +DIFFERENT', line) for line in lines)
