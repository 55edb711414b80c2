#!/usr/bin/env python3
"""corpus.py - loads every project of the corpus with octocompose and compares with docker compose: exit
status, YAML, JSON, hashes. Speaks TAP.

    corpus.py PROGRAM

The corpus is looked for in $OCTO_CORPUS or shared/corpus/compose beside the source; docker compose is
$OCTO_JUDGE, or unpacked from shared/judge. What is missing skips the test. Nothing of either is copied.
"""
import glob
import lzma
import os
import shutil
import subprocess
import sys
import tempfile

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
    if "OCTO_JUDGE" in os.environ:
        return os.environ["OCTO_JUDGE"]
    packed = sorted(glob.glob(os.path.join(shared or "/", "judge", "docker-compose-v*.xz")))
    if not packed:
        return None
    path = os.path.join(top, "docker-compose")
    with lzma.open(packed[-1]) as source, open(path, "wb") as target:
        shutil.copyfileobj(source, target)
    os.chmod(path, 0o755)
    return path


def config(program, path, *flags):
    done = subprocess.run([program, "-f", path, "config", *flags], cwd=os.path.dirname(path),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=60)
    text = done.stdout.decode("utf-8", "replace").rstrip("\n")
    if "--hash" in flags:
        text = "\n".join(sorted(text.split("\n")))
    return done.returncode != 0, text


def compare(judge, program, path):
    """What differs, in words."""
    for flags in ((), ("--format", "json"), ("--hash", "*")):
        wanted, got = config(judge, path, *flags), config(program, path, *flags)
        if wanted[0] != got[0]:
            return "docker compose %s it" % ("refuses" if wanted[0] else "accepts")
        if wanted[0]:
            return None
        if wanted[1] != got[1]:
            return f"config {' '.join(flags)} differs"
    return None


def main():
    shared = shared_folder()
    corpus = os.environ.get("OCTO_CORPUS") or os.path.join(shared or "/none", "corpus", "compose")
    files = sorted(path for name in NAMES
                   for path in glob.glob(os.path.join(corpus, "**", name), recursive=True))
    top = tempfile.mkdtemp(prefix="octo-")
    n_failed = 0
    try:
        judge = find_judge(shared, top)
        if not files or not judge:
            print("1..0 # SKIP there is no corpus, or no docker compose to compare with")
            return 0
        for number, path in enumerate(files, 1):
            problem = compare(judge, os.path.abspath(sys.argv[1]), path)
            n_failed += problem is not None
            name = os.path.relpath(path, corpus)
            print(f"{'not ok' if problem else 'ok'} {number} - {name}")
            if problem:
                print(f"#   {problem}")
        print(f"1..{len(files)}")
    finally:
        shutil.rmtree(top)
    return 1 if n_failed else 0


sys.exit(main())
