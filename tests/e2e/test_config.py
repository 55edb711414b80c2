"""The OctoCompose configuration: one project written both ways is the same project; what is wrong is said
with its place. No engine is needed."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from conftest import program_path

TOP = Path(__file__).resolve().parents[2]
CORPUS = TOP.parent / "shared" / "corpus" / "compose" / "awesome-compose"
PROJECTS = sorted(p.parent.name for p in CORPUS.glob("*/compose.y*ml")) if CORPUS.is_dir() else []

pytestmark = pytest.mark.ours


def octo(*args, cwd):
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8"}
    return subprocess.run([program_path(), *args], cwd=cwd, env=env, capture_output=True, text=True, timeout=20)


def good(*args, cwd):
    r = octo(*args, cwd=cwd)
    assert r.returncode == 0, r.stderr
    return r.stdout


def split_image(image):
    name, _, tag = image.rpartition(":")
    if not name or "/" in tag:
        name, tag = image, None
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first):
        return {"registry": first, "image": rest, "tag": tag}
    return {"image": name, "tag": tag}


def to_octocompose(doc):
    """A vendor's file and a user's, from a project as `config` prints it."""
    vendor = {"repos": {"services": {}}, "services": {}, "globals": {"all": {"level": "info"}}}
    user = {"name": doc["name"], "include": [{"url": "./vendor/vendor.json"}], "services": {},
            "octoctl": {"operator": "docker"}}
    for key in ("networks", "volumes", "secrets", "configs"):
        if doc.get(key):
            (user if key == "networks" else vendor)[key] = doc[key]
    for name, service in doc["services"].items():
        service = {k: v for k, v in service.items() if v is not None}
        docker = {}
        if "image" in service and "@" not in service["image"]:
            docker = {k: v for k, v in split_image(service.pop("image")).items() if v}
        for key in ("entrypoint", "command", "build"):
            if key in service:
                docker[key] = service.pop(key)
        replicas = service.get("deploy", {}).pop("replicas", None)
        if replicas is not None:
            service["replicas"] = replicas
        service["octocompose"] = {"config": {"globals": "all"}}
        vendor["repos"]["services"][name] = {"docker": docker}
        # what the user overrides: the whole environment, said once wrong by the vendor
        mine = {}
        if "environment" in service:
            mine["environment"] = service.pop("environment")
            service["environment"] = {k: "vendor's" for k in mine["environment"]}
        vendor["services"][name] = service
        user["services"][name] = mine
    return vendor, user


@pytest.mark.parametrize("name", PROJECTS or [pytest.param("none", marks=pytest.mark.skip(
    reason="no corpus beside the checkout"))])
def test_same_project_both_ways(name, tmp_path):
    source = CORPUS / name
    there = good("-f", str(next(source.glob("compose.y*ml"))), "config", "--format", "json", cwd=tmp_path)
    doc = json.loads(there)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "compose.json").write_text(there)
    vendor, user = to_octocompose(json.loads(there))
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "vendor.json").write_text(json.dumps(vendor, indent=1))
    (tmp_path / "octocompose.json").write_text(json.dumps(user, indent=1))
    ours = ("-c", "octocompose.json", "config")
    plain = ("-f", "plain/compose.json", "config")
    assert json.loads(good(*ours, "--format", "json", cwd=tmp_path)) == doc
    assert good(*ours, "--hash", "*", cwd=tmp_path) == good(*plain, "--hash", "*", cwd=tmp_path)
    # found by its name as well
    assert good("config", "--hash", "*", cwd=tmp_path) == good(*plain, "--hash", "*", cwd=tmp_path)


BAD = {
    "missing-include": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: ./nope.yaml\n"}, ":3:10", "nope.yaml"),
    "remote": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: https://example.com/a.yaml\n"}, ":3:10", "downloaded"),
    "cyclic": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: b.yaml\n",
                "b.yaml": "include:\n  - url: config.yaml\n"}, "b.yaml:2:10", "includes itself"),
    "not-a-mapping": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: b.yaml\n", "b.yaml": "- a\n"}, "b.yaml:1:1", "mapping"),
    "two-kinds": ({"config.yaml": "octoctl: {}\nconfigs: {web: {log: info}}\ninclude:\n  - url: b.yaml\n",
                   "b.yaml": "configs: {web: {log: {level: info}}}\n"}, "config.yaml:2:22", "configs.web.log"),
    "template": ({"config.yaml": "octoctl: {}\nservices:\n  web:\n    image: \"{{.configs.web.image}}\"\n"},
                 "config.yaml:4:12", "templates"),
    "unknown-key": ({"config.yaml": "octoctl: {}\nservcies: {}\n"}, "config.yaml:2:1", "services"),
    "no-such-globals": ({"config.yaml": "octoctl: {}\nglobals: {all: {}}\nservices:\n  web:\n    image: x\n"
                         "    octocompose: {config: {globals: some}}\n"}, "config.yaml:6:37", "all"),
    "two-names": ({"config.yaml": "name: a\nprojectID: b\nservices: {web: {image: x}}\n"}, "config.yaml:1:7", "two names"),
    "bad-yaml": ({"config.yaml": "octoctl: {\n"}, "config.yaml:", ""),
    "wrong-in-include": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: b.yaml\n",
                          "b.yaml": "services:\n  web:\n    image: x\n    ports: 80\n"}, "b.yaml:4:12", "ports"),
    "said-twice": ({"config.yaml": "octoctl: {}\nservices:\n  web: {image: x, replicas: 2, deploy: {replicas: 3}}\n"},
                   "config.yaml:3:29", "another value"),
    "tools": ({"config.yaml": "octoctl: {}\nservices:\n  web: {image: x, octocompose: {health: [{tool: t}]}}\n"},
              "config.yaml:3:33", "health"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_configuration(name, tmp_path):
    files, place, word = BAD[name]
    for path, text in files.items():
        (tmp_path / path).write_text(text)
    r = octo("-c", "config.yaml", "config", "-q", cwd=tmp_path)
    assert r.returncode == 1, r
    assert place in r.stderr and word in r.stderr, r.stderr
    assert r.stdout == ""


def test_weight_and_lists(tmp_path):
    (tmp_path / "a.yaml").write_text("name: x\nservices: {web: {image: a, labels: {from: a}}}\n"
                                     "include: [{url: b.yaml}, {url: sub/c.yaml}]\n")
    (tmp_path / "b.yaml").write_text("services: {web: {image: b, labels: {from: b, b: b}, ports: ['1:1']}}\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.yaml").write_text(
        "services: {web: {image: c, labels: {b: c, c: c}, ports: ['2:2'], volumes: ['./v:/v']}, gone: {image: y, enabled: false}}\n")
    doc = json.loads(good("-c", "a.yaml", "config", "--format", "json", cwd=tmp_path))
    web = doc["services"]["web"]
    assert list(doc["services"]) == ["web"]
    assert web["image"] == "a" and web["labels"] == {"from": "a", "b": "b", "c": "c"}
    assert [p["published"] for p in web["ports"]] == ["2", "1"]
    assert web["volumes"][0]["source"] == str(tmp_path / "sub" / "v")


def test_operator_of_the_configuration(tmp_path):
    (tmp_path / "octocompose.yaml").write_text(
        "name: x\noctoctl: {operator: nobody}\nservices: {web: {image: a}}\n")
    r = octo("ps", cwd=tmp_path)
    assert r.returncode == 1 and "octocompose.yaml:2:21: octoctl.operator: unknown operator \"nobody\"" in r.stderr
    assert "known: docker, baremetal, memory" in r.stderr
    assert octo("--operator", "docker", "config", "-q", cwd=tmp_path).returncode == 0


COMMAND_ONLY = "name: x\nservices:\n  web:\n    command: sleep 9\n"


def test_a_command_is_enough_on_bare_metal(tmp_path):
    (tmp_path / "compose.yaml").write_text(COMMAND_ONLY)
    r = octo("config", "-q", cwd=tmp_path)
    assert r.returncode == 1 and "compose.yaml:3:3: services.web: there is neither an image nor a build" in r.stderr
    for name in ("baremetal", "bare-metal"):
        assert "command" in good("--operator", name, "config", cwd=tmp_path)
    r = octo("--operator", "nobody", "config", "-q", cwd=tmp_path)
    assert r.returncode == 1 and r.stderr == 'unknown operator "nobody" (known: docker, baremetal, memory)\n'


@pytest.mark.parametrize("name,is_good", [("docker", False), ("docker-compose", False), ("baremetal", True),
                                          ("bare-metal", True)])
def test_a_command_is_enough_in_a_configuration(name, is_good, tmp_path):
    (tmp_path / "octocompose.yaml").write_text(COMMAND_ONLY + "octoctl: {operator: %s}\n" % name)
    r = octo("config", "-q", cwd=tmp_path)
    assert r.returncode == (0 if is_good else 1), r.stderr
    assert is_good or "octocompose.yaml:3:3: services.web: there is neither an image nor a build" in r.stderr
    # the command line weighs more
    assert octo("--operator", "docker", "config", "-q", cwd=tmp_path).returncode == 1
    assert octo("--operator", "baremetal", "config", "-q", cwd=tmp_path).returncode == 0


def test_compose_file_goes_first(tmp_path):
    (tmp_path / "config.yaml").write_text("octoctl: {}\nservices: {web: {image: ours}}\n")
    (tmp_path / "compose.yaml").write_text("services: {web: {image: compose}}\n")
    assert "image: compose" in good("config", cwd=tmp_path)
    (tmp_path / "octocompose.yaml").write_text("name: x\nservices: {web: {image: own}}\n")
    assert "image: own" in good("config", cwd=tmp_path)
    assert "image: compose" in good("-f", "compose.yaml", "config", cwd=tmp_path)
