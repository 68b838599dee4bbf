"""`action.yml` and `templates/log.yml`: their scripts, as a runner runs them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from crmctl import __version__
from tests.e2e.running import KEY, PATIENCE, Crmctl, FarEnd, Result
from tests.jobs import JOBS, OTHERS, RUN_AGAIN

TOP = Path(__file__).parents[2]
ACTION = (TOP / "action.yml").read_text(encoding="utf-8")
COMPONENT = (TOP / "templates" / "log.yml").read_text(encoding="utf-8")
SHELLS = {
    "action": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
    "component": ["sh", "-eu"],
}

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the scripts are run by bash and sh"
)


def scripts(text: str) -> list[str]:
    """The blocks that a shell runs: those under ``run: |``, and the items ``- |`` of a script."""
    found = re.findall(r"^( *)(?:run: |- )\|\n((?:\1 +.*\n|\n)+)", text, re.MULTILINE)
    return [textwrap.dedent(block) for _, block in found]


def inputs_of(text: str) -> dict[str, str]:
    """Each input, and its default."""
    declared = text.partition("inputs:\n")[2].partition("\noutputs:")[0].partition("\n---")[0]
    found = re.split(r"^ {2,4}([a-z-]+):\n", declared, flags=re.MULTILINE)[1:]
    names, bodies = found[::2], found[1::2]
    defaults = (re.search(r'^ +default: "?(.*?)"?$', body, re.MULTILINE) for body in bodies)
    return {
        name: default[1] if default else "" for name, default in zip(names, defaults, strict=True)
    }


def variables_of(text: str, given: dict[str, str]) -> dict[str, str]:
    """The variables that inputs are handed to the scripts in."""
    values = {**inputs_of(text), **given}
    handed = re.findall(
        r"^ +([A-Z_]+): \$(?:\{\{|\[\[) inputs\.([a-z-]+) (?:\}\}|\]\])$", text, re.MULTILINE
    )
    return {name: values[input] for name, input in handed}


class Runner:
    """Runs the last script of the action or of the component, on a crmctl that is there."""

    def __init__(self, crmctl: Crmctl, kind: str) -> None:
        self.crmctl = crmctl
        self.kind = kind
        self.text = ACTION if kind == "action" else COMPONENT
        self.program = crmctl.home / "crmctl"
        self.program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m crmctl "$@"\n')
        self.program.chmod(0o755)

    def run(self, job: dict[str, str], inputs: dict[str, str], **environ: str) -> Result:
        """Run it as a step of that job; what it handed on is in ``outputs`` and ``summary``."""
        home = self.crmctl.home
        files = {name: home / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in (*files.values(), home / "crmctl.env"):
            file.write_text("")
        result = subprocess.run(
            [*SHELLS[self.kind], "-c", scripts(self.text)[-1]],
            env={
                **self.crmctl.environ,
                **job,
                **{name: str(file) for name, file in files.items()},
                **variables_of(self.text, inputs),
                "JOB_INDEX": "0",
                "PROGRAM": str(self.program),
                "program": str(self.program),
                **environ,
            },
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.summary = files["GITHUB_STEP_SUMMARY"].read_text()
        handed_on = files["GITHUB_OUTPUT"] if self.kind == "action" else home / "crmctl.env"
        lines = handed_on.read_text().splitlines()
        *self.outputs, self.queued = [line.partition("=")[2] for line in lines]
        return Result(result.returncode, result.stdout, result.stderr)


@pytest.fixture(params=["action", "component"])
def runner(request: pytest.FixtureRequest, remote: Crmctl, far_end: FarEnd) -> Runner:
    """The action or the component, against a server that honours no idempotency key."""
    far_end.honours_keys = False
    return Runner(remote, request.param)


@pytest.fixture
def action(remote: Crmctl) -> Runner:
    """The action."""
    return Runner(remote, "action")


def job_of(runner: Runner) -> dict[str, str]:
    return JOBS["github" if runner.kind == "action" else "gitlab"]


def test_a_step_that_is_run_again_is_logged_once(runner: Runner, far_end: FarEnd) -> None:
    first = runner.run(job_of(runner), {"deal": "deal_acme"})
    outputs = runner.outputs
    assert first.status == 0, first.stderr
    [logged] = far_end.client.list_activities({"deal_id": "deal_acme", "type": "note"})
    assert outputs == [logged["id"], "false"]
    assert logged["subject"] == "Deployed v1.4.2 of acme/shop"
    again = RUN_AGAIN["github" if runner.kind == "action" else "gitlab"]
    assert runner.run({**job_of(runner), **again}, {"deal": "deal_acme"}).status == 0
    assert runner.outputs == [logged["id"], "true"]
    assert far_end.calls.count("POST /activities") == 1


def test_another_step_leg_or_addition_is_logged_anew(runner: Runner, far_end: FarEnd) -> None:
    job = job_of(runner)
    others = OTHERS["github" if runner.kind == "action" else "gitlab"]
    ids = []
    for other in ({}, *others):
        runner.run({**job, **other}, {})
        ids.append(runner.outputs[0])
    runner.run(job, {"ref-add": "canary"})
    ids.append(runner.outputs[0])
    if runner.kind == "action":
        runner.run(job, {}, JOB_INDEX="1")
        ids.append(runner.outputs[0])
    assert "" not in ids
    assert len(set(ids)) == len(ids) == far_end.calls.count("POST /activities")


def test_every_input_arrives_as_it_was_given(runner: Runner, far_end: FarEnd) -> None:
    hostile = """--x "quoted" 'too' $(touch pwned) `touch pwned` ${HOME} %0A::error::\\n *"""
    given = {
        "type": "call",
        "subject": hostile,
        "description": f"{hostile}\nsecond line",
        "deal": "deal_acme",
        "contact": "con_jane",
        "outcome": "connected",
        "at": "2026-03-04T05:06:07Z",
        "ref": "mine/1",
        "timeout": "10",
        "on-failure": "warn",
    }
    result = runner.run(job_of(runner), given)
    assert result.status == 0, result.stderr
    logged = far_end.requests[-1].body
    assert logged == {
        "type": "call",
        "subject": hostile,
        "description": f"{hostile}\nsecond line\n\ncrmctl-ref:mine/1",
        "deal_id": "deal_acme",
        "contact_id": "con_jane",
        "outcome": "connected",
        "occurred_at": "2026-03-04T05:06:07Z",
    }
    assert not (runner.crmctl.home / "pwned").exists()


def test_a_failure_is_the_step_s_unless_it_may_pass(runner: Runner) -> None:
    lost = {"CRMCTL_BASE_URL": "http://127.0.0.1:1"}
    failed = runner.run(job_of(runner), {"timeout": "1"}, **lost)
    assert (failed.status, runner.outputs) == (8, ["", "false"])
    passed = runner.run(job_of(runner), {"timeout": "1", "on-failure": "warn"}, **lost)
    assert (passed.status, runner.outputs) == (0, ["", "false"])
    assert "crmctl: warning: " in passed.stderr
    assert ("::warning title=crmctl::" in passed.stderr) == (runner.kind == "action")
    refused = runner.run(job_of(runner), {"type": "fax", "on-failure": "warn"})
    assert refused.status == 2


def test_what_is_queued_is_handed_on(runner: Runner, far_end: FarEnd) -> None:
    lost = {"CRMCTL_BASE_URL": "http://127.0.0.1:1"}
    given = {"queue": "true", "timeout": "1"}
    failed = runner.run(job_of(runner), given, **lost)
    assert (failed.status, runner.outputs, runner.queued) == (75, ["", "false"], "true")
    exported = runner.crmctl.home / "crmctl-outbox.jsonl"
    assert exported.exists() == (runner.kind == "component")
    if runner.kind == "action":
        told = "crmctl: queued on this runner, not delivered yet; the step's log says why.\n"
        assert runner.summary == told
    passed = runner.run(job_of(runner), {**given, "on-failure": "warn"}, **lost)
    assert (passed.status, runner.queued) == (0, "true")
    done = runner.run(job_of(runner), given)
    assert (done.status, runner.queued) == (0, "false")
    assert far_end.calls.count("POST /activities") == 1


def test_the_base_url_is_an_input(runner: Runner, far_end: FarEnd) -> None:
    given = {"base-url": far_end.url}
    assert runner.run(job_of(runner), given, CRMCTL_BASE_URL="http://127.0.0.1:1").status == 0
    assert far_end.calls.count("POST /activities") == 1


def test_the_key_is_an_input_of_the_action_and_is_never_shown(action: Runner) -> None:
    result = action.run(JOBS["github"], {"api-key": KEY, "timeout": "9"}, CRMCTL_API_KEY="")
    assert result.status == 0, result.stderr
    assert KEY not in result.stdout + result.stderr + action.summary
    assert action.run(JOBS["github"], {"on-failure": "warn"}, CRMCTL_API_KEY="").status == 3


def test_the_summary_says_what_became_of_it(action: Runner) -> None:
    action.run(JOBS["github"], {})
    [id, _] = action.outputs
    assert action.summary == f"crmctl: logged note `{id}`.\n"
    action.run(JOBS["github"], {})
    assert action.summary == f"crmctl: `{id}` was logged before, so nothing was sent.\n"
    action.run(JOBS["github"], {"timeout": "1"}, CRMCTL_BASE_URL="http://127.0.0.1:1")
    assert action.summary == "crmctl: nothing is confirmed to be logged; the step's log says why.\n"


@pytest.mark.parametrize("text", [ACTION, COMPONENT], ids=["action", "component"])
def test_inputs_reach_the_scripts_through_the_environment_alone(text: str) -> None:
    assert len(scripts(text)) == 2
    assert not [block for block in scripts(text) if "${{" in block or "$[[" in block]
    handed = set(re.findall(r"inputs\.([a-z-]+) ", text))
    assert handed == set(inputs_of(text))


def test_both_have_the_same_inputs_as_far_as_they_go() -> None:
    assert set(inputs_of(ACTION)) - set(inputs_of(COMPONENT)) == {"api-key", "python"}
    assert set(inputs_of(COMPONENT)) - set(inputs_of(ACTION)) == {"job", "stage", "image", "source"}


def test_the_component_installs_the_version_that_it_belongs_to() -> None:
    assert inputs_of(COMPONENT)["source"].endswith(f"/v{__version__}.zip")
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"[@/]v(\d+\.\d+\.\d+)", readme)) == {__version__}


def index_is_missing(said: str) -> bool:
    return "No matching distribution" in said or "Could not find a version" in said


@pytest.mark.slow
def test_the_action_installs_its_own_checkout_without_the_keyring(tmp_path: Path) -> None:
    output = tmp_path / "output"
    environ = {
        **os.environ,
        **variables_of(ACTION, {"python": sys.executable}),
        "RUNNER_TEMP": str(tmp_path),
        "RUNNER_OS": "Linux",
        "GITHUB_ACTION_PATH": str(TOP),
        "GITHUB_OUTPUT": str(output),
    }
    for _ in range(2):  # the second finds what the first has made
        command = [*SHELLS["action"], "-c", scripts(ACTION)[0]]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        if index_is_missing(done.stderr):
            pytest.skip("there is no package index")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert "ERROR" not in done.stderr
    [program] = {line.removeprefix("program=") for line in output.read_text().splitlines()}
    tried = "import crmctl.cli.app, httpx, importlib.util as u; print(u.find_spec('keyring'))"
    assert said_by(program, "--version") == f"crmctl {__version__}\n"
    assert said_by(str(Path(program).with_name("python")), "-c", tried) == "None\n"


@pytest.mark.slow
def test_the_readme_s_job_installs_crmctl_and_logs(
    remote: Crmctl, far_end: FarEnd, home: Path
) -> None:
    """Its lines as they stand: but from this checkout, and on what is installed here already."""
    readme = (TOP / "README.md").read_text(encoding="utf-8").partition("## CI\n")[2]
    lines = readme.partition("```sh\n")[2].partition("```")[0]
    url = inputs_of(COMPONENT)["source"]
    assert lines.count(url) == 1
    result = subprocess.run(
        ["sh", "-eu", "-c", lines.replace(url, f"--no-deps {TOP}")],
        env={
            **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
            **remote.environ,
            **JOBS["buildkite"],
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if "site-packages" in path),
        },
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    if index_is_missing(result.stderr):
        pytest.skip("there is no package index")
    assert result.returncode == 0, result.stderr
    assert far_end.requests[-1].body["subject"] == "Deployed v1.4.2 of acme/shop"


def said_by(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("kind", SHELLS)
def test_shellcheck_finds_nothing(kind: str, number: int) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    # In the component the first script says where the program is, and how far it has come.
    known = "program=\n" if kind == "component" and number else ""
    used = 'echo "$program"\n' if kind == "component" and not number else ""
    result = subprocess.run(
        ["shellcheck", "--shell", SHELLS[kind][0], "-"],
        input=known + scripts(ACTION if kind == "action" else COMPONENT)[number] + used,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        check=False,
    )
    assert result.stdout == ""
    assert result.returncode == 0
