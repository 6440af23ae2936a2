"""Holds a company's exported logs against its privacy policy and the law.

>>> from audit_lib import open_run
>>> run = open_run("data_samples", period="2018-Q3")  # doctest: +SKIP
>>> run.findings()  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit_lib.run import Observed, Run, open_run

__all__ = ["Observed", "Run", "open_run"]


def __getattr__(name: str) -> Any:
    """The public names, imported when asked for: whoever only loads exports does not pay for statistics and charts."""
    if name not in __all__:
        raise AttributeError(f"module 'audit_lib' has no attribute {name!r}")
    from audit_lib import run

    return getattr(run, name)


def __dir__() -> list[str]:
    return __all__
