"""`crmctl task`: one task, and changes to one or several."""

from __future__ import annotations

import sys

import pytest

from tests.e2e.running import Crmctl

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


def test_get_prints_the_task(stocked: Crmctl) -> None:
    task = stocked.json("task", "get", "task_late")
    assert task["title"] == "Send the proposal"
    assert task["assignee_name"] == "Ann Archer"
    assert task["related_to"] == {"type": "deal", "id": "deal_acme", "name": "Enterprise - Acme"}
    assert task["due_date"] == "2020-01-05T10:00:00Z"


def test_get_in_a_pipe_is_a_name_and_a_value_a_line(stocked: Crmctl) -> None:
    result = stocked.done("task", "get", "task_free")
    assert ["title", "Tidy up"] in result.rows
    assert ["priority", "low"] in result.rows
    assert result.stderr == ""


@on_posix
def test_get_on_a_terminal_renders_the_description(stocked: Crmctl) -> None:
    stocked.done("task", "update", "task_free", "-d", "First\n\n- **bold** point\n- other")
    shown = stocked.on_terminal("task", "get", "task_free").stdout
    assert "Tidy up" in shown
    assert "**" not in shown
    assert " • " in shown


def test_create_with_a_title_alone_takes_the_defaults(crmctl: Crmctl) -> None:
    task = crmctl.json("task", "create", "Call Jane")
    assert task["id"].startswith("task_")
    kept = crmctl.json("task", "get", task["id"])
    assert kept == task
    assert (task["status"], task["priority"], task["type"]) == ("pending", "medium", "todo")
    assert task["assignee_id"] is task["due_date"] is task["related_to"] is None


def test_create_takes_every_flag(stocked: Crmctl) -> None:
    task = stocked.json(
        *("task", "create", "Sign", "--description", "Two *copies*", "--assignee", "usr_bob"),
        *("--due", "2099-05-06T07:08:09Z", "--priority", "urgent", "--type", "follow-up"),
        *("--deal", "deal_acme", "--remind", "push:1h"),
    )
    assert task["title"] == "Sign"
    assert task["description"] == "Two *copies*"
    assert (task["assignee_id"], task["assignee_name"]) == ("usr_bob", "Bob Brown")
    assert task["due_date"] == "2099-05-06T07:08:09Z"
    assert (task["priority"], task["type"]) == ("urgent", "follow_up")
    assert task["related_to"]["name"] == "Enterprise - Acme"
    assert task["reminder"] == {"type": "push", "before_minutes": 60}


@pytest.mark.parametrize(
    ("flags", "type", "item_id"),
    [
        (("--contact", "con_jane"), "contact", "con_jane"),
        (("--project", "proj_onb"), "project", "proj_onb"),
        (("--related-to-type", "deal", "--related-to-id", "deal_acme"), "deal", "deal_acme"),
    ],
)
def test_a_task_relates_to_what_the_flags_name(
    stocked: Crmctl, flags: tuple[str, ...], type: str, item_id: str
) -> None:
    related = stocked.json("task", "create", "Sign", *flags)["related_to"]
    assert (related["type"], related["id"]) == (type, item_id)


def test_a_description_is_read_from_stdin_for_a_dash(crmctl: Crmctl) -> None:
    task = crmctl.json("task", "create", "Sign", "-d", "-", stdin="One\nTwo: 日本\n")
    assert task["description"] == "One\nTwo: 日本"


def test_stdin_is_left_alone_without_a_dash(crmctl: Crmctl) -> None:
    assert crmctl.json("task", "create", "Sign", stdin="not for us")["description"] is None


def test_a_due_date_without_a_time_is_the_end_of_that_day_where_the_user_is(
    crmctl: Crmctl,
) -> None:
    berlin = crmctl.having(CRMCTL_TIMEZONE="Europe/Berlin")
    assert berlin.json("task", "create", "x", "--due", "2099-07-01")["due_date"] == (
        "2099-07-01T21:59:59Z"
    )


