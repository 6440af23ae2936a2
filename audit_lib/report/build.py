"""Builds a report: runs the notebooks, renders the page, writes the evidence; the folder appears whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit_lib.errors import AuditError, DefinitionError, NotebookFailed
from audit_lib.ingest.databases import shared_copies
from audit_lib.report import files
from audit_lib.report.areas import CHAPTERS, Chapter
from audit_lib.report.chapters import chapter as render_chapter
from audit_lib.report.index import write_index
from audit_lib.report.page import Made, render
from audit_lib.report.result import Hole, ReportResult
from audit_lib.report.runner import TIMEOUT, run_notebook
from audit_lib.run import Run, open_run
from audit_lib.run.known import KNOWN
from audit_lib.run.vanished import KEYS
from audit_lib.vocabulary import Period

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
"""Of the checkout this package stands in."""
EDITIONS = ("dpo",)
PAGE = "report.html"


@dataclass(frozen=True)
class ReportRequest:
    """What a report is asked for. Periods as in `Period.parse`; `criteria` as in `open_run`."""

    data: str | Path
    period: str
    out: str | Path = "reports"
    criteria: Sequence[str | Path] = ()
    compare_to: str | None = None
    edition: str = "dpo"
    with_texts: bool = False
    jobs: int = 2
    """Notebooks that run at once."""
    memory: str | None = None
    """Limit of the engine, such as `4GB`."""
    notebooks: Path = NOTEBOOKS
    timeout: int = TIMEOUT
    """Seconds that one cell may take."""


def build_report(
    request: ReportRequest, progress: Callable[[str], None] = lambda step: None, *, made_at: datetime | None = None
) -> ReportResult:
    """Make `<out>/<period>/` with `report.html` and its evidence, and `<out>/index.html`.

    The notebooks share the warehouse that this call opens (folder in PRIVACY_AUDIT_CACHE). A report of the same period
    that is already there is moved to `<period>.rev-<n>`; its `remarks.md` is taken along. A notebook that fails leaves a
    hole, named in the result and on the first screen. `made_at` is printed and stands in the manifest (default: now).
    Raises DefinitionError or InputRefused before anything is written.
    """
    _check(request)
    given = [str(Path(c).resolve()) if Path(c).exists() else str(c) for c in request.criteria]
    # One state of databases for all: the run here, and the notebooks that open it again in processes of their own.
    with shared_copies(), open_run(
        request.data,
        period=request.period,
        criteria=given,
        compare_to=request.compare_to,
        with_texts=request.with_texts,
        memory=request.memory,
        progress=progress,
        earlier=_earlier(request),
        replaces=_replaced(request),
    ) as run:
        arguments = _arguments(run, request)
        parameters = {**arguments, "data": str(Path(request.data).resolve()), "criteria": given}
        target = Path(request.out).resolve() / str(run.period)
        target.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            chapters = _execute(request, building / "notebooks", parameters, progress)
            progress("writing the report")
            _write(run, building, chapters, arguments, made_at or datetime.now(UTC), _remarks(target))
            earlier = _put_in_place(building, target)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
        write_index(target.parent)
        return ReportResult(target, target / PAGE, tuple(one.hole for one in chapters if one.hole), run.results(), earlier)


def _check(request: ReportRequest) -> None:
    if request.edition not in EDITIONS:
        raise DefinitionError(f"There is no edition {request.edition!r}; this version makes {', '.join(EDITIONS)}.")
    missing = [c.notebook for c in CHAPTERS if not (request.notebooks / f"{c.notebook}.ipynb").is_file()]
    if missing:
        raise DefinitionError(f"{request.notebooks} lacks the notebooks {', '.join(missing)}. Name the folder that holds them.")


def _arguments(run: Run, request: ReportRequest) -> dict[str, Any]:
    """What the audit was asked for, without a path of this machine beyond the names given."""
    names = [Path(c).name if Path(c).exists() else str(c) for c in request.criteria]
    compared = str(run.compare_to) if run.compare_to else ""
    return {
        "data": Path(request.data).name,
        "period": str(run.period),
        "criteria": names,
        "compare_to": compared,
        "with_texts": request.with_texts,
    }


def _earlier(request: ReportRequest) -> Path | None:
    """The folder of the report for the compared period, where it stands beside this one and keeps its keys."""
    if request.compare_to is None:
        return None
    folder = Path(request.out).resolve() / str(Period.parse(request.compare_to))
    return folder if (folder / KEYS).is_file() else None


def _replaced(request: ReportRequest) -> Path | None:
    """The folder of the report for the same period that this one will replace, where it keeps its rows."""
    folder = Path(request.out).resolve() / str(Period.parse(request.period))
    return folder if (folder / KNOWN).is_file() else None


def _remarks(target: Path) -> str:
    file = target / files.REMARKS
    return file.read_text("utf-8") if file.is_file() else ""


def _execute(request: ReportRequest, folder: Path, parameters: dict[str, Any], progress: Callable[[str], None]) -> list[Made]:
    folder.mkdir()

    def one(chapter: Chapter) -> Made:
        progress(f"notebook {chapter.notebook}")
        return _made(chapter, request.notebooks / f"{chapter.notebook}.ipynb", folder, parameters, request.timeout)

    with ThreadPoolExecutor(max_workers=max(1, request.jobs)) as pool:
        return list(pool.map(one, CHAPTERS))


def _made(chapter: Chapter, notebook: Path, folder: Path, parameters: dict[str, Any], timeout: int) -> Made:
    out = folder / notebook.name
    try:
        run_notebook(notebook, out, parameters, timeout)
        body = render_chapter(_without_places(out, parameters), chapter.anchor)
    except (AuditError, NotebookFailed) as error:
        return Made(chapter, hole=Hole(chapter.notebook, chapter.title, str(error)))
    except Exception as error:  # one chapter's fault, whatever it is, must not take the others along
        why = f"{notebook.name}: {type(error).__name__}"
        return Made(chapter, hole=Hole(chapter.notebook, chapter.title, why))
    finally:
        if (failed := out.with_suffix(".failed.ipynb")).exists():
            _without_places(failed, parameters)
    return Made(chapter, body)


def _without_places(executed: Path, parameters: dict[str, Any]) -> Path:
    """Take the absolute path of the data out of an executed notebook: the report is handed on."""
    text = executed.read_text("utf-8")
    for path in (parameters["data"], *parameters["criteria"]):
        text = text.replace(path, Path(path).name)
    executed.write_text(text, "utf-8")
    return executed


def _write(run: Run, folder: Path, chapters: Sequence[Made], arguments: dict[str, Any], made_at: datetime, remarks: str) -> None:
    (folder / PAGE).write_text(render(run, chapters, arguments, made_at, remarks), "utf-8")
    if remarks:
        (folder / files.REMARKS).write_text(remarks, "utf-8")
    files.write_findings(run, folder)
    files.write_exceptions(run, folder / "exceptions")
    run.save_keys(folder / KEYS)
    run.save_known(folder / KNOWN)
    files.write_manifest(run, folder, arguments, made_at, [one.hole for one in chapters if one.hole])
    folder.chmod(0o700)


def _put_in_place(building: Path, target: Path) -> Path | None:
    """Rename the finished folder to its name; what stood there is kept as `<name>.rev-<n>`."""
    earlier = _next_revision(target) if target.exists() else None
    if earlier:
        target.rename(earlier)
    try:
        building.rename(target)
    except OSError:
        if earlier:
            earlier.rename(target)
        raise
    return earlier


def _next_revision(target: Path) -> Path:
    number = 1
    while target.with_name(f"{target.name}.rev-{number}").exists():
        number += 1
    return target.with_name(f"{target.name}.rev-{number}")
