"""The transport against a real socket, on which everything goes wrong that can."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.background import Background
from crmctl.api.body import LARGEST_BODY
from crmctl.api.client import Client
from crmctl.api.deadline import Deadline
from crmctl.api.http import LONGEST_TEXT, HttpTransport
from crmctl.api.message import Request
from crmctl.api.retry import retrying
from crmctl.api.tls import trust
from tests import scripted_server as script
from tests.scripted_server import ScriptedServer, Step

KEY = "sk_live_0123456789abcdef"
DATA = {"success": True, "data": {"id": "task_1", "title": "Grüße"}}
WHOLE = script.encode(200, DATA)
GET = Request("GET", "/tasks")
WRITES = [
    Request("POST", "/tasks", body={"title": "Call"}),
    Request("PUT", "/tasks/task_1", body={"title": "Call"}),
    Request("DELETE", "/tasks/task_1"),
]
LOST: dict[str, Callable[[], Step]] = {
    "closed without an answer": script.close,
    "reset": script.reset,
    "reset in the body": lambda: script.reset(WHOLE[:-5]),
    "truncated body": lambda: script.truncated(WHOLE),
    "truncated headers": lambda: script.raw(b"HTTP/1.1 200 OK\r\ncontent-", stay=False),
    "truncated chunks": lambda: script.raw(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}", stay=False
    ),
    "nonsensical redirect": lambda: script.answer(
        302, b"", {"location": "http://crm.example:port/"}
    ),
    "not HTTP": lambda: script.raw(b"220 mail.example ESMTP\r\n\r\n", stay=False),
    "truncated gzip": lambda: script.answer(
        200, gzip.compress(WHOLE)[:-9], {"content-encoding": "gzip"}
    ),
}


def connect(url: str, **options: Any) -> HttpTransport:
    return HttpTransport(url, **{"key": KEY, "user_agent": "crmctl/test", **options})


def never(seconds: float) -> None:
    pytest.fail(f"waits {seconds} s to send again what may be sent once only")


def test_a_request_goes_out_whole_and_its_answer_comes_back() -> None:
    step = script.answer(201, DATA, {"X-Request-Id": "r1"})
    with ScriptedServer(step) as server, connect(server.url + "/v1/") as transport:
        response = transport(
            Request(
                "POST",
                "/tasks/a%2Fb",
                query={"q": "a b&c=d", "at": "2026-03-25T17:00:00+01:00"},
                body={"title": "Grüße"},
                headers={"idempotency-key": "i1", "authorization": "Bearer other"},
            )
        )
    assert (response.status, response.content, response.text) == (201, DATA, "")
    assert response.headers["x-request-id"] == "r1"
    [received] = server.received
    assert received.method == "POST"
    assert received.target == (
        "/v1/tasks/a%2Fb?q=a%20b%26c%3Dd&at=2026-03-25T17%3A00%3A00%2B01%3A00"
    )
    assert received.body == b'{"title": "Gr\\u00fc\\u00dfe"}'
    headers = received.headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["accept"] == headers["content-type"] == "application/json"
    assert headers["idempotency-key"] == "i1"
    assert headers["user-agent"] == "crmctl/test"


def test_a_request_without_a_body_sends_none() -> None:
    with ScriptedServer(script.answer(204)) as server, connect(server.url) as transport:
        response = transport(WRITES[2])
    assert (response.status, response.content, response.text) == (204, None, "")
    assert server.received[0].body == b""
    assert "content-type" not in server.received[0].headers


def test_calls_share_one_connection() -> None:
    steps = [script.answer(200, DATA), script.answer(404, {"error": "no"}), script.answer()]
    with ScriptedServer(*steps) as server, connect(server.url) as transport:
        assert [transport(GET).status for _ in steps] == [200, 404, 200]
        assert server.connections == 1


@pytest.mark.parametrize(
    "body",
    [b"<h1>Bad gateway</h1>", b"NaN", b'{"a": -Infinity}', b"[1e999]", b"[" * 200_000, b"null"],
)
def test_what_is_not_json_comes_as_text(body: bytes) -> None:
    with ScriptedServer(script.answer(200, body)) as server, connect(server.url) as transport:
        response = transport(GET)
    assert response.content is None
    assert response.text == body.decode()[:LONGEST_TEXT]


def test_a_zipped_answer_is_unzipped() -> None:
    step = script.answer(200, gzip.compress(b'{"success": true}'), {"content-encoding": "gzip"})
    with ScriptedServer(step) as server, connect(server.url) as transport:
        assert transport(GET).content == {"success": True}


@pytest.mark.parametrize(
    "step",
    [
        script.answer(200, gzip.compress(bytes(LARGEST_BODY + 1)), {"content-encoding": "gzip"}),
        script.answer(200, bytes(33 * 1024 * 1024)),
        script.answer(200, b"no zip", {"content-encoding": "gzip"}),
        script.answer(200, b"??", {"content-encoding": "gzip, gzip"}),
    ],
    ids=["gzip bomb", "33 MiB", "not gzip", "zipped twice"],
)
def test_an_answer_too_large_or_unreadable_is_a_bad_answer(step: Step) -> None:
    with ScriptedServer(step, step) as server, connect(server.url) as transport:
        with pytest.raises(errors.BadAnswer) as raised:
            transport(GET)
        assert raised.value.status == 200
        assert not raised.value.retryable
        with pytest.raises(errors.OutcomeUnknown):
            transport(WRITES[0])


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_a_get_whose_answer_is_lost_is_sent_again(fault: Callable[[], Step]) -> None:
    slept: list[float] = []
    steps = [fault(), fault(), script.answer(200, DATA)]
    with ScriptedServer(*steps) as server, connect(server.url) as transport:
        response = retrying(transport, timeout=30, sleep=slept.append)(GET)
        assert response.content == DATA
    assert len(server.received) == 3
    assert len(slept) == 2


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
@pytest.mark.parametrize("request_", WRITES, ids=lambda request: request.method)
def test_a_write_whose_answer_is_lost_has_an_unknown_outcome(
    request_: Request, fault: Callable[[], Step]
) -> None:
    with ScriptedServer(fault()) as server, connect(server.url) as transport:
        with pytest.raises(errors.OutcomeUnknown, match="may have been applied") as raised:
            transport(request_)
        assert len(server.received) == 1
    assert raised.value.exit_status == 10


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        ("closed without an answer", errors.Unreachable, "closed without an answer"),
        ("reset", errors.Unreachable, "the connection broke"),
        ("truncated body", errors.BadAnswer, "the answer broke off"),
        ("not HTTP", errors.BadAnswer, "the answer is not HTTP"),
    ],
)
def test_a_get_says_how_its_answer_was_lost(
    fault: str, kind: type[errors.CrmctlError], said: str
) -> None:
    with (
        ScriptedServer(LOST[fault]()) as server,
        connect(server.url) as transport,
        pytest.raises(kind, match=said) as raised,
    ):
        transport(GET)
    assert raised.value.retryable


def test_a_refusal_is_one_even_if_its_explanation_breaks_off() -> None:
    steps = [script.truncated(script.encode(422, b'{"error": "no"}')), script.close()]
    with ScriptedServer(*steps) as server, connect(server.url) as transport:
        response = transport(WRITES[0])
    assert (response.status, response.content, response.text) == (422, None, '{"error": "no"')


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_key_does_not_follow_a_redirect(status: int) -> None:
    with ScriptedServer() as elsewhere:
        step = script.answer(status, b"", {"location": elsewhere.url + "/tasks"})
        with ScriptedServer(step) as server, connect(server.url) as transport:
            response = retrying(transport, timeout=30, sleep=never)(GET)
            assert response.status == status
            assert response.headers["location"] == elsewhere.url + "/tasks"
        assert elsewhere.connections == 0


@pytest.mark.parametrize("path", ["@127.0.0.1:{port}/x", ".127.0.0.1:{port}/", ""])
def test_a_path_cannot_change_the_host(path: str) -> None:
    with ScriptedServer() as elsewhere, connect("https://crm.example") as transport:
        with pytest.raises(errors.InvalidInput, match="starts with a slash"):
            transport(Request("GET", path.format(port=elsewhere.port)))
        assert elsewhere.connections == 0


# Time


@pytest.mark.parametrize(
    "fault",
    [
        lambda: script.delayed(5, WHOLE),
        lambda: script.dripped(WHOLE, every=0.1),
        lambda: script.raw(WHOLE[:-1]),
    ],
    ids=["no answer", "headers in drips", "the last byte stays away"],
)
@pytest.mark.parametrize("request_", [GET, WRITES[0]], ids=lambda request: request.method)
def test_the_deadline_ends_a_slow_answer(request_: Request, fault: Callable[[], Step]) -> None:
    started = time.monotonic()
    with ScriptedServer(fault()) as server, connect(server.url, timeout=0.4) as transport:
        call = retrying(transport, timeout=0.4, sleep=never)
        expected = errors.Unreachable if request_ is GET else errors.OutcomeUnknown
        with pytest.raises(expected, match=r"no complete answer came within 0\.4 s"):
            call(request_)
        assert 0.3 < time.monotonic() - started < script.PATIENCE
    assert len(server.received) == 1


def test_the_deadline_ends_a_body_that_comes_in_drips() -> None:
    def step(connection: script.Connection) -> bool:
        head, _, body = WHOLE.partition(b"\r\n\r\n")
        connection.socket.sendall(head + b"\r\n\r\n")
        return script.dripped(body, every=0.1)(connection)

    started = time.monotonic()
    with ScriptedServer(step) as server, connect(server.url, timeout=0.4) as transport:
        with pytest.raises(errors.Unreachable, match="within"):
            transport(GET)
        assert time.monotonic() - started < script.PATIENCE


def test_several_calls_share_one_deadline() -> None:
    steps = [script.delayed(seconds, WHOLE) for seconds in (0.2, 0.2, 0.9, 0)]
    with ScriptedServer(*steps) as server, connect(server.url, timeout=5) as transport:
        request = GET.having(deadline=Deadline(1))
        assert transport(request).content == transport(request).content == DATA
        with pytest.raises(errors.Unreachable, match="within 1 s"):
            transport(request)
        assert transport(GET).content == DATA


def test_without_time_left_nothing_is_sent() -> None:
    now = [0.0]
    request = WRITES[0].having(deadline=Deadline(30, clock=lambda: now[0]))
    now[0] = 31.0
    with ScriptedServer() as server, connect(server.url) as transport:
        with pytest.raises(errors.Unreachable, match="No time is left"):
            transport(request)
        assert server.connections == 0


def test_a_server_that_does_not_agree_on_tls_in_time_ends_at_the_deadline() -> None:
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with (
            connect(f"https://127.0.0.1:{silent.getsockname()[1]}", timeout=0.4) as transport,
            pytest.raises(errors.Unreachable, match=r"was not sent: .* does not answer"),
        ):
            transport(WRITES[0])
        assert 0.3 < time.monotonic() - started < script.PATIENCE


def test_a_body_that_nobody_reads_ends_at_the_deadline() -> None:
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        body = {"description": "x" * 20_000_000}
        with (
            connect(f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout=1.5) as transport,
            pytest.raises(errors.OutcomeUnknown, match=r"within 1\.5 s"),
        ):
            transport(Request("POST", "/tasks", body=body))
        assert 1.3 < time.monotonic() - started < script.PATIENCE


def test_a_name_that_nobody_resolves_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(script.PATIENCE) or [])
    started = time.monotonic()
    with (
        connect("https://crm.example", timeout=0.3) as transport,
        pytest.raises(errors.Unreachable, match=r"was not sent: .* was not found in time"),
    ):
        transport(WRITES[0])
    assert time.monotonic() - started < script.PATIENCE
    over.set()


# Several threads


def test_a_transport_serves_many_threads_at_once() -> None:
    threads, calls = 8, 20
    found: list[tuple[str, str]] = []

    def step(connection: script.Connection) -> bool:
        connection.over.wait(0.005)  # so that they are many at once
        answer = script.encode(200, {"data": {"asked": connection.request.path}})
        connection.socket.sendall(answer)
        return True

    def work(number: int, client: Client) -> None:
        for turn in range(calls):
            task_id = f"task_{number}_{turn}"
            found.append((f"/tasks/{task_id}", client.get_task(task_id)["asked"]))

    with ScriptedServer(*[step] * threads * calls) as server, connect(server.url) as transport:
        client = Client(retrying(transport, timeout=30, sleep=never), remote=True)
        workers = [threading.Thread(target=work, args=(n, client)) for n in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert 1 < server.connections <= threads
    assert len(found) == threads * calls
    assert [pair for pair in found if pair[0] != pair[1]] == []


def test_each_thread_has_its_own_deadline() -> None:
    slow, fast = script.delayed(0.5, WHOLE), script.answer(200, DATA)
    with ScriptedServer(slow, *[fast] * 20) as server, connect(server.url) as transport:
        outcome = Background(lambda: transport(GET.having(deadline=Deadline(0.2))))
        while not server.received:
            time.sleep(0.001)
        for _ in range(20):
            assert transport(GET).content == DATA
        with pytest.raises(errors.Unreachable, match=r"within 0\.2 s"):
            outcome.result()


def test_a_host_that_does_not_accept_connections_ends_at_the_deadline() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)  # noqa: FBT003
            client.connect_ex(("127.0.0.1", port))
        started = time.monotonic()
        with (
            connect(f"http://127.0.0.1:{port}", timeout=0.4) as transport,
            pytest.raises(errors.Unreachable, match=r"does not answer|refuses"),
        ):
            transport(WRITES[0])
        assert time.monotonic() - started < script.PATIENCE
        for client in waiting:
            client.close()


# Certainly not sent


@pytest.mark.parametrize("request_", [GET, *WRITES], ids=lambda request: request.method)
def test_refused_means_that_nothing_was_applied(request_: Request) -> None:
    port = script.unused_port()
    with (
        connect(f"http://127.0.0.1:{port}") as transport,
        pytest.raises(errors.Unreachable) as raised,
    ):
        transport(request_)
    assert raised.value.message == (
        f"{request_.method} {request_.path} was not sent: 127.0.0.1:{port} refuses connections."
    )
    assert raised.value.retryable


def test_a_get_that_is_refused_is_tried_again() -> None:
    slept: list[float] = []
    with (
        connect(f"http://127.0.0.1:{script.unused_port()}") as transport,
        pytest.raises(errors.Unreachable),
    ):
        retrying(transport, timeout=30, sleep=slept.append)(GET)
    assert len(slept) == 2


def test_a_host_without_an_address_cannot_be_found() -> None:
    with (
        connect("https://crm.invalid") as transport,
        pytest.raises(errors.Unreachable, match=r"cannot find host crm\.invalid") as raised,
    ):
        transport(WRITES[0])
    assert raised.value.retryable


@pytest.mark.parametrize(
    "base_url",
    [
        "http://crm.example/v1",
        "http://10.0.0.1",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "https://user:secret@crm.example",
        "https://user:secret@crm.example:port",
        "ftp://localhost",
        "crm.example",
        "https://",
        "https://crm.example:port",
        "https://crm.example?x=1",
        "",
    ],
)
def test_a_base_url_that_would_not_keep_the_key_safe_is_refused(base_url: str) -> None:
    with pytest.raises(errors.SettingsError) as raised:
        connect(base_url)
    assert raised.value.exit_status == 2
    assert "secret" not in raised.value.message


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "grün", "nul\0"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(errors.SettingsError) as raised:
        connect("https://crm.example", key=key)
    assert not key or key not in str(raised.value)


# The key stays secret


def test_no_log_line_and_no_error_contains_the_key() -> None:
    lines: list[tuple[int, str]] = []
    steps = [
        script.answer(200, {"echo": f"Bearer {KEY}"}, {"x-request-id": "r1"}),
        script.answer(500, KEY.encode()),
        script.close(),
    ]
    with (
        ScriptedServer(*steps) as server,
        connect(server.url, log=lambda level, line: lines.append((level, line))) as transport,
    ):
        transport(Request("GET", "/tasks", query={"limit": "25"}))
        transport(Request("POST", "/tasks", body={"title": KEY}))
        with pytest.raises(errors.OutcomeUnknown) as raised:
            transport(Request("PUT", f"/tasks/{KEY}", body={}))
        shown = [
            repr(transport),
            str(raised.value),
            repr(raised.value),
            *(text for _, text in lines),
        ]
    assert not [text for text in shown if KEY in text]
    times = [line.partition(" in ")[0] for level, line in lines if level == 2]
    assert times == [
        "GET /tasks?limit=25 -> 200",
        "POST /tasks -> 500",
        "PUT /tasks/[key] -> outcome_unknown",
    ]
    assert [line for level, line in lines if level == 3] == [
        'response body: {"echo": "Bearer [key]"}',
        'request body: {"title": "[key]"}',
        "response body: [key]",
        "request body: {}",
    ]
    assert lines[1][1].endswith(" ms (request id r1)")


def test_requests_for_this_machine_pass_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as proxy, ScriptedServer(script.answer(200, DATA)) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with connect(server.url) as transport:
            assert transport(GET).content == DATA
        assert proxy.connections == 0


def test_a_proxy_that_refuses_sees_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with ScriptedServer(script.answer(407)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("https_proxy", proxy.url)
        with (
            connect("https://crm.example") as transport,
            pytest.raises(errors.Unreachable, match=r"was not sent: .*407"),
        ):
            transport(WRITES[0])
        [received] = proxy.received
    assert (received.method, received.target) == ("CONNECT", "crm.example:443")
    assert KEY not in str(received)


def test_a_proxy_that_makes_no_sense_is_named_as_the_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:secret@proxy.example")
    monkeypatch.setenv("https_proxy", "gopher://user:secret@proxy.example")
    with (
        connect("https://crm.example") as transport,
        pytest.raises(errors.Unreachable, match="proxy") as raised,
    ):
        transport(GET)
    assert not raised.value.retryable
    assert "secret" not in str(raised.value)


# TLS


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, its key in the same PEM file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    command = (
        f"{openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        " -subj /CN=scripted -addext subjectAltName=IP:127.0.0.1 -keyout - -out -"
    )
    made = subprocess.run(command.split(), capture_output=True, check=True, timeout=30)
    file.write_bytes(made.stdout)
    return file


@pytest.fixture
def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("request_", [GET, WRITES[0]], ids=lambda request: request.method)
def test_a_certificate_that_nobody_vouches_for_is_refused_for_good(
    request_: Request, server_context: ssl.SSLContext
) -> None:
    with ScriptedServer(context=server_context) as server, connect(server.url) as transport:
        call = retrying(transport, timeout=30, sleep=never)
        with pytest.raises(errors.Unreachable, match=r"certificate .* cannot be trusted") as raised:
            call(request_)
    assert raised.value.hint is not None
    assert "--ca-file" in raised.value.hint
    assert not raised.value.retryable
    assert server.received == []


def test_ca_file_adds_a_certificate_to_trust(
    certificate: Path, server_context: ssl.SSLContext
) -> None:
    with (
        ScriptedServer(script.answer(200, DATA), context=server_context) as server,
        connect(server.url, ca_file=str(certificate)) as transport,
    ):
        assert transport(GET).content == DATA
    assert server.received[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_trusted_certificate_of_another_host_is_refused(
    certificate: Path, server_context: ssl.SSLContext
) -> None:
    with (
        ScriptedServer(context=server_context) as server,
        connect(f"https://localhost:{server.port}", ca_file=str(certificate)) as transport,
        pytest.raises(errors.Unreachable, match="cannot be trusted"),
    ):
        transport(GET)
    assert server.received == []


def test_a_server_without_tls_is_not_spoken_to() -> None:
    with (
        ScriptedServer(script.answer()) as server,
        connect(f"https://127.0.0.1:{server.port}", timeout=0.5) as transport,
        pytest.raises(errors.Unreachable) as raised,
    ):
        transport(WRITES[0])
    assert raised.value.retryable
    assert KEY not in str(server.received)


def test_a_ca_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no certificate")
    for file in (text, tmp_path / "missing.pem", tmp_path):
        with (
            connect("https://crm.example", ca_file=str(file)) as transport,
            pytest.raises(errors.SettingsError, match=str(file)),
        ):
            transport(GET)


def test_the_environment_chooses_whom_to_trust(certificate: Path, tmp_path: Path) -> None:
    [trusted] = trust(None, {"SSL_CERT_FILE": str(certificate)}).get_ca_certs()
    assert trusted["subject"] == ((("commonName", "scripted"),),)
    with pytest.raises(errors.SettingsError, match=r"missing\.pem"):
        trust(None, {"SSL_CERT_FILE": str(tmp_path / "missing.pem")})


def test_a_transport_trusts_whom_its_environment_names(
    certificate: Path, server_context: ssl.SSLContext
) -> None:
    environ = {"SSL_CERT_FILE": str(certificate)}
    with (
        ScriptedServer(script.answer(200, DATA), context=server_context) as server,
        connect(server.url, environ=environ) as transport,
    ):
        assert transport(GET).content == DATA


@pytest.mark.parametrize("hashed", [True, False])
def test_without_a_hashed_directory_certifi_vouches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, hashed: bool
) -> None:
    (tmp_path / ("0a1b2c3d.0" if hashed else "bundle.pem")).write_text("")
    usual = ssl.get_default_verify_paths()
    monkeypatch.setattr(
        ssl, "get_default_verify_paths", lambda: usual._replace(capath=str(tmp_path))
    )
    context = trust(None, {})
    assert bool(context.get_ca_certs()) is not hashed
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_importing_it_imports_neither_the_command_line_of_httpx_nor_what_is_asynchronous() -> None:
    code = (
        "import sys, crmctl.api.http, httpx;"
        "print(sorted({'click', 'rich', 'pygments', 'httpx._main', 'anyio', 'trio', 'asyncio'}"
        " & set(sys.modules)))"
    )
    source = Path(__file__).parents[2] / "src"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": str(source)},
    )
    assert ran.stdout == "[]\n"
