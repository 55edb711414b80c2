"""Fixtures of the end-to-end tests.

OCTOCOMPOSE_BIN    the program under test (default: octocompose of the build folder)
OCTO_TEST_ENGINE   20.10 (default where the host has it), 26.1 or 28.5
OCTO_TEST_SHARED   reference data and judges (default ../shared beside the tree)
See tests/README.
"""

import collections
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "lib"))

import engine as engine_lib  # noqa: E402
import fetch  # noqa: E402
import images  # noqa: E402
import project as project_lib  # noqa: E402
import relay as relay_lib  # noqa: E402


def program_path():
    p = os.environ.get("OCTOCOMPOSE_BIN")
    if p:
        return os.path.abspath(p)
    for d in (os.environ.get("top_builddir"), TOP / "build", TOP, os.getcwd()):
        if d and os.access(os.path.join(d, "octocompose"), os.X_OK):
            return os.path.abspath(os.path.join(d, "octocompose"))
    return None


def judge_is_tested():
    p = program_path() or ""
    return "docker-compose-v" in p or "cli-plugins" in p


def pytest_configure(config):
    config.addinivalue_line("markers", "ours: tests what docker compose does not have; skipped for a judge")
    config.addinivalue_line("markers", "slow: takes more than ten seconds")


def pytest_collection_modifyitems(config, items):
    if judge_is_tested() and not os.environ.get("OCTO_TEST_ALL"):
        skip = pytest.mark.skip(reason="the program under test is docker compose")
        for i in items:
            if i.get_closest_marker("ours"):
                i.add_marker(skip)


def pytest_report_header(config):
    return "program %s, engine %s" % (program_path(), engine_lib.default_version())


def pytest_terminal_summary(terminalreporter):
    """What was left out, and why: a line for each reason, and for each project of the corpus."""
    rows, others = [], collections.Counter()
    for r in terminalreporter.stats.get("skipped", []):
        why = r.longrepr[2].replace("Skipped: ", "") if isinstance(r.longrepr, tuple) else str(r.longrepr)
        if "test_corpus.py" in r.nodeid:
            rows.append((r.nodeid.split("[", 1)[-1].rstrip("]"), why))
        else:
            others[why] += 1
    often = collections.Counter(why for _, why in rows)
    for why in [why for why, n in often.items() if n > 50]:
        others[why] += often[why]
        rows = [row for row in rows if row[1] != why]
    if others:
        terminalreporter.section("left out")
        for why, n in others.most_common():
            terminalreporter.write_line("%4d  %s" % (n, why))
    if rows:
        ran = sum("test_corpus.py" in r.nodeid for k in ("passed", "failed") for r in terminalreporter.stats.get(k, [])
                  if getattr(r, "when", "") == "call")
        terminalreporter.section("corpus: %d projects ran, %d left out" % (ran, len(rows)))
        width = max(len(n) for n, _ in rows)
        for n, why in sorted(rows):
            terminalreporter.write_line("%-*s  %s" % (width, n, why))


@pytest.fixture(scope="session", autouse=True)
def _needs():
    if os.geteuid() != 0:
        pytest.skip("the end-to-end tests start a private engine and need root", allow_module_level=True)


def start_engine(version=None, **kw):
    """A private engine with the standard images; skips where it cannot be had."""
    try:
        e = engine_lib.Engine(version, **kw)
        images.Images(e).load_standard()
        return e
    except fetch.Missing as m:
        pytest.skip(str(m))


@pytest.fixture(scope="session")
def engine():
    """The private engine of this test process, of the version asked for."""
    e = start_engine()
    yield e
    e.stop()


@pytest.fixture(scope="session")
def registry_engine():
    """A private engine with a registry of its own that answers for docker.io."""
    e = start_engine(registry=True)
    yield e
    e.stop()


_more = {}


@pytest.fixture(scope="session")
def engines():
    """engines("28.5"): a private engine of a version, started when first asked for."""
    def get(version):
        if version not in _more:
            _more[version] = start_engine(version)
        return _more[version]
    yield get
    for e in _more.values():
        e.stop()
    _more.clear()


def program(exe, e, socket=None):
    path = e.path_env
    return project_lib.Program(exe, socket or e.socket, path)


@pytest.fixture(scope="session")
def octo_for():
    """octo_for(engine): the program under test on that engine."""
    exe = program_path()
    if not exe:
        pytest.fail("no program to test: set OCTOCOMPOSE_BIN or build octocompose first")
    made = []

    def make(e, socket=None):
        p = program(exe, e, socket)
        made.append(p)
        return p
    yield make
    for p in made:
        p.close()


@pytest.fixture(scope="session")
def octo(engine, octo_for):
    """The program under test on this process's engine; call it with arguments."""
    return octo_for(engine)


@pytest.fixture(scope="session")
def judge_for():
    """judge_for("v5" or "v2", engine): docker compose on that engine."""
    made = []

    def make(which, e):
        try:
            exe = fetch.judge_v5() if which == "v5" else fetch.judge_v2()
        except fetch.Missing as m:
            pytest.skip(str(m))
        p = program(exe, e)
        made.append(p)
        return p
    yield make
    for p in made:
        p.close()


@pytest.fixture(scope="session")
def compose_v5(engine, judge_for):
    return judge_for("v5", engine)


@pytest.fixture(scope="session")
def compose_v2(engine, judge_for):
    return judge_for("v2", engine)


@pytest.fixture
def make_project(tmp_path_factory):
    """make_project(engine, program): a further project, removed at the end."""
    made = []

    def make(e, octo, name=None):
        p = project_lib.Project(e, octo, tmp_path_factory.mktemp("p"), name)
        made.append(p)
        return p
    yield make
    for p in made:
        p.clean()


@pytest.fixture
def project(engine, octo, make_project):
    """A folder and a name of its own on this process's engine; everything is removed afterwards."""
    return make_project(engine, octo)


@pytest.fixture
def relay(engine):
    """A relay in front of this process's engine."""
    with relay_lib.Relay(engine.socket) as r:
        yield r
