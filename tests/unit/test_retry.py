"""What is tried again, when, and when not."""

from __future__ import annotations

import pytest

from crmctl import errors
from crmctl.api.deadline import Deadline
from crmctl.api.message import Request, Response
from crmctl.api.retry import retrying
from crmctl.api.retry_after import retry_after_seconds

GET = Request("GET", "/tasks")
FINE = Response(200, {"success": True, "data": []})
DATE = "Wed, 25 Mar 2026 17:00:00 GMT"
EPOCH = 1774458000  # the same instant


class World:
    """A transport that plays ``outcomes``, and a clock that only sleeping moves."""

    def __init__(self, *outcomes: Response | errors.CrmctlError, timeout: float = 30.0) -> None:
        self.outcomes = list(outcomes)
        self.now = 1000.0
        self.requests: list[Request] = []
        self.slept: list[float] = []
        self.ceilings: list[float] = []
        self.lines: list[tuple[int, str]] = []
        self.call = retrying(
            self._send,
            timeout=timeout,
            clock=lambda: self.now,
            sleep=self._sleep,
            random=self._highest,
            log=lambda level, line: self.lines.append((level, line)),
        )

    @property
    def sent(self) -> int:
        return len(self.requests)

    def _send(self, request: Request) -> Response:
        self.requests.append(request)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Response):
            return outcome
        raise outcome

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def _highest(self, low: float, high: float) -> float:
        assert low == 0
        self.ceilings.append(high)
        return high


def refusal(status: int, **headers: str) -> Response:
    return Response(
        status, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


@pytest.mark.parametrize("status", [408, 421, 425, 429, 500, 502, 503, 504])
def test_a_get_is_tried_again_after_a_status_that_tends_to_pass(status: int) -> None:
    world = World(refusal(status), FINE)
    assert world.call(GET) is FINE
    assert world.sent == 2
    assert world.lines == [(1, f"GET /tasks: {status}, trying again in 0.5 s (2 of 3)")]


@pytest.mark.parametrize("status", [200, 301, 302, 400, 401, 403, 404, 409, 422, 501])
def test_any_other_status_is_the_answer(status: int) -> None:
    world = World(refusal(status))
    assert world.call(GET).status == status
    assert (world.sent, world.slept, world.lines) == (1, [], [])


def test_a_get_is_tried_again_after_a_failure_that_may_pass() -> None:
    world = World(
        errors.Unreachable("GET /tasks was not sent: no."),
        errors.BadAnswer("GET /tasks: the answer broke off.", retryable=True),
        FINE,
    )
    assert world.call(GET) is FINE
    assert world.lines == [
        (1, "GET /tasks was not sent: no, trying again in 0.5 s (2 of 3)"),
        (1, "GET /tasks: the answer broke off, trying again in 1.0 s (3 of 3)"),
    ]


@pytest.mark.parametrize(
    "failure",
    [
        errors.Unreachable("the certificate cannot be trusted", retryable=False),
        errors.BadAnswer("the answer is larger than 32 MiB"),
        errors.SettingsError("plain text"),
    ],
)
def test_a_failure_that_stays_is_raised_at_once(failure: errors.CrmctlError) -> None:
    world = World(failure)
    with pytest.raises(type(failure)) as raised:
        world.call(GET)
    assert raised.value is failure
    assert world.sent == 1


def test_after_three_attempts_the_caller_gets_what_there_is() -> None:
    last = errors.Unreachable("third")
    world = World(errors.Unreachable("first"), refusal(503), last)
    with pytest.raises(errors.Unreachable, match="third"):
        world.call(GET)
    world = World(refusal(429), refusal(503), refusal(500))
    assert world.call(GET).status == 500
    assert world.sent == 3


def test_the_pause_before_another_attempt_doubles() -> None:
    world = World(refusal(503), refusal(503), FINE)
    world.call(GET)
    assert world.ceilings == world.slept == [0.5, 1.0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": " 1.5 "}, 1.5),
        ({"retry_after": "9" * 20}, 1e9),
        ({"retry_after": "9" * 5000}, 1e9),
        ({"retry_after": "Fri, 31 Dec 9999 23:59:59 GMT", "date": DATE}, 1e9),
        ({"x_ratelimit_reset": "9" * 20, "date": DATE}, 1e9),
        ({"retry_after": "Wed, 25 Mar 2026 17:00:09 GMT", "date": DATE}, 9),
        ({"retry_after": "Wednesday, 25-Mar-26 17:00:09 GMT", "date": DATE}, 9),
        ({"retry_after": "Wed Mar 25 17:00:09 2026", "date": DATE}, 9),
        ({"retry_after": "Wed, 25 Mar 2026 16:00:00 GMT", "date": DATE}, 0),
        ({"retry_after": "Wed, 25 Mar 2026 17:00:09 GMT"}, 4),
        ({"retry_after": "Wed, 25 Mar 2026 17:00:09 GMT", "date": "noon"}, 4),
        ({"x_ratelimit_reset": str(EPOCH + 9), "date": DATE}, 9),
        ({"retry_after": "soon", "x_ratelimit_reset": str(EPOCH + 9), "date": DATE}, 9),
        ({"retry_after": "7", "x_ratelimit_reset": str(EPOCH + 9), "date": DATE}, 7),
        ({}, None),
        ({"retry_after": ""}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "Wed, 99 Foo 2026 17:00:00 GMT"}, None),
        ({"x_ratelimit_reset": "tomorrow"}, None),
    ],
)
def test_what_the_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(refusal(429, **headers), now=lambda: EPOCH + 5.0) == seconds


