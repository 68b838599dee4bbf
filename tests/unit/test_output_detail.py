from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from crmctl.output import table
from crmctl.output.escape import visible
from crmctl.output.style import Style
from crmctl.output.view import View, columns_of, view_of
from crmctl.resources import TASK
from tests.unit import rendered
from tests.unit.rendered import HOSTILE

ACME: dict[str, Any] = {
    "id": "task_001",
    "title": "Follow up with Acme Corp",
    "description": "Send the proposal:\n\n- **Volume discount**\n- Support hours\n\nSoon.\nPlease.",
    "status": "in_progress",
    "priority": "high",
    "type": "follow_up",
    "assignee_id": "usr_abc123",
    "assignee_name": "Sarah Johnson",
    "due_date": "2026-03-25T17:00:00Z",
    "related_to": {"type": "deal", "id": "deal_xyz789", "name": "Enterprise License"},
    "reminder": {"type": "email", "before_minutes": 75},
    "created_by": "usr_def456",
    "created_at": "2026-02-20T10:00:00Z",
    "completed_at": None,
    "completion_note": "Sent *today*",
    "lead_score": 7,
}


def shown(
    item: dict[str, Any],
    width: int | None = 80,
    *,
    fields: str | None = None,
    color: bool = False,
    view: View | None = None,
) -> str:
    zone = timezone(timedelta(hours=1))
    now = datetime(2026, 3, 24, 9, tzinfo=UTC)
    style = Style(now=now, zone=zone, width=width, color=color)
    return rendered.shown(table, item, view or view_of(TASK, fields), style)


def test_one_thing_is_its_title_its_fields_and_its_text() -> None:
    expected = """\
Follow up with Acme Corp

ID          task_001
Status      in progress
Priority    high
Type        follow up
Assignee    Sarah Johnson (usr_abc123)
Due date    Wed 25 Mar 2026 18:00 (tomorrow 18:00)
Related to  Enterprise License (deal deal_xyz789)
Reminder    email 1 h 15 min before
Created by  usr_def456
Created at  Fri 20 Feb 2026 11:00
Lead score  7

Send the proposal:

 • Volume discount
 • Support hours

Soon.
Please.

Completion note
Sent today
"""
    assert shown(ACME) == expected
    assert shown(ACME, None) == expected


def test_a_date_has_beside_it_how_far_off_it_is_unless_that_says_no_more() -> None:
    def said(instant: str) -> str:
        return (
            shown({"created_at": instant}, fields="created_at").removeprefix("Created at").strip()
        )

    assert said("2026-03-24T08:36:00Z") == "Tue 24 Mar 2026 09:36 (24 min ago)"
    assert said("2026-03-02T07:50:00Z") == "Mon 2 Mar 2026 08:50"
    assert said("0001-01-01T12:00:00Z") == "Mon 1 Jan 0001 13:00"


def test_long_values_are_wrapped_below_themselves_and_single_words_never_broken() -> None:
    item = {
        "id": "task_0192f3c4-7c1e-7b7e-9f39-0d5f3a3f1b2c",
        "title": "A title that is longer than the terminal is wide",
        "related_to": {"type": "deal", "id": "d1", "name": "A deal with a rather long name"},
        "assignee_id": "usr_1",
    }
    assert (
        shown(item, 30)
        == """\
A title that is longer than
the terminal is wide

ID          task_0192f3c4-7c1e-7b7e-9f39-0d5f3a3f1b2c
Assignee    usr_1
Related to  A deal with a
            rather long name
            (deal d1)
"""
    )
    assert (
        shown(item, 20)
        == """\
A title that is
longer than the
terminal is wide

ID
  task_0192f3c4-7c1e-7b7e-9f39-0d5f3a3f1b2c
Assignee
  usr_1
Related to
  A deal with a
  rather long name
  (deal d1)
"""
    )


def test_an_overdue_date_has_a_sign_besides_its_colour() -> None:
    item = {"status": "pending", "due_date": "2026-03-20T17:00:00Z"}
    due = "! Fri 20 Mar 2026 18:00"
    assert shown(item) == f"Status    pending\nDue date  {due}\n"
    assert f"\x1b[31m{due}\x1b[0m\n" in shown(item, color=True)
    assert "!" not in shown({**item, "status": "completed"})


def test_chosen_fields_alone_are_shown_empty_ones_too() -> None:
    assert (
        shown(ACME, fields="title,assignee_id,related_to.name,completed_at")
        == """\
Title            Follow up with Acme Corp
Assignee ID      usr_abc123
Related to name  Enterprise License
Completed at
"""
    )
    assert shown(ACME, fields="completion_note") == "Completion note\nSent today\n"


