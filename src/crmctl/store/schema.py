"""The tables of a workspace file, made from the tables of `resources`.

A field is a column of its own name, but for what `rows` makes of other fields. A field that comes
with a later version of the schema is added to the files that are there.
"""

from __future__ import annotations

from crmctl.database import Schema
from crmctl.fields import Field, Resource
from crmctl.names import fold
from crmctl.resources import ACTIVITY, TASK
from crmctl.store.rows import is_ranked, kept_fields

RESOURCES = (TASK, ACTIVITY)

# The last version that adds or changes anything but a field.
_VERSION = 3

# Each with the numbers that the planner is told: rows in all, then rows of one value of each of its
# columns. They are fixed, since a command lives too short to learn them, and claim less of a status
# and a priority than is so: walking an index in the order of the list, and passing over what does
# not match, then comes before finding a quarter of all tasks and sorting it. At 100,000 tasks the
# worst page of 296 filters and sorts takes 7 ms so, and 20 with numbers that are right.
INDEXES = {
    "task": {
        ("status", "due_date"): "100000 60000 3",
        ("due_date",): "100000 12",
        ("created_at",): "100000 2",
        ("updated_at",): "100000 2",
        ("assignee_id", "due_date"): "100000 5000 2",
        ("related_to_id",): "100000 10",
        ("priority",): "100000 60000",
    },
    "activity": {
        ("occurred_at",): "100000 2",
        ("created_at",): "100000 2",
        ("contact_id", "occurred_at"): "100000 10 1",
        ("deal_id", "occurred_at"): "100000 30 1",
        ("user_id", "occurred_at"): "100000 5000 1",
    },
}


def workspace_schema(resources: tuple[Resource, ...] = RESOURCES) -> Schema:
    """The schema of a file that keeps these resources, records and remembered answers."""
    version = max(_VERSION, *(field.since for each in resources for field in each.fields))

    def steps() -> list[list[str]]:
        later = [
            [
                f"ALTER TABLE {each.name} ADD COLUMN {_column(each, field)}"
                for each in resources
                for field in kept_fields(each)
                if field.since == number
            ]
            for number in range(2, version + 1)
        ]
        later[0] = [*_FOLDED_NAMES, *later[0]]
        later[1] = [*_KEYS, *later[1]]
        return [_first_step(resources), *later]

    # "CRMW" tells a workspace from other databases.
    return Schema(
        "workspace",
        application_id=0x43524D57,
        version=version,
        steps=steps,
        functions={"fold": fold},
    )


# SQLite compares without case in ASCII alone.
_FOLDED_NAMES = (
    "ALTER TABLE record ADD COLUMN email TEXT",
    "ALTER TABLE record ADD COLUMN folded_name TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE record ADD COLUMN folded_email TEXT",
    "UPDATE record SET folded_name = fold(name)",
    "CREATE INDEX record_folded_name ON record (folded_name)",
    "CREATE INDEX record_folded_email ON record (folded_email)",
)

# The keys that it is served with.
_KEYS = (
    """
    CREATE TABLE api_key (
        digest TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        user_id TEXT NOT NULL,
        read_only INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        expires_at TEXT,
        revoked_at TEXT
    ) WITHOUT ROWID
    """,
    # A name is free again when its key is revoked, so that one is replaced under the same name.
    "CREATE UNIQUE INDEX api_key_name ON api_key (name) WHERE revoked_at IS NULL",
)


def _first_step(resources: tuple[Resource, ...]) -> list[str]:
    statements = [
        """
        CREATE TABLE record (
            type TEXT NOT NULL,
            id TEXT NOT NULL,
            name TEXT NOT NULL,
            active INTEGER NOT NULL,
            notifications INTEGER NOT NULL,
            PRIMARY KEY (type, id)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE answer (
            caller TEXT NOT NULL,
            path TEXT NOT NULL,
            key TEXT NOT NULL,
            request TEXT NOT NULL,
            status INTEGER,
            content TEXT,
            created_at TEXT NOT NULL,
            PRIMARY KEY (caller, path, key)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX answer_created_at ON answer (created_at)",
    ]
    for resource in resources:
        columns = [_column(resource, field) for field in kept_fields(resource) if field.since == 1]
        # The order of insertion, which breaks every tie.
        columns.insert(0, "seq INTEGER PRIMARY KEY")
        statements.append(f"CREATE TABLE {resource.name} ({', '.join(columns)}, UNIQUE (id))")
        for indexed in INDEXES[resource.name]:
            name = "_".join([resource.name, *indexed])
            statements.append(f"CREATE INDEX {name} ON {resource.name} ({', '.join(indexed)})")
    # Of empty tables it makes nothing but its own table of statistics.
    return [*statements, "ANALYZE", *_statistics(resources)]


def _statistics(resources: tuple[Resource, ...]) -> list[str]:
    numbers = [("record", "record", "1000 250 1")]
    for resource in resources:
        name = resource.name
        numbers.append((name, f"sqlite_autoindex_{name}_1", "100000 1"))
        for indexed, number in INDEXES[name].items():
            numbers.append((name, "_".join([name, *indexed]), number))
    return [f"INSERT INTO sqlite_stat1 VALUES {entry!r}" for entry in numbers]


def _column(resource: Resource, field: Field) -> str:
    whole_number = field.type == "integer" or is_ranked(resource, field)
    column = f"{field.name} {'INTEGER' if whole_number else 'TEXT'}"
    if field.nullable:
        return column
    return (
        f"{column} NOT NULL" if field.since == 1 else f"{column} NOT NULL DEFAULT {field.default!r}"
    )
