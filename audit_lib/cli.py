"""The command line: thin. Every command does one thing of the library and says in a sentence what went wrong."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from audit_lib.errors import AuditError, NotebookFailed

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Holds a company's exported logs against its privacy policy and the law.",
    epilog="Exit codes: 0 done; 1 our fault; 2 the command line, a criteria file or a contract; 3 --fail-on was hit; "
    "4 input refused.",
)
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, highlight=False, soft_wrap=True)

OUR_FAULT = 1
FAIL_ON_HIT = 3


class FailOn(StrEnum):
    """A status that makes a run end with exit code 3."""

    NOT_SATISFIED = "not-satisfied"
    NOT_ASSESSED = "not-assessed"


class Edition(StrEnum):
    """Who the report is for."""

    DPO = "dpo"
    PUBLIC = "public"


class EngineName(StrEnum):
    """The engine that runs the SQL."""

    DUCKDB = "duckdb"


Data = Annotated[Path, typer.Argument(help="Folder with the exports, and a sources.toml that says what they are.", show_default=False)]
PeriodOption = Annotated[
    str,
    typer.Option("--period", help="2018, 2018-Q3, 2018-07, 2018-07-01..2018-09-30, last-month, last-quarter or last-year.", show_default=False),
]
Criteria = Annotated[
    list[str] | None,
    typer.Option("--criteria", help="Criteria file, folder of them, or id of a packaged document; may be repeated. Default: the Viki policy and the laws it is read with.", show_default=False),
]
CompareTo = Annotated[str | None, typer.Option("--compare-to", help="An earlier period to compare with.", show_default=False)]
WithTexts = Annotated[bool, typer.Option("--with-texts", help="Search texts for age statements. Only signals are kept, never the texts.")]
Memory = Annotated[str | None, typer.Option("--memory", help="Memory limit of the engine, such as 4GB.", show_default=False)]
EngineOption = Annotated[EngineName, typer.Option("--engine", help="Engine that runs the SQL.")]
FailOnOption = Annotated[
    list[FailOn] | None,
    typer.Option("--fail-on", help="End with exit code 3 if a finding that a measure can answer has this status; may be repeated.", show_default=False),
]


@contextmanager
def _progress(title: str) -> Iterator[Callable[[str], None]]:
    """A line of progress: one that moves on a terminal, plain lines elsewhere. Never on standard output."""
    if err.is_terminal:
        with err.status(title) as status:
            yield lambda step: status.update(escape(f"{title}: {step}"))
    else:
        yield lambda step: err.print(step, markup=False)


@app.command()
def run(
    data: Data,
    period: PeriodOption,
    out_folder: Annotated[Path, typer.Option("--out", help="Folder for reports.")] = Path("reports"),
    criteria: Criteria = None,
    compare_to: CompareTo = None,
    edition: Annotated[Edition, typer.Option("--edition", help="Who the report is for.")] = Edition.DPO,
    with_texts: WithTexts = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the database of the audit; it holds personal data.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Notebooks run at the same time.")] = 2,
    memory: Memory = None,
    fail_on: FailOnOption = None,
    engine: EngineOption = EngineName.DUCKDB,
) -> None:
    """Audit a folder of exports and write the report for a period."""
    from audit_lib.report import ReportRequest, build_report

    request = ReportRequest(
        data=data,
        period=period,
        out=out_folder,
        criteria=tuple(criteria or ()),
        compare_to=compare_to,
        edition=str(edition),
        with_texts=with_texts,
        jobs=jobs,
        memory=memory,
    )
    with _own_cache(keep) as folder, _progress("audit") as progress:
        result = build_report(request, progress)
        if keep:
            _say_what_is_kept(folder)
    _print_findings(result.results["findings"])
    for hole in result.holes:
        err.print(f"Missing from the report: {hole.title}. {hole.why}", markup=False)
    out.print(f"Report: {result.report}")
    if result.holes:
        raise typer.Exit(OUR_FAULT)
    _exit_on(result.results, fail_on)


def _say_what_is_kept(folder: Path) -> None:
    files = list(folder.glob("*.duckdb"))
    size = sum(file.stat().st_size for file in files) / 1e6
    oldest = max((time.time() - file.stat().st_mtime) / 86400 for file in files)
    err.print(f"Kept in {folder}: {len(files)} databases, {size:.1f} MB, the oldest {oldest:.0f} days old. They hold personal data.")


@contextmanager
def _own_cache(keep: bool) -> Iterator[Path]:
    """The database of a run: in a folder of its own that is deleted at the end, unless it is to be kept."""
    from audit_lib.ingest.work import named_work_folder
    from audit_lib.run.cache import CACHE, folder

    if keep:
        yield folder()
        return
    with named_work_folder(CACHE) as own:
        yield own


@app.command()
def check(
    data: Data,
    period: PeriodOption,
    criteria: Criteria = None,
    compare_to: CompareTo = None,
    earlier: Annotated[Path | None, typer.Option("--earlier", help="Folder of an earlier report, to look for keys that have vanished and data that came late since.", show_default=False)] = None,
    with_texts: WithTexts = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything found as one JSON object.")] = False,
    memory: Memory = None,
    fail_on: FailOnOption = None,
    engine: EngineOption = EngineName.DUCKDB,
) -> None:
    """Measure and conclude only: no notebooks, no report."""
    from audit_lib import open_run

    with _own_cache(False), _progress("audit") as progress, open_run(
        data,
        period=period,
        criteria=criteria or (),
        compare_to=compare_to,
        with_texts=with_texts,
        memory=memory,
        progress=progress,
        earlier=earlier,
    ) as opened:
        found, late = opened.results(), opened.late_sentences()
    if as_json:
        sys.stdout.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    else:
        _print_inputs(found["inputs"])
        _print_vanished(found["vanished"])
        for sentence in late:
            out.print(sentence)
        _print_findings(found["findings"])
    _exit_on(found, fail_on)


@app.command("ingest")
def ingest_command(
    data: Data,
    into: Annotated[
        Path,
        typer.Option("--into", help="Database file to write. If it is one of an earlier ingest, only files that have changed are read.", show_default=False),
    ],
    criteria: Criteria = None,
    with_texts: WithTexts = False,
    memory: Memory = None,
) -> None:
    """Load the exports only, and print where every row went."""
    from audit_lib.run.into import ingest_into

    with _progress("ingest") as progress:
        done = ingest_into(data, into, criteria=criteria or (), with_texts=with_texts, memory=memory, progress=progress)
    _print_inputs(done.inputs)
    _print_left_out(done.left_out)
    _print_faults(done.faults)
    _print_read_as(done.inputs)
    if done.unchanged:
        out.print(f"Not read again, for they have not changed: {done.unchanged} of {done.files} files.")
    out.print(f"Database: {into} (holds personal data; readable by its owner only)")


@app.command()
def measures(measure: Annotated[str | None, typer.Argument(help="A measure.", show_default=False)] = None) -> None:
    """List the measures, or print the definition, SQL, criteria and examples of one."""
    from audit_lib.catalogue import load_catalogue
    from audit_lib.errors import DefinitionError

    catalogue = load_catalogue()
    if measure is None:
        table = _table("measure", "area", "kind", "question")
        for m in sorted(catalogue.measures.values(), key=lambda m: (m.area, m.id)):
            table.add_row(m.id, m.area, str(m.kind), m.question)
        out.print(table)
        return
    if measure not in catalogue.measures:
        raise DefinitionError(f"There is no measure {measure!r}. There are {', '.join(sorted(catalogue.measures))}.")
    from audit_lib.describe import describe_measure

    sys.stdout.write(describe_measure(catalogue, measure))


@app.command("criteria")
def criteria_command(
    file: Annotated[str | None, typer.Argument(help="Criteria file, or id of a packaged document.", show_default=False)] = None,
) -> None:
    """Validate and print a criteria document (default: the Viki policy and the laws it is read with)."""
    from audit_lib.catalogue import load_catalogue

    catalogue = load_catalogue((file,) if file else ())
    for document in catalogue.documents:
        out.print(f"\n{document.title} ({document.kind}, {document.version}): {len(document.clauses)} clauses, {len(document.criteria)} criteria")
        table = _table("criterion", "section", "sentence", "measure", "tolerable")
        for criterion in document.criteria:
            measure = criterion.measure or "attestation"
            table.add_row(criterion.id, criterion.section or criterion.law, criterion.sentence, measure, f"{float(criterion.tolerable_rate):.1%}")
        out.print(table)


@app.command()
def adapters(adapter: Annotated[str | None, typer.Argument(help="An adapter.", show_default=False)] = None) -> None:
    """List the adapters for other tools' exports, or print what one expects."""
    from audit_lib.catalogue.adapters import load_adapters
    from audit_lib.errors import DefinitionError

    known = load_adapters()
    if adapter is None:
        table = _table("adapter", "tool", "makes rows of", "cannot know")
        for one in known.values():
            table.add_row(one.id, one.title, one.table, str(len(one.gaps)))
        out.print(table)
        return
    if adapter not in known:
        raise DefinitionError(f"There is no adapter {adapter!r}. There are {', '.join(known)}.")
    from audit_lib.describe_adapter import describe_adapter

    sys.stdout.write(describe_adapter(known[adapter]))


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="Folder to write to; it must be empty or new.", show_default=False)],
    accounts: Annotated[int | None, typer.Option("--accounts", min=1, help="Number of accounts.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Same seed, same files.", show_default=False)] = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="All tables as Parquet (for large samples) instead of mixed formats.")] = False,
) -> None:
    """Write sample exports with planted, listed exceptions, at any scale."""
    from audit_lib.sample import write_sample

    chosen: dict[str, Any] = {"format": "parquet" if parquet else "mixed"}
    chosen |= {name: value for name, value in (("accounts", accounts), ("seed", seed)) if value is not None}
    with _progress("sample") as progress:
        summary = write_sample(folder, progress=lambda done, whole: progress(f"{done:,} of {whole:,} accounts"), **chosen)
    for table, rows in summary.rows.items():
        out.print(f"{table}: {rows:,} rows")
    out.print(f"Sample exports: {folder}")


