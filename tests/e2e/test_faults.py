"""Every engine call goes wrong once, and every call is a moment to be killed at.

For a first `up`, an `up` that replaces a container, and a `down`: call 1, 2, ... is made
to fail, garbled, cut, or the program is killed there. It must say what went wrong with
what (unless it was killed), and the next run must converge: one instance of each, the
right names, the data of named and anonymous volumes still there.
"""

import hashlib
import json
import os
import re
import time

import pytest

from engine import ApiError

pytestmark = [pytest.mark.ours, pytest.mark.slow]

TEXT = """
services:
  db:
    image: stand-in:volume
    environment: {V: one}
    volumes: ["store:/named", "/anonymous"]
  web:
    image: stand-in:1
    environment: {V: one}
    depends_on: [db]
volumes: {store: {}}
"""

KINDS = {
    "fail": lambda r, n, kill: r.fail(n),
    "refuse": lambda r, n, kill: r.fail(n, status=409, body={"message": "relay: made to conflict"}),
    "garble": lambda r, n, kill: r.garble(n),
    "garble-head": lambda r, n, kill: r.garble(n, how="head"),
    "cut-before": lambda r, n, kill: r.cut(n, "before"),
    "cut-after": lambda r, n, kill: r.cut(n, "after"),
    "cut-mid": lambda r, n, kill: r.cut(n, "mid"),
    "kill-before": lambda r, n, kill: r.signal(n, kill, "before"),
    "kill-after": lambda r, n, kill: r.signal(n, kill, "after"),
}


def subjects(call, project, ids):
    """Words of which at least one must stand in the message about a failed call."""
    p = project.name
    words = [call.path]
    m = re.match(r"^/(containers|networks|volumes|images)/([^/]+)", call.path)
    what = m.group(2) if m else ""
    if call.query.get("name"):
        words.append(call.query["name"])
    for name, cid in ids.items():
        if what and (cid.startswith(what) or name == what):
            words += [name]
    if "/containers" in call.path:
        words += ["container", "db", "web"]
    if "/networks" in call.path:
        words += ["network", p + "_default"]
    if "/volumes" in call.path:
        words += ["volume", p + "_store"]
    if "/images" in call.path:
        words += ["image", "stand-in:1", "stand-in:volume"]
    if call.path in ("/_ping", "/version", "/info", "/events"):
        words += ["engine", "docker", "ping", "version", "events"]
    return words


def spoil(project, relay, kind, n, args):
    """Run args with call n spoiled: (Result, the spoiled call or None)."""
    relay.clear()
    box = {}

    def kill(call):
        while "p" not in box:
            time.sleep(0.001)
        box["p"].kill()
    rule = KINDS[kind](relay, n, kill)
    box["p"] = project.start(*args, socket=relay.socket)
    try:
        result = box["p"].wait(40)
    finally:
        relay.rules = []
    return result, rule.hit


def check_message(kind, call, result, project, ids, problems):
    if kind.startswith("kill"):
        return
    if result.code == 0:
        return  # it got over it; whether the state is right is seen afterwards
    if result.code != 1:
        problems.append("exit status %d" % result.code)
    text = (result.out + result.err).lower()
    if not any(w.lower() in text for w in subjects(call, project, ids)):
        problems.append("message does not name what it was about (%r)" % call)
    if kind in ("fail", "refuse") and "relay: made to" not in text:
        problems.append("message does not give the engine's answer")
    if "assertion" in text or "sanitizer" in text:
        problems.append("internal error")


def check_state(project, version, problems, data):
    n = project.name
    if project.names() != [n + "-db-1", n + "-web-1"]:
        problems.append("containers are %s" % project.names())
        return
    every = [c["Names"][0].lstrip("/") for c in project.engine.containers()]
    if sorted(every) != project.names():
        problems.append("the engine has the containers %s" % every)
    states = {c.service: c.state for c in project.containers()}
    if set(states.values()) != {"running"}:
        problems.append("states are %s" % states)
        return
    if project.networks() != [n + "_default"]:
        problems.append("networks are %s" % project.networks())
    if project.volumes() != [n + "_store"]:
        problems.append("volumes are %s" % project.volumes())
    got = project.sh("db", "echo $V")[1].strip()
    if got != version:
        problems.append("environment is %r, not %r" % (got, version))
    if data:
        got = project.sh("db", "cat /named/f /anonymous/f /data/f")[1]
        if got != "named\nanonymous\nimage\n":
            problems.append("data is %r" % got)
    if project.sh("web", "ping -c 1 -w 1 db >/dev/null || nslookup db >/dev/null")[0] != 0:
        problems.append("web does not find db by name")


