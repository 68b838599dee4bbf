"""Whatever is asked by the OpenAPI document is answered by it: all checks of schemathesis."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.running import PATIENCE, Crmctl
from tests.e2e.serving import make_key, serving

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_schemathesis_finds_nothing(
    store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    program = shutil.which("schemathesis", path=programs)
    if program is None:
        pytest.skip("schemathesis is not installed")
    database = str(tmp_path / "team.db")
    if store == "postgres":
        database = request.getfixturevalue("postgres_server").create("schemathesis")
    shell = Crmctl(tmp_path)
    given = ("--database", database)
    key = make_key(shell, "ann", *given)
    with serving(shell, *given, key=key) as server:
        arguments = ["--checks", "all", "--max-examples", "20", "--seed", "1"]
        done = subprocess.run(
            [
                *(program, "run", f"{server.url}/openapi.json", *arguments),
                *("--header", f"Authorization: Bearer {key}"),
            ],
            cwd=tmp_path,
            env={
                "PATH": programs,
                "HOME": str(tmp_path),
                "PYTHONPATH": str(ROOT),
                "SCHEMATHESIS_HOOKS": "tests.e2e.schemathesis_hooks",
            },
            capture_output=True,
            text=True,
            timeout=10 * PATIENCE,
            check=False,
        )
    assert done.returncode == 0, done.stdout
    assert "No issues found" in done.stdout
