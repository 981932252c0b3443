from tool_lib import square


def test_square() -> None:
    assert square(3) == 9
