#!/usr/bin/env python3
"""replay.py - runs the cases of tests/compose with octocompose and compares with the goldens. Speaks TAP.

    replay.py SERVE PROGRAM [CASE_FILE...]

SERVE is tests/compose/serve, which runs every case; PROGRAM is octocompose itself, started for every
SAMPLEth case as well, and for all of them with OCTO_CASES=all. With OCTO_CASE=NAME only that case, with
the differences in full. Not the place that knows what is right: capture wrote that down. differences.txt
lists the cases where octocompose differs on purpose; meant.golden has what it says to them.
"""
import difflib
import glob
import os
import shutil
import sys

sys.dont_write_bytecode = True
import cases
import messages

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = 25


def differences(wanted, got):
    wanted_parts, got_parts = wanted.parts(), got.parts()
    if got.crash:
        return ["crashed", *got.crash.split("\n")]
    if wanted.status != got.status:
        return [f"exit status {got.status}, wanted {wanted.status}", *got.stderr.split("\n")[:6]]
    lines = []
    for key in {**wanted_parts, **got_parts}:
        if wanted_parts.get(key) == got_parts.get(key):
            continue
        lines += [f"{key} differs:"]
        if key == "json":
            lines += [f"  wanted {wanted_parts[key]}", f"  got    {got_parts[key]}"]
            continue
        lines += difflib.unified_diff((wanted_parts.get(key) or "").split("\n"),
                                      (got_parts.get(key) or "").split("\n"), "wanted", "got",
                                      lineterm="", n=2)
    return lines


class Worker:
    """Replays a share of the cases in a folder of its own."""

    def __init__(self, serve, program, step):
        self.served, self.program = cases.Served(serve), cases.Program(program)
        self.top, self.step = cases.temporary_folder(), step

    def lines(self, number, case, wanted):
        """What differs, and what the program said on standard error."""
        if wanted is None:
            return ["there is no golden: run capture"], ""
        got = cases.run(self.served, case, self.top)
        lines = differences(wanted, got)
        if not lines and number % self.step == 0:
            lines = differences(wanted, cases.run(self.program, case, self.top))
        return lines, got.stderr

    def close(self):
        self.served.close()
        shutil.rmtree(self.top)


def replay_share(serve, program, todo, step, queue):
    worker = Worker(serve, program, step)
    try:
        for number, case, wanted, _ in todo:
            queue.put((number, worker.lines(number, case, wanted)))
    finally:
        worker.close()
        queue.put(None)


def todo_of(files, only):
    """(number, case, golden, name) of what is to be replayed."""
    todo, reasons = [], cases.read_differences()
    meant = cases.read_golden(cases.MEANT)
    for path in files:
        golden = cases.read_golden(path[: -len(".cases")] + ".golden")
        for case in cases.read_cases(path):
            if only and case.name != only:
                continue
            name = f"{os.path.basename(path)[:-len('.cases')]}: {case.name}"
            if case.name in reasons:
                name += f" (meant: {reasons[case.name]})"
            wanted = (meant if case.name in reasons else golden).get(case.name)
            todo.append((len(todo) + 1, case, wanted, name))
    return todo


def main():
    serve, program = sys.argv[1:3]
    files = sys.argv[3:] or sorted(glob.glob(os.path.join(HERE, "cases", "*.cases")))
    only, n_failed = os.environ.get("OCTO_CASE"), 0
    todo = todo_of(files, only)
    step = 1 if only or os.environ.get("OCTO_CASES") == "all" else SAMPLE
    results = cases.in_shares(todo, lambda share, queue: replay_share(serve, program, share, step,
                                                                      queue))
    for number, _, _, name in todo:
        lines = results.get(number, (["was not run"], ""))[0]
        n_failed += bool(lines)
        print(f"{'not ok' if lines else 'ok'} {number} - {name}")
        for line in lines:
            print(f"#   {line}")
    if not only and len(sys.argv) == 3:
        todo.append(None)
        lines = messages.problems([text for _, text in results.values()])
        n_failed += bool(lines)
        print(f"{'not ok' if lines else 'ok'} {len(todo)} - every message of the loader is provoked")
        for line in lines:
            print(f"#   {line}")
    print(f"1..{len(todo)}")
    return 1 if n_failed else 0


sys.exit(main())
