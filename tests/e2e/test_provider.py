"""Services that an executable provides: what it is called with and when, what its dependents get,
and what becomes of a provider that does wrong. The stand-in records its calls.
"""

import os
import shutil
import time

import pytest

PROVIDER = r"""#!/bin/sh
dir=$(dirname "$0")
printf '%s\n' "$*" >>"$dir/calls"
[ "$2" != metadata ] || { cat "$dir/metadata" 2>/dev/null; exit; }
env >"$dir/environment"
[ ! -f "$dir/say.$3" ] || . "$dir/say.$3"
"""

COMPOSE = """
name: %s
services:
  db:
    depends_on: [base]
    provider:
      type: stand-in-provider
      options: {size: 256, name: [a, "b c"], on: true}
  base: {image: "stand-in:1"}
  app:
    image: "stand-in:1"
    environment: {MINE: mine, RAW: mine}
    depends_on: [db]
  far: {image: "stand-in:1", depends_on: [app]}
"""

VARIABLES = """
echo '{"type": "info", "message": "is being made"}'
echo '{"type": "setenv", "message": "URL=one"}'
echo '{"type": "rawsetenv", "message": "RAW=theirs"}'
"""


class Provider:
    def __init__(self, folder):
        self.folder = folder
        self.write("stand-in-provider", PROVIDER, 0o755)
        self.env = {"PATH": "%s:%s" % (folder, os.environ["PATH"])}

    def write(self, name, text, mode=0o644):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(mode)

    def calls(self):
        """Its calls since the last look; docker compose gives options in any order."""
        path = self.folder / "calls"
        text = path.read_text() if path.exists() else ""
        path.write_text("")
        return [normal(line) for line in text.splitlines()]


def normal(line):
    """With sorted options, without their dashes."""
    words = line.split(" ")
    if "metadata" in words:
        return line
    options = " ".join(words[3:-1]).split("--")[1:]
    return " ".join(words[:3] + sorted(o.strip() for o in options) + words[-1:])


@pytest.fixture
def provider(tmp_path):
    return Provider(tmp_path)


@pytest.fixture
def app(project, provider):
    project.write(COMPOSE % project.name)
    provider.write("say.up", VARIABLES)
    return project


def run(project, provider, *args, **kw):
    env = dict(provider.env, **kw.pop("env", {}))
    return project.octo(*args, env=env, **kw)


def environment(project, service):
    return dict(v.split("=", 1) for v in project.inspect(service)["Config"]["Env"])


def call(project, verb, options=True):
    return "compose --project-name=%s %s %sdb" % (
        project.name, verb, "name=a name=b c on=true size=256 " if options else "")


def test_up_and_down(app, provider):
    """The same calls as docker compose makes, and the same variables for direct dependents."""
    r = run(app, provider, "up", "-d").ok()
    assert "db is being made" in r.err
    assert provider.calls() == ["compose metadata", call(app, "up")]
    got = environment(app, "app")
    assert (got["DB_URL"], got["RAW"], got["MINE"]) == ("one", "theirs", "mine")
    assert "DB_URL" not in environment(app, "far") and "DB_URL" not in environment(app, "base")
    given = dict(l.split("=", 1) for l in (provider.folder / "environment").read_text().splitlines() if "=" in l)
    assert given["COMPOSE_PROJECT_NAME"] == app.name and given["DOCKER_HOST"]
    run(app, provider, "stop", "-t", "1").ok()
    assert provider.calls() == ["compose metadata"]
    run(app, provider, "down", "-t", "1").ok()
    assert provider.calls() == ["compose metadata", call(app, "down")]
    assert app.leftovers() == []


