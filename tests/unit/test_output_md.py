from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from markdown_it import MarkdownIt

from crmctl.output import md
from crmctl.output.style import Style
from crmctl.output.view import View, columns_of, view_of
from crmctl.resources import ACTIVITY, TASK
from tests.unit import rendered
from tests.unit.rendered import HOSTILE

BERLIN = timezone(timedelta(hours=1))
STYLE = Style(now=datetime(2026, 3, 24, 9, tzinfo=UTC), zone=BERLIN)
ACME: dict[str, Any] = {
    "id": "task_001",
    "title": "Follow up with Acme Corp",
    "description": "Send the proposal:\r\n\n- **Volume discount**\n- <b>Support</b> for @jane, #12",
    "status": "in_progress",
    "priority": "high",
    "type": "follow_up",
    "assignee_id": "usr_abc123",
    "assignee_name": "Sarah Johnson",
    "due_date": "2026-03-25T17:00:00Z",
    "related_to": {"type": "deal", "id": "deal_xyz789", "name": "Enterprise License"},
    "reminder": {"type": "email", "before_minutes": 75},
    "completed_at": None,
    "completion_note": "Sent *today*",
    "lead_score": 7,
}
LATE = {"id": "task_002", "title": "Send it", "status": "pending", "due_date": "2026-03-20"}


def listed(items: list[dict[str, Any]], view: View) -> str:
    return rendered.listed(md, items, view, STYLE)


def shown(item: dict[str, Any], fields: str | None = None) -> str:
    return rendered.shown(md, item, view_of(TASK, fields), STYLE)


def as_html(text: str) -> str:
    return str(MarkdownIt().enable("table").enable("strikethrough").render(text))


def test_a_list_is_a_table_with_dates_that_stay_true() -> None:
    assert (
        listed([ACME, LATE], view_of(TASK, None))
        == """\
| ID | Title | Status | Priority | Type | Assignee | Due | Related to |
| --- | --- | --- | --- | --- | --- | --- | --- |
| task_001 | Follow up with Acme Corp | in progress | high | follow up | Sarah Johnson | 2026-03-25 18:00 | Enterprise License |
| task_002 | Send it | pending |  |  |  | ! 2026-03-20 |  |
"""  # noqa: E501 - as wide as the table
    )
    call = {"id": "act_1", "type": "call", "duration": 106, "occurred_at": "2026-03-23T13:30:00Z"}
    assert (
        listed([call], view_of(ACTIVITY, "id,duration,occurred_at"))
        == """\
| ID | Duration | When |
| --- | --- | --- |
| act_1 | 1 h 46 min | 2026-03-23 14:30 |
"""
    )


def test_nothing_is_no_table() -> None:
    assert listed([], view_of(TASK, None)) == ""


def test_one_thing_is_a_heading_its_fields_and_its_texts_as_quotations() -> None:
    assert (
        shown(ACME)
        == """\
## Follow up with Acme Corp

- **ID**: task_001
- **Status**: in progress
- **Priority**: high
- **Type**: follow up
- **Assignee**: Sarah Johnson (usr_abc123)
- **Due date**: 2026-03-25 18:00
- **Related to**: Enterprise License (deal deal_xyz789)
- **Reminder**: email 1 h 15 min before
- **Lead score**: 7

> Send the proposal:
>
> - **Volume discount**
> - <\u200bb>Support<\u200b/b> for @\u200bjane, #\u200b12

**Completion note**

> Sent *today*
"""
    )


def test_chosen_fields_alone_are_shown_empty_ones_too() -> None:
    assert (
        shown(LATE, "title,due_date,completed_at")
        == "- **Title**: Send it\n- **Due date**: ! 2026-03-20\n- **Completed at**:\n"
    )
    assert shown({"description": "x"}, "description") == "**Description**\n\n> x\n"
    assert shown({}) == ""


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        (HOSTILE, "\\[/x\\] \\[bold\\] \\\\x1b\\]52;c;aGk=\\\\x07 日本語 👩‍👩‍👧"),
        ("a | b\n<b>c</b>", "a \\| b \\<b\\>c\\</b\\>"),
        (
            "*a* _b_ ~c~ `d` task_001 __init__",
            "\\*a\\* \\_b\\_ \\~c\\~ \\`d\\` task_001 \\_\\_init\\_\\_",
        ),
        ("![x](https://x.test) &lt; $1$", "!\\[x\\](https://x.test) \\&lt; \\$1\\$"),
        ("@jane jane@x.test #12 C#", "@\u200bjane jane@x.test \\#\u200b12 C\\#"),
    ],
)
def test_a_title_is_text(title: str, cell: str) -> None:
    view = View(columns=columns_of(["title"]), fields=["title"], name="task")
    assert listed([{"title": title}], view) == f"| Title |\n| --- |\n| {cell} |\n"
    assert shown({"title": title}) == f"## {cell}\n"


def test_what_a_title_says_is_what_a_page_shows() -> None:
    choices = random.Random(24)  # noqa: S311 - the same texts each time
    pieces = [
        *r"""\`*_~[]<>|$&#!()+-=.:;"'@{}^/1a""",
        "a",
        "b ",
        " ",
        "é",
        "&amp;",
        "<b>",
        "http://x",
    ]
    view = View(columns=columns_of(["title"]), fields=["title"], name="task")
    for _ in range(300):
        title = "".join(choices.choices(pieces, k=choices.randint(1, 20))).strip()
        page = as_html(listed([{"title": title}], view))
        cell = re.search("<td>(.*)</td>", page)
        assert cell is not None
        assert plain(cell[1]) == title
        if title:
            assert plain(as_html(shown({"title": title}))) == f"<h2>{title}</h2>\n"


def plain(page: str) -> str:
    """The words of a page without tags in them."""
    page = page.replace("\u200b", "").replace("&lt;", "<").replace("&gt;", ">")
    return page.replace("&quot;", '"').replace("&amp;", "&")


@pytest.mark.parametrize(
    "description",
    ["</blockquote><script>x</script>", "a\n</details>\n<!-- x", "<img src=x onerror=y>", "<?x ?>"],
)
def test_a_description_stays_in_its_quotation_and_is_no_html(description: str) -> None:
    page = as_html(shown({"description": description}))
    assert set(re.findall("</?[a-z!?][a-z0-9]*", page)) == {
        "<blockquote",
        "<p",
        "</p",
        "</blockquote",
    }


def test_a_link_in_a_description_stays_one() -> None:
    assert shown({"description": "<https://x.test>"}) == "> <https://x.test>\n"
