from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crmctl import errors
from crmctl.delivery import ci
from crmctl.delivery.ci import PROVIDERS, annotation, read_job, read_links
from crmctl.delivery.refs import LONGEST_REF, check_ref
from tests.jobs import JOBS, OTHERS, RUN_AGAIN

EACH = pytest.mark.parametrize("provider", PROVIDERS)

# Of each job: the commit, who, the run's URL, and the reference.
TOLD: dict[str, tuple[str, str | None, str, str]] = {
    "github": (
        "ffac537e6cbbf934b08745a378932722df287a53",
        "hubot",
        "https://github.com/acme/shop/actions/runs/6543210987",
        "github/acme/shop/6543210987/deploy/__run",
    ),
    "gitlab": (
        "1ecfd275763eff1d6b4844ea3168962458c9f27a",
        "sarah",
        "https://gitlab.example.com/acme/shop/-/pipelines/1001",
        "gitlab/acme/shop/1001/deploy:%20[eu]",
    ),
    "jenkins": (
        "ce9a3c1404e8c91be604088670e93434c4253f03",
        None,
        "https://ci.example.com/job/shop/job/deploy/17/",
        "jenkins/acme/shop/17/shop%2Fdeploy/Deploy",
    ),
    "buildkite": (
        "83a20ec058e2fb00e7fa4558c4c6e81e2dcf253d",
        "Sarah Chen",
        "https://buildkite.com/acme/shop/builds/1514",
        (
            "buildkite/acme/shop/4735ba57-80d0-46e2-8fa0-b28223a86586/"
            "080b7d73-986d-4a39-a510-b34f9faf4710/:rocket:%20Deploy%20eu"
        ),
    ),
    "circleci": (
        "98d4e81c0d6f1b9a8b6f8d2b4c9a7d7f8a5e6c1b",
        "octocat",
        "https://circleci.com/gh/acme/shop/63",
        "circleci/acme/shop/7c9e6679-7425-40de-944b-e07fc1f90ae7/deploy/0",
    ),
    "azure": (
        "4dc98db1a9f0a7b1e9a0f3f2b6d7c8e9f0a1b2c3",
        "Sarah Chen",
        "https://dev.azure.com/acme/Web%20Shop/_build/results?buildId=812",
        "azure/acme/shop/812/Production/Deploy/eu/1",
    ),
}

# The same job on a branch, as `release/2.0`.
ON_A_BRANCH = {
    "github": {"GITHUB_REF": "refs/heads/release/2.0"},
    "gitlab": {"CI_COMMIT_TAG": "", "CI_COMMIT_BRANCH": "release/2.0"},
    "jenkins": {"TAG_NAME": "", "GIT_BRANCH": "origin/release/2.0"},
    "buildkite": {"BUILDKITE_TAG": "", "BUILDKITE_BRANCH": "release/2.0"},
    "circleci": {"CIRCLE_TAG": "", "CIRCLE_BRANCH": "release/2.0"},
    "azure": {"BUILD_SOURCEBRANCH": "refs/heads/release/2.0"},
}


@EACH
def test_a_job_says_what_was_deployed_and_where_it_ran(provider: str) -> None:
    job = read_job(JOBS[provider])
    commit, who, url, ref = TOLD[provider]
    assert job.subject == "Deployed v1.4.2 of acme/shop"
    assert job.description.splitlines() == [
        "- Repository: `acme/shop`",
        "- Tag: `v1.4.2`",
        f"- Commit: `{commit}`",
        *([f"- By: `{who}`"] if who else []),
        f"- Run: {url}",
    ]
    assert job.ref == ref


@EACH
def test_without_a_tag_it_is_the_branch(provider: str) -> None:
    job = read_job({**JOBS[provider], **ON_A_BRANCH[provider]})
    assert job.subject == "Deployed release/2.0 of acme/shop"
    assert "\n- Branch: `release/2.0`\n" in job.description
    assert "Tag" not in job.description


@EACH
def test_a_job_that_is_run_again_has_the_same_reference(provider: str) -> None:
    assert read_job({**JOBS[provider], **RUN_AGAIN[provider]}).ref == read_job(JOBS[provider]).ref


