"""SIGKILL of octocompose, shims and the supervisor, at random moments of up, scale, restart, stop, down and of
services that write much: nothing is lost and nothing doubled. OCTO_ROUNDS says how often it strikes (default
20), OCTO_SEED repeats a run."""

import os
import random
import re
import signal
import subprocess
import time

import pytest

from test_bare import bare, until  # noqa: F401: a fixture

pytestmark = pytest.mark.ours

ROUNDS = int(os.environ.get("OCTO_ROUNDS", "20"))

# Each run has a mark of its own, so that lines of two runs at once would show.
COUNT = "i=0; while :; do i=$$((i+1)); echo $$$$ line $$i; sleep 0.0%d; done"
BURST = "i=0; while [ $$i -lt 15000 ]; do i=$$((i+1)); echo $$$$ line $$i; done; exit 7"


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def strike(bare, luck, command):
    """Kills one or several of them, after a moment, while the command runs."""
    time.sleep(luck.choice([0.02, 0.1, 0.4]) * luck.random())
    shims = [pid for pid, is_shim in bare.processes() if is_shim]
    victims = luck.sample(shims, min(len(shims), luck.randint(0, 2)))
    if luck.random() < 0.4:
        victims += bare.supervisors()
    if luck.random() < 0.6:
        victims.append(command.pid)
    luck.shuffle(victims)
    for pid in victims:
        kill(pid)
        time.sleep(luck.choice([0, 0, 0.01]))
    return len(victims)


def mains(bare):
    """The main processes of the services: the leaders of their groups."""
    found = {}
    for pid, is_shim in bare.processes():
        try:
            if is_shim or os.getpgid(pid) != pid:
                continue
            with open(f"/proc/{pid}/environ", "rb") as file:
                env = dict(item.partition(b"=")[::2] for item in file.read().split(b"\0"))
        except (ProcessLookupError, FileNotFoundError):
            continue
        if b"OCTO_SERVICE" not in env:
            continue  # it has just ended
        name = env[b"OCTO_SERVICE"].decode() + "-" + env[b"OCTO_REPLICA"].decode()
        found.setdefault(name, []).append(pid)
    return found


def logs_of(bare):
    """What each instance wrote: instance -> run -> numbers, in order."""
    logs = {}
    for line in bare.run("logs", "--no-color").stdout.splitlines():
        if re.fullmatch(r"\S+ +\| (Terminated|Killed)", line):
            continue  # what a shell says of its sleep
        name, run, number = re.fullmatch(r"(\S+) +\| (\d+) line (\d+)", line).groups()
        logs.setdefault(name, {}).setdefault(run, []).append(int(number))
    return logs


def check_logs(bare):
    """Complete lines only, each once, none missing in between."""
    for name, runs in logs_of(bare).items():
        for run, numbers in runs.items():
            assert numbers == list(range(1, len(numbers) + 1)), (name, run, numbers[:3], len(numbers))


def check_bursts(bare, rows):
    """What ended by itself wrote all, and ended as it did."""
    logs = logs_of(bare)
    for name, row in rows.items():
        if not name.startswith("burst"):
            continue
        assert row["State"] == "exited", (name, row["State"])
        assert row["ExitCode"] in (7, -1), (name, row)
        assert row["Status"].startswith("Exited (7)" if row["ExitCode"] == 7 else "Exited (unknown)")
        for run, numbers in logs[name].items():
            assert len(numbers) == 15000 or run != list(logs[name])[-1], (name, run, len(numbers))


def write(bare, scale):
    bare.write("".join(f"  {s}:\n    image: none\n    stop_grace_period: 1s\n    scale: {n}\n"
                       f"    command: [sh, -c, '{COUNT % (i + 1)}']\n"
                       for i, (s, n) in enumerate((("a", 1), ("b", 1), ("c", scale))))
               + f"  burst:\n    image: none\n    command: [sh, -c, '{BURST}']\n")


def converge(bare, scale):
    """One more up, undisturbed: everything is there once."""
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 0, done.stderr
    rows = bare.ps()
    # The numbers of c may have a gap, where a killed down had begun.
    expected = sorted(name for name in rows if name != "burst-1")
    assert [name[0] for name in expected] == ["a", "b"] + ["c"] * scale, (rows.keys(), done.stderr)
    for name in expected:
        row = rows[name]
        assert row["State"] == "running" and "stopping" not in row["Status"], (name, row, done.stderr)
    until(lambda: len(bare.supervisors()) == 1)
    running = {name: pids for name, pids in mains(bare).items() if not name.startswith("burst")}
    assert sorted(running) == expected and all(len(pids) == 1 for pids in running.values()), running


def test_kill_anything(bare):  # noqa: F811
    seed = int(os.environ.get("OCTO_SEED", time.time_ns() % 1000000))
    print(f"OCTO_SEED={seed}")
    luck = random.Random(seed)
    # A sanitized build's watching processes have nobody to complain to but a file.
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        bare.env[name] = f"{os.environ.get(name, '')}:log_path={bare.folder}/sanitizer"
    n_kills = 0
    scale = 1
    write(bare, scale)
    for n_round in range(ROUNDS):
        print("round", n_round)
        action = luck.choice(["up", "up", "restart", "stop", "scale", "down", "force", "logs"])
        words = {"up": ["up", "-d"], "restart": ["restart", "-t", luck.choice("01")], "stop": ["stop"],
                 "down": ["down"], "force": ["up", "-d", "--force-recreate"], "logs": ["logs", "-f"]}.get(action)
        if action == "scale":
            scale = luck.randint(1, 3)
            write(bare, scale)
            words = ["up", "-d"]
        with subprocess.Popen(bare.command(*words), cwd=bare.folder, env=bare.env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as command:
            n_kills += strike(bare, luck, command)
            if action == "logs":
                kill(command.pid)
            command.wait(30)
        if luck.random() < 0.2:
            bare.run("down", "-t", "1")
            assert bare.gone() and not bare.state().exists(), (bare.processes(), bare.supervisors())
        converge(bare, scale)
        check_logs(bare)
    until(lambda: bare.ps()["burst-1"]["State"] == "exited")
    check_bursts(bare, bare.ps())
    bare.run("down", "-t", "1")
    assert bare.gone() and not bare.state().exists(), (bare.processes(), bare.supervisors())
    print("kills", n_kills)
    complaints = [file.read_text() for file in bare.folder.glob("sanitizer.*")]
    assert not complaints, complaints[0]
    assert n_kills > 0
