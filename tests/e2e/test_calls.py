"""Every attribute that the Engine gets to see: what octocompose asks of it, call for call, is what
docker compose asks (queries, bodies, uploaded files); what docker compose made is taken for what it is;
and a change of a value is planned when docker compose would see one, with its field and its place. The
projects are in calls.txt.

Not about what a call does afterwards: that is in test_lifecycle.py.
"""

import json
import re
from pathlib import Path

import pytest
import yaml

import calls
import fetch
import relay as relay_lib

pytestmark = pytest.mark.ours

CASES = {c.name: c for c in calls.read_cases(Path(__file__).with_name("calls.txt"))}
HELD = {"message": "held"}

# Differences that are meant: project, how the line begins, why.
MEANT = [
    (r"", r"POST .*\.NetworkID: ", "docker compose names a network only by its name, of which there can be several"),
    (r"devices-long", r"POST /containers/create \S+\.body\.HostConfig\.Devices: ",
     "a device without permissions in the long form is sent without any: all are meant, as in the short form"),
    (r"volumes-from-", r"POST /containers/create \S+\.body\.HostConfig\.VolumesFrom: ",
     "docker compose loses the ':ro' of an entry"),
    (r"mac-address-(bridge|none)", r"POST /containers/create \S+\.body\.MacAddress: ",
     "docker compose sends no mac_address where a network_mode is given"),
    (r"volume-bind-selinux-propagation", r"POST /containers/create \S+\.body\.HostConfig\.(Binds|Mounts): ",
     "docker compose loses the label where a propagation is given"),
    (r"pre-start", r"POST /containers/create \S+\.body\.NetworkingConfig\.EndpointsConfig\.\S+\.Aliases: ",
     "a hook's container has the service's networks, not its names: others would reach it as the service"),
    (r"pre-start", r"DELETE /containers/\(unnamed\).*\.query\.force: ", "it may not be dead yet for the engine"),
    (r"build-classic", r"POST /build null\.query\.(cachefrom|shmsize|ulimits|rm|forcerm|labels\.com\.docker\.compose)",
     "docker compose loses these for the classic builder; the labels tell whose image it is"),
    # API 1.41: docker compose 5 sends what this engine does not know
    (r"(?:mac-address|networks-)", r"POST /containers/create \S+\.body\.(MacAddress|NetworkingConfig\S+\.MacAddress): ",
     "1.41", "the engine knows the address of a container, not of an endpoint"),
    (r"volume-bind-", r"POST /containers/create \S+\.body\.HostConfig\.(Binds|Mounts): ",
     "1.41", "a Mount does not make a missing folder: a Bind does"),
    (r"volume-bind-recursive", r"POST /containers/create \S+\.body\.HostConfig\.Mounts: ",
     "1.41", "the engine does not know CreateMountpoint"),
    (r"healthcheck-start-interval", r"POST /containers/create \S+\.Healthcheck\.StartInterval: ",
     "1.41", "the engine does not know it, which is told"),
]
# The hash has the ids of other containers in it.
BOUND = re.compile(r"volumes_from|service:")


class Bench:
    """One project on one engine, made by either program."""

    def __init__(self, case, engine, project):
        self.case, self.engine, self.project = case, engine, project
        self.env = dict(e.replace("$DIR", str(project.dir)).split("=", 1) for e in case.option("env"))
        for f in case.option("file"):
            path, text = f.split(" ", 1)
            project.write(text.replace("\\n", "\n"), path)

    def run(self, by, text, hold=(), args=()):
        """Makes it: (the result, what was asked)."""
        self.project.write(text)
        for e in self.case.option("exists"):
            kind, name = e.split()
            if name not in (self.engine.networks() | self.engine.volumes()):
                self.engine.api("POST", "/%s/create" % kind, {"Name": name})
        with relay_lib.Relay(self.engine.socket) as relay:
            for pattern in list(hold) or self.case.option("hold"):
                relay.fail(None, 404, HELD, match=pattern)
            verb = ["up", "-d"] if self.case.option("up") else ["create"]
            r = self.project.octo(*verb, *args, by=by, env=self.env, socket=relay.socket)
            relay.wait_idle()
            return r, calls.record(relay.calls, self.project.dir)


