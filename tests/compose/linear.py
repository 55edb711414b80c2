#!/usr/bin/env python3
"""linear.py - twice as many services, files or aliases cost twice as much, not four times. Speaks TAP.

    linear.py PROGRAM [SIZE...]

Processor time of `config -q` for projects of growing size: the largest is compared with one of a quarter of
its size, the quicker of two runs each. Four times the work is allowed to cost ten times as much; work that
grows with the square would cost sixteen times.
"""
import os
import shutil
import subprocess
import sys
import tempfile

SIZES = (2000, 8000)
RUNS = 2
RATIO = 2.5  # of what linear growth would cost


def services(n):
    text = "services:\n"
    for i in range(n):
        text += (f"  s{i}:\n    image: x:{i}\n    environment: {{A: a, B: \"${{HOME}}\", C: {i}}}\n"
                 f"    ports: [\"{1000 + i % 60000}:80\"]\n    volumes: [\"v{i}:/data\", ./d:/d]\n"
                 f"    depends_on: [s{max(i - 1, 0) if i else 1}]\n    networks: [n{i % 50}]\n")
    text = text.replace("depends_on: [s1]\n    networks: [n0]", "networks: [n0]", 1)
    text += "volumes:\n" + "".join(f"  v{i}:\n" for i in range(n))
    return {"compose.yaml": text + "networks:\n" + "".join(f"  n{i}:\n" for i in range(50))}, ()


def files(n):
    """-f n times: each file has a service of its own and changes a common one."""
    texts = {f"f{i}.yaml": f"services: {{s{i}: {{image: x}}, all: {{image: x, labels: {{l{i % 20}: v{i}}}}}}}\n"
             for i in range(n)}
    return texts, [word for name in texts for word in ("-f", name)]


def includes(n):
    texts = {f"f{i}.yaml": f"services: {{s{i}: {{image: x}}}}\n" for i in range(n)}
    return {"compose.yaml": f"include: [{', '.join(texts)}]\nservices: {{a: {{image: x}}}}\n", **texts}, ()


def aliases(n):
    text = "x-e: &e {A: a, B: b}\nx-s: &s\n  image: x\n  environment: *e\nservices:\n"
    return {"compose.yaml": text + "".join(
        f"  s{i}:\n    <<: *s\n    labels: &l{i} {{l: v}}\n    annotations: *l{i}\n" for i in range(n))}, ()


def extends(n):
    text = "services:\n  base: {image: x, labels: {l: v}}\n"
    return {"compose.yaml": text + "".join(f"  s{i}: {{extends: base, user: u{i}}}\n" for i in range(n))}, ()


def lists(n):
    """One service with long lists."""
    text = "services:\n  a:\n    image: x\n    environment:\n" + "".join(f"      - V{i}=x\n" for i in range(n))
    text += "    expose: [" + ", ".join(str(1 + i) for i in range(n)) + "]\n    security_opt:\n"
    return {"compose.yaml": text + "".join(f"      - o{i}\n" for i in range(n))}, ()


def seconds(program, folder, arguments):
    child = subprocess.Popen([program, *arguments, "config", "-q"], cwd=folder,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             env={"PATH": "/usr/bin:/bin", "HOME": "/nowhere"})
    _, state, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(state)
    if child.returncode:
        raise SystemExit(f"config ends with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(program, make, size):
    folder = tempfile.mkdtemp(prefix="octo-")
    try:
        texts, arguments = make(size)
        for name, text in texts.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
                stream.write(text)
        return min(seconds(program, folder, arguments) for _ in range(RUNS))
    finally:
        shutil.rmtree(folder)


def main():
    program, n_failed = os.path.abspath(sys.argv[1]), 0
    sizes = [int(size) for size in sys.argv[2:]] or SIZES
    makers = (services, files, includes, aliases, extends, lists)
    for number, make in enumerate(makers, 1):
        costs = [measure(program, make, size) for size in sizes]
        is_linear = costs[-1][0] < max(costs[0][0], 0.004) * RATIO * sizes[-1] / sizes[0]
        n_failed += not is_linear
        print(f"{'ok' if is_linear else 'not ok'} {number} - {make.__name__}")
        print("#  ", ", ".join(f"{size}: {cost:.3f} s, {memory:.0f} MiB"
                               for size, (cost, memory) in zip(sizes, costs)))
    print(f"1..{len(makers)}")
    return 1 if n_failed else 0


sys.exit(main())
