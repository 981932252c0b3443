from shelf import on_shelf


def test_letters_count_and_not_their_size() -> None:
    assert on_shelf(["b", "A"]) == ["A", "b"]
