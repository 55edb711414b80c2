"""Images that have to be fetched: from a registry on loopback that answers for docker.io."""

import pytest

import project as project_lib


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


def test_pull_of_what_is_not_there(there):
    there.write("services: {a: {image: 'fetched:404'}, b: {image: 'fetched:1'}}\n")
    r = there.up(timeout=60).fails(1)
    assert "fetched:404" in r.err
    assert there.containers() == []
