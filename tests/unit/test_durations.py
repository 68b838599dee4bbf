"""What people type for durations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmctl import errors
from crmctl.dates import parse_duration, parse_interval


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("0", 0),
        ("30", 30),
        ("30m", 30),
        ("45min", 45),
        ("45 min", 45),
        ("1h", 60),
        ("1h15m", 75),
        ("1h 15m", 75),
        (" 1H15 ", 75),
        ("1:15", 75),
        ("0:05", 5),
        ("1.5h", 90),
        ("0.25h", 15),
        ("1.10h", 66),
        ("PT1H15M", 75),
        ("PT45M", 45),
        ("pt2h", 120),
        ("10000000", 10_000_000),
    ],
)
def test_a_duration_is_whole_minutes(text: str, minutes: int) -> None:
    assert parse_duration(text) == minutes


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-5",
        "+5",
        "h",
        "m",
        "PT",
        "PT30",
        "P1D",
        "PT90S",
        "1:75",
        "1:5",
        ":15",
        "1:15h",
        "1,5h",
        ".5h",
        "1.h",
        "1.5",
        "1.5m",
        "1.33h",
        "15m1h",
        "1 30",
        "1h1h",
        "1d",
        "90s",
        "ten",
        "1e3",
        "٣٠",
        "10000001",
        "999999999h",
        "9" * 5000,
        "\x1b[31m5",
    ],
)
def test_a_duration_that_is_not_whole_minutes_is_refused_with_examples(text: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        parse_duration(text)
    assert refused.value.message.startswith(f"{text!r:.60} is not a ")
    assert refused.value.message.isprintable()
    assert "1h15m" in (refused.value.hint or "")


@given(st.text() | st.text("0123456789hmPT:. in"))
def test_any_text_is_a_duration_or_is_refused(text: str) -> None:
    try:
        minutes = parse_duration(text)
    except errors.InvalidInput:
        return
    assert 0 <= minutes <= 10_000_000


@given(st.integers(0, 10_000_000))
def test_every_way_to_write_a_duration_means_the_same(minutes: int) -> None:
    hours, rest = divmod(minutes, 60)
    texts = [f"{minutes}", f"{minutes}m", f"{hours}h{rest}m", f"{hours}:{rest:02}"]
    texts.append(f"PT{hours}H{rest}M")
    assert [parse_duration(text) for text in texts] == [minutes] * 5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1),
        ("10s", 10),
        ("90 sec", 90),
        (" 10 Seconds ", 10),
        ("2m", 120),
        ("2min", 120),
        ("1m30s", 90),
        ("1h 1m 1s", 3661),
        ("24h", 86400),
    ],
)
def test_an_interval_is_seconds_with_their_letter(text: str, seconds: int) -> None:
    assert parse_interval(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "s", "10", "0s", "0h0m0s", "-5s", "1.5s", "25h", "30s1m", "1d", "9" * 5000, "٣s"],
)
def test_what_is_no_interval_is_refused_a_bare_number_too(text: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        parse_interval(text)
    assert "10s" in (refused.value.hint or "")
