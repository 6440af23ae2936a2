"""`python -m audit_lib.portable_sql`: lint every measure and shared step; what `make lint` runs."""

from __future__ import annotations

import sys

from audit_lib.catalogue import lint_all
from audit_lib.errors import AuditError


def main() -> int:
    """Print every problem; 1 when there is one."""
    try:
        problems = lint_all()
    except AuditError as error:
        problems = [str(error)]
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    sys.stdout.write(f"portable SQL: {len(problems)} problems\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