def is_meant(case, line, api):
    for project, begin, *more in MEANT:
        if re.fullmatch(project + ".*", case.name) and re.match(begin, line) and (len(more) == 1 or more[0] == api):
            return True
    return BOUND.search(case.marked) and ".config-hash: " in line


def properties(spec, schema, path, out, above=frozenset()):
    """The dotted paths of all properties below a part of a JSON schema."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return out if name in above else properties(spec, spec["$defs"][name], path, out, above | {name})
    for group in ("oneOf", "anyOf", "allOf"):
        for part in schema.get(group, []):
            properties(spec, part, path, out, above)
    for name, part in schema.get("properties", {}).items():
        out.add(path + "." + name)
        properties(spec, part, path + "." + name, out, above)
    for name, part in schema.get("patternProperties", {}).items():
        if name != "^x-":
            properties(spec, part, path + ".*", out, above)
    if isinstance(schema.get("items"), dict):
        properties(spec, schema["items"], path + "[]", out, above)
    return out


def used(node, path, out):
    for name, value in node.items() if isinstance(node, dict) else []:
        for p in (path + "." + name, path + ".*"):
            out.add(p)
            used(value, p, out)
    for value in node if isinstance(node, list) else []:
        used(value, path + "[]", out)
    return out


# Not in calls.txt: what builds and `watch` do, and old forms.
ELSEWHERE = re.compile(r"services\.\*\.(build|develop|pull_refresh_after)\b|\.external\.name$")


def test_every_property_has_a_case():
    """calls.txt has every property of the Compose specification's own schema."""
    path = fetch.SHARED / "reference" / "compose-spec.json"
    if not path.exists():
        pytest.skip("%s is not there" % path)
    spec = json.loads(path.read_text())
    wanted, there = set(), set()
    for section, name in (("services", "service"), ("networks", "network"), ("volumes", "volume"),
                          ("secrets", "secret"), ("configs", "config"), ("models", "model")):
        properties(spec, spec["$defs"][name], section + ".*", wanted)
    for case in CASES.values():
        for section, objects in yaml.safe_load(case.text()).items():
            for value in objects.values():
                used(value, section + ".*", there)
    missing = sorted(p for p in wanted - there if not ELSEWHERE.search(p))
    assert len(wanted) > 250 and not missing, missing


def api(engine):
    return "1.41" if engine.version == "20.10" else ""


def fails(case):
    return bool(case.option("fails") or case.option("hold"))


@pytest.fixture
def bench(request, engine, project):
    case = CASES[request.param]
    if case.option("privileged") and not engine.privileged_works:
        pytest.skip("this engine cannot run privileged commands here")
    return Bench(case, engine, project)


def is_too_old(case, engine):
    def numbers(version):
        return [int(n) for n in version.split(".")]
    return any(numbers(engine.version) < numbers(since) for since in case.option("since"))


@pytest.mark.parametrize("bench", CASES, indirect=True)
def test_calls(bench, octo, compose_v5):
    case, project = bench.case, bench.project
    ours, mine = bench.run(octo, case.text())
    if is_too_old(case, bench.engine):
        assert ours.code == 1 and not mine and re.search(r"^compose.yaml:\d+:\d+: .*Engine 2\d", ours.err), ours
        return
    if case.option("refused"):
        assert ours.code == 1 and not mine and re.search(r"^compose.yaml:\d+:\d+: (services|secrets|configs)", ours.err), ours
        theirs, _ = bench.run(compose_v5, case.text())
        assert theirs.code != 0, theirs
        return
    assert (ours.code != 0) == fails(case), ours
    if not fails(case) and is_shown(case, bench.engine):
        check_plans(bench)
    project.clean()

    theirs, other = bench.run(compose_v5, case.text())
    lines = [l for l in calls.differences(mine, other) if not is_meant(case, l, api(bench.engine))]
    assert not lines, "\n".join(lines) + "\n%s" % theirs
    if fails(case) or theirs.code:
        return
    # what docker compose made is as it should be
    project.write(case.text())
    steps, _, doc = plan(project, bench.env)
    assert not steps, doc


