"""The contract of operators (tests/contract) on a real Engine; `make check` runs the other operators."""

import os
import subprocess
from pathlib import Path

import pytest

from conftest import program_path

pytestmark = pytest.mark.ours
TOP = Path(__file__).resolve().parents[2]


def test_contract(engine):
    contract = Path(program_path()).parent / "tests/contract/contract"
    if not contract.exists():
        pytest.skip("tests/contract/contract is not built (make check TESTS=)")
    env = dict(os.environ, DOCKER_HOST="unix://" + engine.socket, top_srcdir=str(TOP))
    r = subprocess.run(engine.command(str(contract), "docker"), env=env, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, timeout=300)
    lines = r.stdout.splitlines()
    assert r.returncode == 0 and lines[-1].startswith("1.."), r.stdout
    assert not [x for x in lines if x.startswith("not ok")], r.stdout
    assert int(lines[-1][3:]) > 100
