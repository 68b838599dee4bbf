"""What a CI job says of itself: whose job it is, what it built, and by what it is known again.

The variables are the documented ones of each provider. The reference leaves the attempt out: a job
that is run again is the same job; two steps, two jobs or two legs of a matrix are not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import TypedDict
from urllib.parse import quote

from crmctl import errors
from crmctl.delivery.refs import LONGEST_REF

GIT_SECONDS = 5.0
# What a link is called in the environment, and in the trailers of a commit.
LINKS = {"deal_id": ("CRMCTL_DEAL", "crm-deal"), "contact_id": ("CRMCTL_CONTACT", "crm-contact")}


class Provider(TypedDict):
    """A provider's variables; of several for one fact, the first that is set.

    ``sign`` is set in its jobs alone. ``run`` stays when a job is run again, and so does each part
    of ``place``: the job by its name, the step, the leg of a matrix. A ref that is written out, as
    ``refs/tags/v1``, is a tag or a branch wherever it stands.
    """

    sign: str
    repository: tuple[str, ...]
    tag: tuple[str, ...]
    branch: tuple[str, ...]
    commit: tuple[str, ...]
    who: tuple[str, ...]
    url: tuple[str, ...]
    run: tuple[str, ...]
    place: tuple[str, ...]


PROVIDERS: dict[str, Provider] = {
    "github": {
        "sign": "GITHUB_ACTIONS",
        "repository": ("{GITHUB_REPOSITORY}",),
        "tag": ("{GITHUB_REF}",),
        "branch": ("{GITHUB_HEAD_REF}", "{GITHUB_REF}"),
        "commit": ("{GITHUB_SHA}",),
        "who": ("{GITHUB_TRIGGERING_ACTOR}", "{GITHUB_ACTOR}"),
        "url": ("{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",),
        "run": ("{GITHUB_RUN_ID}",),
        "place": ("{GITHUB_JOB}", "{GITHUB_ACTION}"),
    },
    "gitlab": {
        "sign": "GITLAB_CI",
        "repository": ("{CI_PROJECT_PATH}",),
        "tag": ("{CI_COMMIT_TAG}",),
        "branch": (
            "{CI_COMMIT_BRANCH}",
            "{CI_MERGE_REQUEST_SOURCE_BRANCH_NAME}",
            "{CI_COMMIT_REF_NAME}",
        ),
        "commit": ("{CI_COMMIT_SHA}",),
        "who": ("{GITLAB_USER_LOGIN}", "{GITLAB_USER_NAME}"),
        "url": ("{CI_PIPELINE_URL}", "{CI_JOB_URL}"),
        "run": ("{CI_PIPELINE_ID}",),
        # A retry has another CI_JOB_ID.
        "place": ("{CI_JOB_NAME}", "{CI_NODE_INDEX}"),
    },
    "jenkins": {
        "sign": "JENKINS_URL",
        "repository": ("{GIT_URL}", "{GIT_URL_1}"),
        "tag": ("{TAG_NAME}",),
        "branch": ("{CHANGE_BRANCH}", "{BRANCH_NAME}", "{GIT_BRANCH}"),
        "commit": ("{GIT_COMMIT}",),
        "who": ("{BUILD_USER_ID}", "{CHANGE_AUTHOR}"),
        "url": ("{BUILD_URL}",),
        # The builds of each Jenkins job are numbered from 1.
        "run": ("{BUILD_NUMBER}",),
        "place": ("{JOB_NAME}", "{STAGE_NAME}"),
    },
    "buildkite": {
        "sign": "BUILDKITE",
        "repository": ("{BUILDKITE_REPO}", "{BUILDKITE_PIPELINE_SLUG}"),
        "tag": ("{BUILDKITE_TAG}",),
        "branch": ("{BUILDKITE_BRANCH}",),
        "commit": ("{BUILDKITE_COMMIT}",),
        "who": ("{BUILDKITE_BUILD_CREATOR}", "{BUILDKITE_BUILD_AUTHOR}"),
        "url": ("{BUILDKITE_BUILD_URL}",),
        "run": ("{BUILDKITE_BUILD_ID}",),
        # A retry has another BUILDKITE_JOB_ID; a matrix shows in the label.
        "place": ("{BUILDKITE_STEP_ID}", "{BUILDKITE_LABEL}", "{BUILDKITE_PARALLEL_JOB}"),
    },
    "circleci": {
        "sign": "CIRCLECI",
        "repository": (
            "{CIRCLE_PROJECT_USERNAME}/{CIRCLE_PROJECT_REPONAME}",
            "{CIRCLE_REPOSITORY_URL}",
        ),
        "tag": ("{CIRCLE_TAG}",),
        "branch": ("{CIRCLE_BRANCH}",),
        "commit": ("{CIRCLE_SHA1}",),
        "who": ("{CIRCLE_USERNAME}",),
        "url": ("{CIRCLE_BUILD_URL}",),
        # A workflow that is run again has another ID, and the workspace of the first.
        "run": ("{CIRCLE_WORKFLOW_WORKSPACE_ID}", "{CIRCLE_WORKFLOW_ID}"),
        "place": ("{CIRCLE_JOB}", "{CIRCLE_NODE_INDEX}"),
    },
    "azure": {
        "sign": "TF_BUILD",
        "repository": ("{BUILD_REPOSITORY_NAME}",),
        "tag": ("{BUILD_SOURCEBRANCH}",),
        "branch": ("{SYSTEM_PULLREQUEST_SOURCEBRANCH}", "{BUILD_SOURCEBRANCH}"),
        "commit": ("{BUILD_SOURCEVERSION}",),
        "who": ("{BUILD_REQUESTEDFOR}",),
        "url": (
            "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
        ),
        "run": ("{BUILD_BUILDID}",),
        "place": (
            "{SYSTEM_STAGENAME}",
            "{SYSTEM_PHASENAME}",
            "{SYSTEM_JOBNAME}",
            "{SYSTEM_JOBPOSITIONINPHASE}",
        ),
    },
}

# What stands in a URL as it is; blanks and the marks of Markdown do not.
_URL = ":/?#@!$&'+,;=%~"
_TAG, _BRANCH = "refs/tags/", "refs/heads/"
# `https://user:token@host/acme/shop.git` and `git@host:acme/shop.git` to `acme/shop`.
_CLONED_FROM = re.compile(r"(?:[a-z+]+://[^/]*/|[^/:]+@[^/:]+:)(.*?)(?:\.git)?/*", re.IGNORECASE)
# What the runner makes up anew for a step without an ID, in an action of several steps.
_MADE_UP = re.compile(r"\.?__[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


class Job:
    """What to log of a job: its subject, its description in Markdown, and its reference."""

    __slots__ = ("description", "ref", "subject")

    def __init__(self, subject: str, description: str, ref: str) -> None:
        self.subject = subject
        self.description = description
        self.ref = ref


def read_job(environ: Mapping[str, str], *, add: str | None = None) -> Job:
    """The job that these variables are of; ``add`` tells one of its logs from another.

    Raises UsageError outside the jobs of `PROVIDERS`, and where the run has no number: it could not
    be told from the next one.
    """
    name = _provider_of(environ)
    provider = PROVIDERS[name]
    given = {key: value.strip() for key, value in environ.items() if value.strip()}
    run = _first(provider["run"], given)
    if not run:
        raise errors.UsageError(
            f"--ci: {provider['run'][0].strip('{}')} is not set: all runs would be one.",
            hint="Give a subject, and a --ref to log it once.",
        )
    repository = _first(provider["repository"], given)
    if cloned := _CLONED_FROM.fullmatch(repository):
        repository = cloned[1]
    tag, branch = _tag_and_branch(provider, given)
    commit = _first(provider["commit"], given)
    lines = {
        "Repository": repository,
        "Tag": tag,
        "Branch": "" if tag else branch,
        "Commit": commit,
        "By": _first(provider["who"], given),
    }
    description = [f"- {label}: {_code(value)}" for label, value in lines.items() if value]
    if url := _first(provider["url"], given):
        description.append(f"- Run: {quote(url, safe=_URL, errors='replace')}")
    what = tag or branch or commit[:12] or f"run {run}"
    subject = f"Deployed {what} of {repository}" if repository else f"Deployed {what}"
    place = [_MADE_UP.sub("", _first((part,), given)) for part in provider["place"]]
    ref = "/".join([name, _part(repository, keep="/"), *map(_part, (run, *place, add or ""))])
    return Job(_one_line(subject), "\n".join(description), _shorten(ref.rstrip("/")))


def read_links(
    environ: Mapping[str, str], names: Iterable[str], *, seconds: float = GIT_SECONDS
) -> dict[str, str]:
    """Of the `LINKS` with these names, those that the environment or else the commit at HEAD gives.

    A commit says ``CRM-Deal: deal_xyz789`` among its trailers. Where there is no git, no repository
    or no answer in time, it says nothing.
    """
    links = {name: environ.get(LINKS[name][0], "").strip() for name in names}
    if not all(links.values()):
        trailers = _read_trailers(environ, seconds)
        links = {name: value or trailers.get(LINKS[name][1], "") for name, value in links.items()}
    return {name: value for name, value in links.items() if value}


def annotation(environ: Mapping[str, str], text: str) -> str | None:
    """The workflow command that shows a warning at the run, on GitHub; None elsewhere."""
    if not _is_set(environ, PROVIDERS["github"]["sign"]):
        return None
    message = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::warning title=crmctl::{message}"


def _provider_of(environ: Mapping[str, str]) -> str:
    for name, provider in PROVIDERS.items():
        if _is_set(environ, provider["sign"]):
            return name
    raise errors.UsageError(
        f"--ci: this is no job of {', '.join(PROVIDERS)}.",
        hint="Give a subject, and a --ref to log it once.",
    )


def _is_set(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").strip().lower() not in ("", "0", "false")


def _first(templates: Iterable[str], given: Mapping[str, str]) -> str:
    """The first that is known, or nothing."""
    for template in templates:
        try:
            return template.format_map(given)
        except KeyError:
            continue
    return ""


def _tag_and_branch(provider: Provider, given: Mapping[str, str]) -> tuple[str, str]:
    tag, branch = _first(provider["tag"], given), _first(provider["branch"], given)
    if tag.startswith("refs/"):
        tag = tag.removeprefix(_TAG) if tag.startswith(_TAG) else ""
    branch = branch.removeprefix(_BRANCH).removeprefix("refs/").removeprefix("origin/")
    return tag, branch


def _read_trailers(environ: Mapping[str, str], seconds: float) -> dict[str, str]:
    """The trailers of the commit at HEAD, their keys in lower case; the last one counts."""
    import subprocess
    import tempfile

    # Not a pipe: what git has started may hold one open for longer than git is waited for.
    with tempfile.TemporaryFile() as told:
        try:
            subprocess.run(
                ["git", "log", "-1", "--no-show-signature", "--format=%(trailers:only,unfold)"],
                env={name: value for name, value in environ.items() if name != "CRMCTL_API_KEY"},
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=True,
            )
        except (OSError, ValueError, subprocess.SubprocessError):
            return {}
        told.seek(0)
        lines = told.read().decode("utf-8", "replace").splitlines()
    trailers = (line.partition(":") for line in lines)
    return {key.strip().lower(): value.strip() for key, colon, value in trailers if colon}


def _code(text: str) -> str:
    """A code span of Markdown: nothing in it acts, and names keep their underscores."""
    text = _one_line(text)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def _one_line(text: str) -> str:
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())


def _part(text: str, keep: str = "") -> str:
    """A part of a reference, percent-encoded where it is not printable or would be two parts."""
    return "".join(
        mark
        if mark in keep or (mark.isprintable() and mark not in " %/")
        else quote(mark, safe="", errors="replace")
        for mark in text
    )


def _shorten(ref: str) -> str:
    if len(ref) <= LONGEST_REF:
        return ref
    digest = hashlib.sha256(ref.encode()).hexdigest()[:32]
    return f"{ref[: LONGEST_REF - len(digest) - 1]}~{digest}"
