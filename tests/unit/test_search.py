"""`--search`: crmctl looks through every page for what the API has no parameter for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crmctl.api.message import Response
from crmctl.api.search import SearchedListing
from crmctl.resources import ACTIVITY, TASK
from tests.in_process import InProcess
from tests.scripted_transport import Script

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def crmctl(tmp_path: Path) -> InProcess:
    return InProcess(tmp_path, NOW, CRMCTL_PROFILE="local")


def put_numbered(crmctl: InProcess, number: int) -> None:
    """Tasks ``Plan 0`` and on, each third of them with ``Straße`` in its description."""
    crmctl.put_tasks(
        *(
            {
                "id": f"task_{index:04}",
                "title": f"Plan {index}",
                "description": "Die Straße" if index % 3 == 0 else None,
                "status": ("pending", "in_progress", "completed")[index % 4 % 3],
                "created_at": f"2026-03-01T00:{index // 60:02}:{index % 60:02}Z",
            }
            for index in range(number)
        )
    )


def test_a_part_of_the_title_is_found_in_any_case(crmctl: InProcess) -> None:
    crmctl.put_tasks(
        {"id": "task_1", "title": "Call ÉMILE about the offer"},
        {"id": "task_2", "title": "Tidy up", "description": "before émile comes"},
        {"id": "task_3", "title": "Emil"},
    )
    found = crmctl.run("task", "list", "--search", "Émile", "-o", "ids")
    assert sorted(found.lines) == ["task_1", "task_2"]


def test_case_is_folded_as_unicode_does(crmctl: InProcess) -> None:
    put_numbered(crmctl, 3)
    assert crmctl.run("task", "list", "--search", "STRASSE", "-o", "ids").lines == ["task_0000"]


@pytest.mark.parametrize("text", ["\u00e9mile", "E\u0301MILE"])
def test_a_letter_is_found_however_it_is_composed(crmctl: InProcess, text: str) -> None:
    crmctl.put_tasks(
        {"id": "task_1", "title": "Call \u00c9mile"}, {"id": "task_2", "title": "Call E\u0301mile"}
    )
    found = crmctl.run("task", "list", "--search", text, "-o", "ids").lines
    assert sorted(found) == ["task_1", "task_2"]


def test_subjects_and_descriptions_of_activities_are_searched(crmctl: InProcess) -> None:
    crmctl.log(
        [
            {"type": "call", "subject": "Discovery"},
            {"type": "note", "description": "a discovery, at last"},
            {"type": "note", "subject": "Other", "contact_id": "discovery"},
        ]
    )
    found = crmctl.run("activity", "list", "--search", "discovery", "--fields", "type", "--json")
    assert sorted(item["type"] for item in found.data) == ["call", "note"]


def test_every_page_is_searched_and_a_limit_counts_what_is_found(crmctl: InProcess) -> None:
    put_numbered(crmctl, 250)
    assert crmctl.run("task", "list", "--search", "plan 0", "-o", "ids").lines == ["task_0000"]
    cut = crmctl.run("task", "list", "--search", "straße", "--limit", "2", "-o", "ids")
    assert cut.lines == ["task_0249", "task_0246"]
    assert cut.stderr == "Showing 2; there are more.\n"
    whole = crmctl.run("task", "list", "--search", "straße", "--limit", "84", "-o", "ids")
    assert (len(whole.lines), whole.stderr) == (84, "")


def test_a_table_shows_25_of_what_is_found_and_says_that_there_are_more(crmctl: InProcess) -> None:
    put_numbered(crmctl, 250)
    shown = crmctl.run("task", "list", "--search", "straße", "-o", "table")
    assert len(shown.lines) == 26
    assert shown.stderr == "Showing 25; there are more. --limit N shows more.\n"


def test_a_count_is_of_what_is_found(crmctl: InProcess) -> None:
    put_numbered(crmctl, 250)
    assert crmctl.run("task", "list", "--search", "straße", "--count").stdout == "84\n"
    assert crmctl.run("task", "list", "--search", "nope", "--count", "--json").data == {"count": 0}


def test_merged_lists_are_searched_in_their_order(crmctl: InProcess) -> None:
    put_numbered(crmctl, 20)
    found = crmctl.run(
        *("task", "list", "--status", "pending,in_progress", "--search", "straße", "-o", "ids")
    )
    assert found.lines == ["task_0015", "task_0012", "task_0009", "task_0003", "task_0000"]


@pytest.mark.parametrize("noun", ["task", "activity"])
@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_text_is_refused(crmctl: InProcess, noun: str, text: str) -> None:
    refused = crmctl.run(noun, "list", "--search", text)
    assert (refused.status, refused.stdout) == (2, "")
    assert refused.stderr == "crmctl: --search: there is no text to search for.\n"


def test_nothing_found_is_no_error(crmctl: InProcess) -> None:
    result = crmctl.run("task", "list", "--search", "x", "-o", "json")
    assert (result.status, result.data) == (0, [])


def test_what_is_found_comes_before_the_next_page_is_asked_for() -> None:
    def page(title: str, *, more: bool) -> Response:
        meta = {"has_more": more, **({"next_cursor": title} if more else {})}
        return Response(
            200, {"success": True, "data": [{"id": title, "title": title}], "meta": meta}
        )

    script = Script(page("a", more=True), page("ab", more=True), page("b", more=False))
    found = SearchedListing(script.client.list_tasks({}), TASK, "A", limit=None)
    items = iter(found)
    assert (next(items)["id"], len(script.requests)) == ("a", 1)
    assert (next(items)["id"], len(script.requests)) == ("ab", 2)
    assert (list(items), len(script.requests), found.has_more) == ([], 3, False)


def test_what_is_not_text_holds_no_text() -> None:
    odd = [{"id": "1", "subject": ["call"]}, {"id": "2", "subject": None}, {"id": "3"}]
    script = Script(Response(200, {"success": True, "data": odd, "meta": {"has_more": False}}))
    listing = script.client.list_activities({})
    assert list(SearchedListing(listing, ACTIVITY, "call", limit=None)) == []
