from core_lib import add


def test_add() -> None:
    assert add(2) == 3
