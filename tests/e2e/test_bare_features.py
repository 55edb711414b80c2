"""What a service can say on bare metal, and each command, on real processes without an engine."""

import json
import os
import re
import stat
import subprocess
import time

import pytest

from test_bare import SLEEPER, Bare, bare, until  # noqa: F401, the fixture

pytestmark = pytest.mark.ours


def shell(script):
    return f"    command: [sh, -c, '{script}']\n"


def ready(bare, text, *services):
    until(lambda: text in bare.run("logs", *services).stdout)


def open_to_all(folder):
    for above in [folder, *folder.parents]:
        if not above.stat().st_mode & 0o001:
            above.chmod(0o711)


# --- files -------------------------------------------------------------------------------------------

def test_secrets_and_configs(bare):
    (bare.folder / "key").write_text("a key")
    bare.env["PASSWORD"] = "from outside"
    bare.write("  a:\n" + shell("cd $$OCTO_SECRETS; cat key pass; cat $$OCTO_CONFIGS/conf; echo; echo read; exec sleep 1000")
               + "    secrets: [key, {source: password, target: pass}]\n    configs: [{source: conf, target: /etc/conf}]\n",
               "secrets: {key: {file: ./key}, password: {environment: PASSWORD}}\nconfigs: {conf: {content: 'x = 1'}}\n")
    bare.run("up", "-d")
    ready(bare, "read")
    assert "a keyfrom outsidex = 1" in bare.run("logs", "--no-log-prefix").stdout
    (folder,) = bare.state().glob("process/*/secrets")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {"key": 0o600, "pass": 0o600}
    for words in (["ps", "-a", "--format", "json"], ["plan"]):
        assert "from outside" not in bare.run(*words).stdout
    for path in bare.state().rglob("*.json"):
        assert "from outside" not in path.read_text()
    bare.run("down")
    assert not folder.exists() and bare.gone()


