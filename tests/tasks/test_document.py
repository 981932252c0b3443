"""Documents that stand deeper in another."""

from __future__ import annotations

from metaensemble.tasks import read


def test_a_file_may_stand_deeper_in_a_document() -> None:
    text = "consensus: {n: 3, vote: &v verdict}\nx-more: [*v, 'it''s']\n"
    document = read(text, "preset.yaml")
    below = document.below("patterns", "three")
    assert below.value == {"patterns": {"three": document.value}}
    for path in (("consensus",), ("consensus", "n"), ("x-more", 0), ("x-more", 1)):
        assert below.has(("patterns", "three", *path))
        for of in ("key", "value"):
            assert below.span(("patterns", "three", *path), of) == document.span(path, of)
    assert below.span_within(("patterns", "three", "x-more", 1), 2, 4) == document.span_within(
        ("x-more", 1), 2, 4
    )
    assert not below.has(("patterns", "four"))
    assert below.span(("patterns", "four")).line == 1
