#!/usr/bin/env python3
"""corpus.py - loads every project of the corpus with octocompose and compares with docker compose: exit
status, YAML, JSON, hashes. Speaks TAP.

    corpus.py SERVE [CACHE]

SERVE is tests/compose/serve. The corpus is looked for in $OCTO_CORPUS or shared/corpus/compose beside the
source; docker compose is $OCTO_JUDGE, or unpacked from shared/judge. What is missing skips the test.
Nothing of either is copied into the source. What docker compose says of a project is kept in the folder
CACHE and asked again when a file of the project or docker compose changed.
"""
import glob
import hashlib
import json
import lzma
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
import cases

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
HERE = os.path.dirname(os.path.abspath(__file__))


def shared_folder():
    folder = HERE
    while folder != "/":
        folder = os.path.dirname(folder)
        if os.path.isdir(os.path.join(folder, "shared", "corpus")):
            return os.path.join(folder, "shared")
    return None


def find_judge(shared, top):
    """(docker compose as a file or None, what tells it from another)"""
    packed = sorted(glob.glob(os.path.join(shared or "/", "judge", "docker-compose-v*.xz")))
    path = os.environ.get("OCTO_JUDGE")
    if not path and packed:
        path = os.path.join(top, "docker-compose")
        with lzma.open(packed[-1]) as source, open(path, "wb") as target:
            shutil.copyfileobj(source, target)
        os.chmod(path, 0o755)
    return path, path and str(os.path.getsize(path))


COMMANDS = ((), ("--format", "json"), ("--hash", "*"))
ENV = {"HOME": "/home/user", "PATH": "/usr/bin:/bin"}


def config(runner, path):
    """[(is refused, text)...] of the commands, up to the first that fails."""
    commands = [["-f", path, "config", *flags] for flags in COMMANDS]
    answers = []
    for status, out, err in runner.runs(os.path.dirname(path), ENV, commands):
        if cases.crash_of([(status, out, err)]):
            raise SystemExit(f"{path}: {cases.crash_of([(status, out, err)])}")
        text = out.decode("utf-8", "replace").rstrip("\n")
        if len(answers) == 2:
            text = "\n".join(sorted(text.split("\n")))
        answers.append([status != 0, text])
    return answers


def fingerprint(judge_id, path):
    """Of docker compose and all files beside and below the project's."""
    digest = hashlib.sha256(f"{judge_id} {path}".encode())
    for folder, folders, names in os.walk(os.path.dirname(path)):
        folders.sort()
        for name in sorted(names):
            status = os.lstat(os.path.join(folder, name))
            digest.update(f"{folder}/{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def wanted_of(judge, judge_id, cache, path):
    kept = cache and os.path.join(cache, fingerprint(judge_id, path))
    if kept and os.path.exists(kept):
        with open(kept, encoding="utf-8") as stream:
            return json.load(stream)
    wanted = config(judge, path)
    if kept:
        with open(f"{kept}.{os.getpid()}", "w", encoding="utf-8") as stream:
            json.dump(wanted, stream)
        os.rename(f"{kept}.{os.getpid()}", kept)
    return wanted


def compare(wanted, got):
    """What differs, in words."""
    for flags, one, other in zip(COMMANDS, wanted, got):
        if one[0] != other[0]:
            return "docker compose %s it" % ("refuses" if one[0] else "accepts")
        if one[0]:
            return None
        if one[1] != other[1]:
            return f"config {' '.join(flags)} differs"
    return None


def run_share(serve, judge, judge_id, cache, files, queue):
    served, judge = cases.Served(serve), cases.Program(judge)
    try:
        for path in files:
            queue.put((path, compare(wanted_of(judge, judge_id, cache, path),
                                     config(served, path))))
    finally:
        served.close()
        queue.put(None)


def main():
    shared = shared_folder()
    corpus = os.environ.get("OCTO_CORPUS") or os.path.join(shared or "/none", "corpus", "compose")
    files = sorted(path for name in NAMES
                   for path in glob.glob(os.path.join(corpus, "**", name), recursive=True))
    serve, cache = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    if cache:
        os.makedirs(cache, exist_ok=True)
    top = tempfile.mkdtemp(prefix="octo-")
    try:
        judge, judge_id = find_judge(shared, top)
        if not files or not judge:
            print("1..0 # SKIP there is no corpus, or no docker compose to compare with")
            return 0
        problems = cases.in_shares(files, lambda share, queue: run_share(
            serve, judge, judge_id, cache, share, queue))
    finally:
        shutil.rmtree(top)
    for number, path in enumerate(files, 1):
        problem = problems.get(path, "was not compared")
        print(f"{'not ok' if problem else 'ok'} {number} - {os.path.relpath(path, corpus)}")
        if problem:
            print(f"#   {problem}")
    print(f"1..{len(files)}")
    return 1 if any(problems.get(path, "?") for path in files) else 0


if __name__ == "__main__":
    sys.exit(main())
