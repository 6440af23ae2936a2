"""Makes the golden notebooks anew: `python tests/golden_notebooks.py`. Then look at what changed, and say why.

A golden notebook is one of the set, its parameters set for the test, executed on the samples. `pytest --nbval` runs it
again and compares every output but the drawings.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent / "notebooks"
GOLDEN = HERE / "golden"
PARAMETERS = {"20_rights_requests": {}, "90_compliance_report": {'compare_to: str = ""': 'compare_to: str = "2018-Q2"'}}
"""Notebook → what replaces what in its parameters cell."""


def prepared(name: str) -> Any:
    """The notebook as it is committed, with the parameters of the test."""
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            for old, new in PARAMETERS[name].items():
                assert old in cell.source
                cell.source = cell.source.replace(old, new)
    return notebook


def make(name: str) -> None:
    """Execute a notebook where nbval will, and keep it without what differs from run to run."""
    notebook = prepared(name)
    NotebookClient(notebook, resources={"metadata": {"path": str(GOLDEN)}}, kernel_name="python3").execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
            cell.outputs = []
    notebook.metadata.pop("language_info", None)
    nbformat.write(notebook, GOLDEN / f"{name}.ipynb")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as cache:
        os.environ["PRIVACY_AUDIT_CACHE"] = cache
        for golden in PARAMETERS:
            make(golden)
