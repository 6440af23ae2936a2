"""The copies of relations: which columns, in which order, where they lie, and how long.

A live database changes. So everything that an audit reads of it is copied in one transaction, before anything is hashed
or read, into a private folder that is deleted with the `Copies`. Processes that must see the same state (the notebooks of
one report) share a folder: `shared_copies`.
"""

from __future__ import annotations

import hashlib
import json
import os
import weakref
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from audit_lib.errors import InputRefused, raise_problems
from audit_lib.ingest.databases.address import Address
from audit_lib.ingest.databases.relation import DatabaseColumn, Progress, Relation, Session
from audit_lib.ingest.streams import UnreadableError
from audit_lib.ingest.work import named_work_folder, work_folder

COPIES = "PRIVACY_AUDIT_COPIES"
"""Environment variable: folder of copies that several processes of one report share."""


@dataclass(eq=False, slots=True)
class Copied:
    """Where a file came from that is the copy of a relation."""

    kind: str
    """`postgresql`, `mysql` or `sqlite`: the format that is shown."""
    shown: str
    """Kind and relation in words."""
    how: str = ""
    left_out: list[str] = field(default_factory=list)
    """Columns that an adapter cannot read, because they hold no text."""

    @property
    def read_as(self) -> str:
        """One line for the report: what was copied and how."""
        left = f"; not copied, for they hold no text: {', '.join(self.left_out)}" if self.left_out else ""
        return f"{self.shown}, copied by {self.how} in a read-only transaction{left}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One relation that is to be copied."""

    table: str
    """The export table it serves."""
    address: Address
    relation: Relation
    place: str
    """Where `sources.toml` declares it."""
    columns: tuple[str, ...] | None
    """Columns to copy, as far as they are there; None: all (an adapter knows which it reads)."""
    key: tuple[str, ...]
    """Columns to order by first."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """A relation, the name and file of its copy, and what is said about it."""

    wanted: Wanted
    name: str
    path: Path
    copied: Copied

    @property
    def _note(self) -> Path:
        return self.path.with_suffix(".json")

    def is_there(self) -> bool:
        return self.path.exists()

    def remember(self, how: str, left_out: list[str]) -> None:
        """Keep what is said about the copy beside it, for processes that find it made."""
        self._note.write_text(json.dumps([how, left_out]), "utf-8")

    def recall(self) -> None:
        self.copied.how, self.copied.left_out = json.loads(self._note.read_text("utf-8"))


class Copies:
    """Plans copies while the sources are read and makes them when they are first needed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._made: list[_Copy] = []
        self._stack = ExitStack()
        self._folder: Path | None = None
        weakref.finalize(self, self._stack.close)

    def plan(self, wanted: Wanted, taken: Collection[str]) -> tuple[str, Path, Copied]:
        """The name, the file and the origin of a copy that `fetch` will make. `taken`: names of the files of the exports."""
        shown = f"{wanted.address.kind}/{wanted.relation}"
        names = {*taken, *(copy.name for copy in self._made)}
        number = next(n for n in range(1, len(names) + 2) if _numbered(shown, n) not in names)
        said = [wanted.address.text, str(self.data.resolve()), wanted.table, wanted.relation.schema, wanted.relation.name]
        key = json.dumps([*said, wanted.columns, wanted.key, number])
        path = self._base() / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.csv"
        copied = Copied(wanted.address.kind, f"{wanted.address.title} table {wanted.relation}")
        self._made.append(_Copy(wanted, _numbered(shown, number), path, copied))
        return self._made[-1].name, path, copied

    def fetch(self, *, with_texts: bool, progress: Progress) -> None:
        """Make the copies that are not there yet: those of one database in one transaction.

        Without `with_texts` relations of `texts` stay untouched. Raises InputRefused naming every problem.
        """
        problems: list[str] = []
        wanted = [copy for copy in self._made if with_texts or copy.wanted.table != "texts"]
        for address in dict.fromkeys(copy.wanted.address.text for copy in wanted):
            together = [copy for copy in wanted if copy.wanted.address.text == address]
            missing = [copy for copy in together if not copy.is_there()]
            try:
                problems += _copy_all(self.data, missing, progress) if missing else []
            except UnreadableError as unreadable:
                problems.append(unreadable.sentence(missing[0].wanted.place))
        raise_problems(problems, "Databases refused", InputRefused)
        for copy in wanted:
            copy.recall()

    def _base(self) -> Path:
        if self._folder is None:
            shared = os.environ.get(COPIES)
            self._folder = Path(shared) if shared else self._stack.enter_context(work_folder())
        return self._folder


