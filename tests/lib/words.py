"""What a compose program says, to be compared: small projects with the commands that are run on them, played
by one program and by another on the same engine. The projects are in e2e/words.txt, which says how they are
written. Used by e2e/test_words.py.
"""

import re
import shlex
import subprocess


class Command:
    """One line that is run. kind: "$" prepares, ">" is compared, "?" too but for an error's words, "%" is a
    shell's."""

    def __init__(self, kind, line):
        self.kind, self.line = kind, line
        self.meant = {}  # what is not compared: why

    @property
    def words(self):
        return shlex.split(self.line)


class Case:
    def __init__(self, name):
        self.name, self.text, self.commands = name, "", []

    def __repr__(self):
        return self.name


def read_cases(path):
    cases = []
    for n, line in enumerate(path.read_text().splitlines(), 1):
        kind, rest = line[:1], line[2:]
        if line.startswith("--- "):
            cases.append(Case(line[4:]))
        elif kind == "#" or not line:
            continue
        elif kind in "$>?%" and line[1:2] == " ":
            cases[-1].commands.append(Command(kind, rest))
        elif kind == "~":
            what, why = rest.split(": ", 1)
            assert what in ("status", "out", "err") and why, "%s:%d: %s" % (path, n, line)
            cases[-1].commands[-1].meant[what] = why
        else:
            cases[-1].text += line + "\n"
    return cases


# What differs from run to run.
CHANGING = [
    (r'time="[^"]*" ', "time "),
    (r"\b[0-9a-f]{64}\b", "ID64"),
    (r"\b(?=[0-9a-f]*\d)[0-9a-f]{12}\b", "ID12"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?[+-]\d{4} \w+|Z|[+-]\d\d:\d\d)?", "TIME"),
    (r"(Less than a|About an?|\d+) (second|minute)s?( ago)?", "WHILE"),
    (r"WHILE +", "WHILE "),
    (r"(STATUS|CREATED|WHILE \(\w+\)) +", r"\1 "),
]


def normal(text, project):
    for what, name in ((project.dir, "DIR"), (project.name, "NAME")):
        text = text.replace(str(what), name)
    for pattern, name in CHANGING:
        text = re.sub(pattern, name, text)
    # docker compose has them by age
    return re.sub(r"(?<=Going to remove )\S+(, \S+)+", lambda m: ", ".join(sorted(m[0].split(", "))), text)


class Said:
    def __init__(self, command, result, project):
        self.command = command
        self.code = result.code
        self.out, self.err = (normal(t, project) for t in (result.out, result.err))


def play(case, project, by):
    """Runs the case's commands; returns what was said to those that are compared."""
    said = []
    if case.text:
        project.write(case.text)
    for command in case.commands:
        if command.kind == "%":
            subprocess.run(["sh", "-c", command.line], cwd=project.dir, check=True)
            continue
        words = [re.sub(r"\bNAME\b", project.name, w) for w in command.words]
        env, text = {}, None
        while re.match(r"[A-Z_]+=", words[0]):
            name, value = words.pop(0).split("=", 1)
            env[name] = value
        if words[0].startswith("<"):
            text = words.pop(0)[1:] + "\n"
        result = project.octo(*words, by=by, env=env, input=text)
        if command.kind == "$":
            result.ok()
        else:
            said.append(Said(command, result, project))
    return said


def progress(line):
    """A line about an object of the project or a warning, not the error that ended the command."""
    return line.startswith((" ", "time ", '{"id":', '{"level":'))


def lines(said, stream):
    """What is compared of a stream. What is done at once has no order, so the lines of stderr, and of the
    output of several services, are sorted; docker compose says some of them twice."""
    if stream == "out":
        found = [l.rstrip() for l in said.out.splitlines()]
        if not re.search(r"\b(logs|up)\b", said.command.line):
            return found
        # docker compose clears lines of a terminal that is not there
        return sorted(l.replace("\x1b[K", "") for l in found if l)
    found = {l.rstrip() for l in said.err.splitlines()} - {""}
    if said.command.kind == "?" and said.code:
        # An object's error, too, is ours; docker compose does not show each on the object's line.
        steps = [l for l in found if progress(l) and not re.match(r" +\^| +[a-z]| \S+ \S+ Error", l)]
        return sorted(steps) + ["an error"] * any(not progress(l) for l in found)
    return sorted(found)


def differences(ours, theirs):
    """One text for each command that was answered otherwise."""
    texts = []
    for a, b in zip(ours, theirs):
        found = []
        if a.code != b.code and "status" not in a.command.meant:
            found.append("  exit status %d, not %d" % (a.code, b.code))
        for stream in ("out", "err"):
            mine, other = lines(a, stream), lines(b, stream)
            if mine == other or stream in a.command.meant:
                continue
            found += ["  %s, ours:   %s" % (stream, l) for l in mine if l not in other]
            found += ["  %s, theirs: %s" % (stream, l) for l in other if l not in mine]
            if sorted(mine) == sorted(other):
                found.append("  %s: in another order" % stream)
        if found:
            texts.append("\n".join(["%s %s" % (a.command.kind, a.command.line)] + found))
    return texts
