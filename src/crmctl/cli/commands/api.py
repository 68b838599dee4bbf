"""`crmctl api`: any request, with this profile's key."""

import json
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import typer

from crmctl.api.answer import read_success
from crmctl.api.body import TooDeepError, read_json
from crmctl.api.message import Request
from crmctl.api.pages import Listing
from crmctl.cli import inputs, options
from crmctl.cli.context import Context
from crmctl.cli.show import style
from crmctl.errors import InvalidInput, UsageError

app = typer.Typer()

_DEEPEST = 200

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")


@app.command("api")
def api(
    ctx: typer.Context,
    method: Annotated[
        str,
        typer.Argument(
            metavar="METHOD", help="|".join(METHODS), autocompletion=options.one_of(METHODS)
        ),
    ],
    path: Annotated[str, typer.Argument(metavar="PATH", help="As in the reference: /v1/tasks.")],
    field: Annotated[
        list[str] | None,
        typer.Option("--field", "-f", metavar="K=V", help="A text field; may be repeated."),
    ] = None,
    typed_field: Annotated[
        list[str] | None,
        typer.Option(
            "--typed-field", "-F", metavar="K=V", help="A field in JSON: 3, true, null, [..], text."
        ),
    ] = None,
    input: Annotated[
        str | None, typer.Option(metavar="FILE", help="The body, as JSON; - reads stdin.")
    ] = None,
    paginate: Annotated[
        bool, typer.Option("--paginate", help="Read every page, print one list.")
    ] = False,
) -> None:
    """Send any request to the API and print the answer as JSON, with -o jsonl on one line.

    Fields go into the query of a GET and into the body of anything else.

    crmctl api GET /v1/tasks -f priority=urgent --paginate
    crmctl api POST /v1/tasks -f title="Call Jane" -f priority=high
    crmctl api PUT /v1/tasks/task_001 --input changes.json
    """
    crm: Context = ctx.obj
    method = method.upper()
    if method not in METHODS:
        raise inputs.refuse_choice(method, METHODS, "METHOD")
    path, query = read_path(path)
    fields = read_fields(field or [], typed_field or [])
    body: Any = None
    if method == "GET":
        query |= {name: _query_text(value) for name, value in fields.items()}
        if input is not None:
            raise UsageError("A GET has no body: --input goes with POST and PUT.")
    elif input is not None:
        if fields:
            raise UsageError("--input is the whole body; it excludes -f and -F.")
        body = read_body(crm, input)
    elif fields or method != "DELETE":
        body = fields
    if paginate:
        if method != "GET":
            raise UsageError("--paginate goes with GET.")
        limit = query.pop("limit", None)
        _show_items(crm, crm.client.listing(path, query), page=limit)
        return
    headers = crm.client.idempotency(method)
    request = Request(method, path, query=query, body=body, headers=headers)
    response = crm.client.transport(request)
    read_success(request, response)
    if method != "GET":
        crm.terminal.confirmed.append(f"{method} {path}, with HTTP {response.status}")
    if method == "GET" or not crm.options.dry_run:
        crm.show_value(response.content)


def read_path(text: str) -> tuple[str, dict[str, str]]:
    """A path below the base URL, and the query that was typed with it.

    The reference's headings write ``/v1/tasks`` for ``/tasks``: both are taken. Raises `UsageError`
    for a URL, which would send this profile's key elsewhere, and for a path that climbs.
    """
    try:
        text.encode()
        parts = urlsplit(text)
    except ValueError as error:  # as of //[, which begins the host of a URL
        raise UsageError(f"{text!r:.80} is not a path of the API.") from error
    if parts.scheme or parts.netloc:
        raise UsageError(
            f"{text!r:.80} is a URL; give the path alone.",
            hint="The key goes to its own server only. --profile chooses another.",
        )
    path = "/" + parts.path.strip("/").removeprefix("v1/")
    if any(unquote(segment) in (".", "..") for segment in path.split("/")):
        raise UsageError(f"{text!r:.80} is not a path of the API.")
    return path, dict(parse_qsl(parts.query, keep_blank_values=True))


def read_fields(texts: list[str], typed: list[str]) -> dict[str, Any]:
    """The fields of ``-f k=v`` as text and of ``-F k=v`` as JSON, or text where it is none."""
    fields: dict[str, Any] = {}
    for given in texts:
        name, value = _split(given, "-f")
        fields[name] = value
    for given in typed:
        name, value = _split(given, "-F")
        try:
            fields[name] = read_value(value, f"-F {name}")
        except ValueError:
            fields[name] = value
    return fields


def read_body(crm: Context, source: str) -> Any:
    """The JSON in a file, or on stdin where the source is ``-``."""
    text = inputs.read_file(crm, source, "--input")
    try:
        return read_value(text, "--input")
    except ValueError as error:
        raise InvalidInput(f"--input: not JSON: {error}.") from error


def read_value(text: str, place: str) -> Any:
    """The value of a JSON text.

    Raises ValueError for what is none, and InvalidInput for what is nested so deeply that it could
    perhaps be read, and not be written.
    """
    try:
        value = read_json(text)
        level = [value]
        for _ in range(_DEEPEST):
            level = [inner for outer in level for inner in _parts(outer)]
            if not level:
                return value
    except TooDeepError:
        pass
    raise InvalidInput(f"{place}: it is nested more than {_DEEPEST} levels deep.")


def _show_items(crm: Context, listing: Listing, *, page: str | None) -> None:
    from crmctl.output import renderer
    from crmctl.output.view import View

    if page is not None:
        crm.terminal.log(1, "--paginate reads every page; limit is left to crmctl.")
    view = View(columns=[], fields=[], name="item", plural="items")
    format = "jsonl" if crm.format == "jsonl" else "json"
    renderer(format).write_list(listing, view, stream=crm.terminal.stdout, style=style(crm))


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _split(given: str, option: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name:
        raise UsageError(f"{option}: {given!r:.80} is not NAME=VALUE.")
    return name, value


def _query_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
