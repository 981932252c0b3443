from api_lib import double


def test_double() -> None:
    assert double(2) == 4
