#!/usr/bin/env python3
"""coverage.py - is there a case for every row of the schema table, in every form that it may have, for every
word of its list? For every rule by which two files join a row's values, in every pair of forms? And does the published schema (shared/reference, when it is there) name nothing that the
table has not? Speaks TAP: one test for a path, one for a rule.

    coverage.py TABLE

TABLE is tests/compose/table. A case counts when docker compose accepts it (octocompose, where it differs on
purpose); uncovered.txt lists the forms that are never accepted, with the reason.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import cases

HERE = os.path.dirname(os.path.abspath(__file__))
UNCOVERED = os.path.join(HERE, "uncovered.txt")


def forms_of(row, pattern, forms):
    """pattern -> the kinds and "=words" that the table has for it."""
    if pattern:
        forms[pattern] = set(row["kinds"]) | {"=" + word for word in row.get("words", [])}
    for nested in row["rows"]:
        forms_of(nested, f"{pattern}.{nested['key']}".lstrip("."), forms)
    for key, sign in (("item", "[]"), ("value", "*")):
        if key in row:
            forms_of(row[key], f"{pattern}.{sign}".lstrip("."), forms)
    return forms


def accepted_files(top):
    """The YAML files of all cases that docker compose accepts, as files below top."""
    paths, reasons, meant = [], cases.read_differences(), cases.read_golden(cases.MEANT)
    for path in sorted(glob.glob(os.path.join(HERE, "cases", "*.cases"))):
        golden = cases.read_golden(path[: -len(".cases")] + ".golden")
        for case in cases.read_cases(path):
            result = (meant if case.name in reasons else golden).get(case.name)
            if not result or result.status:
                continue
            folder = os.path.join(top, str(len(paths)))
            os.makedirs(folder)
            cases.write_files(case, folder)
            paths += [os.path.join(folder, name) for name in case.files
                      if name.endswith((".yaml", ".yml"))]
    return paths


def used_forms(table):
    """pattern -> the kinds and "=words" that cases have for it."""
    top, used = cases.temporary_folder(), {}
    try:
        done = subprocess.run([table, *accepted_files(top)], stdout=subprocess.PIPE, check=True)
    finally:
        shutil.rmtree(top)
    for line in done.stdout.decode().split("\n"):
        pattern, _, form = line.partition(" ")
        used.setdefault(pattern, set()).add(form)
    return used


# --- joining ---------------------------------------------------------------------------------------

def wanted_joins(row, pattern, joins):
    """pattern -> the "LATER over EARLIER" that a case is to have: each pair of forms where the row has a rule of
    its own, lists where twins are joined, and anything for each other attribute of a service."""
    forms = [name for kind, name in (("text", "scalar"), ("list", "list"), ("map", "map"))
             if kind in row["kinds"]] if row["merge"] != "default" else []
    if row["merge"] != "default" and not forms:
        forms = ["scalar"]
    wanted = {f"{later} over {earlier}" for later in forms for earlier in forms}
    if row["merge"] == "replace" and "null" in row["kinds"]:
        wanted |= {f"null over {form}" for form in forms}
    if row["joined"] and "list" in row["kinds"]:
        wanted.add("list over list")
    if not wanted and re.fullmatch(r"services\.\*\.\w+", pattern):
        wanted = {"anything"}
    if wanted and "[]" not in pattern:
        joins[pattern] = wanted
    for nested in row["rows"]:
        wanted_joins(nested, f"{pattern}.{nested['key']}".lstrip("."), joins)
    if "value" in row:
        wanted_joins(row["value"], f"{pattern}.*".lstrip("."), joins)
    return joins


def used_joins(table):
    """pattern -> the "LATER over EARLIER" that cases with several files or documents have."""
    top, words, used = cases.temporary_folder(), [], {}
    try:
        for path in sorted(glob.glob(os.path.join(HERE, "cases", "*.cases"))):
            for case in cases.read_cases(path):
                folder = os.path.join(top, str(len(words)))
                os.makedirs(folder)
                cases.write_files(case, folder)
                named = [case.args[i + 1] for i, word in enumerate(case.args[:-1]) if word == "-f"]
                words += ["--", *(os.path.join(folder, name) for name in named
                                  if name in case.files and name.endswith((".yaml", ".yml")))]
        done = subprocess.run([table, *words], stdout=subprocess.PIPE, check=True)
    finally:
        shutil.rmtree(top)
    for line in done.stdout.decode().split("\n"):
        pattern, _, form = line.partition(" ")
        if " over " in form:
            used.setdefault(pattern, {"anything"}).add(form)
    return used


# --- excuses and the published schema ---------------------------------------------------------------

def excused_forms():
    """(pattern, form) -> why no case can have it"""
    excused = {}
    with open(UNCOVERED, encoding="utf-8") as stream:
        for line in stream:
            if not line.startswith("#") and line.strip():
                place, _, reason = line.partition(": ")
                pattern, _, form = place.partition(" ")
                excused[pattern, form] = reason.strip()
    return excused


def published_paths():
    """The property paths of the published schema, or None when it is not there."""
    shared = os.environ.get("OCTO_TEST_SHARED")
    folder = HERE
    while not shared and folder != "/":
        folder = os.path.dirname(folder)
        if os.path.isdir(os.path.join(folder, "shared", "reference")):
            shared = os.path.join(folder, "shared")
    path = os.path.join(shared or "/none", "reference", "compose-spec.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as stream:
        schema = json.load(stream)
    found = set()

    def walk(node, pattern):
        if "$ref" in node:
            walk(schema["$defs"][node["$ref"].split("/")[-1]], pattern)
        for form in node.get("oneOf", []) + node.get("anyOf", []):
            walk(form, pattern)
        below = [(key, value) for key, value in node.get("properties", {}).items()]
        below += [("*", value) for key, value in node.get("patternProperties", {}).items()
                  if key != "^x-"]
        if isinstance(node.get("items"), dict):
            below.append(("[]", node["items"]))
        for key, value in below:
            inner = f"{pattern}.{key}".lstrip(".")
            found.add(inner)
            walk(value, inner)

    walk(schema, "")
    return found


def main():
    table = json.loads(subprocess.check_output([sys.argv[1]]))
    forms, used, excused = forms_of(table, "", {}), used_forms(sys.argv[1]), excused_forms()
    published, number, n_failed = published_paths(), 0, 0
    for pattern in sorted(set(forms) | (published or set())):
        missing = sorted(form for form in forms.get(pattern, set()) - used.get(pattern, set())
                         if (pattern, form) not in excused)
        number += 1
        problems = [f"no case has the form \"{form}\"" for form in missing]
        if pattern not in forms:
            problems = ["the table has no row for it"]
        n_failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - {pattern.replace('#', '')}")
        for problem in problems:
            print(f"#   {problem}")
    joins, used_pairs = wanted_joins(table, "", {}), used_joins(sys.argv[1])
    for pattern, wanted in sorted(joins.items()):
        missing = sorted(form for form in wanted - used_pairs.get(pattern, set())
                         if (pattern, form) not in excused)
        number += 1
        n_failed += bool(missing)
        print(f"{'not ok' if missing else 'ok'} {number} - {pattern}: files that join it")
        for form in missing:
            print(f"#   no case has {form}")
    stale = sorted(f"{pattern} {form}" for pattern, form in excused
                   if form in used.get(pattern, set()) | used_pairs.get(pattern, set())
                   or form not in forms.get(pattern, set()) | joins.get(pattern, set()))
    print(f"{'not ok' if stale else 'ok'} {number + 1} - uncovered.txt lists what is uncovered")
    for line in stale:
        print(f"#   {line}")
    if published is None:
        print(f"ok {number + 2} - the published schema # SKIP it is not there (OCTO_TEST_SHARED)")
    else:
        is_enough = len(published) > 400
        print(f"{'ok' if is_enough else 'not ok'} {number + 2} - {len(published)} paths of the "
              "published schema are looked up")
        n_failed += not is_enough
    print(f"1..{number + 2}")
    return 1 if n_failed or stale else 0


if __name__ == "__main__":
    sys.exit(main())