@pytest.mark.ours
def test_second_up_changes_nothing(app, provider, relay):
    """The provider is asked each time; docker compose replaces its dependents each time, too."""
    run(app, provider, "up", "-d").ok()
    ids = app.ids()
    run(app, provider, "up", "-d", socket=relay.socket).ok()
    assert relay.mutating() == [] and app.ids() == ids
    assert provider.calls() == ["compose metadata", call(app, "up")] * 2
    # something else is given: who depends on it is replaced, nobody else
    provider.write("say.up", VARIABLES.replace("one", "two"))
    plan = run(app, provider, "plan").fails(2)
    assert "create provider db" in plan.out and 'only if create provider "db" brings something new' in plan.out
    assert provider.calls()[2:] == [] and app.ids() == ids
    run(app, provider, "up", "-d").ok()
    assert environment(app, "app")["DB_URL"] == "two"
    assert [n for n in ids if app.ids()[n] != ids[n]] == [app.name + "-app-1"]
    # nothing is given any more
    provider.write("say.up", "")
    run(app, provider, "up", "-d").ok()
    assert environment(app, "app")["RAW"] == "mine" and "DB_URL" not in environment(app, "app")


@pytest.mark.ours
def test_handed_back(app, provider, relay, compose_v5):
    """docker compose finds what we made up to date."""
    run(app, provider, "up", "-d").ok()
    ids = app.ids()
    run(app, provider, "up", "-d", by=compose_v5, socket=relay.socket).ok()
    assert relay.mutating() == [] and app.ids() == ids
    # ... and what docker compose made is replaced no more than once, as docker compose does itself
    run(app, provider, "up", "-d", "--force-recreate", by=compose_v5).ok()
    run(app, provider, "up", "-d").ok()
    ids = app.ids()
    run(app, provider, "up", "-d").ok()
    assert app.ids() == ids and environment(app, "app")["DB_URL"] == "one"


@pytest.mark.ours
def test_dry_run_calls_nobody(app, provider):
    run(app, provider, "--dry-run", "up", "-d").ok()
    run(app, provider, "plan").fails(2)
    assert provider.calls() == [] and app.containers() == []


def test_metadata(app, provider):
    provider.write("metadata", '{"description": "x", "up": {"parameters": [{"name": "size", "required": true}]},'
                               ' "down": {"parameters": []}, "stop": {"parameters": []}}')
    run(app, provider, "up", "-d").ok()
    assert provider.calls() == ["compose metadata", "compose --project-name=%s up size=256 db" % app.name]
    run(app, provider, "stop", "-t", "1").ok()
    run(app, provider, "down", "-t", "1").ok()
    assert provider.calls() == ["compose metadata", call(app, "stop", False),
                                "compose metadata", call(app, "down", False)]
    provider.write("metadata", '{"description": "x", "up": {"parameters": [{"name": "region", "required": true}]}}')
    r = run(app, provider, "up", "-d").fails()
    assert "region" in r.err and app.containers("app") == []
    assert provider.calls() == ["compose metadata"]