@app.command()
def verify(folder: Annotated[Path, typer.Argument(help="The folder of a report.", show_default=False)]) -> None:
    """Hash again everything a report claims, and name every difference."""
    from audit_lib.report import verify_report

    differences = verify_report(folder)
    for difference in differences:
        out.print(difference)
    if differences:
        raise typer.Exit(FAIL_ON_HIT)
    out.print(f"{folder}: every file is as the manifest says.")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _print_inputs(inputs: list[dict[str, Any]]) -> None:
    numbers = ("rows", "accepted", "quarantined", "duplicate", "superseded", "left_out")
    table = _table("file", *(name.replace("_", " ") for name in numbers))
    for row in inputs:
        table.add_row(row["file"], *(f"{row[name]:,}" for name in numbers))
    out.print(table)
    out.print()


def _print_read_as(inputs: list[dict[str, Any]]) -> None:
    table = _table("file", "read as", "adapter")
    for row in inputs:
        table.add_row(row["file"], row["read_as"], row["adapter"] or "")
    out.print(table)
    out.print()


def _print_left_out(left_out: list[tuple[Any, ...]]) -> None:
    if left_out:
        table = _table("file", "left out because", "rows")
        for file, reason, rows in left_out:
            table.add_row(file, reason.replace("_", " "), f"{rows:,}")
        out.print(table)
        out.print()


