"""What can be known of a callable without calling it. Standard library only: it runs in a process of its own.

Looking imports the module, and so runs what stands in it.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

from .python_call import BRIEFS, Unusable, load, misfits, sentence, signature_of, takes_briefs

_MOST_NAMES: Final = 500


def look(module: str, function: str, names: Sequence[str], project: str) -> dict[str, Any]:
    """What would make every call of the callable by keywords of these names fail; empty if nothing.

    `kind` says what: `missing` (`name` is the module that is not there, `others` are those beside
    it), `import` (it `raised`, and if a module was not there, that is its `name`), `function`
    (`others` are the callables that are there), `unusable` (`because`), `misfit` (the `misfits`, and
    the names of the `parameters`).
    """
    try:
        found = load(module, function)
    except Unusable as problem:
        return _not_a_callable(module, function, str(problem))
    except ModuleNotFoundError as error:
        if error.name and _is_or_holds(error.name, module):
            return {"kind": "missing", "name": error.name, "others": _beside(error.name, project)}
        return {"kind": "import", "raised": sentence(error, project), "name": error.name}
    except BaseException as error:  # a module may raise anything, `SystemExit` too
        return {"kind": "import", "raised": sentence(error, project), "name": None}
    because = _why_without_value(module, function, found)
    if because:
        return {"kind": "unusable", "because": because}
    signature = signature_of(found)
    given = [*names, BRIEFS] if takes_briefs(signature) else names
    wrong = misfits(signature, given)
    if not wrong:
        return {}
    assert signature is not None
    return {"kind": "misfit", "misfits": wrong, "parameters": _by_keyword(signature)}


def _not_a_callable(module: str, function: str, because: str) -> dict[str, Any]:
    found: Any = sys.modules[module]
    for name in function.split("."):
        if not hasattr(found, name):
            return {"kind": "function", "others": sorted(_callables(function, name, found))}
        found = getattr(found, name)
    return {"kind": "unusable", "because": because}


def _callables(function: str, missing: str, holder: Any) -> Iterator[str]:
    """The addresses of what could have been meant, within the same module or class."""
    outer = function.split(".")[: function.split(".").index(missing)]
    for name in list(vars(holder))[:_MOST_NAMES] if hasattr(holder, "__dict__") else ():
        item = getattr(holder, name, None)
        at_home = getattr(item, "__module__", None) == getattr(holder, "__name__", None) or outer
        if callable(item) and not name.startswith("_") and at_home:
            yield ".".join([*outer, name])


def _why_without_value(module: str, function: str, found: Any) -> str:
    """Why calling it gives no value; empty when it may give one."""
    if inspect.isgeneratorfunction(found) or inspect.isasyncgenfunction(found):
        return f"`{module}:{function}` is a generator; return a list instead"
    *outer, name = function.split(".")
    if not outer:
        return ""
    holder: Any = sys.modules[module]
    for step in outer:
        holder = getattr(holder, step)
    if inspect.isclass(holder) and inspect.isfunction(inspect.getattr_static(holder, name, None)):
        return (
            f"`{module}:{function}` is a method, which needs a `{'.'.join(outer)}` to be called on; "
            "write a function around it"
        )
    return ""


def _by_keyword(signature: inspect.Signature) -> list[str]:
    return [
        name
        for name, parameter in signature.parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]


def _is_or_holds(name: str, module: str) -> bool:
    return module == name or module.startswith(f"{name}.")


def _beside(name: str, project: str) -> list[str]:
    """The modules of the project, or of the package, that lie where `name` was looked for."""
    package, _, _ = name.rpartition(".")
    folders = getattr(sys.modules.get(package), "__path__", ()) if package else (project,)
    found: set[str] = set()
    for folder in folders:
        try:
            entries = list(os.scandir(folder))[:_MOST_NAMES]
        except OSError:
            continue
        for entry in entries:
            stem, dot, end = entry.name.partition(".")
            if stem.isidentifier() and (end == "py" if dot else entry.is_dir()) and stem != "__pycache__":
                found.add(f"{package}.{stem}" if package else stem)
    return sorted(found)
