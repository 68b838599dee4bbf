"""Sample data: the people and deals of the reference's examples, around the present day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from crmctl.resources import ACTIVITY, TASK
from crmctl.store.interface import Transaction
from crmctl.timestamps import format_timestamp

_RECORDS = (
    ("user", "usr_abc123", "Sarah Johnson", "sarah@example.com"),
    ("user", "usr_def456", "Marcus Lee", "marcus@example.com"),
    ("contact", "con_abc123", "Jane Smith", "jane@acme.example"),
    ("contact", "con_def456", "Priya Natarajan", "priya@acme.example"),
    ("contact", "con_ghi789", "Tom Becker", "tom@techstart.example"),
    ("deal", "deal_xyz789", "Enterprise License - Acme Corp", None),
    ("deal", "deal_tch456", "Starter Plan - TechStart", None),
    ("project", "proj_onb001", "Acme Corp onboarding", None),
)

# Title, description, status, priority, type, assignee, due (days from today, hour), related to.
_TASKS: tuple[tuple[Any, ...], ...] = (
    (
        "Follow up with Acme Corp",
        (
            "Send proposal revision based on feedback:\n\n"
            "- **Volume discount** from 50 seats\n- Support hours\n- Start in *Q2*"
        ),
        "pending",
        "high",
        "follow_up",
        "usr_abc123",
        (1, 17),
        ("deal", "deal_xyz789"),
    ),
    (
        "Send contract to TechStart",
        None,
        "in_progress",
        "urgent",
        "email",
        "usr_abc123",
        (0, 18),
        ("deal", "deal_tch456"),
    ),
    (
        "Prepare the pricing sheet",
        "Jane asked for the three-year numbers.",
        "pending",
        "medium",
        "todo",
        "usr_def456",
        (-2, 12),
        ("contact", "con_abc123"),
    ),
    (
        "Schedule the kick-off",
        None,
        "pending",
        "medium",
        "meeting",
        "usr_abc123",
        (4, 10),
        ("project", "proj_onb001"),
    ),
    ("Clean up old leads", None, "pending", "low", "todo", None, None, None),
    (
        "Call Jane about the Q2 rollout",
        None,
        "completed",
        "high",
        "call",
        "usr_abc123",
        (-1, 15),
        ("contact", "con_abc123"),
    ),
)

# Type, subject, description, contact, deal, minutes, outcome, attendees, user, hours ago.
_ACTIVITIES: tuple[tuple[Any, ...], ...] = (
    (
        "call",
        "Discovery call with Jane Smith",
        "Discussed requirements for Q2 rollout. Interested in enterprise plan.",
        "con_abc123",
        "deal_xyz789",
        30,
        "connected",
        [],
        "usr_abc123",
        26,
    ),
    (
        "meeting",
        "Product demo for Acme Corp",
        "Full platform demo with technical team. Follow up with pricing.",
        "con_def456",
        "deal_xyz789",
        60,
        "completed",
        ["con_def456", "con_ghi789"],
        "usr_abc123",
        4,
    ),
    (
        "email",
        "Contract draft sent",
        None,
        "con_ghi789",
        "deal_tch456",
        None,
        None,
        [],
        "usr_def456",
        2,
    ),
    (
        "call",
        "Checked on the signature",
        None,
        "con_ghi789",
        "deal_tch456",
        None,
        "voicemail",
        [],
        "usr_def456",
        1,
    ),
    (
        "note",
        "Acme wants single sign-on",
        None,
        None,
        "deal_xyz789",
        None,
        None,
        [],
        "usr_abc123",
        51,
    ),
)


def put_sample_data(transaction: Transaction, now: datetime) -> None:
    """Put tasks due around ``now`` and activities of the last days in place of all there is."""
    transaction.clear()
    for type, record_id, name, email in _RECORDS:
        transaction.put_record(type, record_id, name, email=email)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for number, sample in enumerate(_TASKS, start=1):
        title, description, status, priority, type, assignee, due, related = sample
        created = format_timestamp(_to_second(now - timedelta(days=5, hours=-number)))
        task = {
            "id": f"task_{number:03}",
            "title": title,
            "description": description,
            "status": status,
            "priority": priority,
            "type": type,
            "assignee_id": assignee,
            "due_date": due and format_timestamp(today + timedelta(days=due[0], hours=due[1])),
            "related_to_type": related and related[0],
            "related_to_id": related and related[1],
            "created_by": "usr_def456",
            "created_at": created,
            "updated_at": created,
        }
        if status == "completed":
            task["completed_at"] = format_timestamp(_to_second(now - timedelta(hours=20)))
            task["completion_note"] = "She will decide on Friday"
        transaction.insert(TASK, task)
    for number, sample in enumerate(_ACTIVITIES, start=1):
        type, subject, description, contact, deal, minutes, outcome, attendees, user, hours = sample
        happened = format_timestamp(_to_second(now - timedelta(hours=hours)))
        activity = {
            "id": f"act_{number:03}",
            "type": type,
            "subject": subject,
            "description": description,
            "contact_id": contact,
            "deal_id": deal,
            "duration": minutes,
            "outcome": outcome,
            "attendees": attendees,
            "user_id": user,
            "occurred_at": happened,
            "created_at": happened,
        }
        transaction.insert(ACTIVITY, activity)


def _to_second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)