def test_the_reset_of_a_rate_limit_matters_only_when_it_was_hit() -> None:
    response = refusal(503, x_ratelimit_reset=str(EPOCH + 9), date=DATE)
    assert retry_after_seconds(response) is None


def test_it_never_wakes_earlier_than_asked_nor_than_its_own_backoff() -> None:
    world = World(refusal(429, retry_after="7"), refusal(503, retry_after="0.2"), FINE)
    assert world.call(GET) is FINE
    assert world.slept == [7.0, 1.0]


def test_a_header_that_makes_no_sense_means_ordinary_backoff() -> None:
    world = World(refusal(429, retry_after="soon"), FINE)
    assert world.call(GET) is FINE
    assert world.slept == [0.5]


@pytest.mark.parametrize(("asked", "timeout"), [("31", 30.0), ("121", 1000.0)])
def test_a_wait_too_long_for_a_rate_limit_says_when_to_come_back(
    asked: str, timeout: float
) -> None:
    world = World(refusal(429, retry_after=asked), timeout=timeout)
    with pytest.raises(errors.RateLimited) as raised:
        world.call(GET)
    assert raised.value.exit_status == 7
    assert raised.value.status == 429
    assert raised.value.hint == f"Run it again in {asked} s."
    assert raised.value.retry_after == float(asked)
    assert (world.sent, world.slept) == (1, [])


def test_a_pause_that_no_server_asked_for_and_is_too_long_gives_what_there_is() -> None:
    world = World(errors.Unreachable("refused"), timeout=0.5)
    with pytest.raises(errors.Unreachable, match="refused"):
        world.call(GET)
    assert (world.sent, world.slept) == (1, [])


def test_whoever_is_asked_to_wait_too_long_does_not_look_either() -> None:
    world = World(refusal(503, retry_after="600"))
    with pytest.raises(errors.OutcomeUnknown, match="asks to wait 600 s"):
        world.call(Request("PUT", "/tasks/task_1", body={"status": "pending"}))
    assert (world.sent, world.slept) == (1, [])


def test_a_look_waits_as_long_as_the_server_asked() -> None:
    item = Response(200, {"data": {"id": "task_1", "status": "pending"}})
    world = World(*[refusal(503, retry_after="3")] * 3, item)
    world.call(Request("PUT", "/tasks/task_1", body={"status": "pending"}))
    assert world.slept == [3.0, 3.0, 3.0]


def test_one_deadline_covers_attempts_and_sleeps() -> None:
    world = World(refusal(503, retry_after="20"), refusal(503, retry_after="20"), FINE)
    with pytest.raises(errors.RateLimited):
        world.call(GET)
    assert world.slept == [20.0]


def test_each_call_has_a_deadline_of_its_own() -> None:
    world = World(*[refusal(503, retry_after="20"), FINE] * 2)
    assert world.call(GET) is FINE
    assert world.call(GET) is FINE
    assert world.slept == [20.0, 20.0]
    first, again, *_ = [request.deadline for request in world.requests]
    assert first is again
    assert len({id(request.deadline) for request in world.requests}) == 2


def test_calls_may_share_a_deadline() -> None:
    world = World(*[refusal(503, retry_after="20"), FINE] * 2)
    shared = GET.having(deadline=Deadline(30, clock=lambda: world.now))
    assert world.call(shared) is FINE
    assert shared.deadline is not None
    assert shared.deadline.remaining() == 10.0
    with pytest.raises(errors.RateLimited):
        world.call(shared)


def test_a_write_has_a_deadline_too() -> None:
    world = World(Response(201, {"data": {"id": "task_1"}}), timeout=7)
    world.call(Request("POST", "/tasks", body={}))
    [sent] = world.requests
    assert sent.deadline is not None
    assert sent.deadline.seconds == 7


def test_a_deadline_never_has_less_than_nothing_left() -> None:
    now = [100.0]
    deadline = Deadline(5, clock=lambda: now[0])
    assert deadline.remaining() == 5.0
    now[0] = 200.0
    assert deadline.remaining() == 0.0


def test_the_pause_before_a_look_is_told() -> None:
    put = Request("PUT", "/tasks/task_1", body={"title": "x"})
    item = Response(200, {"success": True, "data": {"id": "task_1", "title": "x"}})
    world = World(*[refusal(503, retry_after="2")] * 3, item)
    assert world.call(put) is item
    assert world.slept == [2.0, 2.0, 2.0]
    assert world.lines[2] == (
        1,
        "PUT /tasks/task_1: 503, looking in 2.0 s whether it was applied",
    )
