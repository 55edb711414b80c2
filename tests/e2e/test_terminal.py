"""On a terminal: exec, attached up, progress, Ctrl-C."""

import re
import time

import pytest

APP = "services: {app: {image: 'stand-in:1'}}\n"


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")


def test_exec_is_interactive(project):
    project.write(APP)
    project.up().ok()
    t = project.terminal("exec", "app", "sh")
    t.until("#")
    t.type("tty; echo a''b; exit 6\n")
    assert t.wait() == 6
    assert "/dev/pts/" in t.text and "ab" in t.text


def test_exec_has_the_size_of_the_terminal(project):
    project.write(APP)
    project.up().ok()
    t = project.terminal("exec", "app", "sh", rows=33, columns=77)
    t.until("#")
    time.sleep(0.3)
    t.type("stty size\n")
    t.until("33 77")
    t.resize(40, 100)
    time.sleep(0.5)
    t.type("stty size\n")
    t.until("40 100")
    t.type("exit\n")
    assert t.wait() == 0


def test_exec_hands_ctrl_c_to_the_program(project):
    project.write(APP)
    project.up().ok()
    t = project.terminal("exec", "app", "sh", "-c", "trap 'echo caught; exit 8' INT; echo set; while :; do sleep 1; done")
    t.until("set")
    t.type("\x03")
    assert t.wait() == 8
    assert "caught" in t.text


def test_exec_without_tty_on_a_terminal(project):
    project.write(APP)
    project.up().ok()
    t = project.terminal("exec", "-T", "app", "sh", "-c", "tty || true")
    t.wait()
    assert "not a tty" in t.text


def test_attached_up_and_ctrl_c(project):
    project.write("""
services:
  one: {image: busybox, command: [sh, -c, "echo of one; trap 'exit 0' TERM; while :; do sleep 1 & wait; done"]}
  second: {image: "stand-in:1"}
""")
    t = project.terminal("up", env={"COMPOSE_MENU": "0"})
    t.until("of one").until("stand-in ready")
    assert re.search(r"one-1 +\|", plain(t.text)) and re.search(r"second-1 +\|", plain(t.text))
    assert re.search(r"\x1b\[3\d(;1)?mone-1", t.text), "prefixes are coloured"
    t.type("\x03")
    assert t.wait(30) == 130
    assert {c.state for c in project.containers()} == {"exited"}


@pytest.mark.ours
def test_second_ctrl_c_kills(project):
    project.write("""
services:
  deaf: {image: busybox, command: [sh, -c, "trap '' TERM INT; echo ready; while :; do sleep 1; done"]}
""")
    t = project.terminal("up", env={"COMPOSE_MENU": "0"})
    t.until("ready")
    t.type("\x03")
    time.sleep(1)
    begin = time.monotonic()
    t.type("\x03")
    assert t.wait(30) == 130
    assert time.monotonic() - begin < 6, "the second Ctrl-C does not wait for the grace period"
    project.wait_for(lambda: project.c("deaf").state == "exited")


def test_no_colour_when_asked(project):
    project.write("services: {a: {image: busybox, command: [echo, hi]}}\n")
    t = project.terminal("up", env={"NO_COLOR": "1", "COMPOSE_MENU": "0"})
    t.wait()
    assert "hi" in t.text
    assert not re.search(r"\x1b\[3\d(;1)?ma-1", t.text)


def test_progress_on_a_terminal(project):
    project.write(APP)
    t = project.terminal("up", "-d")
    assert t.wait(30) == 0
    assert project.name + "-app-1" in plain(t.text)
    assert "Started" in plain(t.text)
    t = project.terminal("--ansi", "never", "down", "-t", "1")
    assert t.wait(30) == 0
    assert "\x1b[" not in t.text and "Removed" in t.text


@pytest.mark.ours
def test_narrow_terminal(project):
    """Lines are cut, not wrapped, on a terminal of 30 columns."""
    project.write("services: {%s: {image: 'stand-in:1'}}\n" % ("long-" * 8 + "name"))
    t = project.terminal("up", "-d", columns=30)
    assert t.wait(30) == 0
    for line in plain(t.text).splitlines():
        assert len(line) <= 30, repr(line)