def test_verbose_says_what_a_date_was_understood_to_be(crmctl: Crmctl) -> None:
    result = crmctl.done("task", "create", "x", "--due", "2099-07-01 9am", "-v")
    assert "--due 2099-07-01 9am: Wed 01 Jul 2099 09:00:00 (2099-07-01T09:00:00Z)" in result.stderr


def test_update_changes_the_fields_given_and_no_others(stocked: Crmctl) -> None:
    before = stocked.json("task", "get", "task_late")
    [after] = stocked.json("task", "update", "task_late", "--title", "Send it", "--priority", "low")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"title", "priority", "updated_at"}
    assert (after["title"], after["priority"]) == ("Send it", "low")


def test_update_takes_every_flag(stocked: Crmctl) -> None:
    [task] = stocked.json(
        *("task", "update", "task_free", "--title", "Sign", "--description", "Two"),
        *("--status", "in-progress", "--assignee", "usr_bob", "--due", "2099-05-06T07:08:09Z"),
        *("--priority", "urgent", "--type", "email", "--contact", "con_jane"),
        *("--remind", "email:30"),
    )
    assert (task["title"], task["description"]) == ("Sign", "Two")
    assert (task["status"], task["assignee_id"]) == ("in_progress", "usr_bob")
    assert task["due_date"] == "2099-05-06T07:08:09Z"
    assert (task["priority"], task["type"]) == ("urgent", "email")
    assert task["related_to"]["id"] == "con_jane"
    assert task["reminder"] == {"type": "email", "before_minutes": 30}


def test_update_clears_what_no_names(stocked: Crmctl) -> None:
    stocked.done("task", "update", "task_late", "--remind", "email:5", "-d", "Text")
    [task] = stocked.json(
        *("task", "update", "task_late", "--no-description", "--no-assignee", "--no-due"),
        *("--no-related", "--no-remind"),
    )
    for name in ("description", "assignee_id", "due_date", "related_to", "reminder"):
        assert task[name] is None, name


def test_update_refuses_to_set_and_clear_one_field(stocked: Crmctl) -> None:
    result = stocked.run("task", "update", "task_late", "--due", "fri", "--no-due")
    assert result.status == 2
    assert "due_date cannot be both set and cleared" in result.stderr


def test_update_without_a_field_is_refused(stocked: Crmctl) -> None:
    result = stocked.run("task", "update", "task_late")
    assert result.status == 2
    assert "Nothing to change" in result.stderr


def test_a_verb_that_takes_several_ids_gives_a_list_also_for_one(stocked: Crmctl) -> None:
    for command in (
        *("update -p low", "start", "cancel", "reopen", "complete", "postpone +1d"),
        "delete --yes",
    ):
        verb, *flags = command.split()
        assert [task["id"] for task in stocked.json("task", verb, "task_late", *flags)] == [
            "task_late"
        ]
        assert stocked.done("task", verb, "task_far", *flags).rows[0][0] == "task_far"


@on_posix
def test_a_person_is_shown_the_one_task_in_full(stocked: Crmctl) -> None:
    shown = stocked.on_terminal("task", "start", "task_late", columns=200).stdout
    assert "Created at" in shown
    assert "Title" not in shown


def test_update_changes_several_tasks(stocked: Crmctl) -> None:
    tasks = stocked.json("task", "update", "task_late", "task_far", "--assignee", "usr_bob")
    assert [(task["id"], task["assignee_id"]) for task in tasks] == [
        ("task_late", "usr_bob"),
        ("task_far", "usr_bob"),
    ]


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        ("start", "task_late", "in_progress"),
        ("cancel", "task_late", "cancelled"),
        ("reopen", "task_done", "pending"),
        ("complete", "task_late", "completed"),
    ],
)
def test_a_verb_sets_its_status(stocked: Crmctl, verb: str, before: str, after: str) -> None:
    [task] = stocked.json("task", verb, before)
    assert task["status"] == after
    assert (task["completed_at"] is not None) == (after == "completed")
    assert stocked.json("task", "get", before) == task


