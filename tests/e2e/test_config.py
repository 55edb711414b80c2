"""The OctoCompose configuration: what its keys do, and that what is wrong is said with its place. No engine is
needed. That a project written both ways is the same: tests/config."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from conftest import program_path

pytestmark = pytest.mark.ours


def octo(*args, cwd):
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8"}
    return subprocess.run([program_path(), *args], cwd=cwd, env=env, capture_output=True, text=True, timeout=20)


def good(*args, cwd):
    r = octo(*args, cwd=cwd)
    assert r.returncode == 0, r.stderr
    return r.stdout


BAD = {
    "missing-include": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: ./nope.yaml\n"}, ":3:10", "nope.yaml"),
    "remote": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: https://example.com/a.yaml\n"}, ":3:10", "downloaded"),
    "cyclic": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: b.yaml\n",
                "b.yaml": "include:\n  - url: config.yaml\n"}, "b.yaml:2:10", "includes itself"),
    "not-a-mapping": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: b.yaml\n", "b.yaml": "- a\n"}, "b.yaml:1:1", "mapping"),
    "two-kinds": ({"config.yaml": "octoctl: {}\nconfigs: {web: {log: info}}\ninclude:\n  - url: b.yaml\n",
                   "b.yaml": "configs: {web: {log: {level: info}}}\n"}, "config.yaml:2:22", "configs.web.log"),
    "template": ({"config.yaml": "octoctl: {}\nservices:\n  web:\n    image: \"{{.env.IMAGE}}\"\n"},
                 "config.yaml:4:12", "templates"),
    "no-such-setting": ({"config.yaml": "configs: {web: {image: x}}\nservices:\n  web:\n    image: \"{{.configs.web.imge}}\"\n"},
                        "config.yaml:4:12", "did you mean \"image\"?"),
    "setting-is-a-map": ({"config.yaml": "configs: {web: {image: {a: b}}}\nservices:\n  web:\n    image: \"{{.configs.web.image}}\"\n"},
                         "config.yaml:4:12", "needs one value"),
    "template-in-settings": ({"config.yaml": "octoctl: {}\nconfigs: {web: {a: '{{.configs.web.b}}', b: c}}\nservices: {web: {image: x}}\n"},
                             "config.yaml:2:20", "templates"),
    "unknown-key": ({"config.yaml": "octoctl: {}\nservcies: {}\n"}, "config.yaml:2:1", "services"),
    "no-such-globals": ({"config.yaml": "octoctl: {}\nglobals: {all: {}}\nservices:\n  web:\n    image: x\n"
                         "    octocompose: {config: {globals: some}}\n"}, "config.yaml:6:37", "all"),
    "two-names": ({"config.yaml": "name: a\nprojectID: b\nservices: {web: {image: x}}\n"}, "config.yaml:1:7", "two names"),
    "bad-yaml": ({"config.yaml": "octoctl: {\n"}, "config.yaml:", ""),
    "wrong-in-include": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: b.yaml\n",
                          "b.yaml": "services:\n  web:\n    image: x\n    ports: 80\n"}, "b.yaml:4:12", "ports"),
    "said-twice": ({"config.yaml": "octoctl: {}\nservices:\n  web: {image: x, replicas: 2, deploy: {replicas: 3}}\n"},
                   "config.yaml:3:29", "another value"),
    "include-of-nothing": ({"config.yaml": "octoctl: {}\ninclude:\n  - ulr: b.yaml\n"}, "config.yaml:3:5", "url: PATH"),
    "signature": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: b.yaml\n    gpg: b.asc\n", "b.yaml": "services: {}\n"},
                  "config.yaml:4:5", "signatures"),
    "toml": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: b.toml\n", "b.toml": "a = 1\n"}, "b.toml: ", "TOML"),
    "template-in-a-key": ({"config.yaml": "octoctl: {}\nservices:\n  web: {image: x, labels: {'{{a}}': b}}\n"},
                          "config.yaml:3:28", "templates"),
    "template-of-a-file": ({"config.yaml": "octoctl: {}\ninclude:\n  - url: b.yaml?template=true\n"}, "config.yaml:3:10", "templates"),
    "secrets": ({"config.yaml": "octoctl:\n  secrets: {tool: t}\nservices: {web: {image: x}}\n"}, "config.yaml:2:12", "secrets"),
    "binary": ({"config.yaml": "octoctl: {operator: baremetal}\nservices: {web: {}}\nrepos:\n  services:\n    web:\n"
                "      baremetal:\n        binary: {linux_amd64: {url: https://example.com/x}}\n"}, "config.yaml:7:9", "downloaded"),
    "source": ({"config.yaml": "octoctl: {operator: baremetal}\nservices: {web: {}}\nrepos:\n  services:\n    web:\n"
                "      baremetal:\n        source: {repo: https://example.com/x}\n"}, "config.yaml:7:9", "compiled"),
    "build-of-a-clone": ({"config.yaml": "services: {web: {}}\nrepos:\n  services:\n    web:\n      docker:\n        image: x\n"
                          "        build: {repo: https://example.com/x}\n"}, "config.yaml:7:23", "build.repo"),
    "path-and-program": ({"config.yaml": "octoctl: {operator: baremetal}\nservices: {web: {}}\nrepos:\n  services:\n    web:\n"
                          "      baremetal: {path: ./a, program: b}\n"}, "config.yaml:6:25", "another value"),
    "unknown-repos-key": ({"config.yaml": "services: {web: {}}\nrepos:\n  services:\n    web:\n      docker: {imgae: x}\n"},
                          "config.yaml:5:16", "image"),
    "repos-not-a-mapping": ({"config.yaml": "services: {web: {}}\nrepos:\n  services: [web]\n"}, "config.yaml:3:13", "mapping"),
    "no-section-for-it": ({"config.yaml": "services: {web: {}}\nrepos:\n  services:\n    web: {podman: {image: x}}\n"},
                          "config.yaml:4:11", "docker, baremetal"),
    "typo-in-octoctl": ({"config.yaml": "octoctl: {opertaor: docker}\nservices: {web: {image: x}}\n"}, "config.yaml:1:11", "operator"),
    "enabled-no-boolean": ({"config.yaml": "services:\n  web: {image: x, enabled: 'no'}\n"}, "config.yaml:2:28", "boolean"),
    "enabled-and-disabled": ({"config.yaml": "include: [{url: b.yaml}]\nservices:\n  web: {enabled: true}\n",
                              "b.yaml": "services:\n  web: {image: x, disabled: true}\n"}, "b.yaml:2:29", "config.yaml:3:18"),
    "depends-on-left-out": ({"config.yaml": "include: [{url: b.yaml}]\nservices:\n  web: {image: x, depends_on: [db]}\n",
                             "b.yaml": "services:\n  db: {image: x, enabled: false}\n"}, "config.yaml:3:32", "b.yaml:2:27"),
    "mount": ({"config.yaml": "services:\n  web: {image: x, octocompose: {config: {mount: /x}}}\n"}, "config.yaml:2:42", "files"),
    "globals-no-mapping": ({"config.yaml": "globals: {a: 1}\nservices:\n  web: {image: x, octocompose: {config: {globals: a}}}\n"},
                           "config.yaml:1:14", "mapping"),
    "two-kinds-in-repos": ({"config.yaml": "include: [{url: b.yaml}]\nservices: {web: {}}\nrepos:\n  services:\n    web: {docker: x}\n",
                            "b.yaml": "repos: {services: {web: {docker: {image: x}}}}\n"}, "config.yaml:5:19", "b.yaml:1:34"),
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


def test_several_configurations(tmp_path):
    (tmp_path / "a.yaml").write_text("include: [{url: sub/c.yaml}]\nservices: {web: {image: a}}\n")
    (tmp_path / "b.yaml").write_text("name: named\nservices: {web: {image: b, user: b}}\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.yaml").write_text("services: {web: {image: c, user: c, hostname: c}}\n")
    load = lambda *files: json.loads(good(*[w for f in files for w in ("-c", f)], "config", "--format", "json", cwd=tmp_path))
    one = load("a.yaml", "b.yaml")
    web = one["services"]["web"]
    assert one["name"] == "named" and (web["image"], web["user"], web["hostname"]) == ("a", "c", "c")
    web = load("b.yaml", "a.yaml")["services"]["web"]
    assert (web["image"], web["user"], web["hostname"]) == ("b", "b", "c")


def test_name_is_composes(tmp_path):
    """projectID is name; the environment and -p outweigh it as they do in a compose file."""
    (tmp_path / "c.yaml").write_text("projectID: My ${WHAT:-Shop}\nservices: {web: {image: x}}\n")
    name = lambda *more: json.loads(good("-c", "c.yaml", *more, "config", "--format", "json", cwd=tmp_path))["name"]
    assert name() == "myshop" and name("-p", "other") == "other"
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=from-env\n")
    assert name() == "from-env"


def test_left_out(tmp_path):
    (tmp_path / "v.yaml").write_text(
        "services:\n  a: {image: x, enabled: false}\n  b: {image: x, disabled: true}\n  c: {image: x, enabled: false}\n"
        "  d: {image: x, octocompose: {operators: [docker-compose]}}\n  e: {command: x, octocompose: {operators: [baremetal]}}\n"
        "  f: {image: x, command: y, depends_on: {a: {condition: service_started, required: false}}}\n")
    (tmp_path / "octocompose.yaml").write_text("include: [{url: v.yaml}]\nservices: {c: {enabled: true, command: y}}\n")
    assert good("config", "--services", cwd=tmp_path).split() == ["c", "d", "f"]
    assert good("--operator", "bare-metal", "config", "--services", cwd=tmp_path).split() == ["c", "e", "f"]


def test_counts(tmp_path):
    """Who weighs more says how many, in whatever words."""
    count = lambda: good("config", cwd=tmp_path)
    for vendor, user, there in (("scale: 2", "replicas: 3", "replicas: 3"), ("replicas: 2", "scale: 3", "scale: 3"),
                                ("deploy: {replicas: 2}", "replicas: 3", "replicas: 3"),
                                ("replicas: 2", "deploy: {replicas: 3}", "replicas: 3")):
        (tmp_path / "v.yaml").write_text("services: {web: {image: x, %s}}\n" % vendor)
        (tmp_path / "octocompose.yaml").write_text("include: [{url: v.yaml}]\nservices: {web: {%s}}\n" % user)
        assert there in count() and "2" not in count(), (vendor, user)


def test_paths_start_at_their_file(tmp_path):
    """Compose's own include, extends and build as well as a repository's path, and the label of the files."""
    (tmp_path / "vendor" / "sub").mkdir(parents=True)
    (tmp_path / "vendor" / "v.yaml").write_text(
        "include: [./sub/compose.yaml, {url: sub/more.yaml}]\n"
        "services:\n  web:\n  ext: {extends: {file: base.yaml, service: b}}\n"
        "repos:\n  services:\n    web:\n      docker: {registry: r.example, image: w, tag: 1, build: ./ctx}\n"
        "      baremetal: {path: bin/web, command: [a]}\n")
    (tmp_path / "vendor" / "base.yaml").write_text("services: {b: {image: x, command: y, volumes: ['./v:/v']}}\n")
    for name in ("compose", "more"):
        (tmp_path / "vendor" / "sub" / (name + ".yaml")).write_text(
            "services: {%s: {image: x, command: y, volumes: ['./v:/v']}}\n" % name)
    (tmp_path / "octocompose.yaml").write_text(
        "name: x\ninclude: [{url: vendor/v.yaml}]\nrepos: {services: {web: {docker: {tag: 2}}}}\n")
    load = lambda *more: json.loads(good(*more, "config", "--format", "json", cwd=tmp_path))["services"]
    services = load()
    vendor = str(tmp_path / "vendor")
    assert services["web"]["image"] == "r.example/w:2" and services["web"]["build"]["context"] == vendor + "/ctx"
    assert [services[s]["volumes"][0]["source"] for s in ("ext", "compose", "more")] == [
        vendor + "/v", vendor + "/sub/v", vendor + "/sub/v"]
    assert load("--operator", "baremetal")["web"]["entrypoint"] == [vendor + "/bin/web"]
    assert "octocompose.yaml:3:40" in good("explain", "web", cwd=tmp_path)


def test_references_to_settings(tmp_path):
    (tmp_path / "config.yaml").write_text("include: [{url: v.yaml}]\nconfigs: {web: {port: 9090, my-key: '${K:-k}'}}\noctoctl: {}\n")
    (tmp_path / "v.yaml").write_text(
        "globals: {all: {log: {level: info}}}\n"
        "configs: {web: {port: 80, tag: 1.25}, my-db: {user: bob}}\n"
        "repos: {services: {web: {docker: {image: nginx, tag: '{{ .configs.web.tag }}'}}}}\n"
        "services:\n"
        "  web:\n"
        "    ports: ['{{.configs.web.port}}:80']\n"
        "    environment:\n"
        "      LEVEL: 'a {{- .configs.web.log.level -}} b'\n"
        "      DB: '{{index .configs \"my-db\" \"user\"}}@{{index .configs.web \"my-key\"}}'\n"
        "    octocompose: {config: {globals: all}}\n")
    project = json.loads(good("config", "--format", "json", cwd=tmp_path))["services"]["web"]
    assert project["image"] == "nginx:1.25"
    assert project["ports"][0]["published"] == "9090"
    assert project["environment"] == {"LEVEL": "ainfob", "DB": "bob@k"}


def test_all_that_is_wrong_at_once(tmp_path):
    (tmp_path / "config.yaml").write_text(
        "octoctl: {opertaor: docker}\n"
        "configs: {web: {a: b}}\n"
        "services:\n"
        "  web: {image: x, enabled: 'no', labels: {l: '{{.configs.web.c}}', m: '{{.env.X}}'}}\n"
        "repos: {services: {web: {docker: {imgae: x}}}, fils: {}}\n")
    r = octo("config", cwd=tmp_path)
    assert r.returncode != 0
    places = [line.split(": ")[0] for line in r.stderr.splitlines() if line.startswith("config.yaml:")]
    assert places == ["config.yaml:1:11", "config.yaml:4:28", "config.yaml:4:46", "config.yaml:4:71",
                      "config.yaml:5:35", "config.yaml:5:48"]


def test_no_templates_where_the_service_says_so(tmp_path):
    (tmp_path / "v.yaml").write_text("services: {web: {image: x, labels: {a: '{{.x}}'}}}\n")
    (tmp_path / "octocompose.yaml").write_text(
        "include: [{url: v.yaml}]\nservices: {web: {octocompose: {config: {noTemplate: true}}}}\n")
    assert "{{.x}}" in good("config", cwd=tmp_path)


def test_forms_are_the_same(tmp_path):
    """YAML and JSON, all three names, one project."""
    tree = {"name": "x", "octoctl": {"operator": "docker"}, "services": {"web": {"image": "a", "replicas": 2}}}
    printed = set()
    for name in ("octocompose.json", "octocompose.yml", "octocompose.yaml", "config.yaml", "config.yml"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text(json.dumps(tree))
        printed.add(good("config", cwd=folder))
    assert len(printed) == 1 and "replicas: 2" in printed.pop()


def test_no_permission():
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "octocompose.yaml").write_text("name: x\ninclude: [{url: v.yaml}]\n")
        (folder / "v.yaml").write_text("services: {}\n")
        (folder / "v.yaml").chmod(0)
        program = shutil.copy(program_path(), folder / "octocompose")
        r = subprocess.run([program, "config"], cwd=folder, env={"PATH": os.environ["PATH"]}, capture_output=True,
                           text=True, timeout=20, user=65534)
    assert r.returncode == 1 and "octocompose.yaml:2:17: include[0].url: cannot open" in r.stderr
    assert "Permission denied" in r.stderr and r.stdout == ""


MISSING = {
    "path": ("repos:\n  services:\n    bad:\n      baremetal: {path: ./no/such}\nservices: {bad: {}}\n", 4, 25, "no/such"),
    "program": ("repos:\n  services:\n    bad:\n      baremetal: {program: no-such-program}\nservices: {bad: {}}\n", 4, 28,
                "no-such-program"),
    "merged": ("services:\n  x: &x\n    enabled: false\n    command: [no-such-program, a]\n  bad:\n    <<: *x\n"
               "    enabled: true\n", 4, 14, "no-such-program"),
    "not-executable": ("services:\n  bad:\n    command: /etc/passwd\n", 3, 14, "/etc/passwd"),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_program(name, tmp_path):
    """Said with its place in the file that says it, before anything is done."""
    vendor, line, column, word = MISSING[name]
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "v.yaml").write_text(vendor)
    (tmp_path / "octocompose.yaml").write_text(
        "name: missing\ninclude: [{url: vendor/v.yaml}]\noctoctl: {operator: baremetal}\n"
        "services: {good: {command: [sleep, '9']}, bad: {depends_on: [good]}}\nvolumes: {data: }\n")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    for verb in (["plan"], ["up", "-d"]):
        r = subprocess.run([program_path(), *verb], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=20)
        assert r.returncode == 1 and r.stdout == ""
        errors = [l for l in r.stderr.splitlines() if l[:1] not in " "]
        assert len(errors) == 1 and errors[0].startswith("vendor/v.yaml:%d:%d: " % (line, column)), r.stderr
        assert word in errors[0]
    r = subprocess.run([program_path(), "ps", "-a", "-q"], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=20)
    assert r.returncode == 0 and r.stdout == ""
    assert not list((tmp_path / "state").glob("**/process/*")) and not list((tmp_path / "state").glob("**/volume/*"))


def test_settings_that_nobody_reads(tmp_path):
    (tmp_path / "octocompose.yaml").write_text("octoctl: {workspace: ./x, network: y}\nservices: {web: {image: x}}\n")
    r = octo("config", "-q", cwd=tmp_path)
    assert r.returncode == 0 and "octocompose.yaml:1:11: octoctl.workspace" in r.stderr and ":1:27: octoctl.network" in r.stderr


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
