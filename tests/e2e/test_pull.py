"""Images that have to be fetched: from a registry on loopback that answers for docker.io."""

import base64
import json
import shutil
import subprocess

import pytest

import fetch
import project as project_lib
from engine import ApiError
import relay as relay_lib


@pytest.fixture
def there(registry_engine, octo_for, tmp_path):
    """A project on an engine whose registry has fetched:1 and fetched:2, the engine itself has not."""
    e = registry_engine
    for tag in ("1", "2"):
        e.images.add("fetched:" + tag, {"Labels": {"tag": tag}})
        e.publish("fetched:" + tag)
    p = project_lib.Project(e, octo_for(e), tmp_path)
    yield p
    p.clean()


def test_up_pulls_what_is_missing(there):
    there.write("services: {a: {image: 'fetched:1'}, b: {image: 'fetched:1'}, c: {image: 'fetched:2'}}\n")
    there.up().ok()
    assert {c.state for c in there.containers()} == {"running"}
    before = there.running()
    there.up().ok()
    assert there.running() == before


def test_pull_policies(there):
    there.write("services: {a: {image: 'fetched:1', pull_policy: never}}\n")
    r = there.up().fails(1)
    assert "fetched:1" in r.err
    there.write("services: {a: {image: 'fetched:1', pull_policy: missing}}\n")
    there.up().ok()


def test_pull_always_replaces(there):
    e = there.engine
    there.write("services: {a: {image: 'fetched:1'}}\n")
    there.up().ok()
    old = there.c("a").id
    e.images.add("fetched:1", {"Labels": {"tag": "newer"}})
    newer = e.images.id("fetched:1")
    e.publish("fetched:1")
    e.images.add("fetched:1", {"Labels": {"tag": "1"}})  # the engine still has the old one
    there.up().ok()
    assert there.c("a").id == old  # nobody asked
    there.up("--pull", "always").ok()
    assert there.c("a").id != old
    assert there.inspect("a")["Image"] == newer


def test_pull_verb(there):
    there.write("services: {a: {image: 'fetched:1'}, b: {image: 'fetched:2'}}\n")
    there.octo("pull").ok()
    e = there.engine
    assert e.images.id("fetched:1") and e.images.id("fetched:2")
    assert there.containers() == []


# What `pull` fetches by the service's policy: when the image is not there, when it is; with a build, and
# --ignore-buildable or --policy. As docker compose 5.5.0 does.
POLICIES = {
    None: (1, 1), "missing": (1, 0), "if_not_present": (1, 0), "always": (1, 1), "never": (0, 0),
    "build": (0, 0), "daily": (1, 1), "every_100h": (1, 1), "refresh": (1, 0),
}


@pytest.mark.parametrize("policy", POLICIES)
def test_pull_verb_by_policy(there, policy):
    e = there.engine
    (there.dir / "Dockerfile").write_text("FROM fetched:2\n")
    problems = []
    with relay_lib.Relay(e.socket) as r:
        def fetches(is_there, *options, build=False):
            there.write({"services": {"a": dict({"image": "fetched:1"}, **({"pull_policy": policy} if policy else {}),
                                                **({"build": "."} if build else {}))}})
            try:
                e.api("GET", "/images/fetched:1/json")
                if not is_there:
                    e.api("DELETE", "/images/fetched:1?force=1")
            except ApiError:
                if is_there:
                    e.api("POST", "/images/create?fromImage=fetched&tag=1", raw=True)
            r.clear()
            there.octo("pull", *options, socket=r.socket).ok()
            return len([c for c in r.calls if c.path == "/images/create"])
        for is_there in (0, 1):
            expected = POLICIES[policy][is_there]
            rows = [((), False, expected), ((), True, expected), (("--ignore-buildable",), False, expected),
                    (("--ignore-buildable",), True, 0), (("--policy", "missing"), False, 1 - is_there),
                    (("--policy", "always"), True, 1)]
            for options, build, n in rows:
                got = fetches(is_there, *options, build=build)
                if got != n:
                    problems.append("%s, there: %s, build: %s: %d pulls, not %d" % (options, is_there, build, got, n))
    assert problems == []


def test_pull_of_what_is_not_there(there):
    there.write("services: {a: {image: 'fetched:404'}, b: {image: 'fetched:1'}}\n")
    r = there.up(timeout=60).fails(1)
    assert "fetched:404" in r.err
    assert there.containers() == []