def test_complete_keeps_the_note(stocked: Crmctl) -> None:
    [task] = stocked.json("task", "complete", "task_late", "--note", "Sent via DocuSign")
    assert task["completion_note"] == "Sent via DocuSign"


def test_complete_reads_a_note_from_stdin_for_a_dash(stocked: Crmctl) -> None:
    [task] = stocked.json("task", "complete", "task_late", "--note", "-", stdin="Signed\n")
    assert task["completion_note"] == "Signed"


def test_completing_again_changes_nothing(stocked: Crmctl) -> None:
    first = stocked.json("task", "complete", "task_late")
    assert stocked.json("task", "complete", "task_late") == first


def test_delete_off_a_terminal_needs_yes(stocked: Crmctl) -> None:
    result = stocked.run("task", "delete", "task_late")
    assert result.status == 2
    assert "--yes" in result.stderr
    stocked.done("task", "get", "task_late")


def test_delete_with_yes_deletes_every_one(stocked: Crmctl) -> None:
    gone = stocked.json("task", "delete", "task_late", "task_far", "--yes")
    assert [(task["id"], task["deleted"]) for task in gone] == [
        ("task_late", True),
        ("task_far", True),
    ]
    assert stocked.run("task", "get", "task_late").status == 4
    assert stocked.json("task", "list", "--count") == {"count": 4}


@on_posix
@pytest.mark.parametrize(("typed", "status"), [("", 2), ("n", 2), ("y", 0)])
def test_delete_asks_on_a_terminal_and_takes_nothing_for_no(
    stocked: Crmctl, typed: str, status: int
) -> None:
    result = stocked.on_terminal("task", "delete", "task_late", answers={"[y/N] ": typed})
    assert "Delete task_late “Send the proposal”? [y/N] " in result.stdout
    assert result.status == status
    assert stocked.run("task", "get", "task_late").status == (4 if typed == "y" else 0)


@on_posix
@pytest.mark.parametrize("quiet", ["--no-input", "CRMCTL_NO_INPUT"])
def test_delete_does_not_ask_where_no_input_is_wanted(stocked: Crmctl, quiet: str) -> None:
    if quiet.startswith("--"):
        result = stocked.on_terminal("task", "delete", "task_late", quiet)
    else:
        result = stocked.having(**{quiet: "1"}).on_terminal("task", "delete", "task_late")
    assert result.status == 2
    assert "--yes" in result.stdout
    assert "[y/N]" not in result.stdout


@on_posix
def test_a_person_at_a_terminal_is_told_what_was_done(stocked: Crmctl) -> None:
    shown = stocked.on_terminal("task", "complete", "task_late").stdout
    assert "Completed task_late: Send the proposal" in shown
    shown = stocked.on_terminal("task", "postpone", "task_late", "2020-02-03", columns=120).stdout
    assert "Postponed task_late: Send the proposal" in shown
    assert "Mon 3 Feb 2020" in shown


def test_me_is_the_profile_s_user(stocked: Crmctl) -> None:
    ann = stocked.having(CRMCTL_USER_ID="usr_ann")
    assert ann.json("task", "create", "x", "--assignee", "me")["assignee_id"] == "usr_ann"


def test_me_without_a_user_says_how_to_set_one(stocked: Crmctl) -> None:
    result = stocked.run("task", "create", "x", "--assignee", "me")
    assert result.status == 2
    assert "crmctl config set user_id" in result.stderr


def test_an_assignee_without_active_access_is_told_of(stocked: Crmctl) -> None:
    stocked.done("record", "add", "user", "usr_cy", "Cy", "--inactive")
    result = stocked.done("task", "create", "x", "--assignee", "usr_cy")
    assert "crmctl: note: assignee_id" in result.stderr
