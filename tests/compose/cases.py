"""cases.py - the case files of tests/compose: reading them, running a program on one, comparing.

A case file holds many small projects:

    === NAME
    args: -f compose.yaml -f more.yaml     (default: -f compose.yaml)
    config: --no-interpolate               (more flags of `config`; default none)
    env: KEY=VALUE                         (any number; besides HOME and PATH)
    --- compose.yaml
    ...                                    (the file's lines; any number of files)

The golden file beside it (same name, .golden) has for each case what docker compose said: the exit
status, and when it is 0 the YAML, the JSON without blanks, and the hashes. The folder that the case ran
in stands as @DIR@, the one above it as @TOP@.

Used by capture (writes goldens, needs docker compose) and replay.py (make check).
"""
import os
import shutil
import subprocess
import tempfile

FOLDER = "case"  # the base name of the folder a case runs in: the project's default name


class Case:
    def __init__(self, name, line):
        self.name = name
        self.line = line
        self.args = ["-f", "compose.yaml"]
        self.config = []
        self.env = {}
        self.files = {}


def read_cases(path):
    """The cases of one file, in order. Names are unique."""
    cases, case, lines = [], None, None
    with open(path, encoding="utf-8", newline="") as stream:
        for number, line in enumerate(stream.read().split("\n"), 1):
            if line.startswith("=== "):
                case, lines = Case(line[4:].strip(), number), None
                if any(other.name == case.name for other in cases):
                    raise SystemExit(f"{path}:{number}: the name \"{case.name}\" is used twice")
                cases.append(case)
            elif case is None:
                continue
            elif line.startswith("--- "):
                lines = case.files.setdefault(line[4:].strip(), [])
            elif lines is not None:
                lines.append(line)
            else:
                read_setting(case, line, f"{path}:{number}")
    return cases


def read_setting(case, line, place):
    key, _, value = line.partition(":")
    value = value.strip()
    if key == "args":
        case.args = value.split()
    elif key == "config":
        case.config = value.split()
    elif key == "env":
        name, _, text = value.partition("=")
        case.env[name] = text
    elif line.strip() and not line.startswith("#"):
        raise SystemExit(f"{place}: \"{line}\" is no setting of a case")


def write_files(case, folder):
    """Makes the case's files. "\\x00"-like escapes are not known: a file is the text of its lines."""
    for name, lines in case.files.items():
        text = "\n".join(lines)
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if name.endswith(" (no newline)"):
            path = path[: -len(" (no newline)")]
            text = text.rstrip("\n")
        elif not text.endswith("\n"):
            text += "\n"
        with open(path, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)


def compact(json_text):
    """JSON without the blanks outside of its strings; the strings keep their escapes."""
    out, in_string, is_escaped = [], False, False
    for char in json_text:
        if in_string:
            out.append(char)
            if is_escaped:
                is_escaped = False
            elif char == "\\":
                is_escaped = True
            elif char == '"':
                in_string = False
        elif char not in " \n":
            out.append(char)
            in_string = char == '"'
    return "".join(out)


class Result:
    """What a program made of a case. Texts are None when the status is not 0."""

    def __init__(self, status, yaml=None, json=None, hashes=None, stderr=""):
        self.status, self.yaml, self.json, self.hashes = status, yaml, json, hashes
        self.stderr = stderr

    def parts(self):
        return {"status": str(self.status), "yaml": self.yaml, "json": self.json,
                "hash": self.hashes}


def run(program, case, top):
    """Runs `config` three times in a fresh folder below top."""
    folder = os.path.join(top, FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    write_files(case, folder)
    env = {"HOME": "/home/user", "PATH": os.environ.get("PATH", "/usr/bin:/bin"), **case.env}

    def config(*flags):
        command = [program, *case.args, "config", *flags, *case.config]
        done = subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              timeout=60)
        return (1 if done.returncode else 0, done.stdout.decode("utf-8", "replace"),
                done.stderr.decode("utf-8", "replace"))

    def placed(text):
        return text.replace(folder, "@DIR@").replace(top, "@TOP@")

    status, yaml, stderr = config()
    if status:
        return Result(status, stderr=placed(stderr))
    _, json, _ = config("--format", "json")
    hashes = ""
    if "--no-interpolate" not in case.config and top not in json:
        _, hashes, _ = config("--hash", "*")  # else they would be of this folder
    return Result(0, placed(yaml).rstrip("\n"), placed(compact(json)),
                  "\n".join(sorted(hashes.split("\n"))).strip(), placed(stderr))


def write_golden(path, results):
    with open(path, "w", encoding="utf-8", newline="") as stream:
        for name, result in results:
            stream.write(f"=== {name}\n")
            if result.status:
                stream.write("--- rejected\n")
                continue
            for key in ("yaml", "json", "hash"):
                stream.write(f"--- {key}\n{getattr(result, 'hashes' if key == 'hash' else key)}\n")


def read_golden(path):
    """name -> Result"""
    results, parts, lines = {}, None, None
    with open(path, encoding="utf-8", newline="") as stream:
        for line in stream.read().split("\n"):
            if line.startswith("=== "):
                parts = results.setdefault(line[4:], {})
                lines = None
            elif line.startswith("--- ") and parts is not None and line[4:] in (
                    "yaml", "json", "hash", "rejected"):
                lines = parts.setdefault(line[4:], [])
            elif lines is not None:
                lines.append(line)
    return {name: golden_result(parts) for name, parts in results.items()}


def golden_result(parts):
    if "rejected" in parts:
        return Result(1)
    texts = {key: "\n".join(lines).rstrip("\n") for key, lines in parts.items()}
    return Result(0, texts.get("yaml", ""), texts.get("json", ""), texts.get("hash", ""))


def temporary_folder():
    return tempfile.mkdtemp(prefix="octo-")