def test_colour_marks_the_title_and_the_meanings() -> None:
    item = {"title": HOSTILE, "priority": "urgent", "description": "**now** `x`"}
    assert shown(item, color=True) == (
        "\x1b[1m[/x] [bold] \\x1b]52;c;aGk=\\x07 日本語 👩‍👩‍👧\x1b[0m\n"
        "\n"
        "\x1b[2mPriority  \x1b[0m\x1b[31murgent\x1b[0m\n"
        "\n"
        "\x1b[1mnow\x1b[0m \x1b[36mx\x1b[0m\n"
    )


def test_a_description_is_markdown_in_which_nothing_vanishes_and_nothing_acts() -> None:
    description = (
        f"{HOSTILE}\n\n<script>alert(1)</script>\n\nPress <kbd>x</kbd> </kbd> &#x202e;abc &rlm;\n\n"
        "[a link](https://example.com/?q=[b])\n\n```python\nif 1 < 2:\n    pass\n```\n\n\u202e\x9b"
    )
    assert (
        shown({"description": description})
        == """\
[/x] [bold] \\x1b]52;c;aGk=\\x07 日本語 👩‍👩‍👧

<script>alert(1)</script>

Press <kbd>x</kbd> </kbd> \\u202eabc \\u200f

a link (https://example.com/?q=%5Bb%5D)

    if 1 < 2:
        pass

\\u202e\\x9b
"""
    )


OFFER = """\
# Offer for Acme

Two *points* and **one** `code`, see [our page](https://acme.test/a_b).
As on <https://x.test> and <jane@x.test>: ![logo](https://x.test/l.png) ![](https://x.test/m.png)

## Next steps

9. First
10. Second, which goes on until it is wrapped
    - inner

> Jane said that there is time until March

```python
if x:
    pass
```
"""


def test_a_description_keeps_the_signs_that_colour_may_not_show() -> None:
    assert (
        shown({"description": OFFER}, 40)
        == """\
# Offer for Acme

Two points and one code, see our page
(https://acme.test/a_b).
As on https://x.test and jane@x.test:
logo (https://x.test/l.png)
(https://x.test/m.png)

## Next steps

  9. First
 10. Second, which goes on until it is
     wrapped
      • inner

> Jane said that there is time until
> March

    if x:
        pass
"""
    )


def test_a_description_has_no_colour_behind_text_and_none_that_one_background_hides() -> None:
    text = shown({"description": OFFER}, color=True)
    codes = {code for found in re.findall("\x1b\\[([0-9;]*)m", text) for code in found.split(";")}
    assert codes == {"0", "1", "2", "3", "4", "36"}
    assert "\x1b[36mcode\x1b[0m" in text
    assert "\x1b[4mhttps://acme.test/a_b\x1b[0m" in text
    assert "    \x1b[36mif x:\x1b[0m\n    \x1b[36m    pass\x1b[0m\n" in text


def test_hyperlinks_are_text() -> None:
    text = shown({"description": "[a](https://x.test) ![i](https://y.test)"}, color=True)
    assert text == "a (\x1b[4mhttps://x.test\x1b[0m) i (https://y.test)\n"


def test_markdown_of_any_shape_is_shown_at_any_width() -> None:
    pieces = (
        *("# ", "- ", "1. ", "> ", "```", "`", "*", "**", "_", "[", "](", ")", "![", "|", "---"),
        *("<kbd>", "</kbd>", "<div>", "\n", "\n\n", "    ", "|a|b|\n|-|-|\n", "word ", "~~", "\\"),
        *(
            "<http://x>",
            "&#x202e;",
            "&#13;",
            "&#27;",
            "\x1b[31m",
            "\u202e",
            "日本",
            "👩‍👩‍👧",
            "\ud800",
        ),
    )
    choices = random.Random(24)  # noqa: S311 - the same texts each time
    for _ in range(300):
        description = "".join(choices.choices(pieces, k=choices.randint(1, 30)))
        text = shown({"description": description}, choices.choice((1, 5, 20, 80)))
        assert visible(text) == text


def test_wrongly_typed_and_unknown_fields_are_shown() -> None:
    item = {
        "id": None,
        "title": 7,
        "description": ["x", 1],
        "status": [],
        "due_date": "2026-99-99",
        "assignee_name": {"a": 1},
        "assignee_id": 3,
        "related_to": {"name": 5, "id": {"b": 2}},
        "reminder": {"before_minutes": -1},
        "\x1bnew_field" + "x" * 40: {"deep": [None]},
    }
    assert (
        shown(item)
        == """\
7

Description               x 1
Assignee                  1 (3)
Due date                  2026-99-99
Related to                5 (2)
Reminder                  -1
\\x1bnew fieldxxxxxxxxxx…  [null]
"""
    )
    assert shown({}) == ""
    assert shown({}, 1) == ""


def test_other_things_are_their_fields() -> None:
    names = ["path", "exists", "user_id"]
    view = View(columns=columns_of(names), fields=names, name="workspace")
    item = {"path": "/a b/c", "exists": True, "user_id": "usr_1"}
    assert re.sub(" +", " ", shown(item, view=view)) == "Path /a b/c\nExists yes\nUser usr_1\n"
