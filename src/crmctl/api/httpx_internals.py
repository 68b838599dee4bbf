"""httpx, and all that reaches into its private names: what it need not import, its network.

It is the one module that imports httpx.
"""

from __future__ import annotations

import sys

__all__ = ["httpx", "set_network"]

# httpx 0.28 ends by importing its own command line, and with it click, rich and pygments wherever
# click can be found: 70 ms. anyio and trio serve asynchronous programs alone. All three may fail to
# be imported, and a module that is None cannot be found.
_UNWANTED = {"httpx._main", "anyio", "trio"} - sys.modules.keys()
sys.modules.update(dict.fromkeys(_UNWANTED))  # type: ignore[arg-type]
try:
    import httpcore
    import httpx
finally:
    for _name in _UNWANTED:
        del sys.modules[_name]


def set_network(client: httpx.Client, network: httpcore.NetworkBackend) -> None:
    """Let a client, and whatever proxies it has, connect through that network.

    httpx has no argument for it, httpcore does.
    """
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
        if isinstance(transport, httpx.HTTPTransport):
            transport._pool._network_backend = network  # noqa: SLF001
