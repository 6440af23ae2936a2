"""What holds for every adapter of requests and accounts: traps have tests, required columns are asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from request_world import ACCOUNTS, REQUESTS, Adapt

from audit_lib.catalogue.adapters import Adapter, against_contracts, load_adapters
from audit_lib.catalogue.contracts import load_contracts
from audit_lib.errors import InputRefused

TESTS = set(
    re.findall(r"^def (test_\w+)", "\n".join(f.read_text() for f in Path(__file__).parent.glob("test_*.py")), re.M)
)
OURS = [adapter for adapter in load_adapters().values() if adapter.table in (REQUESTS, ACCOUNTS)]


def name(adapter: Adapter) -> str:
    return adapter.id


@pytest.mark.parametrize("adapter", OURS, ids=name)
def test_every_trap_has_its_test(adapter: Adapter) -> None:
    assert adapter.traps and {trap.test for trap in adapter.traps} <= TESTS


@pytest.mark.parametrize("adapter", OURS, ids=name)
def test_adapters_name_columns_of_the_contract(adapter: Adapter) -> None:
    assert against_contracts({adapter.id: adapter}, load_contracts()) == []


@pytest.mark.parametrize("adapter", [a for a in OURS if a.table == REQUESTS], ids=name)
def test_every_word_of_a_map_is_known_or_handled(adapter: Adapter) -> None:
    contract = load_contracts()[REQUESTS]
    rights, ends = set(contract.columns["right_requested"].known), set(contract.columns["outcome"].known)
    assert set(adapter.maps["right"].words.values()) <= rights | set(adapter.reasons)
    outcomes = adapter.maps.get("outcome") or adapter.maps["stage"]
    assert set(outcomes.words.values()) <= ends | {"open"}


@pytest.mark.parametrize("adapter", OURS, ids=name)
def test_files_of_something_else_are_refused(adapter: Adapter, adapt: Adapt) -> None:
    files = {"x.csv": "a,b\n1,2\n"} if adapter.reads == "header" else {"x.jsonl": '{"a": 1}\n'}
    needed = adapter.required[0].found_as[0]
    maps = "".join(f'maps.{m.name} = {{ x = "access" }}\n' for m in adapter.maps.values() if m.required)
    with pytest.raises(InputRefused, match=re.escape(needed)):
        adapt(adapter.id, files, maps)


@pytest.mark.parametrize("adapter", OURS, ids=name)
def test_hostile_texts_are_only_texts(adapter: Adapter, adapt: Adapt) -> None:
    """Values that look like SQL, formulas, JSON or markup pass through every expression of the adapter."""
    evil = ["'; drop table source; --", '=cmd|"x"', "[1,", '{"a":', "<b>", "99999999999999999999", "%zz", "\u202eevil"]
    columns = list(adapter.columns.values())
    more = "".join(f'maps.{m.name} = {{ x = "access" }}\n' for m in adapter.maps.values() if m.required)
    if adapter.reads == "header":
        header = [c.found_as[0] for c in columns]
        rows = [[text.replace('"', '""') for _ in columns] for text in evil]
        files = {"x.csv": "\n".join(",".join(f'"{cell}"' for cell in row) for row in [header, *rows]) + "\n"}
    else:
        more += "columns = { " + ", ".join(f'{c.name} = "f{number}"' for number, c in enumerate(columns)) + " }\n"
        escaped = [text.replace("\\", "\\\\").replace('"', '\\"') for text in evil]
        lines = ["{" + ", ".join(f'"f{number}": "{text}"' for number in range(len(columns))) + "}" for text in escaped]
        files = {"x.jsonl": "\n".join(lines) + "\n"}
    found = adapt(adapter.id, files, more)
    assert found.rows("select records from input_file") == [(len(evil),)]
    assert sum(row[0] for row in found.counts) >= len(evil)
    assert found.counts[0][1] == 0, "no row has an instant, so none is accepted"
