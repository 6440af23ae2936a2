"""The strict papermill runner: a notebook that did not run to its end never passes for one that did.

Papermill alone warns of an unknown parameter and goes on, takes a text for a number, calls a notebook that left by
`sys.exit(0)` finished, and stores "completed" for cells that a dead kernel never ran (docs/decisions; papermill #667).
Kernel traffic is encrypted, the output appears whole or not at all, and no path of this machine stays in it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from audit_lib.errors import DefinitionError, NotebookFailed

TIMEOUT = 1800
"""Seconds that one cell may take."""
TYPES: dict[str, type | tuple[type, ...]] = {
    "int": int,
    "float": (int, float),
    "str": str,
    "bool": bool,
    "list": list,
    "dict": dict,
}
_ENCRYPTED = {"transport_encryption": "required"}


def check_parameters(notebook: Path, parameters: Mapping[str, Any]) -> None:
    """Refuse parameters a notebook does not have or that are of another type, and notebooks without a parameters cell.

    Raises DefinitionError naming every problem.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # papermill warns of what is refused here
        known = papermill.inspect_notebook(str(notebook))
    if not known:
        raise DefinitionError(f"{notebook.name} has no cell tagged 'parameters': it cannot be run for a period.")
    problems = [_problem(name, value, known) for name, value in parameters.items()]
    if found := [problem for problem in problems if problem]:
        raise DefinitionError(f"{notebook.name}: {'; '.join(found)}.")


def _problem(name: str, value: Any, known: Mapping[str, Any]) -> str:
    if name not in known:
        return f"there is no parameter {name!r}, only {', '.join(sorted(known))}"
    expected = known[name]["inferred_type_name"]
    wanted = TYPES.get(expected)
    if wanted is None:
        return f"parameter {name} is not annotated with one of {', '.join(TYPES)}"
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        return f"parameter {name} must be {expected}, not {type(value).__name__}"
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return f"parameter {name} holds something that JSON cannot say"
    return ""


def run_notebook(notebook: Path, out: Path, parameters: Mapping[str, Any], timeout: int = TIMEOUT) -> Path:
    """Execute `notebook` with `parameters` into `out`, which exists afterwards only if every cell ran to its end.

    What a failed run got to is kept as `<out>.failed.ipynb`. Raises DefinitionError for wrong parameters,
    NotebookFailed with one sentence for anything else. Safe in threads: the working directory is not changed.
    """
    notebook, out = notebook.resolve(), out.resolve()
    check_parameters(notebook, parameters)
    descriptor, name = tempfile.mkstemp(prefix=f".{out.stem}-", suffix=".ipynb", dir=out.parent)
    os.close(descriptor)
    building = Path(name)
    try:
        _execute(notebook, building, parameters, timeout)
        _publish(building)
        building.replace(out)
    except BaseException:
        _keep_failed(building, out.with_suffix(".failed.ipynb"))
        raise
    return out


def _execute(notebook: Path, building: Path, parameters: Mapping[str, Any], timeout: int) -> None:
    config = Config(dict.fromkeys(("KernelManager", "AsyncKernelManager"), _ENCRYPTED))
    try:
        papermill.execute_notebook(
            str(notebook),
            str(building),
            parameters=dict(parameters),
            kernel_name=_kernel(),
            progress_bar=False,
            log_output=False,
            execution_timeout=timeout,
            config=config,
        )
    except PapermillExecutionError as error:
        raise NotebookFailed(f"{notebook.name}: cell {error.exec_count} stopped with {error.ename}: {_line(error.evalue)}") from error
    except CellTimeoutError as error:
        raise NotebookFailed(f"{notebook.name}: a cell took longer than {timeout:,} seconds") from error
    except DeadKernelError as error:
        raise NotebookFailed(f"{notebook.name}: the kernel died (often: not enough memory)") from error
    finally:
        _close_loop()
    # Status words and exceptions alike are not trusted: a cell without an execution count did not run.
    executed = nbformat.read(building, 4)  # type: ignore[no-untyped-call]
    unfinished = [i for i, cell in enumerate(executed.cells) if _is_unfinished(cell)]
    if unfinished:
        raise NotebookFailed(f"{notebook.name}: ended before cell {unfinished[0] + 1}, without an error")


def _close_loop() -> None:
    """Close the event loop that nbclient made for this thread; nobody else would, and its sockets stay open."""
    loop = ensure_event_loop()
    if not loop.is_running():
        loop.close()
        asyncio.set_event_loop(None)


def _kernel() -> str:
    try:
        KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        raise DefinitionError("There is no Python kernel; install ipykernel into this environment.") from None
    return "python3"


def _is_unfinished(cell: Any) -> bool:
    if cell.cell_type != "code" or not cell.source.strip():
        return False
    return cell.execution_count is None or cell.metadata.get("papermill", {}).get("status") != "completed"


def _line(text: str) -> str:
    """The first line of an error without terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip().split("\n")[0][:300]


def _publish(path: Path) -> None:
    """Take out what differs from run to run or names places of this machine: paths, times, versions of the kernel."""
    notebook = nbformat.read(path, 4)  # type: ignore[no-untyped-call]
    for holder in (notebook, *notebook.cells):
        holder.metadata.pop("papermill", None)
        holder.metadata.pop("execution", None)
    notebook.metadata.pop("language_info", None)
    for number, cell in enumerate(notebook.cells):
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = f"injected-{number}"  # papermill draws a random one
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def _keep_failed(building: Path, failed: Path) -> None:
    if not building.exists():
        return
    if building.stat().st_size:
        building.replace(failed)
    else:
        building.unlink()
