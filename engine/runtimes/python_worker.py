"""The program of a worker: the process in which Python callables are called.

Run as `python -P python_worker.py`, with a Unix stream socket as standard input. It is found by its
path and makes the package that it is part of importable from where it lies, so that neither an
installed copy nor a folder of the project is taken for it. What it then does stands in
`python_serve.py`.

`multiprocessing` may import this file again, under another name, in processes that a callable starts:
nothing must happen then.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_PACKAGE = "metaensemble"


def main() -> None:
    """Serve the Coordinator until it hangs up."""
    root = Path(__file__).parents[2]
    spec = spec_from_file_location(_PACKAGE, root / "__init__.py", submodule_search_locations=[str(root)])
    assert spec is not None
    assert spec.loader is not None
    package = module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    spec.loader.exec_module(package)
    import_module(f"{_PACKAGE}.engine.runtimes.python_serve").serve()


if __name__ == "__main__":
    main()
