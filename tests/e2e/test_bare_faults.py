"""What goes wrong around bare metal: watching processes that are killed, commands that are killed, a machine
that was started again, a full disk, no permission, services that do not want to end or to live."""

import os
import re
import signal
import subprocess
import time

import pytest

from conftest import program_path
from test_bare import SLEEPER, bare, until  # noqa: F401: a fixture

pytestmark = pytest.mark.ours


def shims(bare):  # noqa: F811
    return [pid for pid, is_shim in bare.processes() if is_shim]


def services(bare):  # noqa: F811
    return sorted(pid for pid, is_shim in bare.processes() if not is_shim)


def kill(*pids):
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def kernel_tells():
    """How a process ended can be asked by others than its parent."""
    return tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (6, 15)


ENDING = "    image: none\n    command: [sh, -c, 'echo first; while ! test -e end; do sleep 0.02; done; " \
         "echo last; exit 5']\n"


def end_it(bare):  # noqa: F811
    (bare.folder / "end").touch()
    until(lambda: bare.ps()["a-1"]["State"] == "exited")
    return bare.ps()["a-1"]


def test_killed_shim(bare):  # noqa: F811
    bare.write("  a:\n" + ENDING)
    bare.run("up", "-d")
    (old,) = shims(bare)
    before = services(bare)
    kill(old)
    until(lambda: shims(bare) not in ([], [old]))
    assert before[0] in services(bare)
    row = end_it(bare)
    assert row["ExitCode"] == 5 and row["Status"].startswith("Exited (5)")
    assert bare.run("logs", "--no-log-prefix").stdout == "first\nlast\n"


def test_shim_killed_as_its_service_ends(bare):  # noqa: F811
    """Nobody reads and nobody waits at that moment, but the supervisor."""
    bare.write("  a:\n" + ENDING)
    bare.run("up", "-d")
    (old,) = shims(bare)
    os.kill(old, signal.SIGSTOP)
    (bare.folder / "end").touch()
    until(lambda: len(services(bare)) == 0)
    kill(old)
    until(lambda: bare.ps()["a-1"]["State"] == "exited")
    assert bare.ps()["a-1"]["ExitCode"] == 5
    assert bare.run("logs", "--no-log-prefix").stdout == "first\nlast\n"


def test_killed_supervisor(bare):  # noqa: F811
    bare.write("  a:\n" + ENDING)
    bare.run("up", "-d")
    before = bare.processes()
    (old,) = bare.supervisors()
    kill(old)
    until(lambda: bare.supervisors() not in ([], [old]))
    assert [pid for pid, _ in before if _] == shims(bare)
    kill(*shims(bare))
    until(lambda: shims(bare))
    row = end_it(bare)
    if kernel_tells():
        assert row["ExitCode"] in (5, -1)
    else:
        assert row["ExitCode"] == -1
    assert row["Status"].startswith("Exited (5)" if row["ExitCode"] == 5 else "Exited (unknown)")
    assert bare.run("logs", "--no-log-prefix").stdout == "first\nlast\n"


def test_all_killed_at_once(bare):  # noqa: F811
    bare.write("  a:\n" + ENDING)
    bare.run("up", "-d")
    before = services(bare)
    watching = bare.supervisors() + shims(bare)
    for pid in watching:
        os.kill(pid, signal.SIGSTOP)
    kill(*watching)
    until(lambda: not bare.supervisors() and not shims(bare))
    assert bare.ps()["a-1"]["State"] == "running"
    assert before[0] in services(bare) and len(shims(bare)) == 1
    end_it(bare)
    assert bare.run("logs", "--no-log-prefix").stdout == "first\nlast\n"


