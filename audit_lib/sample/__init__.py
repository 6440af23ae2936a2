"""Sample exports of an invented year at a video service, at any scale, with planted and listed exceptions.

`write_sample` is the public face; `data_samples/README.md` tells the story.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from audit_lib.catalogue.contracts import load_contracts
from audit_lib.errors import DefinitionError
from audit_lib.sample import registers, sharing
from audit_lib.sample.chunk import CHUNK, draw_chunk
from audit_lib.sample.faults import add_faults, as_truth
from audit_lib.sample.files import MIXED, PARQUET, Shape, pack, write_table
from audit_lib.sample.frames import number_rows
from audit_lib.sample.sources import sources_toml
from audit_lib.sample.stories import write_cast
from audit_lib.sample.truth import counts, planted, write_truth
from audit_lib.vocabulary import Contract

__all__ = ["DEFAULT_ACCOUNTS", "DEFAULT_SEED", "SampleSummary", "counts", "write_sample"]

DEFAULT_ACCOUNTS = 1_500
DEFAULT_SEED = 20180510
FEWEST_ACCOUNTS = 200
TRUTH_FILE = "ground_truth.csv"


@dataclass(frozen=True)
class SampleSummary:
    """What was written: rows per table, exceptions planted per measure and reason, bytes of all files."""

    folder: Path
    accounts: int
    seed: int
    rows: Mapping[str, int]
    planted: Mapping[tuple[str, str], int]
    bytes: int


def write_sample(
    folder: Path,
    *,
    accounts: int = DEFAULT_ACCOUNTS,
    seed: int = DEFAULT_SEED,
    format: str = "mixed",
    progress: Callable[[int, int], None] | None = None,
) -> SampleSummary:
    """Write sample exports of all tables, `sources.toml` and `ground_truth.csv` into `folder`.

    `format` is `mixed` (CSV, CSV.gz, JSON lines and Parquet, with a few faulty rows) or `parquet` (folders of
    Parquet files, one per 50,000 accounts, without faults). The same accounts, seed and format give the same bytes.
    `progress` is called with (accounts done, accounts in all). An earlier sample in the folder is replaced, its
    README.md stays. Raises DefinitionError where an argument cannot be used, or where the folder holds exports that
    are no sample.
    """
    contracts = load_contracts()
    _check(folder, accounts, seed, format)
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder, contracts)
    shapes = {table: (MIXED[table] if format == "mixed" else PARQUET) for table in contracts}
    writer = _Writer(folder, contracts, shapes, format == "mixed" and accounts <= CHUNK)
    cast = write_cast()
    told = cast.accounts
    chunks = range(0, accounts - told, CHUNK)
    for place, done in enumerate(chunks):
        size = min(CHUNK, accounts - told - done)
        chunk = draw_chunk(seed, place, told + 1 + done, size, cast if place == 0 else None, contracts)
        for table, frame in chunk.tables.items():
            writer.write(table, frame, place, len(chunks))
        if progress:
            progress(min(told + done + size, accounts), accounts)
    writer.write_registers()
    return writer.finish(accounts, seed)


def _check(folder: Path, accounts: int, seed: int, format: str) -> None:
    if format not in ("mixed", "parquet"):
        raise DefinitionError(f"Format {format!r} is not known. Write mixed or parquet.")
    if accounts < FEWEST_ACCOUNTS:
        raise DefinitionError(f"A sample needs at least {FEWEST_ACCOUNTS} accounts. Ask for more than {accounts}.")
    if seed < 0:
        raise DefinitionError(f"Seed {seed} is negative. Give a whole number from 0.")
    if folder.exists() and not folder.is_dir():
        raise DefinitionError(f"{folder.name} is a file. Name a folder to write the sample into.")


def _clear(folder: Path, contracts: Mapping[str, Contract]) -> None:
    """Remove the export files of an earlier sample; parts of a larger one must not stay beside a smaller one."""
    files = [f for table in contracts for f in sorted([*folder.glob(f"{table}.*"), *folder.glob(f"{table}/part-*")])]
    if files and not (folder / TRUTH_FILE).is_file():
        raise DefinitionError(f"{folder.name} holds exports that are no sample ({files[0].name}). Name another folder.")
    for file in files:
        file.unlink()


class _Writer:
    """Writes the tables and keeps what the summary and the ground truth need."""

    def __init__(
        self, folder: Path, contracts: dict[str, Contract], shapes: dict[str, Shape], with_faults: bool
    ) -> None:
        self.folder, self.contracts, self.shapes, self.with_faults = folder, contracts, shapes, with_faults
        self.con = duckdb.connect()
        self.con.execute(
            "set threads = 2; set enable_progress_bar = false; set preserve_insertion_order = true; set TimeZone = 'UTC'"
        )
        self.rows = dict.fromkeys(contracts, 0)
        self.truth: list[pd.DataFrame] = []
        self.faults: list[dict[str, str]] = []
        self.written: list[Path] = []

    def write(self, table: str, frame: pd.DataFrame, place: int, chunks: int) -> None:
        """One table of one chunk: a file of its own, or a part of a folder where there are several."""
        contract, shape = self.contracts[table], self.shapes[table]
        in_folder = chunks > 1 or shape is PARQUET
        if in_folder:
            (self.folder / table).mkdir(exist_ok=True)
            file = self.folder / table / f"part-{place:04d}.{shape.ending}"
        else:
            file = self.folder / f"{table}.{shape.ending}"
        plain = file.with_suffix("") if shape.ending == "csv.gz" else file
        faulty = self.with_faults and shape.ending.startswith("csv")
        write_table(self.con, contract, frame, Shape("csv", shape.instants, shape.extra) if faulty else shape,
                    plain if faulty else file)  # fmt: skip
        if faulty:
            self.faults += add_faults(contract, plain)
            if plain != file:
                pack(plain, file)
        self.written.append(file)
        self.rows[table] += len(frame)
        if any(name.startswith("_truth_") for name in frame.columns):
            self.truth.append(planted(frame, contract))

    def write_registers(self) -> None:
        """The tables that do not grow with the accounts."""
        for frame in (
            registers.policy_versions(), registers.security_incidents(), registers.field_inventory(),
            sharing.recipients(), sharing.recipient_tools(),
        ):  # fmt: skip
            contract = self.contracts[frame.table]
            order = [contract.placed_by[0]] if contract.placed_by else []
            rows = frame.frame()
            self.write(frame.table, number_rows(rows, order, 0) if order else rows.assign(_no=0), 0, 1)

    def finish(self, accounts: int, seed: int) -> SampleSummary:
        """Ground truth, sources and the summary."""
        truth = write_truth([*self.truth, as_truth(self.faults)], self.folder / TRUTH_FILE)
        (self.folder / "sources.toml").write_text(sources_toml(self.shapes), encoding="utf-8")
        self.con.close()
        files = [*self.written, self.folder / TRUTH_FILE, self.folder / "sources.toml"]
        found = truth.groupby(["measure", "reason"]).size()
        return SampleSummary(
            folder=self.folder,
            accounts=accounts,
            seed=seed,
            rows=self.rows,
            planted={(str(k[0]), str(k[1])): int(n) for k, n in zip(found.index.tolist(), found, strict=True)},
            bytes=sum(file.stat().st_size for file in files),
        )
