"""The report: executed notebooks as one page that opens offline, with its evidence beside it. Never queries."""

from audit_lib.report.build import ReportRequest, build_report
from audit_lib.report.files import verify_report
from audit_lib.report.result import Hole, ReportResult
from audit_lib.report.runner import run_notebook

__all__ = ["Hole", "ReportRequest", "ReportResult", "build_report", "run_notebook", "verify_report"]
