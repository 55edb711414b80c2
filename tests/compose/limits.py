#!/usr/bin/env python3
"""limits.py - projects made to break the loader: bombs of aliases, depth, size, variables, includes that turn
in circles. Each is refused, in few seconds of processor time and little memory, with a message that names
the place. Speaks TAP.

    limits.py PROGRAM

The limits on time are many times what is measured: they catch what grows without bound, not a slow machine.
"""
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

CPU_SECONDS = 10
MEMORY_MIB = 2048

MIB = 1 << 20


def services(*lines):
    return "services:\n  a:\n    image: x\n" + "".join(f"    {line}\n" for line in lines)


def alias_bomb():
    """Ten names of ten names of ... of ten texts."""
    lines = ["x-0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"x-{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    return "\n".join(lines) + "\n" + services()


def merge_bomb():
    lines = ["x-0: &m0 {a: {b: c}}"]
    lines += [f"x-{i}: &m{i} {{<<: [*m{i - 1}, *m{i - 1}], k{i}: *m{i - 1}, l{i}: *m{i - 1}}}"
              for i in range(1, 40)]
    return "\n".join(lines) + "\n" + services()


def text_bomb():
    """A long text, many times."""
    return f"x-t: &t {'y' * MIB}\nx-u: [{', '.join(['*t'] * 2000)}]\n" + services()


def deep_aliases():
    lines = ["x-0: &d0 [x]"] + [f"x-{i}: &d{i} [*d{i - 1}]" for i in range(1, 400)]
    return "\n".join(lines) + "\n" + services()


def deep_block():
    return "".join(f"{' ' * i}k:\n" for i in range(3000)) + services()


def doubling(n):
    """Variables that stand for twice the one before."""
    return "V0=0123456789\n" + "".join(f"V{i}=${{V{i - 1}}}${{V{i - 1}}}\n" for i in range(1, n))


def chain(n, last):
    """Files each of which includes the next."""
    files = {f"i{i}.yaml": f"include: [i{i + 1}.yaml]\n" for i in range(n)}
    files[f"i{n}.yaml"] = last
    return {"compose.yaml": "include: [i0.yaml]\n" + services(), **files}


def extends_chain(n):
    """Each service extends the next."""
    return "services:\n" + "".join(f"  s{i}: {{extends: s{i + 1}}}\n" for i in range(n)) + \
        f"  s{n}: {{image: x}}\n"


def nested_default(n):
    return services(f"user: \"{'${A:-' * n}x{'}' * n}\"")


# name, files (one text: compose.yaml), what the message is (a regular expression), more arguments
CASES = [
    ("aliases of aliases", alias_bomb(), r"compose\.yaml:\d+:\d+: .*aliases stand for more than 1000000"),
    ("merge keys of merge keys", merge_bomb(), r"compose\.yaml:\d+:\d+: .*aliases stand for more than"),
    ("a long text by aliases", text_bomb(), r"compose\.yaml:\d+:\d+: .*aliases repeat too much text"),
    ("depth by aliases", deep_aliases(), r"compose\.yaml:\d+:\d+: .*nested deeper than 256 levels by aliases"),
    ("depth in brackets", "x-a: " + "[" * 200000 + "\n" + services(),
     r"compose\.yaml:1:\d+: .*nested deeper than 256 levels"),
    ("depth in braces", "x-a: " + "{a: " * 100000 + "\n", r"compose\.yaml:1:\d+: .*nested deeper than 256"),
    ("depth in blocks", deep_block(), r"compose\.yaml:\d+:\d+: .*nested deeper than 256 levels"),
    ("an alias that holds itself", "x-a: &a [*a]\n" + services(), r"compose\.yaml:1:\d+: .*itself"),
    ("too many values", "x-a: [" + "1," * 3100000 + "]\n" + services(),
     r"compose\.yaml:\d+:\d+: .*more than 3000000 values in one file"),
    ("a file of 100 MB", ("truncate", 100 * MIB), r"compose\.yaml.*larger than|too large"),
    ("a file without an end", services("env_file: /dev/zero"), r"/dev/zero"),
    ("an env file of 100 MB", {"compose.yaml": services("env_file: big.env"),
                               "big.env": ("truncate", 100 * MIB)}, r"big\.env"),
    ("variables that double in .env", {"compose.yaml": services("user: ${V40}"), ".env": doubling(41)},
     r"\.env:\d+.*longer than \d+ MiB|\.env:\d+.*the result is longer"),
    ("variables that double in an env file", {"compose.yaml": services("env_file: v.env"),
                                              "v.env": doubling(41)}, r"v\.env:\d+.*longer than"),
    ("a long variable many times", {
        "compose.yaml": services("labels:", *(f"  l{i}: ${{V16}}" for i in range(2000))),
        ".env": doubling(17)}, r"compose\.yaml:\d+:\d+: .*interpolation makes more than \d+ MiB in all"),
    ("defaults in defaults", nested_default(5000), r"compose\.yaml:4:\d+: .*defaults are nested more than"),
    ("ranges of ports", "services:\n" + "".join(
        f"  s{i}: {{image: x, ports: [1-65535]}}\n" for i in range(500)),
     r"compose\.yaml:\d+:\d+: .*ranges of ports stand for more than"),
    ("a file that includes itself", "include: [compose.yaml]\n" + services(),
     r"compose\.yaml:1:11: .*a file includes itself"),
    ("files that include each other", {
        "compose.yaml": "include: [b.yaml]\n" + services(), "b.yaml": "include: [compose.yaml]\n"},
     r"b\.yaml:1:11: .*a file includes itself(.|\n)*the circle: .*compose\.yaml <- .*b\.yaml"),
    ("a long chain of includes", chain(150, services()), r"i\d+\.yaml:1:\d+: .*includes are nested too deep"),
    ("a service that extends itself", services("extends: a"), r"compose\.yaml:\d+:\d+: .*extends"),
    ("services that extend each other", "services:\n  a: {extends: b}\n  b: {extends: a}\n",
     r"compose\.yaml:\d+:\d+: .*extend"),
    ("files that extend each other", {
        "compose.yaml": "services: {a: {extends: {file: b.yaml, service: b}}}\n",
        "b.yaml": "services: {b: {extends: {file: compose.yaml, service: a}}}\n"},
     r"(compose|b)\.yaml:1:\d+: .*extend"),
    ("a long chain of extended services", extends_chain(3000),
     r"compose\.yaml:\d+:\d+: .*the chain of extended services is too long"),
    ("the same key many times", "x-a:\n" + "  k: 1\n" * 200000 + services(), r"compose\.yaml:3:3: .*\"k\""),
    ("many unknown keys", services(*(f"k{i}: 1" for i in range(50000))),
     r"compose\.yaml:4:5: services\.a\.k0: unknown key"),
]


def make_files(folder, files):
    if not isinstance(files, dict):
        files = {"compose.yaml": files}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
            if isinstance(text, tuple):
                stream.truncate(text[1])
            else:
                stream.write(text)


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def problems_of(program, folder, pattern):
    """What is wrong with how the program refuses the project; and what it cost."""
    with open(os.path.join(folder, "stderr"), "w+b") as stderr:
        child = subprocess.Popen([program, "config", "-q"], cwd=folder, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=stderr, preexec_fn=limit,
                                 env={"PATH": "/usr/bin:/bin", "HOME": "/nowhere"})
        _, state, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(state)
        stderr.seek(0)
        text = stderr.read().decode("utf-8", "replace")
    problems = []
    if child.returncode != 1:
        problems.append(f"it ends with {child.returncode}, not 1")
    if usage.ru_maxrss > MEMORY_MIB * 1024:
        problems.append(f"it needs {usage.ru_maxrss / 1024:.0f} MiB")
    if not re.search(pattern, text):
        problems.append(f"nothing says /{pattern}/")
    if "Sanitizer" in text:
        problems.append("a sanitizer complains")
    if len(text) > 4 * MIB:
        problems.append(f"it says {len(text)} bytes")
    if problems:
        problems += text[:1500].split("\n")[:12]
    return problems, f"{usage.ru_utime + usage.ru_stime:.2f} s, {usage.ru_maxrss / 1024:.0f} MiB"


def main():
    program, n_failed = os.path.abspath(sys.argv[1]), 0
    for number, (name, files, pattern) in enumerate(CASES, 1):
        folder = tempfile.mkdtemp(prefix="octo-")
        try:
            make_files(folder, files)
            problems, cost = problems_of(program, folder, pattern)
        finally:
            shutil.rmtree(folder)
        n_failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        print(f"#   {cost}")
        for problem in problems:
            print(f"#   {problem[:300]}")
    print(f"1..{len(CASES)}")
    return 1 if n_failed else 0


sys.exit(main())
