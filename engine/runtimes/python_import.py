"""Importing the project's modules into the Coordinator's own process, for `thread` and `inline`.

The modules are the process's own: what the program, or an application around it, has imported is not
imported again, and a module of the project that has the name of an installed one wins only if it is
imported first. `in: process` knows no such things.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from .python_call import Unusable, load
from .python_files import file_of, is_in_project


class HomeImports:
    """The callables of one project, each imported once.

    `close` forgets the modules of the project that were imported here, so that another project, or
    the same one after a change, gets its own.
    """

    def __init__(self, project: str) -> None:
        self._project = project
        self._found: dict[tuple[str, str], Callable[..., Any]] = {}
        self._imported: set[str] = set()
        self._is_on_path = False
        self._is_closed = False
        # Held while notes are taken and never while a module is imported, which may take for ever.
        self._lock = threading.Lock()

    def load(self, module: str, function: str) -> Callable[..., Any]:
        """The callable. Raises `Unusable`, and what the import raises."""
        found = self._found.get((module, function))
        if found is None:
            found = self._import(module, function)
            self._check_home(module)
            self._found[module, function] = found
        return found

    def close(self) -> None:
        """Forget what was imported, and what a thread that was given up is importing still."""
        with self._lock:
            self._is_closed = True
            self._forget()

    def _import(self, module: str, function: str) -> Callable[..., Any]:
        before = set(sys.modules)
        sys.path.insert(0, self._project)
        try:
            return load(module, function)
        finally:
            with self._lock:
                sys.path.remove(self._project)
                self._imported |= sys.modules.keys() - before
                if self._is_closed:
                    self._forget()
                elif self._project not in sys.path:
                    # What is imported later, by the program or by the callable, is an installed one first.
                    sys.path.append(self._project)
                    self._is_on_path = True

    def _forget(self) -> None:
        for name in self._imported:
            if any(is_in_project(place, self._project) for place in _places(sys.modules.get(name))):
                del sys.modules[name]
        self._imported.clear()
        self._found.clear()
        if self._is_on_path and self._project in sys.path:
            sys.path.remove(self._project)
        self._is_on_path = False

    def _check_home(self, module: str) -> None:
        """The project has such a module, and another one was imported before, from elsewhere."""
        loaded = file_of(sys.modules.get(module))
        path = Path(self._project, *module.split("."))
        for expected in (path / "__init__.py", path.with_name(f"{path.name}.py")):
            if expected.is_file() and not (loaded and expected.samefile(loaded)):
                raise Unusable(
                    f"`{module}` was imported in this process before, and is not the project's; "
                    "use `in: process`"
                )


def _places(module: ModuleType | None) -> list[str]:
    path = file_of(module)
    # A folder without `__init__.py` is a module that has no file.
    return [path] if path else list(getattr(module, "__path__", ()))
