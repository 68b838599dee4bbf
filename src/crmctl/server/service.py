"""The whole of what is served: the API over a store, behind its keys, and the documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from crmctl.server.access import KeyHolders
from crmctl.server.openapi import openapi_document
from crmctl.server.rate import Rates
from crmctl.server.wsgi import Application, Log
from crmctl.store.interface import Store
from crmctl.workspace.app import Workspace


def make_application(
    store: Store,
    clock: Callable[[], datetime],
    *,
    log: Log,
    read_only: bool = False,
    rates: Rates | None = None,
    behind_proxy: bool = False,
) -> Application:
    """A WSGI application that any number of processes may run over one store."""

    def check_health() -> None:
        with store.reading():
            pass

    return Application(
        Workspace(store, clock=lambda: clock().replace(microsecond=0)),
        admit=KeyHolders(store, clock, read_only=read_only, rates=rates),
        documents={"/openapi.json": openapi_document},
        check_health=check_health,
        log=log,
        behind_proxy=behind_proxy,
    )
