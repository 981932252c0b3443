from prices import with_tax


def test_tax_comes_on_top() -> None:
    assert with_tax(10) == 12
