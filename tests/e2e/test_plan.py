"""`plan` says what `up` does: for single-field changes, exactly the objects that change,
with field, old and new value and the place in the file, and then exactly those calls.
"""

import collections
import json
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.ours


def read_changes(path):
    """The project and the changes of tests/contract/changes.txt, which says what its lines mean:
    name: (old text, new text, {service: field prefix}, (old, new) or None)."""
    head, *rows = path.read_text().split("\n--- ")
    base = head[head.index("\nbase\n") + len("\nbase\n"):] + "\n"
    changes = {}
    for row in rows:
        name, *lines = row.splitlines()
        texts = {mark: "\n".join(line[2:] for line in lines if line[0] == mark) for mark in "<>"}
        want = dict(line[2:].split(" ", 1) for line in lines if line[0] == "@")
        values = [tuple(json.loads(v) for v in line[2:].split(" | ")) for line in lines if line[0] == "="]
        changes[name] = (texts["<"], texts[">"], want, values[0] if values else None)
    return base, changes


BASE, CHANGES = read_changes(Path(__file__).parent.parent / "contract" / "changes.txt")


def place(text):
    """Text without the mark, and the line and column of the marked value (or None)."""
    i = text.find("«")
    if i < 0:
        return text, None
    line = text.count("\n", 0, i) + 1
    return text.replace("«", ""), (line, i - text.rfind("\n", 0, i))


def steps_of_calls(calls):
    """The relay's mutating calls as a multiset of (action, kind).

    Before API 1.44 a container is created with one network and connected to the others in
    calls of their own, which belong to the step that creates it."""
    out = collections.Counter()
    made = set()
    for c in calls:
        m = re.match(r"^/(containers|networks|volumes|images)/([^/]+)(?:/(\w+))?$", c.path)
        kind = m.group(1)[:-1]
        what, verb = m.group(2), m.group(3)
        if what == "create":
            action = {"image": "pull"}.get(kind, "create")
            if kind == "container" and c.status == 201:
                made |= {json.loads(c.response)["Id"], c.query.get("name")}
        elif verb == "connect" and version(c) < (1, 44) and c.json.get("Container") in made:
            continue
        elif c.method == "DELETE":
            action = "remove"
        else:
            action = {"connect": "attach", "disconnect": "detach"}.get(verb, verb)
            if action in ("attach", "detach"):
                kind = "container"  # although the call names the network first
        out[action, kind] += 1
    return out


def version(call):
    return tuple(int(x) for x in (call.version or "v1.41")[1:].split("."))


def steps_of_plan(doc):
    out = collections.Counter()
    for s in doc["steps"]:
        if s["action"] != "await":
            out[s["action"], s["kind"]] += 1
    return out


def touched(doc):
    """The services and other objects that the plan's steps are about."""
    return {s["service"] if s.get("kind") == "container" else "%s %s" % (s["kind"], s["resource"]) for s in doc["steps"]}


def plan(project, *args):
    r = project.octo("plan", "--format", "json", *args)
    assert r.code in (0, 2), r
    doc = r.json
    assert (r.code == 2) == bool(doc["steps"]), r
    return doc


@pytest.mark.parametrize("name", CHANGES)
def test_change(name, project, relay):
    old, new, want, values = CHANGES[name]
    (project.dir / "bind").mkdir()
    (project.dir / "bind2").mkdir()
    project.write(BASE)
    project.up().ok()
    assert plan(project)["steps"] == []
    assert BASE.count(old) == 1
    text, at = place(BASE.replace(old, new))
    project.write(text)

    doc = plan(project)
    assert doc["project"] == project.name and doc["operator"] == "docker"
    assert touched(doc) == set(want), doc
    by_id = {s["id"]: s for s in doc["steps"]}
    assert all(a in by_id for s in doc["steps"] for a in s["after"])
    reasons = [r for s in doc["steps"] for r in s.get("reasons") or [] if "field" in r]
    fields = {r["field"] for r in reasons}
    for prefix in want.values():
        assert any(f.startswith(prefix) for f in fields), reasons
        # nothing else is given as a reason
        assert all(f.startswith(tuple(want.values())) for f in fields), reasons
    mine = [r for r in reasons if r["field"].startswith(tuple(want.values()))]
    if values:
        assert any((r.get("old"), r.get("new")) == values for r in mine), reasons
    if at:
        assert any(r["at"].endswith("compose.yaml:%d:%d" % at) for r in mine), (at, reasons)
    elif not name.endswith(("removed", "left")):
        assert any(re.search(r"compose\.yaml:\d+:\d+$", r["at"]) for r in mine), reasons

    before = {c.service: c.id for c in project.containers()}
    project.octo("up", "-d", socket=relay.socket).ok()
    assert steps_of_calls(relay.mutating()) == steps_of_plan(doc), "%s\n%s" % (relay.report(), doc)
    after = {c.service: c.id for c in project.containers()}
    assert {s for s in after if after[s] != before[s]} <= set(want)
    assert plan(project)["steps"] == []
    relay.clear()
    project.octo("up", "-d", socket=relay.socket).ok()
    assert relay.mutating() == []