@EACH
def test_another_run_job_step_or_leg_has_another_reference(provider: str) -> None:
    jobs = [JOBS[provider], *({**JOBS[provider], **other} for other in OTHERS[provider])]
    refs = [read_job(job).ref for job in jobs] + [read_job(JOBS[provider], add="eu").ref]
    assert len(set(refs)) == len(refs)
    assert [check_ref(ref) for ref in refs] == refs


@EACH
def test_only_what_is_known_is_told(provider: str) -> None:
    run = {name.strip("{}") for name in PROVIDERS[provider]["run"]}
    least = {PROVIDERS[provider]["sign"]: "true", **dict.fromkeys(run, "7")}
    job = read_job(least)
    assert job.subject == "Deployed run 7"
    assert job.description == ""
    assert job.ref == f"{provider}//7"


@EACH
def test_a_run_without_a_number_could_not_be_told_from_the_next(provider: str) -> None:
    run = {name.strip("{}") for name in PROVIDERS[provider]["run"]}
    with pytest.raises(errors.UsageError, match=PROVIDERS[provider]["run"][0].strip("{}")):
        read_job({name: value for name, value in JOBS[provider].items() if name not in run})


@pytest.mark.parametrize(
    "environ",
    [{}, {"CI": "true"}, {"GITHUB_ACTIONS": "false", "GITHUB_RUN_ID": "7"}, {"GITLAB_CI": " "}],
)
def test_outside_a_job_it_is_a_usage_error(environ: dict[str, str]) -> None:
    with pytest.raises(errors.UsageError, match=r"^--ci: .*github"):
        read_job(environ)


def test_a_pull_request_is_its_branch() -> None:
    pull = {"GITHUB_REF": "refs/pull/7/merge", "GITHUB_HEAD_REF": "fix-cart"}
    assert read_job({**JOBS["github"], **pull}).subject == "Deployed fix-cart of acme/shop"


def test_a_step_in_an_action_of_several_has_no_name_that_is_made_up_anew() -> None:
    made_up = [
        {"GITHUB_ACTION": f"__acme_ship.__{start}-4f89-11d3-9a0c-0305e82c3301"}
        for start in ("3f2504e0", "99999999")
    ]
    refs = {read_job({**JOBS["github"], **step}).ref for step in made_up}
    assert refs == {"github/acme/shop/6543210987/deploy/__acme_ship"}


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://bot:s3cret@git.example.com/acme/shop.git", "acme/shop"),
        ("https://git.example.com/acme/team/shop/", "acme/team/shop"),
        ("ssh://git@git.example.com:2222/acme/shop.git", "acme/shop"),
        ("git@git.example.com:acme/shop.git", "acme/shop"),
        ("shop", "shop"),
    ],
)
def test_of_where_it_was_cloned_from_the_path_is_told_and_no_password(
    url: str, repository: str
) -> None:
    job = read_job({**JOBS["jenkins"], "GIT_URL": url})
    assert job.subject == f"Deployed v1.4.2 of {repository}"
    assert "s3cret" not in job.description + job.ref


def test_nothing_in_a_name_acts_in_markdown_or_on_a_terminal() -> None:
    hostile = "x`[y](http://z)\x1b[31m\n# Title\u202e\udcff"
    job = read_job(
        {**JOBS["github"], "GITHUB_REF": f"refs/tags/{hostile}", "GITHUB_ACTOR": hostile}
    )
    assert job.subject == "Deployed x`[y](http://z) [31m # Title of acme/shop"
    assert "\n- Tag: `` x`[y](http://z) [31m # Title ``\n" in job.description


def test_a_reference_has_no_blanks_and_its_parts_are_not_confused() -> None:
    def ref_of(job: str, step: str) -> str:
        return read_job({**JOBS["github"], "GITHUB_JOB": job, "GITHUB_ACTION": step}).ref

    names = [("a b", "c"), ("a%20b", "c"), ("a/b", "c"), ("a", "b/c"), ("ab", ""), ("", "ab")]
    names += [("a\tb", "c"), ("日本\u202e", "c"), ("\udcff", "c")]
    refs = [ref_of(*each) for each in names]
    assert len(set(refs)) == len(refs)
    assert [check_ref(ref) for ref in refs] == refs
    assert refs[0].endswith("/a%20b/c")


