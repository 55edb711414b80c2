#!/usr/bin/env python3
"""convert.py - converts every project that loads to the other form and back, and compares what comes out
with the project. Speaks TAP.

    convert.py BUILD [COUNT [SEED]]
    convert.py BUILD --capture

BUILD is the build folder, with tests/compose/serve and tests/compose/table. The projects are those of the
case files, COUNT random ones (maker.py), the configurations of the examples, and where it is there, the
corpus of ../shared. For each: compose files to an OctoCompose configuration and to one compose file,
the configuration to a compose file, and that one to a configuration again. All of them print the same
`config` (YAML, JSON, hashes), and the last configuration is the first, byte for byte. With docker compose
at hand ($OCTO_JUDGE or ../shared/judge) it also loads the corpus' compose files that were made. With
OCTO_CASE=NAME only the case of that name, with what was written. Every SAMPLEth case only, unless there is
OCTO_CASES=all.

Those of convert/own.cases are compared with convert/own.golden as well: what is written, word for word, and
what is said about it; --capture makes that file anew.
"""
import difflib
import glob
import json
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import cases
import corpus
import maker

HERE = os.path.dirname(os.path.abspath(__file__))
FORMATS = ((), ("--format", "json"), ("--hash", "*"))
OCTO, COMPOSE, FLAT = "octo.made.yaml", "compose.made.yaml", "flat.made.yaml"
ONLY = os.environ.get("OCTO_CASE")
ALL = os.environ.get("OCTO_CASES") == "all"
SAMPLE = 6
ENV = {"HOME": "/home/user", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
OWN = os.path.join(HERE, "convert", "own.cases")


def split_args(args):
    """(what the converted form is loaded with, the folder that it must be in)"""
    kept, folder, files, rest = [], None, [], list(args)
    while rest:
        word = rest.pop(0)
        if word in ("-f", "--file"):
            files.append(rest.pop(0))
        elif word == "--project-directory":
            folder = rest.pop(0)
        elif word in ("-p", "--project-name", "--profile", "--env-file", "--operator"):
            kept += [word, rest.pop(0)]
        else:
            kept.append(word)
    if folder is None:
        folder = os.path.dirname(files[0]) if files else "."
    return kept, folder or "."


class Problem(Exception):
    pass


class Converting:
    """One project in a folder that may be written to."""

    def __init__(self, runner, folder, env, args, words):
        self.runner, self.folder, self.env, self.args, self.words = runner, folder, env, args, words
        self.kept, self.at = split_args(args)
        os.makedirs(os.path.join(folder, self.at), exist_ok=True)

    def run(self, *command):
        return self.runner.runs(self.folder, self.env, [list(command)])[0]

    def configs(self, args, what):
        """What `config` prints in the three formats, or None when it refuses."""
        answers = self.runner.runs(self.folder, self.env,
                                   [[*args, "config", *flags, *self.words] for flags in FORMATS])
        crash = cases.crash_of(answers)
        if crash:
            raise Problem(f"{what}: {crash}")
        if answers[-1][0]:
            return None, answers[-1][2].decode("utf-8", "replace")
        texts = [out.decode("utf-8", "replace") for _, out, _ in answers]
        texts[2] = "\n".join(sorted(texts[2].split("\n")))
        return texts, ""

    def convert(self, args, form, name):
        path = os.path.join(self.at, name)
        status, _, stderr = self.run(*args, "convert", "--to", form, "-o", path)
        if status:
            raise Problem(f"to {form}: {stderr.decode('utf-8', 'replace')}")
        return path

    def same(self, wanted, args, what):
        got, stderr = self.configs(args, what)
        if got is None:
            raise Problem(f"{what} is refused: {stderr}")
        for flags, one, other in zip(FORMATS, wanted, got):
            if one != other:
                lines = difflib.unified_diff(one.split("\n"), other.split("\n"), lineterm="", n=1)
                raise Problem("\n".join([f"{what}: config {' '.join(flags)} differs", *lines]))

    def read(self, path):
        with open(os.path.join(self.folder, path), encoding="utf-8") as stream:
            return stream.read()

    def check(self, judge=None):
        """False: the project does not load, there is nothing to convert."""
        wanted, _ = self.configs(self.args, "the project")
        if wanted is None:
            return False
        # What is written is the whole project, and what is wrong may be in what was not selected.
        if self.words and self.run(*self.args, "config", "-q")[0]:
            return False
        flat = self.convert(self.args, "compose", FLAT)
        self.same(wanted, [*self.kept, "-f", flat], FLAT)
        octo = self.convert(self.args, "octocompose", OCTO)
        if ONLY:
            print(self.read(octo))
        self.same(wanted, [*self.kept, "-c", octo], OCTO)
        back = self.convert([*self.kept, "-c", octo], "compose", COMPOSE)
        self.same(wanted, [*self.kept, "-f", back], COMPOSE)
        text = self.read(octo)
        again = self.convert([*self.kept, "-f", back], "octocompose", "again.made.yaml")
        if self.read(again) != text:
            raise Problem("there and back is no fixpoint")
        if judge:
            self.runner = judge
            self.same(wanted, [*self.kept, "-f", back], "docker compose: " + COMPOSE)
        return True


def outcome(converting, judge=None):
    try:
        return None if converting.check(judge) else "SKIP"
    except Problem as problem:
        return str(problem)


# --- what is written ---------------------------------------------------------------------------------


def written(runner, case, top):
    """What converting the case to both forms writes on the standard streams."""
    folder = os.path.join(top, cases.FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    cases.write_files(case, folder)
    lines = [f"=== {case.name}"]
    for form in ("octocompose", "compose"):
        status, out, err = runner.runs(folder, {**ENV, **case.env},
                                       [[*case.args, "convert", "--to", form]])[0]
        if "-c" in case.args and form == "octocompose":
            status, out, err = (status, out, err) if status else (0, b"", b"not refused")
        lines += [f"--- {form}: {status}", *out.decode().splitlines(),
                  *("| " + line for line in err.decode().splitlines())]
    return [line.replace(folder, "@DIR@") for line in lines]


def compare_written(runner, top):
    """{name: what differs} of the own cases."""
    with open(OWN.replace(".cases", ".golden"), encoding="utf-8") as stream:
        golden = stream.read().split("\n=== ")
    wanted = {part.removeprefix("=== ").split("\n", 1)[0]: part for part in golden}
    problems = {}
    for case in cases.read_cases(OWN):
        got = written(runner, case, top)
        lines = ("=== " + wanted.get(case.name, "").removeprefix("=== ")).rstrip("\n").split("\n")
        if got != lines:
            problems[case.name] = "\n".join(difflib.unified_diff(lines, got, "wanted", "got",
                                                                 lineterm="", n=2))
    return problems


def capture(runner, top):
    with open(OWN.replace(".cases", ".golden"), "w", encoding="utf-8") as stream:
        for case in cases.read_cases(OWN):
            stream.write("\n".join(written(runner, case, top)) + "\n")


# --- the projects -----------------------------------------------------------------------------------


def case_jobs():
    """Without the files of other formats that a case may have, nor cases about standard input."""
    for path in sorted([OWN, *glob.glob(os.path.join(HERE, "cases", "*.cases"))]):
        for case in cases.read_cases(path):
            flags = [word for word in case.config if word.startswith("-")]
            is_refused = "-c" in case.args or case.name.endswith("(refused)")
            if not flags and "-" not in case.args and not is_refused:
                yield f"{os.path.basename(path)[:-6]}: {case.name}", case


def random_jobs(build, count, seed):
    table = json.loads(subprocess.check_output([os.path.join(build, "tests/compose/table")]))
    projects = maker.Maker(table, seed)
    for number in range(count):
        case = projects.case(number)
        case.config = [word for word in case.config if not word.startswith("-")]
        # Configs that no service uses have no place in a configuration.
        case.args = [word for word in case.args if word != "--all-resources"]
        yield f"random {number}", case


def corpus_jobs(shared):
    folder = os.environ.get("OCTO_CORPUS") or os.path.join(shared or "/none", "corpus", "compose")
    for name in corpus.NAMES:
        for path in sorted(glob.glob(os.path.join(folder, "**", name), recursive=True)):
            yield os.path.relpath(path, folder), path


def configuration_jobs(shared):
    """Configurations of the examples and the charts: (folder to copy, file in it)."""
    folders = [os.path.join(HERE, "..", "..", "examples")]
    if shared:
        folders.append(os.path.join(shared, "corpus", "octocompose-charts"))
    for folder in folders:
        for path in sorted(glob.glob(os.path.join(folder, "**", "*.yaml"), recursive=True)):
            name = os.path.relpath(path, folder)
            if os.path.basename(path) != "compose.yaml":
                yield f"configuration: {name}", (folder, name)


def run_case(runner, case, top):
    folder = os.path.join(top, cases.FOLDER)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    cases.write_files(case, folder)
    return outcome(Converting(runner, folder, {**ENV, **case.env}, case.args, case.config))


def run_project(runner, path, top, judge):
    folder = os.path.join(top, os.path.basename(os.path.dirname(path)))
    shutil.copytree(os.path.dirname(path), folder, symlinks=True)
    args = ["-f", os.path.basename(path)]
    try:
        return outcome(Converting(runner, folder, ENV, args, []), judge)
    finally:
        shutil.rmtree(folder)


def run_configuration(runner, job, top):
    """To a compose file and from there to one configuration, when the file is a configuration that loads."""
    folder = os.path.join(top, "configurations")
    shutil.copytree(job[0], folder)
    try:
        there = Converting(runner, folder, ENV, ["--operator", "docker", "-c", job[1]], [])
        there.at = os.path.dirname(job[1]) or "."
        wanted, _ = there.configs(there.args, job[1])
        if wanted is None or not wanted[2]:
            return "SKIP"
        flat = there.convert(there.args, "compose", COMPOSE)
        there.same(wanted, ["-f", flat], COMPOSE)
        return outcome(Converting(runner, folder, ENV, ["-f", flat], []))
    except Problem as problem:
        return str(problem)
    finally:
        shutil.rmtree(folder)


def run_any(runner, job, top, judge):
    if isinstance(job, str):
        return run_project(runner, job, top, judge)
    return run_configuration(runner, job, top) if isinstance(job, tuple) else run_case(runner, job, top)


def run_share(serve, judge, jobs, queue):
    served, top = cases.Served(serve), cases.temporary_folder()
    judge = judge and cases.Program(judge)
    try:
        for name, job in jobs:
            queue.put((name, run_any(served, job, top, judge)))
    finally:
        served.close()
        shutil.rmtree(top)
        queue.put(None)


def list_jobs(build, count, seed, shared):
    jobs = [*case_jobs(), *random_jobs(build, count, seed), *corpus_jobs(shared),
            *configuration_jobs(shared)]
    if ONLY:
        return [job for job in jobs if job[0] == ONLY]
    return [job for number, job in enumerate(jobs)
            if ALL or number % SAMPLE == 0 or job[0].startswith(("own: ", "configuration: "))]


def report(names, results):
    """Prints the TAP lines and returns the exit status."""
    n_failed = 0
    for number, name in enumerate(names, 1):
        problem = results.get(name, "was not converted")
        is_skipped = problem == "SKIP"
        n_failed += problem is not None and not is_skipped
        print(f"{'not ok' if problem and not is_skipped else 'ok'} {number} - {name}"
              + (" # SKIP it does not load" if is_skipped else ""))
        if problem and not is_skipped:
            print("\n".join(f"#   {line}" for line in problem.strip().split("\n")))
    print(f"1..{len(names)}")
    return 1 if n_failed else 0


def main():
    build = sys.argv[1]
    serve = os.path.join(build, "tests/compose/serve")
    if sys.argv[2:] == ["--capture"]:
        top = cases.temporary_folder()
        capture(cases.Served(serve), top)
        return shutil.rmtree(top)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    shared, top = corpus.shared_folder(), cases.temporary_folder()
    jobs = list_jobs(build, count, seed, shared)
    try:
        problems = compare_written(cases.Served(serve), top)
        judge, _ = corpus.find_judge(shared, top)
        results = cases.in_shares(jobs, lambda share, queue: run_share(
            serve, judge, share, queue))
    finally:
        shutil.rmtree(top)
    own = [f"written: {case.name}" for case in cases.read_cases(OWN)]
    results.update((name, problems.get(name.removeprefix("written: "))) for name in own)
    return report([*own, *(name for name, _ in jobs)], results)


if __name__ == "__main__":
    sys.exit(main())