def test_all_killed_and_the_service_ends(bare):  # noqa: F811
    """What nobody saw is not invented."""
    bare.write("  a:\n" + ENDING)
    bare.run("up", "-d")
    watching = bare.supervisors() + shims(bare)
    for pid in watching:
        os.kill(pid, signal.SIGSTOP)
    kill(*watching)
    (bare.folder / "end").touch()
    until(lambda: not services(bare))
    row = bare.ps()["a-1"]
    # The system's first process may take its time to let go of it.
    assert row["State"] == "exited" or "(stopping)" in row["Status"]
    until(lambda: bare.ps()["a-1"]["State"] == "exited")
    row = bare.ps()["a-1"]
    # While its number is not free yet, the kernel may still tell.
    assert row["ExitCode"] in ((5, -1) if kernel_tells() else (-1,))
    assert row["Status"].startswith("Exited (5)" if row["ExitCode"] == 5 else "Exited (unknown)")


STUBBORN = "    image: none\n    stop_grace_period: 2s\n" \
           "    command: [sh, -c, \"trap '' TERM; while :; do sleep 0.1; done\"]\n"


def test_command_killed_while_it_stops(bare):  # noqa: F811
    bare.write("  a:\n" + STUBBORN)
    bare.run("up", "-d")
    with subprocess.Popen(bare.command("stop"), cwd=bare.folder, env=bare.env,
                          stderr=subprocess.DEVNULL) as stop:
        until(lambda: "(stopping)" in bare.ps()["a-1"]["Status"])
        stop.kill()
    assert "is being stopped" in bare.run("plan", check=False).stdout
    start = time.monotonic()
    bare.run("up", "-d")
    assert 0.5 < time.monotonic() - start < 6  # it waited for the end
    row = bare.ps()["a-1"]
    assert row["State"] == "running" and "stopping" not in row["Status"]
    bare.run("kill")
    assert bare.ps()["a-1"]["State"] == "exited"


def test_shim_killed_while_it_stops(bare):  # noqa: F811
    """The next one goes on with the stop, and does not start the service again."""
    bare.write("  a:\n    restart: always\n" + STUBBORN)
    bare.run("up", "-d")
    with subprocess.Popen(bare.command("stop"), cwd=bare.folder, env=bare.env,
                          stderr=subprocess.DEVNULL) as stop:
        until(lambda: "(stopping)" in bare.ps()["a-1"]["Status"])
        kill(*shims(bare))
        assert stop.wait(10) == 0
    assert bare.ps()["a-1"]["State"] == "exited" and bare.gone()


def test_half_made_and_half_removed(bare):  # noqa: F811
    bare.write("  a:\n" + SLEEPER)
    bare.run("up", "-d")
    for name, has_lock in (("aaaa", True), ("bbbb", False)):
        folder = bare.state() / "process" / name
        folder.mkdir()
        (folder / "out").touch()
        if has_lock:
            (folder / "lock").touch()
    assert list(bare.ps()) == ["a-1"]
    assert len(list((bare.state() / "process").iterdir())) == 1
    bare.run("down")
    assert bare.gone() and not bare.state().exists()


def test_machine_was_started_again(bare):  # noqa: F811
    bare.write("  a:\n    restart: always\n" + SLEEPER)
    bare.run("up", "-d")
    (status,) = bare.state().glob("process/*/status.json")
    watching = bare.supervisors() + [pid for pid, _ in bare.processes()]
    for pid in watching:
        os.kill(pid, signal.SIGSTOP)
    kill(*watching)
    status.write_text(re.sub(r'"boot_id":"[^"]*"', '"boot_id":"another"', status.read_text()))
    row = bare.ps()["a-1"]
    assert row["State"] == "exited" and row["Status"].startswith("Exited (unknown)")
    assert not bare.processes() and not bare.supervisors()
    bare.run("up", "-d")
    assert bare.ps()["a-1"]["State"] == "running"


def test_emptied_by_a_loss_of_power(bare):  # noqa: F811
    bare.write("  a:\n" + SLEEPER)
    bare.run("up", "-d")
    bare.run("stop")
    (status,) = bare.state().glob("process/*/status.json")
    status.write_bytes(b"\0" * 100)
    assert bare.ps()["a-1"]["State"] == "created"
    (record,) = bare.state().glob("process/*/record.json")
    record.write_bytes(b"")
    assert bare.ps() == {}
    bare.run("up", "-d")
    assert bare.ps()["a-1"]["State"] == "running"