def _print_vanished(vanished: list[dict[str, Any]] | None) -> None:
    for row in vanished or ():
        if row["sentence"]:
            out.print(row["sentence"])


def _print_faults(faults: list[tuple[Any, ...]]) -> None:
    if not faults:
        return
    table = _table("table", "column", "fault", "effect", "rows")
    for name, column, kind, effect, rows in faults:
        table.add_row(name, column or "", kind.replace("_", " "), effect.replace("_", " "), f"{rows:,}")
    out.print(table)
    out.print()


def _print_findings(findings: list[dict[str, Any]]) -> None:
    from audit_lib.run.run import STATUS_WORDS

    table = _table("criterion", "status", "finding")
    silent = 0
    for finding in findings:
        if finding["measure"] is None:
            silent += 1
            continue
        table.add_row(finding["criterion"], STATUS_WORDS[finding["status"]], finding["sentence"])
    out.print(table)
    counts = {word: sum(f["status"] == status for f in findings) for status, word in STATUS_WORDS.items()}
    out.print("\n" + "; ".join(f"{count} {word}" for word, count in counts.items()) + ".")
    if silent:
        out.print(f"{silent} criteria have no measure and need attestation; the report lists them.")


def _exit_on(found: Mapping[str, Any], fail_on: list[FailOn] | None) -> None:
    if crashed := [observation["measure"] for observation in found["observations"] if observation["crashed"]]:
        err.print(f"Failed, so not assessed: {', '.join(crashed)}.")
        raise typer.Exit(OUR_FAULT)
    # Criteria without a measure need attestation, which no run can bring: they would make every run of a real policy fail.
    measured = [finding["status"] for finding in found["findings"] if finding["measure"]]
    if set(measured) & {str(status) for status in fail_on or ()}:
        raise typer.Exit(FAIL_ON_HIT)


def main() -> None:
    """Entry point: user errors as sentences with their exit code, ours with a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        app()
    except AuditError as error:
        err.print(str(error), markup=False)
        sys.exit(error.exit_code)
    except NotebookFailed as error:
        err.print(str(error), markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("Stopped. Nothing was published.")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == "__main__":
    main()
