"""The tables of a workspace in PostgreSQL, made from the tables of `resources`.

They are in a schema of their own, `SCHEMA`, so that a database may hold other things beside them.
Its version is that of a workspace's file: `schema`.
"""

from __future__ import annotations

from crmctl.fields import Field, Resource
from crmctl.store.rows import is_ranked, kept_fields
from crmctl.store.schema import INDEXES

SCHEMA = "crmctl"

# The version that a database is made with; a field that came later is added to it.
_FIRST = 3

# Texts are compared byte by byte, as SQLite does, whatever language the database speaks.
_TEXT = 'text COLLATE "C"'
_TYPES = {"time": "timestamptz", "integer": "bigint", "object": "jsonb", "ids": "jsonb"}


def migration(resources: tuple[Resource, ...], done: int) -> list[str]:
    """The statements that lead from version ``done``, 0 of nothing, to the newest."""
    statements = [] if done else _first_step(resources)
    statements += [
        f"ALTER TABLE {each.name} ADD COLUMN {_column(each, field)}"
        for number in range(max(done, _FIRST) + 1, version_of(resources) + 1)
        for each in resources
        for field in kept_fields(each)
        if field.since == number
    ]
    return statements


def version_of(resources: tuple[Resource, ...]) -> int:
    """The version of the schema that keeps these resources."""
    return max(_FIRST, *(field.since for each in resources for field in each.fields))


def _first_step(resources: tuple[Resource, ...]) -> list[str]:
    statements = [
        f"""
        CREATE TABLE record (
            type {_TEXT} NOT NULL,
            id {_TEXT} NOT NULL,
            name {_TEXT} NOT NULL,
            email {_TEXT},
            active boolean NOT NULL,
            notifications boolean NOT NULL,
            folded_name {_TEXT} NOT NULL,
            folded_email {_TEXT},
            PRIMARY KEY (type, id)
        )
        """,
        "CREATE INDEX record_folded_name ON record (folded_name)",
        "CREATE INDEX record_folded_email ON record (folded_email)",
        # As json the content keeps its order: it is given again as it was.
        f"""
        CREATE TABLE answer (
            caller {_TEXT} NOT NULL,
            path {_TEXT} NOT NULL,
            key {_TEXT} NOT NULL,
            request {_TEXT} NOT NULL,
            status smallint,
            content json,
            created_at timestamptz NOT NULL,
            PRIMARY KEY (caller, path, key)
        )
        """,
        "CREATE INDEX answer_created_at ON answer (created_at)",
        f"""
        CREATE TABLE api_key (
            digest {_TEXT} PRIMARY KEY,
            name {_TEXT} NOT NULL,
            user_id {_TEXT} NOT NULL,
            read_only boolean NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz,
            revoked_at timestamptz
        )
        """,
        "CREATE UNIQUE INDEX api_key_name ON api_key (name) WHERE revoked_at IS NULL",
    ]
    for resource in resources:
        fields = [field for field in kept_fields(resource) if field.since <= _FIRST]
        columns = ", ".join(_column(resource, field) for field in fields)
        # The order of insertion, which breaks every tie. Of transactions at the same time it is
        # that of the insertions, not of the commits.
        statements.append(
            f"CREATE TABLE {resource.name} (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
            f" {columns}, UNIQUE (id))"
        )
        for indexed in INDEXES[resource.name]:
            name = "_".join([resource.name, *indexed])
            statements.append(f"CREATE INDEX {name} ON {resource.name} ({', '.join(indexed)}, seq)")
        # What IS NULL finds in an index of values is in no order: PostgreSQL would sort it.
        statements += [
            f"CREATE INDEX {resource.name}_no_{name} ON {resource.name} (seq) WHERE {name} IS NULL"
            for name in resource.sorts
            if resource.field(name).nullable
        ]
    return statements


def _column(resource: Resource, field: Field) -> str:
    kept = "smallint" if is_ranked(resource, field) else _TYPES.get(field.type, _TEXT)
    column = f"{field.name} {kept}"
    if field.nullable:
        return column
    return (
        f"{column} NOT NULL"
        if field.since <= _FIRST
        else f"{column} NOT NULL DEFAULT {field.default!r}"
    )