def test_pull_of_what_can_be_built(there):
    """It was asked for, so that it failed is not passed over: building is another command."""
    (there.dir / "Dockerfile").write_text("FROM fetched:1\n")
    there.write("services: {a: {image: 'fetched:404', build: .}}\n")
    r = there.octo("pull").fails(1)
    assert "fetched:404" in r.err
    there.octo("pull", "--ignore-pull-failures").ok()


DIGESTS = """name: dg
services:
  web: {image: "fetched:1", command: "$$x"}
  same: {image: docker.io/library/fetched:1}
  built: {build: .}
  off: {image: "fetched:1", profiles: [p]}
  has: {image: "fetched:1@sha256:%s"}
  vol:
    image: fetched:2
    volumes: [{type: image, source: "fetched:1", target: /x}, "named:/y"]
volumes: {named: }
""" % ("0" * 64)


def test_config_digests(there):
    there.write(DIGESTS)
    doc = json.loads(there.octo("config", "--resolve-image-digests", "--format", "json").ok().out)
    images = {name: service.get("image") for name, service in doc["services"].items()}
    first = images["web"].rpartition("@")[2]
    assert images["web"] == images["same"] == "docker.io/library/fetched:1@" + first and first.startswith("sha256:")
    assert images["has"] == "docker.io/library/fetched@sha256:" + "0" * 64
    assert images["built"] is None and "off" not in images
    assert images["vol"].startswith("docker.io/library/fetched:2@sha256:") and first not in images["vol"]
    assert doc["services"]["vol"]["volumes"][0]["source"] == images["web"]
    assert doc["services"]["web"]["command"] == ["$$x"]
    assert doc["volumes"]["named"] == {"name": "dg_named"}
    # nothing was fetched for it
    there_now = [tag for image in there.engine.api("GET", "/images/json") for tag in image["RepoTags"] or []]
    assert "fetched:2" not in there_now


@pytest.mark.ours
def test_config_digests_as_docker_compose(there, judge_for):
    v5 = judge_for("v5", there.engine)
    there.write(DIGESTS)
    for flags in (["--resolve-image-digests"], ["--lock-image-digests"], ["--lock-image-digests", "--format", "json"],
                  ["--lock-image-digests", "vol"], ["--resolve-image-digests", "--format", "json", "web"],
                  ["--lock-image-digests", "--no-interpolate"], ["--lock-image-digests", "-q"],
                  ["--lock-image-digests", "--no-interpolate", "--format", "json"],
                  ["--resolve-image-digests", "--no-interpolate"], ["--resolve-image-digests", "--services", "web"]):
        wanted = there.octo("config", *flags, by=v5).ok().out
        got = there.octo("config", *flags).ok().out
        if "--services" in flags:
            wanted, got = sorted(wanted), sorted(got)
        assert got == wanted, flags


def test_config_digests_as_override(there):
    there.write("name: lk\nservices: {web: {image: 'fetched:1', ports: ['80']}}\n")
    locked = there.octo("config", "--lock-image-digests").ok().out
    assert locked.startswith("services:\n  web:\n    image: docker.io/library/fetched:1@sha256:")
    there.write(locked, "lock.yaml")
    doc = json.loads(there.octo("-f", "compose.yaml", "-f", "lock.yaml", "config", "--format", "json").ok().out)
    assert "@sha256:" in doc["services"]["web"]["image"] and len(doc["services"]["web"]["ports"]) == 1


def test_config_digest_that_is_not_there(there):
    there.write("services:\n  a: {image: 'fetched:404'}\n  b: {image: 'fetched:1'}\n  c: {image: 'fetched:405'}\n")
    r = there.octo("config", "--resolve-image-digests").fails(1)
    assert r.out == "" and "failed to resolve digest" in r.err


@pytest.mark.ours
def test_config_digest_findings(there):
    there.write("services:\n  a: {image: 'fetched:404'}\n  b: {image: 'fetched:1'}\n  c: {image: 'fetched:405'}\n")
    r = there.octo("config", "--lock-image-digests").fails(1)
    assert "compose.yaml:2:14: services.a.image: failed to resolve digest" in r.err
    assert "compose.yaml:4:14: services.c.image: failed to resolve digest" in r.err