def fill(project):
    assert project.sh("db", "echo named >/named/f; echo anonymous >/anonymous/f; echo image >/data/f")[0] == 0


def sweep(project, relay, kind, args, before, after):
    """before() prepares, args run with call 1, 2, ... spoiled, after(problems) repairs and checks."""
    bad, n, done = [], 0, 0
    while n < 80:
        n += 1
        before()
        ids = dict(project.ids())
        try:
            result, call = spoil(project, relay, kind, n, args)
        except AssertionError as e:
            bad.append("call %d %s: %s" % (n, relay.calls[n - 1] if len(relay.calls) >= n else "?", e))
            project.clean()
            continue
        if call is None:
            break
        done += 1
        problems = []
        ids.update(project.ids())
        check_message(kind, call, result, project, ids, problems)
        after(problems)
        if problems:
            bad.append("call %d %s: %s\n%s" % (n, call, "; ".join(problems), result))
        if len(bad) > 8:
            break
    assert done > 0
    assert not bad, "%d of %d:\n%s" % (len(bad), done, "\n\n".join(bad))


@pytest.mark.parametrize("kind", KINDS)
def test_first_up(kind, project, relay):
    project.write(TEXT)

    def after(problems):
        r = project.up()
        if r.code:
            problems.append("the next up fails: " + r.describe())
            return
        check_state(project, "one", problems, data=False)
        if not problems:
            ids = project.ids()
            project.up()
            if project.ids() != ids:
                problems.append("a third up still changes something")

    sweep(project, relay, kind, ["up", "-d"], project.clean, after)


@pytest.mark.parametrize("kind", KINDS)
def test_recreate(kind, project, relay):
    def before():
        project.write(TEXT)
        project.up().ok()
        if project.sh("db", "test -e /named/f && test -e /anonymous/f && test -e /data/f")[0]:
            fill(project)
        project.write(TEXT.replace("V: one", "V: two", 1))

    def after(problems):
        r = project.up()
        if r.code:
            problems.append("the next up fails: " + r.describe())
            project.clean()
            return
        check_state(project, "two", problems, data=True)
        if problems:
            project.clean()

    sweep(project, relay, kind, ["up", "-d"], before, after)


@pytest.mark.parametrize("kind", KINDS)
def test_down(kind, project, relay):
    project.write(TEXT)

    def before():
        project.up().ok()
        if project.sh("db", "test -e /named/f")[0]:
            fill(project)

    def after(problems):
        r = project.down()
        if r.code:
            problems.append("the next down fails: " + r.describe())
        left = [x for x in project.leftovers() if not re.search(r"^volume [0-9a-f]{64}$", x)]
        if left != ["volume %s_store" % project.name]:
            problems.append("left is %s" % left)
        project.up().ok()
        if project.sh("db", "cat /named/f")[1] != "named\n":
            problems.append("the data of the named volume is gone")

    sweep(project, relay, kind, ["down", "-t", "1"], before, after)


def make_twin(project):
    """Another network with the name and labels of the project's own; not every engine lets that be."""
    name = project.name + "_default"
    there = [n for n in project.engine.api("GET", "/networks") if n["Name"] == name]
    if not there:
        raise AssertionError("there is no network %s" % name)
    try:
        project.engine.api("POST", "/networks/create", {"Name": name, "Labels": there[0]["Labels"]})
    except ApiError as e:
        if e.status != 409:
            raise
        pytest.skip("this engine has no two networks of one name")


def test_two_networks_of_one_name(project):
    """One is kept, namely the one in use; the other goes. Only old engines have such."""
    project.write(TEXT)
    project.up().ok()
    before = project.running()
    make_twin(project)
    make_twin(project)
    assert len(project.networks()) == 3
    plan = project.octo("plan", "--format", "json")
    steps = plan.json["steps"]
    assert [(s["action"], s["kind"]) for s in steps] == [("remove", "network")] * 2, plan
    project.up().ok()
    assert project.running() == before
    problems = []
    check_state(project, "one", problems, data=False)
    assert problems == []
    make_twin(project)
    project.up("--force-recreate").ok()
    problems = []
    check_state(project, "one", problems, data=False)
    assert problems == []
    make_twin(project)
    project.down("-v").ok()
    assert project.leftovers() == []


