"""The reference's own curl lines, host and key replaced, do at a server what it shows."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.serving import Server, at_home, make_key, serving

LIST = """\
curl -X GET "https://app.automatenexuscrm.com/functions/v1/api/tasks?status=pending&priority=high&sort=due_date&limit=25" \\
-H "Authorization: Bearer YOUR_API_KEY"
"""  # noqa: E501
LISTED: dict[str, Any] = {
    "id": "task_001",
    "title": "Follow up with Acme Corp",
    "description": "Send proposal revision based on feedback",
    "status": "pending",
    "priority": "high",
    "type": "follow_up",
    "assignee_id": "usr_abc123",
    "assignee_name": "Sarah Johnson",
    "due_date": "2026-03-25T17:00:00Z",
    "related_to": {
        "type": "deal",
        "id": "deal_xyz789",
        "name": "Enterprise License - Acme Corp",
    },
    "created_by": "usr_def456",
    "created_at": "2026-03-20T10:00:00Z",
    "completed_at": None,
}
CREATE = """\
curl -X POST "https://app.automatenexuscrm.com/functions/v1/api/tasks" \\
-H "Authorization: Bearer YOUR_API_KEY" \\
-H "Content-Type: application/json" \\
-d '{
"title": "Send contract to TechStart",
"assignee_id": "usr_abc123",
"due_date": "2026-03-28T10:00:00Z",
"priority": "high",
"type": "follow_up",
"related_to_type": "deal",
"related_to_id": "deal_xyz789",
"reminder": {"type": "email", "before_minutes": 60}
}'
"""
COMPLETE = """\
curl -X PUT "https://app.automatenexuscrm.com/functions/v1/api/tasks/task_001/complete" \\
-H "Authorization: Bearer YOUR_API_KEY" \\
-H "Content-Type: application/json" \\
-d '{"completion_note": "Contract sent via DocuSign"}'
"""
CALL = """\
curl -X POST "https://app.automatenexuscrm.com/functions/v1/api/activities" \\
-H "Authorization: Bearer YOUR_API_KEY" \\
-H "Content-Type: application/json" \\
-d '{
"type": "call",
"subject": "Discovery call with Jane Smith",
"description": "Discussed requirements for Q2 rollout. Interested in enterprise plan.",
"contact_id": "con_abc123",
"deal_id": "deal_xyz789",
"duration": 30,
"outcome": "connected"
}'
"""
MEETING = """\
curl -X POST "https://app.automatenexuscrm.com/functions/v1/api/activities" \\
-H "Authorization: Bearer YOUR_API_KEY" \\
-H "Content-Type: application/json" \\
-d '{
"type": "meeting",
"subject": "Product demo for Acme Corp",
"description": "Full platform demo with technical team. Follow up with pricing.",
"contact_id": "con_def456",
"deal_id": "deal_xyz789",
"duration": 60,
"outcome": "completed",
"attendees": ["con_def456", "con_ghi789"]
}'
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of the demo, whose people and deals are those of the reference."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    demo = at_home(tmp_path_factory.mktemp("home")).having(CRMCTL_PROFILE="demo")
    demo.done("demo", "-q")
    with serving(demo, key=make_key(demo, user="usr_abc123")) as server:
        yield server


def run(server: Server, line: str) -> dict[str, Any]:
    """What a line of the reference prints."""
    line = line.replace("https://app.automatenexuscrm.com", server.url)
    line = line.replace("YOUR_API_KEY", server.key)
    printed = subprocess.run(["sh", "-c", line], capture_output=True, check=True)
    content: dict[str, Any] = json.loads(printed.stdout)
    assert content["success"] is True
    return content


def test_the_list_is_what_the_reference_shows(server: Server) -> None:
    content = run(server, LIST)
    assert content["meta"] == {"total": 1, "limit": 25, "has_more": False}
    [task] = content["data"]
    assert {name for name in LISTED if task[name] != LISTED[name]} == {
        *("description", "due_date", "created_at")  # the demo says more, and is of these days
    }


@pytest.mark.parametrize("line", [CREATE, CALL, MEETING])
def test_what_is_created_is_what_was_sent(server: Server, line: str) -> None:
    sent = json.loads(line[line.index("{") : line.rindex("}") + 1])
    created = run(server, line)["data"]
    if "related_to_type" in sent:
        pair = {"type": sent.pop("related_to_type"), "id": sent.pop("related_to_id")}
        assert created["related_to"] == {**pair, "name": LISTED["related_to"]["name"]}
    assert {name: created[name] for name in sent} == sent


def test_the_task_is_completed_with_its_note(server: Server) -> None:
    task = run(server, COMPLETE)["data"]
    assert (task["id"], task["status"]) == ("task_001", "completed")
    assert task["completion_note"] == "Contract sent via DocuSign"
    assert task["completed_at"].endswith("Z")
