"""Outputs: small ones inline, large ones in blobs, both recalled from their records."""

from __future__ import annotations

import hashlib

import pytest

from metaensemble.engine.coordinator.outputs import INLINE_BYTES, Outputs


class Store:
    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        self.held[name] = data
        return name

    def get(self, name: str) -> bytes:
        return self.held[name]


@pytest.mark.parametrize("value", [None, "", "text", 3, 1.5, True, [1, {"a": None}], {"k": "v" * 100}])
def test_a_small_value_stays_in_the_record(value: object) -> None:
    store = Store()
    outputs = Outputs(store)
    payload = outputs.keep("a", value)
    assert store.held == {}
    assert outputs["a"] == value
    again = Outputs(store)
    again.recall("a", payload)
    assert again["a"] == value
    assert again.token("a") == outputs.token("a")


@pytest.mark.parametrize("value", ["é" * INLINE_BYTES, ["x" * INLINE_BYTES]])
def test_a_large_value_goes_to_a_blob(value: object) -> None:
    store = Store()
    outputs = Outputs(store)
    payload = outputs.keep("a", value)
    assert set(payload) == {"output_blob"}
    again = Outputs(store)
    again.recall("a", payload)
    assert again["a"] == outputs["a"] == value
    assert again.token("a") == outputs.token("a")


@pytest.mark.parametrize(("first", "second"), [(["x" * INLINE_BYTES], "y"), ("y", ["x" * INLINE_BYTES])])
def test_a_later_output_takes_the_place_of_an_earlier_one(first: object, second: object) -> None:
    store = Store()
    outputs, again = Outputs(store), Outputs(store)
    for value in (first, second):
        again.recall("a", outputs.keep("a", value))
    assert outputs["a"] == again["a"] == second


def test_tokens_tell_values_apart() -> None:
    outputs = Outputs(Store())
    for node, value in {"one": "1", "two": 1, "three": [1], "four": None}.items():
        outputs.keep(node, value)
    assert len({outputs.token(node) for node in ("one", "two", "three", "four")}) == 4


def test_a_node_without_output() -> None:
    outputs = Outputs(Store())
    assert "a" not in outputs
    assert outputs.get("a") is None


def test_a_large_output_that_many_look_at_is_read_once() -> None:
    class Counting(Store):
        reads = 0

        def get(self, name: str) -> bytes:
            self.reads += 1
            return super().get(name)

    store = Counting()
    outputs = Outputs(store)
    large, other = ["x" * 100] * 100, ["y" * 100] * 100
    outputs.keep("list", large)
    outputs.keep("other", other)
    assert [outputs["list"] for _ in range(50)] == [large] * 50
    assert store.reads == 1
    assert outputs["other"] == other
    assert outputs["list"] == large
    assert store.reads == 3, "one is kept, not all of them"
