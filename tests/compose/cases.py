"""cases.py - the case files of tests/compose: reading them, running a program on one, comparing.

A case file holds many small projects:

    === NAME
    args: -f compose.yaml -f more.yaml     (default: -f compose.yaml)
    config: --no-interpolate               (more flags of `config`; default none)
    env: KEY=VALUE                         (any number; besides HOME and PATH)
    also: --services web                   (any number; one more run of `config`, with these words)
    --- compose.yaml
    ...                                    (the file's lines; any number of files)

The golden file beside it (same name, .golden) has for each case what docker compose said: the exit
status, and when it is 0 the YAML, the JSON without blanks, and the hashes; then what each further run
wrote, with the content of the file that it made with -o. Lists that docker compose has in no order are
sorted. The folder that the case ran in stands as @DIR@, the one above it as @TOP@.

Used by capture (writes goldens, needs docker compose) and replay.py (make check).
"""
import json as json_module
import multiprocessing
import os
import re
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MEANT = os.path.join(HERE, "cases", "meant.golden")
FOLDER = "case"  # the base name of the folder a case runs in: the project's default name


class Case:
    def __init__(self, name, line):
        self.name = name
        self.line = line
        self.args = ["-f", "compose.yaml"]
        self.config = []
        self.also = []
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
    elif key == "also":
        case.also.append(" ".join(value.split()))
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
    return re.sub(r'("(?:[^"\\]|\\.)*")|[ \n]+', lambda match: match.group(1) or "", json_text)


class Program:
    """Starts a program, docker compose or octocompose, for every run."""

    def __init__(self, path):
        self.path = os.path.abspath(path)

    def runs(self, folder, env, commands):
        """(status, stdout, stderr) of the commands, up to the first that fails."""
        answers = []
        for command in commands:
            done = subprocess.run([self.path, *command], cwd=folder, env=env,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False, timeout=60)
            status = done.returncode if done.returncode >= 0 else 128 - done.returncode
            answers.append((status, done.stdout, done.stderr))
            if status:
                break
        return answers

    def close(self):
        pass


class Served:
    """octocompose as tests/compose/serve has it: a fork for every run."""

    def __init__(self, path):
        self.child = subprocess.Popen([os.path.abspath(path)], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)

    def runs(self, folder, env, commands):
        request = {"dir": folder, "env": [f"{key}={value}" for key, value in env.items()],
                   "runs": [["octocompose", *command] for command in commands]}
        self.child.stdin.write(json_module.dumps(request).encode() + b"\n")
        self.child.stdin.flush()
        answers = []
        for _ in commands:
            line = self.child.stdout.readline().split()
            if len(line) != 3:
                raise SystemExit("tests/compose/serve ended")
            status, n_out, n_err = map(int, line)
            answers.append((status, self.child.stdout.read(n_out), self.child.stdout.read(n_err)))
            if status:
                break
        return answers

    def close(self):
        self.child.stdin.close()
        self.child.wait()


class Result:
    """What a program made of a case. Texts are None when the status is not 0."""

    def __init__(self, status, yaml=None, json=None, hashes=None, stderr="", crash=None):
        self.status, self.yaml, self.json, self.hashes = status, yaml, json, hashes
        self.stderr, self.crash = stderr, crash
        self.also = {}  # "also WORDS" -> what the run wrote, REJECTED before it when it failed

    def parts(self):
        return {"status": str(self.status), "yaml": self.yaml, "json": self.json,
                "hash": self.hashes, **self.also}


def crash_of(answers):
    """How a run ended that neither accepted nor refused its project, or None."""
    for status, _, stderr in answers:
        if status >= 128:
            return f"ended by signal {status - 128}"
        if b"Sanitizer" in stderr or b"runtime error:" in stderr:
            return stderr.decode("utf-8", "replace")
    return None


FORMATS = ((), ("--format", "json"), ("--hash", "*"))


REJECTED = "(rejected)"
OUTPUT = "written.txt"  # what "also: -o written.txt" is to name
LISTS = {"--services", "--volumes", "--networks", "--models", "--images", "--hash"}