def test_plugin(app, provider, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    plugins = home / "cli-plugins"
    plugins.mkdir()
    shutil.copy(provider.folder / "stand-in-provider", plugins / "docker-stand-in-provider")
    (plugins / "say.up").write_text(VARIABLES.replace("one", "plugin"))
    run(app, provider, "up", "-d", env={"DOCKER_CONFIG": str(home)}).ok()
    assert environment(app, "app")["DB_URL"] == "plugin" and provider.calls() == []


WRONG = {
    "garbage": ("echo hello", "invalid JSON"),
    "cut off": ("echo '{\"type\": \"info\"'", "JSON"),
    "no type": ("echo '{}'", "has no \"type\""),
    "another type": ("echo '{\"type\": \"surprise\"}'", "\"surprise\""),
    "no text": ("echo '{\"type\": \"info\", \"message\": 3}'", "is no text"),
    "no variable": ("echo '{\"type\": \"setenv\", \"message\": \"SECRET\"}'", "NAME=VALUE"),
    "an error": ("echo '{\"type\": \"error\", \"message\": \"out of quota\"}'; exec sleep 60", "out of quota"),
    "exit": ("echo of-no-use >&2; exit 3", "exited with status 3; its last words: of-no-use"),
    "signal": ("kill -9 $$", "signal 9"),
    "large": ("yes '{\"type\": \"setenv\", \"message\": \"A=%s\"}' | head -n 2000" % ("x" * 1000), "1024 KiB"),
    "a line without end": ("printf '{\"type\": \"'; exec tr '\\0' x </dev/zero", "larger than"),
}


@pytest.mark.ours
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong(app, provider, wrong):
    """It fails, with the place in the file; its dependents are not made, others are."""
    script, text = WRONG[wrong]
    provider.write("say.up", script)
    r = run(app, provider, "up", "-d", timeout=30).fails()
    assert "compose.yaml:7:7: " in r.err, r
    assert text in r.err and "SECRET" not in r.err, r
    assert app.containers("app") == [] and app.containers("far")[0].state == "created"
    app.wait_for(lambda: app.c("base").state == "running")


@pytest.mark.ours
@pytest.mark.parametrize("kind", ["missing", "not executable", "no path"])
def test_not_there(app, provider, kind):
    """Said before anything is made."""
    (provider.folder / "stand-in-provider").chmod(0o644)
    if kind == "missing":
        (provider.folder / "stand-in-provider").unlink()
    if kind == "no path":
        app.replace("type: stand-in-provider", "type: ./there/is/none")
    r = run(app, provider, "up", "-d").fails()
    assert "compose.yaml:7:13: services.db.provider.type: " in r.err, r
    assert app.containers() == [] and app.networks() == []
    # what is taken down does not need it where nothing was made
    assert "executable" in run(app, provider, "down").fails().err


def ends(pid_file):
    try:
        os.kill(int(pid_file.read_text()), 0)
        return False
    except ProcessLookupError:
        return True


@pytest.mark.ours
@pytest.mark.parametrize("how", ["once", "twice", "kill"])
def test_never_ends(app, provider, how):
    """The first Ctrl-C asks it to end, the second kills it; it does not outlive who called it."""
    pid_file = provider.folder / "pid"
    trap = "trap '' TERM; " if how == "twice" else ""
    provider.write("say.up", trap + "echo $$ >%s; while :; do sleep 0.1; done" % pid_file)
    p = app.start("up", "-d", env=provider.env)
    app.wait_for(lambda: pid_file.exists() and pid_file.read_text().strip())
    if how == "kill":
        p.kill()
        p.wait()
    else:
        p.kill(2)
        if how == "twice":
            time.sleep(0.5)
            assert p.poll() is None and not ends(pid_file)
            p.kill(2)
        assert p.wait(timeout=8).code == 130
    app.wait_for(lambda: ends(pid_file), timeout=5)
    assert app.containers("app") == []
    provider.write("say.up", VARIABLES)
    run(app, provider, "up", "-d").ok()
    assert environment(app, "app")["DB_URL"] == "one"


@pytest.mark.ours
def test_no_value_is_shown(app, provider):
    """Neither labels nor plans show what was given."""
    provider.write("say.up", VARIABLES.replace("one", "pass-word"))
    run(app, provider, "up", "-d").ok()
    assert "pass-word" not in str(app.inspect("app")["Config"]["Labels"])
    app.replace("MINE: mine", "MINE: other")
    r = run(app, provider, "plan").fails(2)
    assert "MINE" in r.out and "pass-word" not in r.out + r.err and "DB_URL" not in r.out and "labels" not in r.out
    r = run(app, provider, "up", "-d").ok()
    assert "pass-word" not in r.out + r.err
    assert environment(app, "app")["MINE"] == "other" and environment(app, "app")["DB_URL"] == "pass-word"


@pytest.mark.ours
def test_without_dependencies(app, provider):
    """As with docker compose it is not called then, and the next whole up makes that good."""
    run(app, provider, "up", "-d", "--no-deps", "app").ok()
    assert provider.calls() == [] and environment(app, "app")["RAW"] == "mine"
    run(app, provider, "up", "-d").ok()
    assert environment(app, "app")["RAW"] == "theirs"
