from __future__ import annotations

from collections.abc import Callable

import pytest

from metaensemble.schemas.errors import CODES
from support.command_line import Shell


def test_a_page(me: Shell, golden: Callable[[str, str], None]) -> None:
    answer = me("explain", "ME534")
    assert answer.code == 0
    golden("cli/explain-ME534.txt", answer.out)


def test_codes_in_any_case(me: Shell) -> None:
    assert me("explain", "me534").out == me("explain", "ME534").out


def test_a_page_as_json(me: Shell) -> None:
    page = me("explain", "ME534", "--json").json
    assert page["code"] == "ME534"
    assert page["exit_code"] == 2
    assert page["example"]["language"] == "sh"


@pytest.mark.parametrize("reason", ["output_invalid", "output-invalid", "timeout", "exit_status"])
def test_a_failure_reason(reason: str, me: Shell) -> None:
    answer = me("explain", reason)
    assert answer.code == 0
    assert f"failure reason `{reason.replace('-', '_')}`" in answer.out


def test_the_list_has_all_codes(me: Shell) -> None:
    listed = me("explain")
    assert listed.code == 0
    assert [line.split()[0] for line in listed.out.splitlines()[1:]] == sorted(CODES)
    assert [entry["code"] for entry in me("explain", "--json").json] == sorted(CODES)


def test_an_unknown_code(me: Shell) -> None:
    answer = me("explain", "ME53")
    assert answer.code == 2
    assert answer.out == ""
    assert "error[ME541]: no error has the code `ME53`" in answer.err
    assert "did you mean `ME530`?" in answer.err