def test_network_comes_late(project, relay):
    """What a killed program asked for comes while the next one works: it goes on, and cleans up in the end."""
    project.write(TEXT.replace("image: stand-in:1", "image: stand-in:1\n    networks: [default, other]\n"
                               "    pre_start: [{image: 'stand-in:1', command: ['true']}]")
                  + "networks: {other: {}}\n")
    if project.engine.version != "20.10":
        pytest.skip("this engine has no two networks of one name")
    relay.signal(1, lambda call: make_twin(project), "before", match="POST /containers/create")
    relay.signal(1, lambda call: make_twin(project), "before", match="POST /containers/[0-9a-f]*/start")
    project.up(socket=relay.socket).ok()
    assert len(project.networks()) == 2
    before = project.running()
    assert len(before) == 2
    make_twin(project)
    project.octo("restart", "-t", "1").ok()
    before = project.running()
    project.up().ok()
    assert project.running() == before
    assert len(project.networks()) == 2
    project.down("-v").ok()
    assert project.leftovers() == []


def leave_behind(project, relay, match, seconds=0.0, *args):
    """Run `up` and kill it at the first call that matches, which the engine gets when the next program
    has made such a call, too, and so much later. Waits for the kill only."""
    box = {}

    def kill(call):
        while "p" not in box:
            time.sleep(0.001)
        box["p"].kill()
    relay.clear()
    rule = relay.leave(1, kill, lambda: len([c for c in relay.calls if re.search(match, c.method + " " + c.path)]) > 1,
                       seconds, match=match)
    box["p"] = project.start("up", "-d", *args, socket=relay.socket)
    box["p"].wait(20)
    assert rule.hit is not None
    return rule


@pytest.mark.parametrize("seconds", [0, 0.02, 0.06])
def test_network_of_a_killed_run(project, relay, seconds):
    """The engine makes it while the next run makes its own: there is one in the end, and it works."""
    project.write(TEXT)
    rule = leave_behind(project, relay, "POST /networks/create", seconds)
    project.up(socket=relay.socket).ok()
    project.wait_for(lambda: rule.hit.status)
    problems = []
    check_state(project, "one", problems, data=False)
    assert problems == []
    if project.engine.version == "20.10":
        assert rule.hit.status in (201, 409)
    ids = project.ids()
    project.up().ok()
    assert project.ids() == ids


def test_no_look_for_twins_on_new_engines(project, relay):
    """Networks are listed once a run where the engine has each name once, three times where not."""
    project.write(TEXT)
    project.up(socket=relay.socket).ok()
    lists = [c for c in relay.calls if c.method == "GET" and c.path == "/networks"]
    assert len(lists) == (3 if project.engine.version == "20.10" else 1), relay.report()


def ready_container(project, relay):
    """A project that lacks the container of web, and a killed run's call for it in the relay."""
    project.write(TEXT)
    project.up().ok()
    project.octo("rm", "-s", "-f", "web").ok()
    rule = leave_behind(project, relay, "POST /containers/create")
    relay.delay(1, 0.3, match="POST /containers/create")  # the killed run's comes first
    return rule


def test_container_of_a_killed_run(project, relay):
    """It has the name when the next run makes its own: it is the same and is taken."""
    rule = ready_container(project, relay)
    project.up(socket=relay.socket).ok()
    assert rule.hit.status == 201
    problems = []
    check_state(project, "one", problems, data=False)
    assert problems == []
    assert [c for c in relay.calls if c.method == "DELETE"] == []


def test_other_container_of_a_killed_run(project, relay):
    """It is of an older description: it goes."""
    rule = ready_container(project, relay)
    project.write(TEXT.replace("stand-in:1\n    environment: {V: one}", "stand-in:1\n    environment: {V: two}"))
    project.up(socket=relay.socket).ok()
    assert rule.hit.status == 201
    problems = []
    check_state(project, "one", problems, data=False)
    assert problems == []
    assert project.sh("web", "echo $V")[1] == "two\n"


def change_behind(project, relay, match):
    """A changing up is killed at the call, which the engine carries out beside the next up; that one
    converges. Returns the status of the late call."""
    project.write(TEXT)
    project.up().ok()
    fill(project)
    project.write(TEXT.replace("V: one", "V: two", 1))
    rule = leave_behind(project, relay, match)
    relay.delay(1, 0.3, match=match)
    project.up(socket=relay.socket).ok()
    problems = []
    check_state(project, "two", problems, data=True)
    assert problems == []
    return rule.hit.status


def test_replacement_of_a_killed_run(project, relay):
    """It replaces another one and has its temporary name: data of anonymous volumes is kept."""
    assert change_behind(project, relay, "POST /containers/create") == 201
    volumes = [v for v in project.engine.volumes() if v not in project.before[0]]
    assert len(volumes) == 3, volumes  # of db: the named one, /anonymous and that of the image


