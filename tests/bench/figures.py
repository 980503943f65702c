"""The lines of the bench: a figure each, with what it is compared with, its limit, and PASS or OVER. And the machine."""
import os
import platform
import re
import statistics

COLUMNS = ("figure", "", "lowest..highest", "against", "ratio", "limit", "")
WIDTHS = (50, 36, 18, 32, 6, 8, 4)


def median(values):
    return statistics.median(values)


def number(value):
    """Three significant digits or all of the whole part."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


class Report:
    """Prints each line as it comes, and keeps it for write()."""

    def __init__(self):
        self.lines, self.over, self.passed = [], [], 0

    def text(self, line=""):
        self.lines.append(("text", line))
        print(line, flush=True)

    def section(self, title):
        self.lines.append(("section", title))
        print(f"\n{title}", flush=True)
        self._print(("", *COLUMNS[1:6], ""))

    def figure(self, name, values, unit, against=None, limit=None, ratio_limit=None, note=""):
        """
        @values of the rounds; the median is the figure. @against: (name, figure) to give a ratio to. @limit is in @unit,
        @ratio_limit of the ratio; the figure passes up to it. Returns the figure.
        """
        value = median(values)
        ratio = value / against[1] if against and against[1] > 0 else None
        verdict = ""
        if limit is not None or (ratio_limit is not None and ratio is not None):
            passed = value <= limit if limit is not None else ratio <= ratio_limit
            verdict = "PASS" if passed else "OVER"
            self.passed += passed
            if not passed:
                self.over.append(name)
        spread = f"{number(min(values))}..{number(max(values))}" if len(values) > 1 else ""
        compared = f"{against[0]} {number(against[1])}" if against else ""
        allowed = f"{number(limit)} {unit.split()[0]}" if limit is not None else f"{ratio_limit:.2f} x" if verdict else ""
        cells = (name, f"{number(value)} {unit}" + (f", {note}" if note else ""), spread, compared,
                 f"{ratio:.2f}" if ratio is not None else "", allowed, verdict)
        self.lines.append(("figure", cells))
        self._print(cells)
        return value

    def count(self, name, value, unit):
        """A number that is exact, and compared with nothing."""
        cells = (name, f"{value:,} {unit}", "", "", "", "", "")
        self.lines.append(("figure", cells))
        self._print(cells)

    def missing(self, name, why):
        self.lines.append(("figure", (name, f"not measured: {why}", "", "", "", "", "")))
        print(f"  {name}: not measured: {why}", flush=True)

    def end(self):
        self.text()
        self.text(f"{self.passed} PASS, {len(self.over)} OVER" + (f": {'; '.join(self.over)}" if self.over else ""))

    def write(self, path, preface):
        parts = [("", [], [])]  # title, rows, texts after them
        for kind, content in self.lines:
            if kind == "section":
                parts.append((content, [], []))
            else:
                parts[-1][1 if kind == "figure" else 2].append(content)
        with open(path, "w") as f:
            f.write(preface)
            for title, rows, texts in parts:
                if title:
                    f.write(f"\n## {title}\n\n| {' | '.join(COLUMNS[:-1])} | verdict |\n|{'---|' * len(COLUMNS)}\n")
                for cells in rows:
                    f.write("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |\n")
                f.write("\n".join([""] * bool(title and texts) + texts + [""] * bool(texts)))

    @staticmethod
    def _print(cells):
        line = "  ".join(c.ljust(w) for c, w in zip(cells, WIDTHS))
        print(("  " + line).rstrip(), flush=True)


def machine():
    """One line: what the figures were measured on."""
    with open("/proc/cpuinfo") as f:
        model = re.search(r"^model name\s*: (.*)$", f.read(), re.M)
    with open("/proc/meminfo") as f:
        memory = int(re.search(r"MemTotal: +(\d+)", f.read()).group(1))
    cores = len(os.sched_getaffinity(0))
    guest = ", virtual machine" if _hypervisor() else ""
    return (f"{model.group(1) if model else platform.machine()}, {cores} core{'s' if cores != 1 else ''}{guest}, "
            f"{memory / (1 << 20):.0f} GiB, Linux {platform.release()}")


def load():
    return os.getloadavg()[0]


def _hypervisor():
    with open("/proc/cpuinfo") as f:
        return bool(re.search(r"^flags.*\bhypervisor\b", f.read(), re.M))