def further_text(words, folder, answer):
    """What one `also` of a case gave; lists are sorted, the one of variables below its head."""
    status, text, _ = answer
    lines, path = text.decode("utf-8", "replace").splitlines(True), os.path.join(folder, OUTPUT)
    if LISTS & set(words):
        lines.sort()
    elif "--variables" in words and not {"yaml", "json", "JSON"} & set(words):
        lines[1:] = sorted(lines[1:])
    if os.path.exists(path):
        with open(path, encoding="utf-8", newline="") as stream:
            lines.append("(written)\n" + stream.read())
        os.unlink(path)
    return (REJECTED + "\n" if status else "") + "".join(lines)


def run(runner, case, top, formats=FORMATS):
    """`config` in a fresh folder below top: as YAML, as JSON, as hashes, and as the case wants more."""
    folder = os.path.join(top, FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    write_files(case, folder)
    env = {"HOME": "/home/user", "PATH": os.environ.get("PATH", "/usr/bin:/bin"), **case.env}
    commands = [[*case.args, "config", *flags, *case.config]
                for flags in formats]
    if "--no-interpolate" in case.config:
        commands = commands[:2]
    answers = runner.runs(folder, env, commands)
    texts = [out.decode("utf-8", "replace") for _, out, _ in answers]

    def placed(text):
        return text.replace(folder, "@DIR@").replace(top, "@TOP@").replace(env["PATH"], "@PATH@")

    result = result_of(answers, texts, placed, top)
    for words in case.also:
        command = [*case.args, "config", *words.split(), *case.config]
        more = runner.runs(folder, env, [command])
        result.also["also " + words] = placed(further_text(words.split(), folder, more[0])).rstrip("\n")
        result.crash = result.crash or crash_of(more)
    return result


def result_of(answers, texts, placed, top):
    """The YAML, the JSON and the hashes."""
    stderr = answers[0][2].decode("utf-8", "replace")
    if answers[0][0]:
        return Result(1, stderr=placed(stderr), crash=crash_of(answers))
    texts += [""] * (3 - len(texts))
    if top in texts[1]:
        texts[2] = ""  # the hashes would be of this folder
    return Result(0, placed(texts[0]).rstrip("\n"), placed(compact(texts[1])),
                  "\n".join(sorted(texts[2].split("\n"))).strip(), placed(stderr),
                  crash_of(answers))


def write_golden(path, results):
    with open(path, "w", encoding="utf-8", newline="") as stream:
        for name, result in results:
            stream.write(f"=== {name}\n")
            if result.status:
                stream.write("--- rejected\n")
            for key, text in result.parts().items():
                if text is not None and key != "status":
                    stream.write(f"--- {key}\n{text}\n")


def read_golden(path):
    """name -> Result"""
    results, parts, lines = {}, None, None
    with open(path, encoding="utf-8", newline="") as stream:
        for line in stream.read().split("\n"):
            if line.startswith("=== "):
                parts = results.setdefault(line[4:], {})
                lines = None
            elif line.startswith("--- ") and parts is not None and (
                    line[4:] in ("yaml", "json", "hash", "rejected") or line[4:].startswith("also ")):
                lines = parts.setdefault(line[4:], [])
            elif lines is not None:
                lines.append(line)
    return {name: golden_result(parts) for name, parts in results.items()}


def golden_result(parts):
    texts = {key: "\n".join(lines).rstrip("\n") for key, lines in parts.items()}
    result = Result(1)
    if "rejected" not in parts:
        result = Result(0, texts.get("yaml", ""), texts.get("json", ""), texts.get("hash", ""))
    result.also = {key: text for key, text in texts.items() if key.startswith("also ")}
    return result


def read_differences():
    """case -> the reason why octocompose differs"""
    reasons = {}
    with open(os.path.join(HERE, "differences.txt"), encoding="utf-8") as stream:
        for line in stream:
            name, _, reason = line.partition(":")
            if reason and not line.startswith("#"):
                reasons[name.strip()] = reason.strip()
    return reasons


def temporary_folder():
    return tempfile.mkdtemp(prefix="octo-")


def in_shares(items, work):
    """Deals the items out to processes that call work(share, queue), which puts a pair for each item on
    the queue and None at its end. All pairs as a dict."""
    n_workers = min(4, os.cpu_count() or 1)
    queue, pairs, n_running = multiprocessing.Queue(), {}, n_workers
    workers = [multiprocessing.Process(target=work, args=(items[first::n_workers], queue))
               for first in range(n_workers)]
    for worker in workers:
        worker.start()
    while n_running:
        pair = queue.get()
        if pair:
            pairs[pair[0]] = pair[1]
        else:
            n_running -= 1
    for worker in workers:
        worker.join()
    return pairs
