#!/usr/bin/env python3
"""replay.py - runs the cases of tests/compose with octocompose and compares with the goldens. Speaks TAP.

    replay.py PROGRAM [CASE_FILE...]

With OCTO_CASE=NAME only that case, with the differences in full. Not the place that knows what is right:
capture wrote that down. differences.txt lists the cases where octocompose differs on purpose.
"""
import difflib
import glob
import os
import shutil
import sys

sys.dont_write_bytecode = True
import cases

HERE = os.path.dirname(os.path.abspath(__file__))


def read_differences():
    """case -> the reason why it differs"""
    reasons = {}
    with open(os.path.join(HERE, "differences.txt"), encoding="utf-8") as stream:
        for line in stream:
            name, _, reason = line.partition(":")
            if reason and not line.startswith("#"):
                reasons[name.strip()] = reason.strip()
    return reasons


def differences(wanted, got):
    wanted_parts, got_parts = wanted.parts(), got.parts()
    if wanted.status != got.status:
        return [f"exit status {got.status}, wanted {wanted.status}", *got.stderr.split("\n")[:6]]
    lines = []
    for key in ("yaml", "json", "hash"):
        if wanted_parts[key] == got_parts[key]:
            continue
        lines += [f"{key} differs:"]
        if key == "json":
            lines += [f"  wanted {wanted_parts[key]}", f"  got    {got_parts[key]}"]
            continue
        lines += difflib.unified_diff((wanted_parts[key] or "").split("\n"),
                                      (got_parts[key] or "").split("\n"), "wanted", "got",
                                      lineterm="", n=2)
    return lines


def main():
    program = os.path.abspath(sys.argv[1])
    files = sys.argv[2:] or sorted(glob.glob(os.path.join(HERE, "cases", "*.cases")))
    only, reasons = os.environ.get("OCTO_CASE"), read_differences()
    top, number, n_failed = cases.temporary_folder(), 0, 0
    try:
        for path in files:
            golden = cases.read_golden(path[: -len(".cases")] + ".golden")
            for case in cases.read_cases(path):
                if only and case.name != only:
                    continue
                number += 1
                lines = ["there is no golden: run capture"]
                if case.name in golden:
                    lines = differences(golden[case.name], cases.run(program, case, top))
                name = f"{os.path.basename(path)[:-len('.cases')]}: {case.name}"
                if case.name in reasons:
                    name += f" # TODO {reasons[case.name]}"
                n_failed += bool(lines) and case.name not in reasons
                print(f"{'not ok' if lines else 'ok'} {number} - {name}")
                if case.name not in reasons or only:
                    for line in lines:
                        print(f"#   {line}")
    finally:
        shutil.rmtree(top)
    print(f"1..{number}")
    return 1 if n_failed else 0


sys.exit(main())
