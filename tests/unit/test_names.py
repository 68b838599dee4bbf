"""Names as they are compared."""

from __future__ import annotations

import pytest

from crmctl.names import fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jane Smith", "jane smith"),
        ("  Jane \t Smith ", "JANE SMITH"),
        ("Groß", "GROSS"),
        ("Å", "a\u030a"),
        ("Éa", "e\u0301A"),
        ("ΑΣ", "ας"),
        ("\u01f0", "J\u030c"),
        ("山田", "山田"),
    ],
)
def test_case_blanks_and_composition_make_no_difference(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("Jane", "Jane Smith"), ("José", "Jose"), ("a", "")])
def test_any_other_difference_makes_another_name(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_a_folded_name_stays_as_it_is() -> None:
    for character in map(chr, range(0xD7FF)):
        assert fold(fold(character)) == fold(character)
