"""The schema of a workspace file, as numbered steps. Steps are appended, never edited.

Times are kept as the API writes them, less the ``Z``: so a text sorts as its instant does.
``seq`` is the order of insertion and breaks every tie. A priority is kept as its rank.
"""

from __future__ import annotations

import sqlite3

from crmctl.store.header import APPLICATION_ID, SCHEMA_VERSION

# A list that is read page by page is read as of its first page (see `store`). What an update
# overwrites therefore moves to task_past, with the span of versions in which it held, for a day.
# task_tally counts tasks by all that is cheap to count by, so that the total of a list of a
# million tasks is not counted anew for each page.
STEPS = (
    """
    CREATE TABLE record (
        type TEXT NOT NULL,
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        active INTEGER NOT NULL DEFAULT 1,
        notifications INTEGER NOT NULL DEFAULT 1,
        PRIMARY KEY (type, id)
    ) WITHOUT ROWID;

    CREATE TABLE version (number INTEGER NOT NULL);
    INSERT INTO version VALUES (0);

    CREATE TABLE task (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        description TEXT,
        status TEXT NOT NULL,
        priority INTEGER NOT NULL,
        type TEXT NOT NULL,
        assignee_id TEXT,
        due_date TEXT,
        related_to_type TEXT,
        related_to_id TEXT,
        reminder TEXT,
        created_by TEXT,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        completed_at TEXT,
        completion_note TEXT,
        version INTEGER NOT NULL
    );
    CREATE INDEX task_due_date ON task (due_date);
    CREATE INDEX task_priority ON task (priority);
    CREATE INDEX task_created_at ON task (created_at);
    CREATE INDEX task_updated_at ON task (updated_at);
    CREATE INDEX task_type ON task (type);
    CREATE INDEX task_related_to_type ON task (related_to_type);
    CREATE INDEX task_related_to_id ON task (related_to_id);
    CREATE INDEX task_status_due_date ON task (status, due_date);
    CREATE INDEX task_status_created_at ON task (status, created_at);
    CREATE INDEX task_status_updated_at ON task (status, updated_at);
    CREATE INDEX task_assignee_id_due_date ON task (assignee_id, due_date);
    CREATE INDEX task_assignee_id_created_at ON task (assignee_id, created_at);
    CREATE INDEX task_assignee_id_updated_at ON task (assignee_id, updated_at);
    CREATE INDEX task_count
        ON task (due_date, status, priority, type, related_to_type, assignee_id);

    CREATE TABLE task_past (
        seq INTEGER NOT NULL,
        id TEXT NOT NULL,
        title TEXT NOT NULL,
        description TEXT,
        status TEXT NOT NULL,
        priority INTEGER NOT NULL,
        type TEXT NOT NULL,
        assignee_id TEXT,
        due_date TEXT,
        related_to_type TEXT,
        related_to_id TEXT,
        reminder TEXT,
        created_by TEXT,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        completed_at TEXT,
        completion_note TEXT,
        version INTEGER NOT NULL,
        next_version INTEGER NOT NULL,
        overwritten_at TEXT NOT NULL
    );
    CREATE INDEX task_past_next_version ON task_past (next_version);
    CREATE INDEX task_past_overwritten_at ON task_past (overwritten_at);
    CREATE INDEX task_past_seq ON task_past (seq);

    CREATE TABLE task_tally (
        assignee_id TEXT NOT NULL,
        status TEXT NOT NULL,
        priority INTEGER NOT NULL,
        type TEXT NOT NULL,
        related_to_type TEXT NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (assignee_id, status, priority, type, related_to_type)
    ) WITHOUT ROWID;

    CREATE TRIGGER task_inserted AFTER INSERT ON task BEGIN
        INSERT INTO task_tally VALUES (
            ifnull(NEW.assignee_id, ''), NEW.status, NEW.priority, NEW.type,
            ifnull(NEW.related_to_type, ''), 1
        ) ON CONFLICT DO UPDATE SET number = number + 1;
    END;
    CREATE TRIGGER task_deleted AFTER DELETE ON task BEGIN
        DELETE FROM task_past WHERE seq = OLD.seq;
        UPDATE task_tally SET number = number - 1
        WHERE assignee_id = ifnull(OLD.assignee_id, '') AND status = OLD.status
            AND priority = OLD.priority AND type = OLD.type
            AND related_to_type = ifnull(OLD.related_to_type, '');
    END;
    CREATE TRIGGER task_updated AFTER UPDATE ON task BEGIN
        INSERT INTO task_past VALUES (
            OLD.seq, OLD.id, OLD.title, OLD.description, OLD.status, OLD.priority, OLD.type,
            OLD.assignee_id, OLD.due_date, OLD.related_to_type, OLD.related_to_id, OLD.reminder,
            OLD.created_by, OLD.created_at, OLD.updated_at, OLD.completed_at,
            OLD.completion_note, OLD.version, NEW.version, NEW.updated_at
        );
        UPDATE task_tally SET number = number - 1
        WHERE assignee_id = ifnull(OLD.assignee_id, '') AND status = OLD.status
            AND priority = OLD.priority AND type = OLD.type
            AND related_to_type = ifnull(OLD.related_to_type, '');
        INSERT INTO task_tally VALUES (
            ifnull(NEW.assignee_id, ''), NEW.status, NEW.priority, NEW.type,
            ifnull(NEW.related_to_type, ''), 1
        ) ON CONFLICT DO UPDATE SET number = number + 1;
    END;

    CREATE TABLE activity (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        type TEXT NOT NULL,
        subject TEXT,
        description TEXT,
        contact_id TEXT,
        deal_id TEXT,
        duration INTEGER,
        outcome TEXT,
        attendees TEXT NOT NULL,
        user_id TEXT,
        occurred_at TEXT NOT NULL,
        created_at TEXT NOT NULL
    );
    CREATE INDEX activity_occurred_at ON activity (occurred_at);
    CREATE INDEX activity_created_at ON activity (created_at);
    CREATE INDEX activity_type_occurred_at ON activity (type, occurred_at);
    CREATE INDEX activity_contact_id_occurred_at ON activity (contact_id, occurred_at);
    CREATE INDEX activity_deal_id_occurred_at ON activity (deal_id, occurred_at);
    CREATE INDEX activity_user_id_occurred_at ON activity (user_id, occurred_at);

    CREATE TABLE idempotency (
        key TEXT PRIMARY KEY,
        request TEXT NOT NULL,
        answer TEXT NOT NULL,
        created_at TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX idempotency_created_at ON idempotency (created_at);
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an open workspace to the newest schema, each step in a transaction of its own.

    The version is read again inside each transaction: another process may have been faster.
    """
    while True:
        connection.execute("BEGIN IMMEDIATE")
        try:
            (done,) = connection.execute("PRAGMA user_version").fetchone()
            if done >= SCHEMA_VERSION:
                return
            for statement in _statements(STEPS[done]):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {done + 1}")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def _statements(script: str) -> list[str]:
    # `executescript` would commit the transaction that guards the step.
    statements: list[str] = []
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            statements.append(statement.strip())
            statement = ""
    return statements