def test_config_digest_calls(there, octo_for, tmp_path):
    """One call for each image, with the credentials of its registry; none where no digest is needed."""
    with relay_lib.Relay(there.engine.socket) as relay:
        p = project_lib.Project(there.engine, octo_for(there.engine, relay.socket), tmp_path)
        p.write(DIGESTS)
        (tmp_path / "docker").mkdir()
        (tmp_path / "docker" / "config.json").write_text(json.dumps(
            {"auths": {"https://index.docker.io/v1/": {"auth": base64.b64encode(b"me:secret").decode()}}}))
        r = p.octo("config", "--resolve-image-digests", env={"DOCKER_CONFIG": str(tmp_path / "docker")}).ok()
        calls = [c for c in relay.calls if c.path.startswith("/distribution/")]
        assert sorted({c.path for c in calls}) == ["/distribution/docker.io/library/fetched:%s/json" % t for t in "12"]
        for c in calls:
            sent = json.loads(base64.urlsafe_b64decode(dict(c.headers)["x-registry-auth"]))
            assert sent == {"username": "me", "password": "secret", "serveraddress": "https://index.docker.io/v1/"}
        assert not relay.mutating() and "secret" not in r.out + r.err
        before = len(relay.calls)
        p.octo("config", "--resolve-image-digests", "--services").ok()
        assert len(relay.calls) == before


PRIVATE = "127.0.0.1:5001"


@pytest.fixture
def private(engine, tmp_path):
    """A registry that asks for a password and has base:1, which the engine has not."""
    crypt = pytest.importorskip("crypt")
    exe = shutil.which("docker-registry", path=fetch.HOST_PATH)
    if not exe:
        pytest.skip("no docker-registry (Debian's docker-registry package)")
    (tmp_path / "users").write_text("me:%s\n" % crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))
    (tmp_path / "registry.yml").write_text(
        "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: '%s'}\n"
        "auth: {htpasswd: {realm: r, path: %s}}\n" % (tmp_path / "registry", PRIVATE, tmp_path / "users"))
    p = engine.spawn(exe, "serve", str(tmp_path / "registry.yml"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert engine.http(5001, "/v2/")[0] == 401
    base = PRIVATE + "/base"
    engine.api("POST", "/images/stand-in:1/tag?repo=%s&tag=1" % base)
    login = {"username": "me", "password": "secret", "serveraddress": PRIVATE}
    auth = {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(login).encode()).decode()}
    out = engine.api("POST", "/images/%s/push?tag=1" % base, headers=auth, raw=True)
    assert b"errorDetail" not in out, out
    engine.api("DELETE", "/images/%s:1" % base)
    yield base + ":1"
    p.kill()
    p.wait()
    try:
        engine.api("DELETE", "/images/%s:1?force=1" % base)
    except ApiError:
        pass


@pytest.mark.ours
@pytest.mark.parametrize("how", ["auths", "helper", "variable"])
def test_private_base_without_buildx(private, project, how):
    """A build by the engine pulls what the Dockerfile names, with the user's credentials."""
    auths = {"auths": {PRIVATE: {"auth": base64.b64encode(b"me:secret").decode()}}}
    config = {"auths": auths, "helper": {"credHelpers": {PRIVATE: "calls"}}, "variable": {}}[how]
    helper = project.write("#!/bin/sh\ncat >/dev/null\n"
                           "echo '{\"ServerURL\": \"%s\", \"Username\": \"me\", \"Secret\": \"secret\"}'\n" % PRIVATE,
                           "bin/docker-credential-calls")
    helper.chmod(0o755)
    env = {"DOCKER_CONFIG": project.dir / "docker", "PATH": "%s:%s" % (helper.parent, project.engine.path_env)}
    project.write("FROM %s\nRUN echo %s >/built\n" % (private, how), "ctx/Dockerfile")
    project.write("services: {app: {build: ctx}}\n")
    project.write("{}", "docker/config.json")
    project.octo("build", env=env).fails(1)
    project.write(json.dumps(config), "docker/config.json")
    if how == "variable":
        env["DOCKER_AUTH_CONFIG"] = json.dumps(auths)
    r = project.octo("build", env=env).ok()
    assert "secret" not in r.out + r.err
    project.engine.api("DELETE", "/images/%s-app?force=1" % project.name)


@pytest.mark.ours
@pytest.mark.parametrize("words", ["pull", "pull -q", "pull --policy missing", "--progress json pull",
                                   "--progress json pull -q", "up -d", "--progress json up -d --quiet-pull"])
def test_pull_is_shown_as_by_docker_compose(there, judge_for, words):
    e = there.engine
    there.write("services: {a: {image: 'fetched:1'}, b: {image: 'fetched:1'}}\n")
    said = []
    for by in (there.octo_program, judge_for("v5", e)):
        try:
            e.api("DELETE", "/images/fetched:1?force=1")
        except ApiError:
            pass
        r = there.octo(*words.split(), by=by)
        said.append((r.code, r.out, sorted({l.rstrip() for l in r.err.splitlines()})))
        there.clean()
    assert said[0] == said[1] and said[0][2]
