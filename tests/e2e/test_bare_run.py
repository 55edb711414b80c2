"""The bare metal operator's streams: an attached up, exec, logs. On real processes, without an engine."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import time

import pytest

from test_bare import SLEEPER, bare, until  # noqa: F401, the fixture

pytestmark = pytest.mark.ours


def lines_of(text, name):
    return [line.split("|", 1)[-1].strip() for line in text.splitlines() if line.startswith(name)]


# --- attached up -------------------------------------------------------------------------------------

def test_attached(bare):
    bare.write("  a:\n    image: none\n    command: [sh, -c, 'echo one; sleep 0.5; echo two; exit 3']\n"
               "  b:\n    image: none\n    command: [sh, -c, 'echo bee; exit 0']\n")
    done = bare.run("up")
    assert lines_of(done.stdout, "a-1") == ["one", "two", "a-1 exited with code 3"]
    assert lines_of(done.stdout, "b-1") == ["bee", "b-1 exited with code 0"]
    bare.run("down")


def test_attached_sees_restarts(bare):
    bare.write("  a:\n    image: none\n    restart: on-failure:2\n    command: [sh, -c, 'echo again; exit 4']\n")
    done = bare.run("up")
    again = "a-1 exited with code 4 (restarting)"
    assert lines_of(done.stdout, "a-1") == ["again", again, "again", again, "again",
                                            "a-1 exited with code 4"]
    bare.run("down")


@pytest.mark.parametrize("flags,code", [
    (["--abort-on-container-exit"], 5), (["--exit-code-from", "a"], 5),
    (["--abort-on-container-failure"], 5),
])
def test_attached_exit_code(bare, flags, code):
    bare.write("  a:\n    image: none\n    command: [sh, -c, 'sleep 0.3; exit 5']\n  b:\n" + SLEEPER)
    done = bare.run("up", *flags, check=False)
    assert done.returncode == code, done.stderr
    rows = bare.ps()
    assert rows["b-1"]["State"] == "exited" and rows["b-1"]["ExitCode"] == 143
    bare.run("down")


@pytest.mark.parametrize("command,code", [("sleep 0.2; exit 3", 3), ("sleep 0.2", 0)])
def test_wait_for_what_ends_at_once(bare, command, code):
    bare.write("  a:\n    command: [sh, -c, '%s']\n" % command)
    done = bare.run("up", "--wait", check=False)
    assert done.returncode == 1 and "exited (%d)" % code in done.stderr, done
    bare.run("down")


def test_wait_for_what_runs(bare):
    bare.write("  a:\n" + SLEEPER)
    bare.run("up", "--wait")
    assert bare.ps()["a-1"]["State"] == "running"
    bare.run("down")


def test_output_that_cannot_be_written(bare):
    """It ends what follows logs, with status 1; an attached up leaves the services running."""
    bare.write("  a:\n    command: [sh, -c, 'while :; do echo tick; sleep 0.05; done']\n")
    bare.run("up", "-d")
    for verb in (["logs", "-f"], ["logs"], ["ps"], ["up"]):
        for out in (">/dev/full", ">&-"):
            done = subprocess.run(["sh", "-c", '"$@" ' + out, "sh"] + bare.command(*verb), cwd=bare.folder,
                                  env=bare.env, stderr=subprocess.PIPE, text=True, timeout=30)
            assert done.returncode == 1 and done.stderr.count("standard output: cannot write") == 1, (verb, done)
    assert bare.ps()["a-1"]["State"] == "running"
    bare.run("down")


def test_attached_is_interrupted(bare):
    bare.write("  a:\n    image: none\n    command: [sh, -c, 'echo here; exec sleep 1000']\n")
    with subprocess.Popen(bare.command("up"), cwd=bare.folder, env=bare.env, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as up:
        assert up.stdout.readline() == "Attaching to a-1\n"
        assert up.stdout.readline() == "a-1  | here\n"  # as it comes
        up.send_signal(signal.SIGINT)
        assert up.wait(15) == 130
    assert bare.ps()["a-1"]["State"] == "exited"
    bare.run("down")


# --- exec --------------------------------------------------------------------------------------------

def test_exec(bare):
    (bare.folder / "sub").mkdir()
    bare.write("  a:\n" + SLEEPER + "    environment: {FOO: bar}\n    working_dir: sub\n"
               "    ulimits: {nofile: 333}\n    scale: 2\n")
    bare.run("up", "-d")
    said = bare.run("exec", "-T", "a", "sh", "-c",
                    "pwd; ulimit -n; echo $FOO $OCTO_REPLICA; echo wrong >&2; exit 7", check=False)
    assert said.returncode == 7
    assert said.stdout == f"{bare.folder}/sub\n333\nbar 1\n" and said.stderr == "wrong\n"
    said = bare.run("exec", "-T", "--index", "2", "-w", "/", "-e", "FOO=x", "-e", "OCTO_PROJECT", "a", "sh", "-c",
                    "pwd; echo $FOO $OCTO_REPLICA [$OCTO_PROJECT]")
    assert said.stdout == "/\nx 2 []\n"
    done = bare.run("exec", "-T", "a", "/no/such", check=False)
    assert done.returncode == 127 and 'no such program: "/no/such"' in done.stderr
    done = bare.run("exec", "-T", "--privileged", "a", "true", check=False)
    assert done.returncode == 1 and "no privileges" in done.stderr
    bare.run("stop")
    done = bare.run("exec", "-T", "a", "true", check=False)
    assert done.returncode == 1 and "not running" in done.stderr
    bare.run("down")


def test_exec_input_and_much_output(bare):
    bare.write("  a:\n" + SLEEPER)
    bare.run("up", "-d")
    text = "".join(f"line {i}\n" for i in range(200000))
    done = subprocess.run(bare.command("exec", "-T", "a", "cat"), cwd=bare.folder, env=bare.env, input=text,
                          capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == text
    bare.run("down")


def test_exec_leaves_nothing_behind(bare):
    bare.write("  a:\n" + SLEEPER)
    bare.run("up", "-d")
    start = time.monotonic()
    # What keeps the output open does not keep exec waiting.
    bare.run("exec", "-T", "a", "sh", "-c", "sleep 1000 & echo done")
    bare.run("exec", "-d", "a", "sleep", "1000")
    assert time.monotonic() - start < 5
    until(lambda: len(bare.processes()) == 4)
    bare.run("down")
    assert bare.gone()


def test_exec_passes_signals_on(bare):
    bare.write("  a:\n" + SLEEPER)
    bare.run("up", "-d")
    with subprocess.Popen(bare.command("exec", "-T", "a", "sh", "-c",
                                       "trap 'echo caught; exit 9' TERM; echo ready; while :; do sleep 0.1; done"),
                          cwd=bare.folder, env=bare.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True) as command:
        assert command.stdout.readline() == "ready\n"
        command.send_signal(signal.SIGTERM)
        assert command.wait(10) == 9
        assert command.stdout.read() == "caught\n"
    bare.run("down")


def read_all(fd):
    text = b""
    while True:
        try:
            piece = os.read(fd, 4096)
        except OSError:
            return text.decode()
        if not piece:
            return text.decode()
        text += piece


def test_exec_terminal(bare):
    bare.write("  a:\n" + SLEEPER)
    bare.run("up", "-d")
    pid, ours = pty.fork()
    if pid == 0:
        os.chdir(bare.folder)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
        words = bare.command("exec", "a", "sh", "-c", "stty size; read x; echo got $x; tty; exit 6")
        os.execvpe(words[0], words, bare.env)
    until(lambda: "33 77" in os.read(ours, 4096).decode())
    os.write(ours, b"word\r")
    text = read_all(ours)
    assert "got word" in text and "/dev/pts/" in text
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 6
    bare.run("down")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: another user, a mount namespace")
def test_exec_is_where_the_service_is(bare):
    (bare.folder / "data").mkdir()
    (bare.folder / "data" / "inside").write_text("here\n")
    for folder in [bare.folder, *bare.folder.parents]:
        if not folder.stat().st_mode & 0o001:
            folder.chmod(0o711)
    bare.write("  a:\n" + SLEEPER + "    user: nobody\n    volumes: ['./data:/mnt']\n    working_dir: /mnt\n"
               "    healthcheck: {test: [CMD-SHELL, 'test -e /mnt/inside'], interval: 100ms}\n"
               "    post_start: [{command: [sh, -c, 'id -un >/mnt/hook; cat /mnt/inside >>/mnt/hook'], user: root}]\n")
    bare.run("up", "-d", "--wait")
    assert bare.run("exec", "-T", "a", "sh", "-c", "id -un; pwd; cat /mnt/inside").stdout == "nobody\n/mnt\nhere\n"
    assert bare.run("exec", "-T", "-u", "root", "a", "id", "-un").stdout == "root\n"
    assert (bare.folder / "data" / "hook").read_text() == "root\nhere\n"
    assert not os.path.exists("/mnt/inside")
    bare.run("down")
    assert bare.gone()


# --- attach ------------------------------------------------------------------------------------------

def test_attach(bare):
    bare.write("  a:\n    command: [sh, -c, 'echo before; while read x; do printf \"got %s, \" $$x; done']\n"
               "    stdin_open: true\n  b:\n    command: [sh, -c, \"trap 'echo bye; exit 7' TERM; while :; do sleep 0.1; "
               "done\"]\n")
    bare.run("up", "-d")
    until(lambda: "before" in bare.run("logs").stdout)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    for word in ("one", "two"):  # what ends is the connection, not the service's input
        with subprocess.Popen(bare.command("attach", "a"), cwd=bare.folder, env=bare.env, **pipes) as attached:
            attached.stdin.write(word.encode() + b"\n")
            attached.stdin.flush()
            text = f"got {word}, ".encode()
            assert attached.stdout.read(len(text)) == text  # without the end of a line
            attached.kill()
    with subprocess.Popen(bare.command("attach", "a"), cwd=bare.folder, env=bare.env, **pipes) as attached:
        time.sleep(0.5)
        bare.run("kill", "a")
        assert attached.wait(10) == 137
    with subprocess.Popen(bare.command("attach", "--no-stdin", "b"), cwd=bare.folder, env=bare.env, **pipes) as attached:
        time.sleep(0.5)
        attached.send_signal(signal.SIGTERM)
        assert attached.wait(10) == 7
        assert attached.stdout.read() == b"bye\n"
    assert bare.run("attach", "b", check=False).returncode == 1
    bare.run("down")
    assert bare.gone()
