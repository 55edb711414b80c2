"""What docker compose started is kept by octocompose, and the other way round.

For each project: one program's `up -d`, then the other's through the relay: no
mutating call (but for one-shots that have ended, which both start again), no
container replaced, and `down` of the other takes everything away.
"""

import pytest

from projects import PROJECTS

ONE_SHOTS = {"chain": {"init"}}
# docker compose v5 itself replaces containers with bind mounts that 2.40 made, and cannot list its
# exposed ranges; ours must do both
V5_FAILS = {"volumes", "bind-no-create", "names"}


def adopt(name, project, relay, first, second):
    for f, text in PROJECTS[name].items():
        if not project.engine.privileged_works:
            text = text.replace("privileged: true, ", "")
        project.write(text, f)
    project.octo("up", "-d", by=first, timeout=90).ok()
    once = ONE_SHOTS.get(name, set())
    project.wait_for(lambda: all(c.state == "exited" for s in once for c in project.containers(s)))
    ids, running = project.ids(), project.running()
    r = project.octo("up", "-d", by=second, socket=relay.socket, timeout=90).ok()
    starts = ["/containers/%s/start" % c.id for s in once for c in project.containers(s)]
    changes = [c for c in relay.mutating()
               if not (c.method == "POST" and (c.path in starts or c.path.startswith("/containers/") and any(
                   c.path == "/containers/%s/start" % n for n in ids) and once))]
    assert changes == [], "%s\n%s" % (changes, r)
    assert project.ids() == ids
    assert {k: v for k, v in project.running().items() if k in running} == running
    # what the other one started is seen and taken down
    rows = project.octo("ps", "-a", "--format", "json", by=second).ok().json_lines
    assert sorted(x["Name"] for x in rows) == sorted(ids)
    project.octo("--profile", "*", "down", "-v", "-t", "1", by=second, timeout=90).ok()
    assert project.leftovers() == []


@pytest.mark.parametrize("name", PROJECTS)
def test_started_by_v5(name, project, relay, octo, compose_v5):
    adopt(name, project, relay, compose_v5, octo)


@pytest.mark.parametrize("name", PROJECTS)
def test_started_by_v2(name, project, relay, octo, compose_v2):
    if octo.is_judge and name in V5_FAILS:
        pytest.skip("docker compose v5 cannot do this with what 2.40 made")
    adopt(name, project, relay, compose_v2, octo)


@pytest.mark.ours
@pytest.mark.parametrize("name", PROJECTS)
def test_kept_by_v5(name, project, relay, octo, compose_v5):
    adopt(name, project, relay, octo, compose_v5)


@pytest.mark.parametrize("which", ["v5", "v2"])
def test_project_of_labels_only(which, project, octo, engine, judge_for, tmp_path):
    """Without its files a project can still be listed, stopped and taken down by name."""
    judge = judge_for(which, engine)
    for f, text in PROJECTS["web-and-store"].items():
        project.write(text, f)
    project.octo("up", "-d", by=judge, timeout=60).ok()
    out = octo("-p", project.name, "ps", "--format", "json", cwd=tmp_path).ok()
    assert len(out.json_lines) == 3
    octo("-p", project.name, "stop", "-t", "1", cwd=tmp_path).ok()
    assert {c.state for c in project.containers()} == {"exited"}
    octo("-p", project.name, "start", cwd=tmp_path).ok()
    assert {c.state for c in project.containers()} == {"running"}
    octo("-p", project.name, "down", "-v", "-t", "1", cwd=tmp_path, timeout=60).ok()
    assert [c.name for c in project.containers()] == []
    assert project.networks() == []
