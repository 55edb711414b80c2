"""What bare metal cannot do is told with its place: an error where the service cannot run, else a warning."""

import os

import pytest

from test_bare import SLEEPER, bare  # noqa: F401, the fixture

pytestmark = pytest.mark.ours


@pytest.mark.parametrize("lines,path", [
    ("privileged: true", "privileged"),
    ("cap_add: [NET_ADMIN]", "cap_add"),
    ("read_only: true", "read_only"),
    ("hostname: other", "hostname"),
    ("dns: [192.0.2.1]", "dns"),
    ("network_mode: none", "network_mode"),
    ("pid: 'service:a'", None),
    ("network_mode: host", None),
    ("init: true", None),
    ("devices: ['/dev/null']", None),
    ("privileged: false", None),
    ("deploy: {mode: global}", "deploy.mode"),
    ("deploy: {update_config: {parallelism: 2}}", "deploy.update_config"),
    ("deploy: {replicas: 1, restart_policy: {condition: none}}", None),
    ("ports: ['18377:80']", "ports"),
    ("logging: {driver: syslog}", "logging"),
    ("logging: {driver: json-file}", None),
])
def test_warnings(bare, lines, path):
    bare.write("  a:\n" + SLEEPER + "  b:\n    command: [sleep, '1000']\n    " + lines + "\n")
    done = bare.run("plan", check=False)
    assert done.returncode == 2
    told = [line for line in done.stderr.splitlines() if "bare metal" in line]
    if path is None:
        assert not told
    else:
        assert len(told) == 1 and f"compose.yaml:8:" in told[0] and f"services.b.{path}: " in told[0]


@pytest.mark.parametrize("lines,says", [
    ("devices: ['/dev/null:/dev/other']", "services.b.devices: is not possible"),
    ("volumes_from: [a]", "services.b.volumes_from: is not possible"),
    ("use_api_socket: true", "services.b.use_api_socket: is not possible"),
    ("ulimits: {nosuch: 3}", 'services.b.ulimits.nosuch: no such limit: "nosuch"'),
    ("stop_signal: SIGNOSUCH", 'no such signal: "SIGNOSUCH"'),
    ("volumes: [{type: image, source: x, target: /y}]", 'a mount of type "image" is not possible'),
    ("secrets: [far]", '"far" has no content'),
    ("pre_start: [{command: ['true'], per_replica: true}]", '"per_replica" is not supported'),
])
def test_errors_before_anything_runs(bare, lines, says):
    bare.write("  a:\n" + SLEEPER + "  b:\n    command: [sleep, '1000']\n    " + lines + "\n",
               "secrets: {far: {external: true}}")
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 1 and says in done.stderr and "compose.yaml:8:" in done.stderr
    assert not bare.processes() and not bare.state().exists()


def test_errors_do_not_keep_what_runs(bare):
    bare.write("  a:\n" + SLEEPER)
    bare.run("up", "-d")
    bare.write("  a:\n" + SLEEPER + "    use_api_socket: true\n    hostname: x\n")
    assert bare.run("up", "-d", check=False).returncode == 1
    assert bare.ps()["a-1"]["State"] == "running"
    done = bare.run("down")
    assert "bare metal" not in done.stderr and bare.gone()


def test_an_image_alone(bare):
    bare.write("  a:\n    image: nginx\n")
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 1
    assert "compose.yaml:3:3: services.a: has no command: on bare metal an image does not say" in done.stderr


@pytest.mark.skipif(not os.path.exists("/proc/self/oom_score_adj"), reason="no oom_score_adj")
def test_oom_score(bare):
    bare.write("  a:\n    command: [sh, -c, 'cat /proc/self/oom_score_adj; exec sleep 1000']\n"
               "    oom_score_adj: 900\n    ulimits: {core: 0, nofile: {soft: 100, hard: 200}}\n")
    bare.run("up", "-d")
    assert bare.run("exec", "-T", "a", "sh", "-c", "cat /proc/self/oom_score_adj; ulimit -c; ulimit -Sn; ulimit -Hn"
                    ).stdout.split() == ["900", "0", "100", "200"]
    bare.run("down")
