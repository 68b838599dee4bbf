"""Reads who or what a person means, by ID or by a name that is known, into IDs.

A known name wins. Else a word that looks like an ID is one, and ``id:X`` makes one of anything.
What is neither is refused: a name that the API takes for an ID would find nothing, or link to
nothing. Every function raises `UsageError` or `InvalidInput`, and nothing was sent then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmctl.cli.inputs import read_choice
from crmctl.errors import InvalidInput, SettingsError, UsageError
from crmctl.names import fold
from crmctl.resources import ID_PREFIXES, RELATED_TYPES

if TYPE_CHECKING:
    from crmctl.cli.context import Context
    from crmctl.cli.known import Snapshot

_MARK = "id:"
_MOST_SIMILAR = 5
_LONGEST = 80  # characters of a name in what is said


def read_record(
    crm: Context, type: str, text: str | None, option: str, *, tell: bool = False
) -> str | None:
    """The ID of a user, contact, deal or project.

    ``tell`` says on stderr which ID a name became, as a write does; else -v says it.
    """
    if text is None:
        return None
    found = find(crm, [type], text, option)
    return _told(crm, text, found[0], tell=tell)


def read_user(crm: Context, text: str | None, option: str, *, tell: bool = False) -> str | None:
    """A user's ID, where ``me`` is the profile's own. Raises SettingsError if that has none."""
    if text != "me":
        return read_record(crm, "user", text, option, tell=tell)
    if crm.user_id is None:
        raise SettingsError(
            f"The profile {crm.profile.name} has no user_id, so `me` is nobody.",
            hint=crm.profile.say_how_to_set("user_id"),
        )
    return crm.user_id


def read_users(crm: Context, text: str | None, option: str) -> list[str] | None:
    """Several users' IDs from ``a,b``, each once; a name may have a comma itself."""
    if text is None:
        return None
    whole = "," in text and crm.known.named("user", text)
    parts = [text] if whole else text.split(",")
    return list(dict.fromkeys(str(read_user(crm, part, option)) for part in parts))


def read_related_to(
    crm: Context,
    related_to_type: str | None,
    related_to_id: str | None,
    contact: str | None,
    deal: str | None,
    project: str | None,
    *,
    whole: bool = True,
    tell: bool = False,
) -> dict[str, str]:
    """``related_to_type`` and ``related_to_id`` from the options for them.

    ``--deal ID`` stands for the pair. Where ``whole``, one half is not enough.
    """
    given = dict(zip(RELATED_TYPES, (contact, deal, project), strict=True))
    short = [(kind, text) for kind, text in given.items() if text is not None]
    if len(short) + (related_to_type is not None or related_to_id is not None) > 1:
        raise UsageError(
            "A task relates to one thing: give one of --contact, --deal, --project, or"
            " --related-to-type and --related-to-id."
        )
    if whole and (related_to_type is None) != (related_to_id is None):
        raise UsageError("--related-to-type and --related-to-id go together.")
    related: dict[str, str] = {}
    if short:
        ((kind, text),) = short
        record_id = read_record(crm, kind, text, f"--{kind}", tell=tell)
        return {"related_to_type": kind, "related_to_id": str(record_id)}
    kinds = list(RELATED_TYPES)
    if related_to_type is not None:
        kinds = [read_choice(related_to_type, RELATED_TYPES, "--related-to-type")]
        related["related_to_type"] = kinds[0]
    if related_to_id is not None:
        found = find(crm, kinds, related_to_id, "--related-to-id")
        related["related_to_id"] = _told(crm, related_to_id, found[0], tell=tell)
    return related


def find(
    crm: Context, types: list[str], text: str, option: str, *, known: Snapshot | None = None
) -> tuple[str, str | None]:
    """The ID that a name, an e-mail address or an ID means, and its type, one of ``types``.

    The type is None where an ID does not tell it. ``known`` is asked in place of what is known now.
    """
    if not fold(text):
        raise InvalidInput(f"{option} must not be blank.")
    if text.startswith(_MARK) and text != _MARK:
        record_id = text.removeprefix(_MARK)
        return record_id, _only(types, record_id)
    among = known or crm.known
    named = [record for type in types for record in among.named(type, text)]
    if len(named) > 1:
        shown = [
            f"{_short(record['id'])} ({record['type']} {_described(record)})"
            for record in named[:_MOST_SIMILAR]
        ]
        more = ", …" if len(named) > _MOST_SIMILAR else ""
        raise InvalidInput(
            f"{option}: {_short(text)} is the name of {len(named)}: {', '.join(shown)}{more}.",
            hint="Give the ID of the one that is meant.",
        )
    if named:
        return named[0]["id"], named[0]["type"]
    for type in types:
        if among.record(type, text) is not None:
            return text, type
    if _looks_like_id(text):
        return text, _only(types, text)
    raise InvalidInput(
        f"{option}: no {_either(types)} is known as {text!r:.80}.", hint=_how(crm, types, text)
    )


def word_for(crm: Context, type: str, record_id: str) -> str:
    """The ID as a command takes it: with ``id:`` where the ID alone would mean another, or none."""
    try:
        found, _ = find(crm, [type], record_id, "")
    except InvalidInput:
        found = ""
    return record_id if found == record_id else f"{_MARK}{record_id}"


def _only(types: list[str], record_id: str) -> str | None:
    """The type of an ID that is not known: the only one, or the one that its beginning says."""
    begun = [type for type in types if record_id.startswith(ID_PREFIXES.get(type, "\0"))]
    return types[0] if len(types) == 1 else next(iter(begun), None)


def _looks_like_id(text: str) -> bool:
    if not text or "@" in text or any(map(str.isspace, text)):
        return False
    return "_" in text or any(map(str.isdigit, text))


def _told(crm: Context, text: str, record_id: str, *, tell: bool) -> str:
    if text not in (record_id, f"{_MARK}{record_id}"):
        said = f"{_short(text)} is {record_id}"
        if tell:
            crm.terminal.note(f"crmctl: note: {said}", code="name")
        else:
            crm.terminal.log(1, said)
    return record_id


def _described(record: dict[str, Any]) -> str:
    return ", ".join(map(_short, filter(None, (record["name"], record["email"]))))


def _short(text: str) -> str:
    """A name on one line, and no longer than one: a server's may be of any length."""
    from crmctl.output.escape import one_line

    text = one_line(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _either(types: list[str]) -> str:
    *others, last = types
    return f"{', '.join(others)} or {last}" if others else last


def _how(crm: Context, types: list[str], text: str) -> str:
    """Whose name has that in it, else how to make a name known."""
    folded = fold(text)
    similar = [
        f"{_short(record['name'])} ({_short(record['id'])})"
        for type in types
        for record in crm.known.records(type)
        if folded in fold(record["name"])
    ]
    if similar:
        return f"Names are given whole. There is: {', '.join(similar[:_MOST_SIMILAR])}."
    as_id = f"`{_MARK}{_short(text)}`, if it is an ID."
    if crm.profile.kind == "workspace":
        return f'Run `crmctl record add {types[0]} ID "NAME"` to make one known; or write {as_id}'
    if "contact" in types or "deal" in types:
        return f"Run `crmctl record pull` to fetch the server's names; or write {as_id}"
    return f"Names are known once a list has shown them. Give the ID; or write {as_id}"
