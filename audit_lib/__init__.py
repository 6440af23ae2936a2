"""Holds a company's exported logs against its privacy policy and the law.

>>> from audit_lib import open_run
>>> run = open_run("data_samples", period="2018-Q3")  # doctest: +SKIP
>>> run.findings()  # doctest: +SKIP
"""

from audit_lib.run import Observed, Run, open_run

__all__ = ["Observed", "Run", "open_run"]
