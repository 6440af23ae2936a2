"""The only place that puts the pieces together: exports in, observations and findings out."""

from audit_lib.run.observed import Observed
from audit_lib.run.open import open_run
from audit_lib.run.run import Run

__all__ = ["Observed", "Run", "open_run"]
