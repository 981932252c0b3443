from cart import total


def test_a_discount() -> None:
    assert total([10, 20], discount=0.1) == 27
