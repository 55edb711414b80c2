"""Every attribute that the Engine gets to see: what octocompose asks of it, call for call, is what
docker compose asks (queries, bodies, uploaded files), and what docker compose made is taken for what
it is. The projects are in calls.txt.

Not about what a call does afterwards: that is in test_lifecycle.py.
"""

import re
from pathlib import Path

import pytest

import calls
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
        self.env = dict(e.split("=", 1) for e in case.option("env"))
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
    return bool(case.option("since")) and engine.version != "28.5"


@pytest.mark.parametrize("bench", CASES, indirect=True)
def test_calls(bench, octo, compose_v5):
    case, project = bench.case, bench.project
    ours, mine = bench.run(octo, case.text())
    if is_too_old(case, bench.engine):
        assert ours.code == 1 and not mine and re.search(r"^compose.yaml:\d+:\d+: .*Engine 2\d", ours.err), ours
        return
    assert (ours.code != 0) == fails(case), ours
    project.clean()

    theirs, other = bench.run(compose_v5, case.text())
    lines = [l for l in calls.differences(mine, other) if not is_meant(case, l, api(bench.engine))]
    assert not lines, "\n".join(lines) + "\n%s" % theirs
    if fails(case) or theirs.code:
        return
    # what docker compose made is as it should be
    project.write(case.text())
    r = project.octo("plan", "--no-start", "--format", "json", env=bench.env)
    assert r.code in (0, 2) and not [s for s in r.json["steps"] if s["action"] != "start"], r
