"""Bare metal against supervisord: the same processes brought up, looked at and taken down by both, in one run,
interleaved. up and its no-op, ps (supervisorctl status), logs (supervisorctl tail of each), down until the
last process is gone, and the memory of what stays to watch the processes. Called by bench.py.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import Table, compile_c

PROGRAM = "echo started; exec sleep 1000000"


class Octo:
    """Our program; environment and folder are its own, so that nothing of this machine's is touched."""

    def __init__(self, exe, folder, n):
        self.exe, self.folder = exe, folder
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"),
                    "OCTOCOMPOSE_OPERATOR": "baremetal"}
        services = "".join("  s%03d: {command: [/bin/sh, -c, '%s'], restart: unless-stopped}\n" % (i, PROGRAM)
                           for i in range(n))
        (folder / "compose.yaml").write_text("name: bench%d\nservices:\n%s" % (n, services))

    def words(self, verb):
        more = {"up": ["-d"], "again": ["-d"], "down": ["-v"]}.get(verb, [])
        return [self.exe, "up" if verb == "again" else verb, *more]

    def keepers(self):
        """Processes of our program that stay: whatever they are called."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                if os.readlink(entry / "exe") == self.exe and str(self.folder).encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass
        return found


class Supervisord:
    def __init__(self, folder, n):
        self.folder, self.env = folder, {"PATH": os.environ["PATH"], "HOME": str(folder)}
        programs = "".join("[program:s%03d]\ncommand=/bin/sh -c '%s'\nautostart=false\nstartsecs=0\n" % (i, PROGRAM)
                           for i in range(n))
        (folder / "logs").mkdir()
        (folder / "s.conf").write_text(
            "[supervisord]\nlogfile=%(f)s/log\npidfile=%(f)s/pid\nchildlogdir=%(f)s/logs\nminfds=4096\n"
            "[unix_http_server]\nfile=%(f)s/socket\n"
            "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
            "[supervisorctl]\nserverurl=unix://%(f)s/socket\n%(p)s" % {"f": folder, "p": programs})
        (folder / "tails").write_text("".join("tail s%03d\n" % i for i in range(n)))
        ctl = "%s -c %s/s.conf" % (shutil.which("supervisorctl"), folder)
        self.commands = {
            "up": "%s -c %s/s.conf && exec %s start all" % (shutil.which("supervisord"), folder, ctl),
            "again": "exec %s update" % ctl,
            "ps": "exec %s status" % ctl,
            "logs": "exec %s <%s/tails" % (ctl, folder),
            "down": "pid=$(cat %s/pid); %s shutdown; while kill -0 $pid 2>/dev/null; do sleep 0.01; done" % (folder, ctl),
        }

    def words(self, verb):
        return ["/bin/sh", "-c", self.commands[verb]]

    def keepers(self):
        return [int((self.folder / "pid").read_text())]


def pss(pids):
    """KiB of their own and their share of what is shared."""
    total = 0
    for pid in pids:
        for line in Path("/proc/%d/smaps_rollup" % pid).read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


class Bench:
    def __init__(self, exe, repeat):
        self.exe, self.repeat = os.path.realpath(exe), repeat
        self.measure = compile_c("measure")
        self.table = Table(["octo", "supervisor"], "supervisor")
        self.memory = []  # (n, {program: [KiB]}, {program: processes})

    def run(self, program, verb):
        p = subprocess.run([str(self.measure), *program.words(verb)], cwd=program.folder, env=program.env,
                           capture_output=True, text=True)
        us, kib, code = p.stdout.split()
        # supervisorctl's status is 3 where a process does not run, which is what `status` is asked
        if int(code):
            print("%s %s: exit status %s" % (type(program).__name__, verb, code), file=sys.stderr)
        return int(us) / 1e6, int(kib)

    def size(self, n, top):
        rows = {verb: self.table.row("%s, %d service%s" % (title, n, "" if n == 1 else "s")) for verb, title in (
            ("up", "up -d"), ("again", "no-op up -d"), ("ps", "ps"), ("logs", "logs"), ("down", "down"))}
        programs = {}
        for name in self.table.names:
            folder = top / ("%s%d" % (name, n))
            folder.mkdir()
            programs[name] = Octo(self.exe, folder, n) if name == "octo" else Supervisord(folder, n)
        kept, many = {name: [] for name in programs}, {}
        self.memory.append((n, kept, many))
        for _ in range(self.repeat if n < 100 else max(2, self.repeat * 3 // 5)):
            for name, program in programs.items():
                rows["up"][name].append(self.run(program, "up"))
                try:
                    for verb, times in (("again", 3), ("ps", 3), ("logs", 2)):
                        for _ in range(times):
                            rows[verb][name].append(self.run(program, verb))
                    time.sleep(0.2)  # what a start needed has gone
                    pids = program.keepers()
                    kept[name].append(pss(pids))
                    many[name] = len(pids)
                finally:
                    rows["down"][name].append(self.run(program, "down"))

    def print(self):
        self.table.print("bare metal and supervisord, %d processors; medians of %d repetitions" % (
            os.cpu_count(), self.repeat))
        for n, kept, many in self.memory:
            med = {name: statistics.median(values) for name, values in kept.items() if values}
            if len(med) == 2:
                print("%-34s%s  %11.3f" % (
                    "memory that stays, %d service%s" % (n, "" if n == 1 else "s"),
                    "".join("%11s%9.1f" % ("%d proc" % many[name], med[name] / 1024) for name in kept),
                    med["octo"] / med["supervisor"]))
        sys.stdout.flush()


def run(exe, sizes, repeat):
    missing = [name for name in ("supervisord", "supervisorctl") if not shutil.which(name)]
    if missing:
        print("bench: no %s (contrib/install-bench-deps): bare metal is not compared" % missing[0], file=sys.stderr)
        return
    bench = Bench(exe, repeat)
    if not bench.measure:
        print("bench: no compiler for measure.c: bare metal is not compared", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="ob.") as top:
        try:
            for n in sizes:
                bench.size(n, Path(top))
        except KeyboardInterrupt:
            print("bench: stopped; what there is:", file=sys.stderr)
        finally:
            bench.print()