def plan(project, env):
    """What `plan` has to say but for starting: (steps, reasons, the document)."""
    r = project.octo("plan", "--no-start", "--format", "json", env=env)
    assert r.code in (0, 2), r
    steps = [s for s in r.json["steps"] if s["action"] != "start"]
    return steps, [x for s in steps for x in s.get("reasons") or []], r


def is_shown(case, engine):
    return engine.version in (case.option("shown") or [engine.version])


def check_plans(bench):
    """What `plan` says of each change of what stands there."""
    for change in bench.case.changes:
        bench.project.write(change.text)
        steps, reasons, doc = plan(bench.project, bench.env)
        check_reasons(bench.case, change, steps, reasons, doc)


CHANGES = [c.name for c in CASES.values() if c.changes and not fails(c)]


@pytest.mark.parametrize("bench", CHANGES, indirect=True)
def test_changes(bench, compose_v5):
    """docker compose sees the changes that `plan` has steps for (test_calls), and no other."""
    case = bench.case
    if is_too_old(case, bench.engine) or not is_shown(case, bench.engine):
        pytest.skip("refused or not shown by this engine")
    hashes = Hashes(bench, compose_v5)
    for change in case.changes:
        is_seen = hashes.of(change.path, case.text()) != hashes.of(change.path, change.text)
        assert is_seen == (change.field is not None), (change.path, is_seen)


def check_reasons(case, change, steps, reasons, doc):
    if change.field is None:
        assert not steps, doc
        return
    if change.path.startswith("volumes.") and not change.path.endswith(".name"):
        assert not steps and "left as it is" in doc.err  # it holds data; the next is for -y
        return
    assert steps, (change.path, doc)
    fields = [r for r in reasons if "field" in r]
    if not fields:  # nothing to compare with: the reason names what it can be, or another object
        wanted = r"cannot be looked at: .*\b%s\b|name is now|\bvolume \"" % key(change.field)
        if case.option("unseen"):
            wanted = "the definition changed"
        assert any(re.search(wanted, r["text"]) for r in reasons), (change.field, reasons)
        return
    mine = [r for r in fields if is_of(r["field"], change.field)]
    assert mine and (mine == fields or case.option("discarded")), (change.field, fields)
    assert all(r["at"] and (r.get("old") != r.get("new") or "removed" in r["text"]) for r in mine), mine
    if change.new and change.field == change.path:
        places = [re.search(r"compose\.yaml:(\d+):(\d+)$", r["at"]) for r in mine]
        assert all(places), mine
        spots = [(int(p.group(1)), int(p.group(2))) for p in places]
        assert set(spots) & change.places(whole=mine[0].get("new") is None), (change.path, mine)


def key(field):
    return re.split(r"[.\[]", field)[2]


def is_of(reason, field):
    """The reason is about the field, what is in it, or what it is in below the attribute."""
    a, b = (re.split(r"[.\[]", f) for f in (reason, field))
    n = min(len(a), len(b))
    return a[:3] == b[:3] and (n <= 3 or a[:n] == b[:n] or "[" in field)


class Hashes:
    """docker compose's hashes of what a path of a text is in; each text is asked once."""

    def __init__(self, bench, judge):
        self.bench, self.judge, self.known = bench, judge, {}

    def of(self, path, text):
        section, name = path.split(".")[:2]
        asked = (text, section, name if section == "services" else None)
        if asked not in self.known:
            self.known[asked] = self.service(name, text) if section == "services" else self.objects(section, text)
        return self.known[asked]

    def service(self, name, text):
        project = self.bench.project
        project.write(text)
        return project.octo("config", "--hash", name, by=self.judge, env=self.bench.env).ok().out

    def objects(self, section, text):
        self.bench.project.clean()
        _, asked = self.bench.run(self.judge, text, hold=["POST /(networks|volumes)/create"])
        return sorted(calls.labels_of(asked, section).items())