def test_first_plan(project, relay):
    project.write(BASE)
    (project.dir / "bind").mkdir()
    doc = plan(project)
    n = project.name
    made = {(s["kind"], s["resource"]) for s in doc["steps"] if s["action"] == "create"}
    assert made == {("network", n + "_front"), ("network", n + "_back"), ("network", n + "_default"),
                    ("volume", n + "_data"),
                    ("container", n + "-web-1"), ("container", n + "-app-1"), ("container", n + "-other-1")}
    assert project.leftovers() == []
    project.octo("up", "-d", socket=relay.socket).ok()
    assert steps_of_calls(relay.mutating()) == steps_of_plan(doc), "%s\n%s" % (relay.report(), doc)


def test_plan_order(project):
    """The steps of a dependency come before those that wait for it."""
    project.write(BASE)
    doc = plan(project)
    by_id = {s["id"]: s for s in doc["steps"]}
    find = {(s["action"], s.get("service")): s for s in doc["steps"] if s["kind"] == "container"}

    def before(a, b):
        todo, seen = [b], set()
        while todo:
            s = todo.pop()
            for i in s["after"]:
                if i == a["id"]:
                    return True
                if i not in seen:
                    seen.add(i)
                    todo.append(by_id[i])
        return False
    assert before(find["create", "web"], find["start", "web"])
    assert before(find["start", "app"], find["start", "web"])
    assert not before(find["start", "web"], find["start", "other"])
    assert not before(find["start", "other"], find["start", "web"])


def test_depends_on_alone_changes_nothing(project):
    project.write(BASE)
    project.up().ok()
    project.write(BASE.replace("depends_on: [app]", "depends_on: [app, other]"))
    doc = plan(project)
    assert doc["steps"] == [] and doc["changes"] == 0


def test_scale(project, relay):
    project.write(BASE)
    project.up().ok()
    project.write(BASE.replace("replicas: 1", "replicas: 3"))
    doc = plan(project)
    n = project.name
    assert {(s["action"], s["resource"]) for s in doc["steps"] if s["action"] != "await"} == {
        (a, "%s-app-%d" % (n, i)) for a in ("create", "start") for i in (2, 3)}
    project.octo("up", "-d", socket=relay.socket).ok()
    assert steps_of_calls(relay.mutating()) == steps_of_plan(doc)
    project.write(BASE)
    doc = plan(project)
    assert {(s["action"], s["resource"]) for s in doc["steps"]} == {
        (a, "%s-app-%d" % (n, i)) for a in ("stop", "remove") for i in (2, 3)}


def test_service_added_and_removed(project, relay):
    project.write(BASE)
    project.up().ok()
    extra = BASE.replace("networks:\n  front: {}", "  extra: {image: 'stand-in:1'}\nnetworks:\n  front: {}")
    project.write(extra)
    doc = plan(project)
    assert touched(doc) == {"extra"}
    project.octo("up", "-d", socket=relay.socket).ok()
    assert steps_of_calls(relay.mutating()) == steps_of_plan(doc)
    project.write(BASE)
    assert plan(project)["steps"] == []  # an orphan stays unless asked
    doc = plan(project, "--remove-orphans")
    assert touched(doc) == {"extra"}


def test_network_changed(project, relay):
    project.write(BASE)
    project.up().ok()
    project.write(BASE.replace("  back: {}", "  back: {internal: true}"))
    doc = plan(project)
    assert "network %s_back" % project.name in touched(doc)
    reasons = [r for s in doc["steps"] for r in s.get("reasons") or [] if "field" in r]
    assert any(r["field"].startswith("networks.back.internal") for r in reasons), reasons
    project.octo("up", "-d", socket=relay.socket).ok()
    assert steps_of_calls(relay.mutating()) == steps_of_plan(doc), relay.report()
    assert project.sh("app", "true")[0] == 0
    assert project.engine.api("GET", "/networks/%s_back" % project.name)["Internal"] is True
    nets = project.inspect("app")["NetworkSettings"]["Networks"]
    assert set(nets) == {project.name + "_front", project.name + "_back"}
    assert "app" in nets[project.name + "_back"]["Aliases"]


def test_volume_changed_keeps_data(project):
    project.write(BASE)
    project.up().ok()
    project.sh("app", "echo kept >/data/f", user="0")
    project.write(BASE.replace("  data: {}", "  data: {labels: {new: 'yes'}}"))
    plan(project)
    r = project.up()
    assert project.sh("app", "cat /data/f") == (0, "kept\n"), r


def test_dry_run_is_the_plan(project, relay):
    project.write(BASE)
    r = project.octo("--dry-run", "up", "-d", socket=relay.socket).ok()
    assert relay.mutating() == []
    assert project.name + "-web-1" in r.out + r.err


def test_secret_is_not_shown(project):
    project.write("services: {app: {image: 'stand-in:1', secrets: [t]}}\nsecrets: {t: {environment: T}}\n")
    r = project.octo("plan", "--format", "json", env={"T": "s3cr3t-value"})
    assert "s3cr3t-value" not in r.out + r.err
