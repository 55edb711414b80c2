#!/usr/bin/env python3
"""reach.py - does the maker of random projects (maker.py) reach every form of every row of the schema table,
every way of joining files and of naming variables? Makes projects until it has seen everything and looks at
them; nothing is loaded. Speaks TAP, one test for what is to be reached, with how often it was.

    reach.py TABLE [MOST [SEED]]

TABLE is tests/compose/table.
"""
import json
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import cases
import coverage
import maker

MOST, SEED = 20000, 1  # projects
SHARE = 250  # projects at a time

# What a project can have besides the rows: a name, and the expression that its files or words match.
FEATURES = {
    "a second document": r"(?m)^---$",
    "an anchor": r"&k\d+",
    "an alias": r": \*k\d+",
    "a merge key": r"<<: \*top",
    "a merge key with a mapping": r"<<: \{",
    "a merge key with a list": r"<<: \[\*",
    "!reset": r"!reset",
    "!override": r"!override",
    "a literal block": r": \|",
    "a folded block": r": >",
    "include": r"(?m)^include:",
    "include with project_directory": r"include:\n.*project_directory",
    "include with env_file": r"include:\n.*env_file",
    "include of several files": r"path: \[[^]]*,",
    "an include of an include": r"include: \[more2",
    "two includes": r"(?m)^- .*\n- .*sub/",
    "extends of the same file": r"extends: (b\n|c\n|\{service: [a-z]+\})",
    "extends of another file": r"extends: \{file:",
    "a chain of extends": r"file: deep.yaml",
    "variable $NAME": r"\$[A-Z][A-Z0-9]*\b",
    "variable ${NAME}": r"\$\{[A-Z0-9]+\}",
    **{f"variable ${{NAME{sign}...}}": r"\$\{[A-Z0-9]+" + re.escape(sign) + r"[^-?+]"
       for sign in (":-", "-", ":?", "?", ":+", "+")},
    "a variable in a default": r"\$\{[A-Z]+:?-\$\{",
    "$$": r"\$\$",
    "no -f": r"(?m)^args:$",
    "two files": r"args: -f .* -f ",
    "three files": r"args: -f .* -f .* -f ",
    "COMPOSE_FILE": r"env: COMPOSE_FILE=",
    "COMPOSE_PROJECT_NAME": r"env: COMPOSE_PROJECT_NAME=",
    "COMPOSE_PROFILES": r"env: COMPOSE_PROFILES=",
    "COMPOSE_ENV_FILES": r"env: COMPOSE_ENV_FILES=",
    "--profile": r"args: .*--profile",
    "--env-file": r"args: .*--env-file",
    "--project-directory": r"args: .*--project-directory",
    "-p": r"args: .*-p ",
    "a named service": r"config: (.* )?[ab]\b",
    **{flag: r"config: .*" + flag for flag in
       ("--no-interpolate", "--no-normalize", "--no-path-resolution", "--no-consistency",
        "--no-env-resolution")},
}


def text_of(case):
    """The case in the form of a case file."""
    lines = [f"args: {' '.join(case.args)}".rstrip(), f"config: {' '.join(case.config)}"]
    lines += [f"env: {key}={value}" for key, value in case.env.items()]
    for name, content in case.files.items():
        lines += [f"file: {name}", *content]
    return "\n".join(lines)


def forms_of_projects(table, projects):
    """"PATTERN FORM" -> how often it stands in the projects' files."""
    top, paths, counts = cases.temporary_folder(), [], {}
    try:
        for number, case in enumerate(projects):
            folder = os.path.join(top, str(number))
            cases.write_files(case, folder)
            paths += [os.path.join(folder, name) for name in case.files if name.endswith(".yaml")]
        done = subprocess.run([table, *paths], stdout=subprocess.PIPE, check=True)
    finally:
        shutil.rmtree(top)
    for line in done.stdout.decode().split("\n"):
        counts[line] = counts.get(line, 0) + 1
    return counts


def main():
    table = sys.argv[1]
    most, seed = (int(sys.argv[index]) if len(sys.argv) > index else default
                  for index, default in ((2, MOST), (3, SEED)))
    rows = json.loads(subprocess.check_output([table]))
    source, n_projects = maker.Maker(rows, seed), 0
    reached = dict.fromkeys(FEATURES, 0)
    for pattern, forms in sorted(coverage.forms_of(rows, "", {}).items()):
        reached.update({f"{pattern} {form}": 0 for form in sorted(forms)})
    while n_projects < most and not all(reached.values()):
        projects = [source.case(n_projects + number) for number in range(SHARE)]
        n_projects += SHARE
        for name, text in FEATURES.items():
            reached[name] += sum(re.search(text, text_of(case)) is not None for case in projects)
        for form, count in forms_of_projects(table, projects).items():
            if form in reached:
                reached[form] += count
    n_failed = 0
    for number, (name, count) in enumerate(reached.items(), 1):
        n_failed += count == 0
        print(f"{'ok' if count else 'not ok'} {number} - {name.replace('#', '')} ({count})")
    print(f"# {len(reached) - n_failed} of {len(reached)} reached by {n_projects} projects, seed {seed}")
    print(f"1..{len(reached)}")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