def test_a_long_reference_ends_in_a_hash_and_stays_one_of_its_kind() -> None:
    refs = [read_job(JOBS["github"], add="x" * 300 + end).ref for end in ("a", "b", "a")]
    assert [len(ref) for ref in refs] == [LONGEST_REF] * 3
    assert refs[0] == refs[2] != refs[1]


def test_a_warning_is_shown_at_the_run_on_github_alone() -> None:
    text = "50% of\r\nacme: no, nothing"
    assert annotation(JOBS["github"], text) == (
        "::warning title=crmctl::50%25 of%0D%0Aacme: no, nothing"
    )
    assert annotation(JOBS["gitlab"], text) is None


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, in which this process is."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    subprocess.run(["git", "init", "-q"], check=True)
    return tmp_path


def commit(message: str) -> None:
    who = ("-c", "user.name=Sarah", "-c", "user.email=sarah@example.com")
    command = ["git", *who, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message]
    subprocess.run(command, check=True)


@pytest.mark.parametrize(
    ("message", "links"),
    [
        (
            "Ship it\n\nAll of it.\n\nCRM-Deal: deal_xyz789\nCRM-Contact: con_abc123\n",
            {"deal_id": "deal_xyz789", "contact_id": "con_abc123"},
        ),
        ("Ship it\n\ncrm-DEAL:   deal_1  \nReviewed-by: Tom\n", {"deal_id": "deal_1"}),
        ("Ship it\n\nCRM-Deal: deal_1\nCRM-Deal: deal_2\n", {"deal_id": "deal_2"}),
        ("Ship it\n\nCRM-Deal: Enterprise\n  - Acme\n", {"deal_id": "Enterprise - Acme"}),
        ("Ship it\n\nCRM-Deal: deal_1\n\nNot the last paragraph.\n", {}),
        ("Ship it\n\nCRM-Deal:\n", {}),
        ("CRM-Deal: deal_1", {}),
    ],
)
def test_the_trailers_of_the_commit_link_it(
    repository: Path, message: str, links: dict[str, str]
) -> None:
    commit(message)
    assert read_links(os.environ, ci.LINKS) == links


def test_the_environment_goes_before_the_commit_each_alone(repository: Path) -> None:
    commit("Ship it\n\nCRM-Deal: deal_1\nCRM-Contact: con_1\n")
    environ = {**os.environ, "CRMCTL_DEAL": " deal_2 ", "CRMCTL_CONTACT": " "}
    assert read_links(environ, ci.LINKS) == {"deal_id": "deal_2", "contact_id": "con_1"}
    assert read_links(environ, ["contact_id"]) == {"contact_id": "con_1"}


def test_no_commit_no_repository_and_no_git_link_nothing(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_links(os.environ, ci.LINKS) == {}
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert read_links(os.environ, ci.LINKS) == {}
    assert read_links({**os.environ, "PATH": ""}, ci.LINKS) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows runs no scripts by their first line")
def test_a_git_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\nsleep 20 &\necho CRM-Deal: deal_1\nsleep 20\n")
    git.chmod(git.stat().st_mode | stat.S_IXUSR)
    started = time.monotonic()
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    assert read_links(environ, ci.LINKS, seconds=0.3) == {}
    assert time.monotonic() - started < 5


@pytest.mark.skipif(sys.platform == "win32", reason="Windows runs no scripts by their first line")
def test_git_is_not_handed_the_key(tmp_path: Path) -> None:
    git = tmp_path / "git"
    git.write_text('#!/bin/sh\necho "CRM-Deal: key ${CRMCTL_API_KEY-was not given}"\n')
    git.chmod(git.stat().st_mode | stat.S_IXUSR)
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "CRMCTL_API_KEY": "key_1"}
    assert read_links(environ, ci.LINKS) == {"deal_id": "key was not given"}
