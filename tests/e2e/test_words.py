"""What is said while something is done: the words and places that scripts and people know from docker compose.
Those that both are asked for are in words.txt."""

import subprocess
from pathlib import Path

import pytest

import words

CASES = {c.name: c for c in words.read_cases(Path(__file__).with_name("words.txt"))}

PAIR = """
services:
  web:
    image: stand-in:1
    command: ["sh", "-c", "echo from web; exit 3"]
    depends_on: [db]
  db:
    image: stand-in:1
    command: ["sh", "-c", "echo from db"]
"""


def both(project, *args):
    """Exit status, and standard output and error as they came, in one text."""
    p = subprocess.run([project.octo_program.exe, *args], cwd=project.dir, env=project.octo_program.env(),
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    return p.returncode, p.stdout


def said(text, *words):
    """The words stand in this order."""
    at = 0
    for w in words:
        assert text.find(w, at) >= 0, "%r is not there, or not after the others, in:\n%s" % (w, text)
        at = text.find(w, at) + len(w)


def test_attaching_before_the_first_start(project):
    project.write(PAIR)
    code, text = both(project, "up")
    said(text, "db-1 Created", "Attaching to db-1, web-1\n", "db-1 Starting", "from web", "web-1 exited with code 3")
    assert text.count("Attaching to") == 1
    code, text = both(project, "up", "--force-recreate")
    said(text, "db-1 Recreated", "Attaching to db-1, web-1\n", "db-1 Starting")
    code, text = both(project, "up", "--scale", "web=2")
    said(text, "Attaching to db-1, web-1, web-2\n", "web-2 Starting")
    code, text = both(project, "up", "--no-attach", "db")
    said(text, "Attaching to web-1\n", "from web")
    assert "from db" not in text


def test_attaching_to_what_runs(project):
    project.write(PAIR.replace("echo from web; exit 3", "while sleep 0.1; do echo tick; done"))
    project.up().ok()
    code, text = both(project, "up", "--abort-on-container-exit", "-t", "0")
    said(text, "Attaching to db-1, web-1\n", " Compose Stopping Aborting on container exit...")
    assert text.find("tick") < 0 or text.find("tick") > text.find("Attaching")


def test_abort_is_said_on_stderr(project):
    project.write(PAIR)
    r = project.octo("up", "--abort-on-container-failure", "-t", "0")
    assert r.code == 3, r
    assert "Aborting on container exit..." in r.err and "Aborting" not in r.out, r


def test_create_shows_what_runs(project):
    project.write(PAIR.replace("echo from db", "sleep 1000").replace("exit 3", "sleep 1000"))
    project.up().ok()
    r = project.octo("create").ok()
    assert sorted(line.strip() for line in r.err.splitlines()) == [
        "Container %s-db-1 Running" % project.name, "Container %s-web-1 Running" % project.name], r


def test_pull_says_what_it_leaves_out(project):
    project.write("""
services:
  made: {build: .}
  never: {image: "stand-in:1", pull_policy: never}
  both: {image: "none.invalid/both:1", build: .}
""")
    r = project.octo("pull", "made", "never").ok()
    assert sorted(r.err.splitlines()) == [" Image stand-in:1 Skipped ", " made Skipped No image to be pulled"], r
    r = project.octo("pull", "--ignore-buildable", "both").ok()
    assert r.err == " Image none.invalid/both:1 Skipped Image can be built\n", r
    r = project.octo("pull", "--policy", "missing", "never").ok()
    assert r.err == " Image stand-in:1 Skipped Image is already present locally\n", r
    r = project.octo("pull", "both").fails(1)
    assert "must be built from source" in r.err and "compose build both" in r.err, r


def test_images_are_removed_by_their_whole_name(project):
    name = "words-" + project.name
    project.engine.api("POST", "/images/stand-in:1/tag?repo=%s&tag=latest" % name)
    project.write("services: {a: {image: %s}}\n" % name)
    project.up().ok()
    r = project.down("--rmi", "all").ok()
    said(r.err, " Image %s:latest Removing" % name, " Image %s:latest Removed" % name)


def test_down_of_nothing(project):
    project.write(PAIR)
    for _ in range(2):
        r = project.down().ok()
        assert r.err == "", r
    r = project.octo("-p", project.name + "x", "down").ok()
    assert 'No resource found to remove for project \\"%sx\\"' % project.name in r.err, r
    project.write("services: {a: {image: 'stand-in:1', network_mode: none}}\n")
    r = project.down().ok()
    assert 'No resource found to remove for project \\"%s\\"' % project.name in r.err, r


@pytest.mark.ours
@pytest.mark.parametrize("name", CASES)
def test_as_docker_compose(name, engine, octo, compose_v5, make_project):
    case = CASES[name]
    said = []
    for by in (octo, compose_v5):
        project = make_project(engine, by, "words-" + name)
        said.append(words.play(case, project, by))
        project.clean()
    problems = words.differences(*said)
    assert not problems, "\n".join(problems)