def test_name_is_taken_before_its_container_is_seen(project, relay):
    """The engine takes the name first: the next run waits until there is something to look at."""
    ready_container(project, relay)
    relay.fail(1, status=404, body={"message": "No such container"}, match="GET /containers/%s-web-1/json" % project.name)
    project.up(socket=relay.socket).ok()
    problems = []
    check_state(project, "one", problems, data=False)
    assert problems == []
    looks = [c for c in relay.calls if c.path == "/containers/%s-web-1/json" % project.name]
    assert [c.status for c in looks] == [404, 200], relay.report()


@pytest.mark.parametrize("labels, started", [({}, False), (None, True)])
def test_name_of_something_else(project, relay, labels, started):
    """What is not of the service, or has run, is not touched: the error names it."""
    project.write(TEXT)
    project.up().ok()
    was = project.inspect("web")
    project.octo("rm", "-s", "-f", "web").ok()
    body = {"Image": "stand-in:1", "Cmd": ["true"], "Labels": was["Config"]["Labels"] if labels is None else labels}
    made = []

    def make(call):
        made.append(project.engine.api("POST", "/containers/create?name=%s-web-1" % project.name, body)["Id"])
        if started:
            project.engine.api("POST", "/containers/%s/start" % made[0])
    relay.signal(1, make, "before", match="POST /containers/create")
    r = project.up(socket=relay.socket).fails(1)
    assert "create container \"%s-web-1\"" % project.name in r.err and "already in use" in r.err, r
    assert project.engine.api("GET", "/containers/%s/json" % made[0])["Id"] == made[0]


def test_rename_of_a_killed_run(project, relay):
    """The name is the right one when the next run gives it."""
    assert change_behind(project, relay, "POST /containers/[0-9a-f]*/rename") == 204


def test_network_is_there_already(project, relay):
    """It comes to be between the look and the making of it: it is taken when it is the very same."""
    project.write(TEXT)
    name = project.name + "_default"
    project.up().ok()
    body = {"Name": name, "Labels": [n for n in project.engine.api("GET", "/networks") if n["Name"] == name][0]["Labels"]}
    project.down().ok()
    relay.signal(1, lambda call: project.engine.api("POST", "/networks/create", body), "before",
                 match="POST /networks/create")
    project.up(socket=relay.socket).ok()
    assert project.networks() == [name]
    project.down().ok()
    body["Labels"]["com.docker.compose.config-hash"] = "0" * 64
    relay.clear()
    relay.signal(1, lambda call: project.engine.api("POST", "/networks/create", body), "before",
                 match="POST /networks/create")
    r = project.up(socket=relay.socket).fails(1)
    assert "network with name %s already exists" % name in r.err, r


def test_engine_restart_in_between(project, octo_for, make_project, engine):
    """The engine is killed and comes back: nothing is recreated."""
    project.write(TEXT)
    project.up().ok()
    fill(project)
    ids = project.ids()
    engine.restart()
    project.up().ok()
    assert project.ids() == ids
    problems = []
    check_state(project, "one", problems, data=True)
    assert problems == []


def test_one_engine_by_several_names(project, relay, tmp_path):
    """The lock is the engine's: a link to the socket and a context that names it exclude each other."""
    project.write(TEXT)
    link = tmp_path / "link.sock"
    link.symlink_to(relay.socket)
    meta = tmp_path / "config/contexts/meta" / hashlib.sha256(b"other").hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    far = os.path.join(os.path.dirname(relay.socket), ".", os.path.basename(relay.socket))
    meta.write_text(json.dumps({"Name": "other", "Endpoints": {"docker": {"Host": "unix://" + far}}}))
    relay.stall(1, match="POST /networks/create")
    first = project.start("up", "-d", socket=relay.socket)
    project.wait_for(lambda: [c for c in relay.calls if c.path == "/networks/create"])
    r = project.octo("--lock-timeout", "0", "down", socket=str(link))
    assert r.code != 0 and "is locked by pid %d " % first.pid in r.err, r
    context = {"DOCKER_CONFIG": str(tmp_path / "config"), "DOCKER_HOST": None}
    r = project.octo("--context", "other", "--lock-timeout", "0", "down", env=context)
    assert r.code != 0 and "is locked by pid %d " % first.pid in r.err, r
    first.kill()
    first.wait()
    relay.clear()
    project.octo("--context", "other", "--lock-timeout", "0", "down", env=context).ok()


def test_two_at_once(project):
    """Two runs on one project do not interleave: both end well, one instance each."""
    project.write(TEXT)
    runs = [project.start("up", "-d") for _ in range(3)]
    results = [r.wait(60) for r in runs]
    assert [r.code for r in results] == [0, 0, 0], results
    problems = []
    check_state(project, "one", problems, data=False)
    assert problems == []