@pytest.fixture
def small_disk(bare):  # noqa: F811
    folder = bare.folder / "state"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=False,
                      stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("a file system cannot be mounted here")
    yield folder
    subprocess.run(bare.command("kill"), cwd=bare.folder, env=bare.env, capture_output=True)
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    with open(folder / "filler", "ab", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass


def test_full_disk(bare, small_disk):  # noqa: F811
    """A service that fills it goes on; what there is can be stopped and removed; up says what is wrong."""
    bare.write("  a:\n    image: none\n    stop_grace_period: 1s\n    command: [sh, -c, 'while :; do echo "
               + "x" * 500 + "; test -e slow && sleep 0.1; done']\n")
    bare.run("up", "-d")
    until(lambda: os.statvfs(small_disk).f_bfree == 0)
    (bare.folder / "slow").touch()
    fill(small_disk)
    assert bare.ps()["a-1"]["State"] == "running"
    bare.write("  a:\n" + SLEEPER + "  b:\n" + SLEEPER)
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 1 and "No space left on device" in done.stderr
    bare.run("stop", "-t", "1")
    assert bare.ps()["a-1"]["State"] in ("exited", "created")
    bare.run("down")
    (small_disk / "filler").unlink()
    bare.run("up", "-d")
    assert sorted(bare.ps()) == ["a-1", "b-1"]
    bare.run("down")
    assert bare.gone() and not bare.state().exists()


def test_no_folder_for_the_state(bare):  # noqa: F811
    bare.write("  a:\n" + SLEEPER)
    (bare.folder / "state").write_text("in the way")
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 1 and str(bare.folder / "state") in done.stderr


def test_no_permission(bare):  # noqa: F811
    if os.geteuid() != 0:
        pytest.skip("another user is tried as root only")
    bare.write("  a:\n" + SLEEPER)
    state = bare.folder / "state"
    state.mkdir(mode=0o755)
    for folder in [bare.folder, *bare.folder.parents]:
        if folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001 and "pytest" in str(folder):
            folder.chmod(0o755)
    runtime = bare.folder / "run"
    runtime.mkdir()
    os.chown(runtime, 65534, 65534)
    env = dict(bare.env, XDG_RUNTIME_DIR=str(runtime), HOME=str(runtime))
    try:
        done = subprocess.run(bare.command("up", "-d"), cwd=bare.folder, env=env, text=True, user=65534,
                              group=65534, extra_groups=[], capture_output=True, timeout=60)
    except PermissionError:
        pytest.skip(f"another user cannot run {program_path()}")
    assert done.returncode == 1 and "Permission denied" in done.stderr and str(state) in done.stderr


def test_crash_loop_is_bounded(bare):  # noqa: F811
    """Its pauses grow, ps says so, and it writes no more than its log may have."""
    bare.write("  a:\n    image: none\n    restart: always\n"
               "    command: [sh, -c, 'head -c 9000000 /dev/zero | tr \"\\\\0\" \"\\\\n\"; exit 3']\n")
    bare.run("up", "-d")
    until(lambda: bare.ps()["a-1"]["Status"].startswith("Restarting (3)"))
    until(lambda: list(bare.state().glob("process/*/log-000005.idx")), 60)
    size = sum(file.stat().st_size for file in bare.state().glob("process/*/log-*"))
    assert size < 26 << 20
    bare.run("down")
    assert bare.gone()


def test_nothing_idle_wakes(bare):  # noqa: F811
    bare.write("  a:\n" + SLEEPER + "    scale: 3\n")
    bare.run("up", "-d")

    def switches():
        total = 0
        for pid in bare.supervisors() + shims(bare):
            with open(f"/proc/{pid}/status", encoding="ascii") as file:
                total += sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", file.read())))
        return total

    time.sleep(0.3)
    before = switches()
    time.sleep(2)
    assert switches() == before


def test_private_memory(bare):  # noqa: F811
    bare.write("  a:\n" + SLEEPER + "    scale: 5\n")
    bare.run("up", "-d")
    for pid in shims(bare):
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            private = sum(map(int, re.findall(r"Private_(?:Clean|Dirty):\s+(\d+) kB", file.read())))
        assert private <= 1024
