"""What was measured, and the program that measures one command: used by bench.py and bare.py."""

import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import fetch

HERE = Path(__file__).resolve().parent


def compile_c(name, libs=()):
    """A helper program, compiled once per version of its source; None where that cannot be done."""
    src = HERE / (name + ".c")
    exe = fetch.cache_dir() / ("%s-%d" % (name, int(src.stat().st_mtime)))
    if not exe.exists():
        cc = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if not cc:
            return None
        p = subprocess.run([cc, "-O2", "-o", str(exe), str(src)] + list(libs), capture_output=True, text=True)
        if p.returncode:
            print("no %s: %s" % (name, p.stderr.strip().splitlines()[-1]), file=sys.stderr)
            return None
    return exe


class Table:
    """Rows of (seconds, KiB) lists, one list a program; printed as medians and as ratios to one of them."""

    def __init__(self, names, reference):
        self.names, self.reference = list(names), reference
        self.rows = []  # (title, {program: [(seconds, KiB)]})

    def row(self, title):
        r = (title, {name: [] for name in self.names})
        self.rows.append(r)
        return r[1]

    def print(self, title, note=None):
        """note(row, medians): what a line has at its end."""
        print("\n" + title)
        ours = [n for n in self.names if n != self.reference]
        head = "%-34s" % "" + "".join("%11s%9s" % (n[:11], "MiB") for n in self.names)
        if self.reference in self.names:
            head += "".join("  %11s %7s" % ("%s/%s" % (n, self.reference)[:11], "memory") for n in ours)
        print(head + (note(None, None) if note else ""))
        for title, row in self.rows:
            line, med = "%-34s" % title, {}
            for n in self.names:
                if not row[n]:
                    line += "%20s" % "-"
                    continue
                med[n] = (statistics.median(x[0] for x in row[n]), statistics.median(x[1] for x in row[n]) / 1024)
                line += "%8.1f ms%9.1f" % (med[n][0] * 1000, med[n][1])
            if self.reference in med:
                there = med[self.reference]
                for n in ours:
                    if n in med:
                        line += "  %11.3f %7.3f" % (med[n][0] / there[0], med[n][1] / there[1])
            print(line + (note(row, med) if note else ""))
        sys.stdout.flush()
