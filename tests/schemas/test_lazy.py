"""Names that a package imports on first use."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from metaensemble.schemas.lazy import lazy_exports


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("lazy_package")
    monkeypatch.setitem(sys.modules, "lazy_package", module)
    get, listing = lazy_exports("lazy_package", {"Fraction": "fractions", "absent": "fractions"})
    module.__getattr__ = get  # type: ignore[method-assign]
    module.__dir__ = listing  # type: ignore[method-assign]
    return module


def test_a_name_is_imported_once_and_kept(package: ModuleType) -> None:
    assert "Fraction" not in vars(package)
    assert package.Fraction(1, 2) == 0.5
    assert vars(package)["Fraction"] is package.Fraction


def test_all_names_are_listed_before_they_are_imported(package: ModuleType) -> None:
    assert {"Fraction", "__name__"} <= set(dir(package))


def test_other_names_are_attribute_errors(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match="module 'lazy_package' has no attribute 'nothing'"):
        _ = package.nothing


def test_a_name_that_its_module_lacks_is_an_attribute_error(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match="absent"):
        _ = package.absent


def test_a_name_may_not_be_that_of_its_module() -> None:
    with pytest.raises(ValueError, match="also the name of its module"):
        lazy_exports("lazy_package", {"load": ".load"})
