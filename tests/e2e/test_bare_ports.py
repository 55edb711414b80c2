"""Published ports on bare metal: what is taken is told with its place before anything starts."""

import socket

import pytest

from test_bare import SLEEPER, bare, until  # noqa: F401, the fixture

pytestmark = pytest.mark.ours


def take(family, kind, address):
    taken = socket.socket(family, kind)
    if family == socket.AF_INET6:
        taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    taken.bind((address, 0))
    if kind == socket.SOCK_STREAM:
        taken.listen()
    return taken, taken.getsockname()[1]


FOUR, SIX, TCP, UDP = socket.AF_INET, socket.AF_INET6, socket.SOCK_STREAM, socket.SOCK_DGRAM


def has_six():
    try:
        take(SIX, TCP, "::1")[0].close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("family,kind,address,published", [
    (FOUR, TCP, "127.0.0.1", "127.0.0.1:{port}:80"),
    (FOUR, TCP, "127.0.0.1", "{port}:80"),
    (FOUR, TCP, "0.0.0.0", "127.0.0.1:{port}:80"),
    (FOUR, UDP, "127.0.0.1", "{port}:80/udp"),
    (SIX, TCP, "::1", "[::1]:{port}:80"),
    (SIX, TCP, "::1", "{port}:80"),
])
def test_taken(bare, family, kind, address, published):
    if family == SIX and not has_six():
        pytest.skip("this host has no IPv6")
    taken, port = take(family, kind, address)
    with taken:
        bare.write("  a:\n" + SLEEPER + "  b:\n" + SLEEPER + f"    ports: ['{published.format(port=port)}']\n")
        for words in (["up", "-d"], ["plan"]):
            done = bare.run(*words, check=False)
            assert done.returncode == 1
            assert "compose.yaml:9:13: services.b.ports: port is taken by another program" in done.stderr
            assert str(port) in done.stderr
        assert not bare.processes() and not bare.state().exists()


@pytest.mark.parametrize("family,kind,address,published", [
    (FOUR, TCP, "127.0.0.1", "127.0.0.1:{port}:80/udp"),
    (FOUR, UDP, "127.0.0.1", "127.0.0.1:{port}:80"),
    (FOUR, TCP, "127.0.0.1", "127.0.0.2:{port}:80"),
])
def test_not_taken(bare, family, kind, address, published):
    taken, port = take(family, kind, address)
    with taken:
        bare.write("  b:\n" + SLEEPER + f"    ports: ['{published.format(port=port)}']\n")
        bare.run("up", "-d")
        bare.run("down")


def test_two_services_with_one_port(bare):
    bare.write("  a:\n" + SLEEPER + "    ports: ['127.0.0.1:18377:80']\n"
               "  b:\n" + SLEEPER + "    ports: ['18377:80']\n"
               "  c:\n" + SLEEPER + "    ports: ['127.0.0.2:18377:80', '18377:80/udp']\n")
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 1 and "compose.yaml:10:13: services.b.ports: port \"18377\" is published by service " \
        "\"a\", too" in done.stderr
    assert not bare.processes()


def test_no_address_of_this_host(bare):
    bare.write("  a:\n" + SLEEPER + "    ports: ['192.0.2.7:18377:80']\n")
    done = bare.run("up", "-d", check=False)
    assert done.returncode == 1 and 'services.a.ports: is no address of this host: "192.0.2.7"' in done.stderr


LISTENER = "    command: [python3, -c, 'import os, socket; s = socket.create_server((\"\", int(" \
    "os.environ[\"OCTO_PORT_80\"]))); print(\"on\", s.getsockname()[1], flush=True); s.accept()']\n"


def test_a_range_and_our_own_ports(bare):
    taken, first = take(FOUR, TCP, "127.0.0.1")
    taken.close()
    service = "  a:\n" + LISTENER + f"    ports: ['{first}-{first + 1}:80']\n    scale: %d\n"
    bare.write(service % 2)
    bare.run("up", "-d")
    until(lambda: bare.run("logs").stdout.count("on ") == 2)
    assert {f"on {first}", f"on {first + 1}"} == {
        line.split("|")[1].strip() for line in bare.run("logs").stdout.splitlines()}
    # What holds the port is what is replaced.
    bare.write(service % 2 + "    environment: {X: '1'}\n")
    bare.run("up", "-d")
    bare.run("restart")
    bare.run("stop")
    bare.run("start")
    done = bare.run("up", "-d", "--scale", "a=3", check=False)
    assert done.returncode == 1 and "has no port for instance 3" in done.stderr
    assert len(bare.ps()) == 2
    bare.run("down")
