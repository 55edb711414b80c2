#!/usr/bin/env python3
"""octocompose against docker compose v5.5.0, in one run, on one private Engine.

    bench.py --program build/octocompose [--static build-static/octocompose]
             [--engine 28.5] [--repeat 5] [--sizes 1,10,50] [--disk] [--quick]
             [--parts docker,baremetal] [--bare-sizes 1,10,100]

Start-up, reading of 1 and 1000 services, up, no-op up, ps, logs and down of several
sizes, with the peak memory of each, and the floor: the same engine calls sent by a
program that does nothing else (floor.c). Repetitions are interleaved; the table has
medians. It measures: it never fails because something was slow. Bare metal is compared
with supervisord, in a table of its own (bare.py).
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tests" / "lib"))

import engine as engine_lib  # noqa: E402
import fetch  # noqa: E402
import images  # noqa: E402
import project as project_lib  # noqa: E402
import relay as relay_lib  # noqa: E402

import bare  # noqa: E402
from table import Table, compile_c  # noqa: E402


def text_of(n, volumes=True):
    out = ["services:"]
    for i in range(n):
        out.append("  s%03d:\n    image: stand-in:1\n    environment: {A: '%d', B: two words}" % (i, i))
        out.append("    labels: {number: '%d'}\n    restart: unless-stopped" % i)
        if volumes:
            out.append("    volumes: ['v%d:/data']" % (i % 5))
    if volumes:
        out.append("volumes: {%s}" % ", ".join("v%d: {}" % i for i in range(min(n, 5))))
    return "\n".join(out) + "\n"


CHAIN = "services:\n" + "".join(
    "  c%d:\n    image: stand-in:healthy\n%s" % (
        i, "    depends_on: {c%d: {condition: service_healthy}}\n" % (i - 1) if i else "") for i in range(6))


class Bench:
    def __init__(self, opts):
        self.opts = opts
        self.measure = compile_c("measure")
        self.floor = compile_c("floor", ["-lcurl"])
        self.programs = {}
        self.table = None

    def run(self, program, args, cwd):
        env = program.env()
        if self.measure:
            p = subprocess.run([str(self.measure), program.exe] + args, cwd=cwd, env=env, capture_output=True, text=True)
            us, kib, code = p.stdout.split()
            sec, kib, code = int(us) / 1e6, int(kib), int(code)
        else:
            r = program(*args, cwd=cwd, timeout=300)
            sec, kib, code = r.wall, r.rss, r.code
        if code:
            print("%s %s: exit status %d" % (program.exe, " ".join(args), code), file=sys.stderr)
        return sec, kib

    def repeat(self, title, args, cwd, n):
        row = self.table.row(title)
        for _ in range(n):
            for name, p in self.programs.items():
                row[name].append(self.run(p, args, cwd))

    # -- the parts

    def without_engine(self, top):
        n = self.opts.repeat
        self.repeat("version", ["version"], top, 3 * n)
        for size in (1, 1000):
            d = top / ("config%d" % size)
            d.mkdir()
            (d / "compose.yaml").write_text(text_of(size))
            self.repeat("config -q, %d services" % size, ["config", "-q"], d, n if size > 1 else 3 * n)

    def size(self, n, top, engine):
        up, again, ps, logs, down = [self.table.row("%s, %d" % (v, n)) for v in
                                     ("up -d", "no-op up -d", "ps", "logs", "down -v -t 0")]
        floors = {}
        reps = self.opts.repeat if n < 50 else max(2, self.opts.repeat * 3 // 5)
        d = top / ("p%d" % n)
        d.mkdir()
        (d / "compose.yaml").write_text(text_of(n))
        calls = None
        if self.floor and n >= self.opts.floor:
            calls = self.record(d, engine)
        for i in range(reps):
            for name, p in self.programs.items():
                up[name].append(self.run(p, ["up", "-d"], d))
                for _ in range(3):
                    again[name].append(self.run(p, ["up", "-d"], d))
                    ps[name].append(self.run(p, ["ps"], d))
                for _ in range(2):
                    logs[name].append(self.run(p, ["logs"], d))
                down[name].append(self.run(p, ["down", "-v", "-t", "0"], d))
                engine.reset()
            for k in (2, 4, 8, 16) if calls else ():
                for verb in ("up", "down"):
                    q = subprocess.run([str(self.floor), engine.socket, str(k)], input=calls[verb],
                                       capture_output=True, text=True)
                    if q.returncode == 0:
                        floors.setdefault(verb, {}).setdefault(k, []).append(float(q.stdout))
                    else:
                        print(q.stderr[-300:], file=sys.stderr)
                engine.reset()
        for verb, row in (("up", up), ("down", down)):
            if verb in floors:
                k, best = min(((k, statistics.median(v)) for k, v in floors[verb].items()), key=lambda x: x[1])
                row["floor"] = best
                row["floor at"] = k

    def record(self, d, engine):
        """The calls that the first program makes for up and down, as chains for floor.c."""
        p = next(iter(self.programs.values()))
        with relay_lib.Relay(engine.socket) as r:
            p("up", "-d", cwd=d, socket=r.socket, timeout=120)
            up = r.mutating()
            ids = {c["Id"]: c["Names"][0].lstrip("/") for c in engine.containers()}
            ids.update((n["Id"], n["Name"]) for n in engine.api("GET", "/networks"))
            r.calls = []
            p("down", "-v", "-t", "0", cwd=d, socket=r.socket, timeout=120)
            down = r.mutating()
        engine.reset()
        return {"up": chains(up, ids), "down": chains(down, ids)}

    def chain(self, top):
        d = top / "chain"
        d.mkdir()
        (d / "compose.yaml").write_text(CHAIN)
        first, again = self.table.row("up -d, healthy chain of 6"), self.table.row("no-op up -d, healthy chain of 6")
        for name, p in self.programs.items():
            first[name].append(self.run(p, ["up", "-d"], d))
            for _ in range(self.opts.repeat):
                again[name].append(self.run(p, ["up", "-d"], d))
            self.run(p, ["down", "-t", "0"], d)

    def print(self, engine):
        def floor(row, med):
            if row is None:
                return "  %16s" % "floor (in flight)"
            if "floor" not in row:
                return ""
            return "  %8.1f ms (%d)" % (row["floor"] * 1000, row["floor at"]) + "".join(
                "  %s/floor %.2f" % (n, med[n][0] / row["floor"]) for n in med)

        self.table.print("engine %s, %d processors, data in %s, %s; medians" % (
            engine.version, os.cpu_count(), "files" if self.opts.disk else "memory",
            "%d repetitions" % self.opts.repeat), floor)


def chains(calls, ids):
    """Recorded calls as floor.c reads them."""
    def line(c):
        path = c.path
        for i, n in ids.items():
            path = path.replace(i, n)
        q = "&".join("%s=%s" % kv for kv in c.query.items())
        t = "%s /%s%s%s" % (c.method, c.version or "v1.41", path, "?" + q if q else "")
        body = re.sub(r"\s+", " ", c.body.decode()) if c.body else ""
        for i, n in ids.items():
            body = body.replace(i, n)
        return t + (" " + body if body else "")

    # what is about no container goes before them or after them, a container's own calls follow one another
    before, after, own, seen = [], [], {}, False
    for c in calls:
        m = re.match(r"^/containers/([^/]+)", c.path)
        if not m:
            (after if seen else before).append(line(c))
            continue
        seen = True
        name = c.query.get("name") if m.group(1) == "create" else ids.get(m.group(1), m.group(1))
        own.setdefault(name, []).append(line(c))
    parts = ["\n".join(before), "\n".join("\t".join(v) for v in own.values()), "\n".join(after)]
    return "\n\n".join(p for p in parts if p) + "\n"


def start_engine(o):
    """The private engine, or None with a word."""
    if os.geteuid() != 0:
        print("bench: a private engine needs root: no containers are measured", file=sys.stderr)
        return None
    try:
        try:
            return engine_lib.Engine(o.engine or "28.5", disk=o.disk)
        except (fetch.Missing, engine_lib.EngineError) as e:
            if o.engine:
                raise
            print("bench: no engine 28.5 (%s)" % e, file=sys.stderr)
            return engine_lib.Engine(disk=o.disk)
    except (fetch.Missing, engine_lib.EngineError) as e:
        print("bench: %s: no containers are measured" % e, file=sys.stderr)
        return None


def containers(o):
    b = Bench(o)
    engine = start_engine(o)
    if engine is None:
        return
    with engine, tempfile.TemporaryDirectory(prefix="ob.") as top:
        images.Images(engine).load_standard()
        if o.program:
            b.programs["octo"] = project_lib.Program(os.path.abspath(o.program), engine.socket, engine.path_env)
        if o.static and os.path.exists(o.static):
            b.programs["static"] = project_lib.Program(os.path.abspath(o.static), engine.socket, engine.path_env)
        try:
            b.programs["v5"] = project_lib.Program(fetch.judge_v5(), engine.socket, engine.path_env)
        except fetch.Missing as e:
            print("bench: %s: no comparison" % e, file=sys.stderr)
        top = Path(top)
        b.table = Table(b.programs, "v5")
        try:
            b.without_engine(top)
            for n in [int(x) for x in o.sizes.split(",")]:
                b.size(n, top, engine)
            b.chain(top)
        except KeyboardInterrupt:
            print("bench: stopped; what there is:", file=sys.stderr)
        finally:
            for p in b.programs.values():
                p.close()
            b.print(engine)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--program", help="octocompose")
    a.add_argument("--static", help="a second build (default build-static/octocompose, if it is there)",
                   default=str(HERE.parent.parent / "build-static" / "octocompose"))
    a.add_argument("--engine", help="version (default 28.5, else what the host has)")
    a.add_argument("--repeat", type=int, default=5)
    a.add_argument("--sizes", default="1,10,50")
    a.add_argument("--floor", type=int, default=50, help="floor for this many services and more")
    a.add_argument("--disk", action="store_true", help="the engine's data on disk instead of in memory")
    a.add_argument("--quick", action="store_true", help="two repetitions, 1 and 10 services")
    a.add_argument("--parts", default="docker,baremetal", help="what is measured")
    a.add_argument("--bare-sizes", default="1,10,100")
    o = a.parse_args()
    if o.quick:
        o.repeat, o.sizes, o.floor, o.bare_sizes = 2, "1,10", 10, "1,10"
    if "docker" in o.parts.split(","):
        containers(o)
    if "baremetal" in o.parts.split(",") and o.program:
        bare.run(o.program, [int(x) for x in o.bare_sizes.split(",")], o.repeat)
    return 0


if __name__ == "__main__":
    sys.exit(main())
