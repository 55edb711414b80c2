#!/usr/bin/env python3
"""both_ways.py - one project as a compose file and as an OctoCompose configuration: what `config` prints,
the services' hashes, and what each operator makes of it (resources.c) are the same, byte for byte. The
projects are the example and those of ../shared/corpus, each turned into a vendor's file with repositories
and globals and a user's small file that includes and overrides it. Speaks TAP.

    both_ways.py OCTOCOMPOSE RESOURCES
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("OCTO_CORPUS") or TOP.parent / "shared" / "corpus" / "compose") / "awesome-compose"
OPERATORS = ("docker", "memory", "baremetal")
ENV = {"PATH": os.environ["PATH"], "HOME": "/home/user", "LANG": "C.UTF-8"}


class Failed(Exception):
    pass


def run(cwd, *words):
    done = subprocess.run([str(w) for w in words], cwd=cwd, env=ENV, capture_output=True, text=True, timeout=30)
    if done.returncode:
        raise Failed("%s: exit status %d\n%s" % (" ".join(map(str, words)), done.returncode, done.stderr))
    return done.stdout


def split_image(image):
    """{"registry", "image", "tag"}; nothing for a name with a digest."""
    if "@" in image:
        return {}
    name, _, tag = image.rpartition(":")
    if not name or "/" in tag:
        name, tag = image, None
    first, slash, rest = name.partition("/")
    parts = {"image": name, "tag": tag}
    if slash and ("." in first or ":" in first):
        parts = {"registry": first, "image": rest, "tag": tag}
    return {k: v for k, v in parts.items() if v}


def to_octocompose(doc):
    """The vendor's file and the user's, of a project as `config` prints it."""
    vendor = {"repos": {"services": {}}, "services": {}, "globals": {"all": {"level": "info"}}}
    user = {"name": doc["name"], "services": {}}
    for key in ("networks", "volumes", "secrets", "configs"):
        if doc.get(key):
            (user if key == "networks" else vendor)[key] = doc[key]
    for name, service in doc["services"].items():
        service = {k: v for k, v in service.items() if v is not None}
        docker = split_image(service.get("image", ""))
        if docker:
            del service["image"]
        if docker.get("tag"):  # the user's version outweighs the vendor's
            user.setdefault("repos", {"services": {}})["services"][name] = {"docker": {"tag": docker["tag"]}}
            docker["tag"] = "vendor-s"
        words = {k: service.pop(k) for k in ("entrypoint", "command") if k in service}
        if "build" in service:
            docker["build"] = service.pop("build")
        replicas = service.get("deploy", {}).pop("replicas", None)
        if replicas is not None:
            service["replicas"] = replicas
        service["octocompose"] = {"config": {"globals": "all"}}
        vendor["repos"]["services"][name] = {"docker": {**docker, **words}, "baremetal": words}
        # the user overrides the whole environment, which the vendor said wrong
        mine = {}
        if "environment" in service:
            mine["environment"] = service.pop("environment")
            service["environment"] = {k: "vendor's" for k in mine["environment"]}
        vendor["services"][name] = service
        user["services"][name] = mine
    return vendor, user


def compare_config(cwd, octocompose, compose, config):
    for words in (("--format", "json"), ("--hash", "*")):
        there, here = (run(cwd, octocompose, "--operator", "docker", *front, "config", *words)
                       for front in (("-f", compose), ("-c", config)))
        if words[0] == "--format":  # the order of keys is the order of writing
            there, here = json.loads(there), json.loads(here)
        if there != here:
            raise Failed("config %s differs:\n%s\n%s" % (" ".join(words), there, here))


def is_of_section(finding, operator):
    """About a key that a configuration has for docker only, and that a compose file has for everybody."""
    return operator == "baremetal" and finding["path"].endswith(".build")


def compare_resources(cwd, resources, operator, compose, config):
    """How many the operator makes of it, and whether it refuses something."""
    texts = [run(cwd, resources, operator, *front) for front in (("-f", compose), ("-c", config))]
    parts = [text.partition('\n  "resources": [') for text in texts]
    if not parts[1][2] or parts[0][2] != parts[1][2]:
        raise Failed("resources of %s differ:\n%s\n%s" % (operator, *texts))
    there, here = ([f for f in json.loads(text)["findings"] if not is_of_section(f, operator)] for text in texts)
    if there != here:
        raise Failed("findings of %s differ:\n%s\n%s" % (operator, there, here))
    made = json.loads(texts[1])
    if not made["resources"]:
        raise Failed("%s makes nothing of it" % operator)
    is_refused = any(f["is_error"] for f in made["findings"])
    return "%s %d%s" % (operator, len(made["resources"]), " (refused)" if is_refused else "")


def example(octocompose, resources):
    files = (TOP / "examples" / "web-worker-store", "compose.yaml", "config.yaml")
    compare_config(files[0], octocompose, *files[1:])
    return ", ".join(compare_resources(files[0], resources, operator, *files[1:]) for operator in OPERATORS)


def write_both(folder, name, doc):
    vendor, user = to_octocompose(doc)
    user["include"] = [{"url": "./vendor/%s.json" % name}]
    (folder / "vendor" / (name + ".json")).write_text(json.dumps(vendor, indent=1))
    (folder / (name + "-user.json")).write_text(json.dumps(user, indent=1))
    return name + ".json", name + "-user.json"


def corpus_project(name, folder, octocompose, resources):
    source = next((CORPUS / name).glob("compose.y*ml"))
    text = run(folder, octocompose, "-f", source, "config", "--format", "json")
    (folder / "vendor").mkdir()
    (folder / "whole.json").write_text(text)
    files = write_both(folder, "whole", json.loads(text))
    compare_config(folder, octocompose, *files)
    said = [compare_resources(folder, resources, operator, *files) for operator in OPERATORS[:2]]
    # What the images would say is said by the description: bare metal has no images.
    doc = json.loads(text)
    for service in doc["services"].values():
        service["command"] = service.get("command") or ["program", "--verbose"]
    (folder / "bare.json").write_text(json.dumps(doc, indent=1))
    said.append(compare_resources(folder, resources, OPERATORS[2], *write_both(folder, "bare", doc)))
    return ", ".join(said)


def main():
    octocompose, resources = (os.path.abspath(p) for p in sys.argv[1:])
    names = sorted(p.parent.name for p in CORPUS.glob("*/compose.y*ml")) if CORPUS.is_dir() else []
    print("1..%d" % (1 + max(1, len(names))))

    def test(title, fn):
        try:
            print("ok - %s: %s" % (title, fn()))
        except Failed as e:
            print("\n".join("# " + line for line in str(e).splitlines()))
            print("not ok - " + title)

    test("the example", lambda: example(octocompose, resources))
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            test(name, lambda: corpus_project(name, Path(folder), octocompose, resources))
    if not names:
        print("ok - the corpus # SKIP there is none beside the checkout")


if __name__ == "__main__":
    main()