@pytest.mark.skipif(os.geteuid() != 0, reason="another user needs root")
def test_another_user(bare):
    open_to_all(bare.folder)
    bare.write("  a:\n" + shell("id -un; echo $$HOME; cat $$OCTO_SECRETS/s; echo; echo mine >$$OCTO_VOLUME_DATA/file; "
                                "echo again >/dev/stdout; exec sleep 1000")
               + "    user: nobody\n    secrets: [s]\n    volumes: ['data:/data-of-nobody']\n",
               "secrets: {s: {file: ./s}}\nvolumes: {data: {}}\n")
    (bare.folder / "s").write_text("hidden")
    bare.run("up", "-d")
    ready(bare, "again")
    home = os.path.expanduser("~nobody")
    assert bare.run("logs", "--no-log-prefix").stdout == f"nobody\n{home}\nhidden\nagain\n"
    assert (bare.state() / "volume" / "data" / "file").stat().st_uid == 65534
    for path in bare.state().rglob("*.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    bare.run("down", "-v")
    bare.write("  a:\n" + SLEEPER + "    user: nobody-of-that-name\n")
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 1 and "compose.yaml:6:11: user or group of service \"a\" was not found" in done.stderr


def test_hooks(bare):
    bare.write("  a:\n" + shell("echo started >>order; trap \"echo ended >>order; exit 0\" TERM; "
                                "while :; do sleep 0.05; done")
               + "    pre_start: [{command: [sh, -c, 'echo before $$X >>order'], environment: {X: one}}]\n"
               "    post_start: [{command: [sh, -c, 'sleep 0.3; echo after >>order']}]\n"
               f"    pre_stop: [{{command: [sh, -c, 'pwd >>{bare.folder}/order'], working_dir: /usr}}]\n")
    bare.run("up", "-d")
    assert (bare.folder / "order").read_text() == "before one\nstarted\nafter\n"
    bare.run("down")
    assert (bare.folder / "order").read_text() == "before one\nstarted\nafter\n/usr\nended\n"
    bare.write("  a:\n" + SLEEPER + "    post_start: [{command: [sh, -c, 'echo why >&2; exit 4']}]\n")
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 1 and "exited (4)" in done.stderr and "why" in done.stderr


# --- logs --------------------------------------------------------------------------------------------

def test_log_options(bare):
    bare.write("  a:\n" + shell("for i in 1 2 3; do echo old $$i; done; sleep 1.5; for i in 4 5; do echo new $$i; done; "
                                "exec sleep 1000"))
    bare.run("up", "-d")
    ready(bare, "old 3")
    time.sleep(0.7)
    between = str(time.time())
    ready(bare, "new 5")

    def lines(*words):
        return bare.run("logs", "--no-log-prefix", *words).stdout.splitlines()

    assert lines() == ["old 1", "old 2", "old 3", "new 4", "new 5"]
    assert lines("--tail", "2") == ["new 4", "new 5"]
    assert lines("--tail", "0") == []
    assert lines("--since", between) == ["new 4", "new 5"]
    assert lines("--until", between) == ["old 1", "old 2", "old 3"]
    assert lines("--until", between, "--tail", "1") == ["old 3"]
    assert lines("--since", "1h") == lines()
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z (old|new) \d", line) for line in lines("-t"))
    bare.run("down")


def test_log_is_followed(bare):
    bare.write("  a:\n" + shell("i=0; while :; do i=$$((i+1)); echo line $$i; sleep 0.2; done"))
    bare.run("up", "-d")
    with subprocess.Popen(bare.command("logs", "-f", "--no-log-prefix"), cwd=bare.folder, env=bare.env, text=True,
                          stdout=subprocess.PIPE) as logs:
        assert [logs.stdout.readline() for _ in range(5)] == [f"line {i}\n" for i in range(1, 6)]
        bare.run("stop")
        logs.communicate(timeout=10)
        assert logs.returncode == 0
    bare.run("down")


def test_log_rotation(bare):
    """30 MB in lines of 100 bytes: some segments are left, of the end, without a gap."""
    bare.write("  a:\n    command: [python3, -c, 'for i in range(300000): print(\"%099d\" % i)']\n")
    bare.run("up", "-d")
    until(lambda: bare.ps()["a-1"]["State"] == "exited", 60)
    size = sum(path.stat().st_size for path in bare.state().glob("process/*/log-*"))
    assert 8e6 < size < 40e6
    numbers = [int(line) for line in bare.run("logs", "--no-log-prefix").stdout.splitlines()]
    # The first may be what is left of a line.
    assert numbers[1:] == list(range(numbers[1], 300000)) and len(numbers) > 80000
    bare.run("down")


# --- commands ----------------------------------------------------------------------------------------

def test_pause(bare):
    bare.write("  a:\n" + shell("i=0; while :; do i=$$((i+1)); echo line $$i; sleep 0.05; done"))
    bare.run("up", "-d")
    ready(bare, "line 2")
    bare.run("pause")
    row = bare.ps()["a-1"]
    assert row["State"] == "paused" and "(Paused)" in row["Status"]
    before = bare.run("logs").stdout
    time.sleep(0.5)
    assert bare.run("logs").stdout == before
    bare.run("unpause")
    assert bare.ps()["a-1"]["State"] == "running"
    until(lambda: len(bare.run("logs").stdout) > len(before))
    bare.run("pause")
    bare.run("down")
    assert bare.gone()


def test_kill_stop_restart_rm(bare):
    bare.write("  a:\n" + shell("trap \"echo got USR1\" USR1; trap \"\" TERM; echo ready; while :; do sleep 0.05; done")
               + "  b:\n" + SLEEPER)
    bare.run("up", "-d")
    ready(bare, "ready", "a")
    bare.run("kill", "-s", "USR1", "a")
    ready(bare, "got USR1", "a")
    assert bare.ps()["a-1"]["State"] == "running"
    done = bare.run("kill", "-s", "NOSUCH", "a", check=False)
    assert done.returncode == 1 and "NOSUCH" in done.stderr
    start = time.monotonic()
    bare.run("stop", "-t", "1", "a")
    assert 0.9 < time.monotonic() - start < 5
    assert bare.ps()["a-1"]["ExitCode"] == 137
    before = {name: row["ID"] for name, row in bare.ps().items()}
    bare.run("restart", "b")
    assert {name: row["ID"] for name, row in bare.ps().items()} == before
    assert bare.ps()["a-1"]["State"] == "exited" and bare.ps()["b-1"]["State"] == "running"
    bare.run("rm", "-f")
    assert list(bare.ps()) == ["b-1"]
    bare.run("rm", "-f", "-s")
    assert not bare.ps() and bare.gone()


def test_scale(bare):
    bare.write("  a:\n" + SLEEPER + "  b:\n" + SLEEPER)
    bare.run("up", "-d")
    bare.run("scale", "a=3")
    assert sorted(bare.ps()) == ["a-1", "a-2", "a-3", "b-1"]
    bare.run("scale", "a=1", "b=2")
    assert sorted(bare.ps()) == ["a-1", "b-1", "b-2"]
    bare.run("down")
    assert bare.gone()


def test_three_conditions(bare):
    bare.write("  db:\n" + shell("sleep 0.5; touch up; exec sleep 1000")
               + "    healthcheck: {test: [CMD, test, -e, up], interval: 100ms, retries: 100}\n"
               "  job:\n" + shell("sleep 0.5; touch done")
               + "  first:\n" + SLEEPER
               + "  web:\n" + shell("test -e up && test -e done && echo all is there; exec sleep 1000")
               + "    depends_on:\n      db: {condition: service_healthy}\n"
               "      job: {condition: service_completed_successfully}\n      first: {condition: service_started}\n")
    bare.run("up", "-d")
    ready(bare, "all is there", "web")
    bare.run("down")
    bare.write("  job:\n" + shell("exit 3") + "  web:\n" + SLEEPER
               + "    depends_on: {job: {condition: service_completed_successfully}}\n")
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 1 and "didn't complete successfully: exit 3" in done.stderr
    assert bare.ps()["web-1"]["State"] == "created"
    bare.run("down")


def test_plan_and_dry_run(bare):
    bare.write("  a:\n" + SLEEPER)
    assert bare.run("plan", check=False).returncode == 2
    bare.run("up", "-d", "--dry-run")
    assert not bare.processes() and not bare.state().exists()
    bare.run("up", "-d")
    assert bare.run("plan").returncode == 0
    bare.write("  a:\n" + SLEEPER + "    stop_signal: SIGINT\n")
    done = bare.run("plan", check=False)
    assert done.returncode == 2 and "services.a.stop_signal" in done.stdout and "compose.yaml:6:18" in done.stdout
    before = bare.processes()
    bare.run("up", "-d", "--dry-run")
    assert bare.processes() == before
    bare.run("down")


def test_several_projects(bare, tmp_path):
    bare.write("  a:\n" + SLEEPER)
    bare.run("up", "-d")
    (tmp_path / "other").mkdir()
    other = Bare(tmp_path / "other")
    other.env["XDG_STATE_HOME"] = bare.env["XDG_STATE_HOME"]
    other.write("  a:\n" + SLEEPER + "    scale: 2\n")
    other.run("up", "-d")
    rows = {row["Name"]: row["Status"] for row in json.loads(bare.run("ls", "--format", "json").stdout)}
    assert rows == {bare.name: "running(1)", other.name: "running(2)"}
    other.run("stop")
    rows = {row["Name"]: row["Status"] for row in json.loads(bare.run("ls", "-a", "--format", "json").stdout)}
    assert rows == {bare.name: "running(1)", other.name: "exited(2)"}
    assert len(json.loads(bare.run("ls", "--format", "json").stdout)) == 1
    other.run("down")
    assert other.gone() and bare.ps()["a-1"]["State"] == "running"
    bare.run("down")