def _numbered(shown: str, number: int) -> str:
    return shown if number == 1 else f"{shown} ({number})"


@contextmanager
def shared_copies() -> Iterator[Path]:
    """Within the block this process and those it starts use the same copies: the state of databases when first asked.

    The copies are deleted at the end of the block.
    """
    with named_work_folder(COPIES) as folder:
        yield folder


def _copy_all(data: Path, copies: Sequence[_Copy], progress: Progress) -> list[str]:
    """Copy relations of one database in one transaction, or none; returns what is wrong with them."""
    session = _session(data, copies[0].wanted.address)
    try:
        problems, plans = [], []
        for copy in copies:
            try:
                plans.append((copy, *_choose(copy.wanted, session.columns(copy.wanted.relation))))
            except UnreadableError as unreadable:
                problems.append(unreadable.sentence(copy.name))
        if problems:
            return problems
        for copy, columns, left_out in plans:
            try:
                _copy_one(session, copy, columns, progress)
            except UnreadableError as unreadable:
                return [unreadable.sentence(copy.name)]
            copy.remember(session.how, left_out)
        for copy in copies:
            _building(copy.path).replace(copy.path)
        return []
    finally:
        session.close()
        for copy in copies:
            _building(copy.path).unlink(missing_ok=True)


def _copy_one(session: Session, copy: _Copy, columns: Sequence[DatabaseColumn], progress: Progress) -> None:
    """Write one copy beside its place; the rows written must be the rows that the database counts."""
    progress(f"copying {copy.name}")
    names = [column.name for column in columns]
    order = [name for name in copy.wanted.key if name in names]
    order += [name for name in names if name not in order]
    relation = copy.wanted.relation
    try:
        rows = session.copy(relation, columns, order, _building(copy.path), lambda n: progress(f"copying {copy.name}: {n}"))
    except OSError as error:
        raise UnreadableError(
            f"the copy cannot be written ({error.strerror})", "Make room where temporary files go, or name another place in TMPDIR."
        ) from None
    counted = session.count(relation)
    if rows != counted:
        raise UnreadableError(
            f"{rows:,} rows were copied, but the database counts {counted:,} in the same transaction",
            "Copy it when nothing writes to it: its storage may know no transactions.",
        )


def _building(path: Path) -> Path:
    """Where a copy is written: other processes must not take half of one for the whole."""
    return path.with_name(f".{path.name}.{os.getpid()}")


def _choose(wanted: Wanted, columns: Sequence[DatabaseColumn]) -> tuple[list[DatabaseColumn], list[str]]:
    """The columns to copy, and the names of those that an adapter must do without."""
    if wanted.columns is None:
        readable = [column for column in columns if column.plain or column.nested]
        return readable, [column.name for column in columns if column not in readable]
    chosen = [column for column in columns if column.name in wanted.columns]
    if not chosen:
        raise UnreadableError(
            f"it has none of the columns of {wanted.table}",
            "Make a view with the names of the contract, or give its names under `columns`.",
        )
    unfit = [f"{column.name} ({column.type})" for column in chosen if column.plain is None]
    if unfit:
        raise UnreadableError(
            f"columns that hold no single text, number, date or instant: {', '.join(unfit)}",
            "Make a view that turns each into one, or leaves it out, and name the view as relation.",
        )
    return chosen, []


def _session(data: Path, address: Address) -> Session:
    """Open a session. The drivers are loaded only where a database is declared."""
    if address.kind == "postgresql":
        from audit_lib.ingest.databases.postgresql import PostgresSession

        return PostgresSession(address)
    if address.kind == "mysql":
        from audit_lib.ingest.databases.mysql import MysqlSession

        return MysqlSession(address)
    from audit_lib.ingest.databases.sqlite import SqliteSession

    return SqliteSession(data / address.database)
