"""Names of a package that are imported on first use, so that importing the package stays cheap."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def lazy_exports(
    package: str, names: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` for the `__init__` of `package`.

    `names` maps each public name to the module that defines it, relative to the package:
    `{"load": ".loader"}`. The first use imports the module and keeps the name in the package, so a
    later use costs nothing. A name may not be that of its module: importing the module anywhere
    would put the module in the name's place (`ValueError`).

    ```python
    __all__ = ["load"]
    if TYPE_CHECKING:
        from .loader import load
    else:
        __getattr__, __dir__ = lazy_exports(__name__, {"load": ".loader"})
    ```
    """
    for name, module in names.items():
        if module.lstrip(".") == name:
            raise ValueError(f"{package}: `{name}` is also the name of its module")

    def get(name: str) -> object:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(names[name], package), name)
        setattr(sys.modules[package], name, value)
        return value

    def listing() -> list[str]:
        return sorted({*vars(sys.modules[package]), *names})

    return get, listing
