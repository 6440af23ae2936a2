"""Adapters, maps, renamed columns and override files as `sources.toml` declares them: what works, and every refusal."""

from __future__ import annotations

from pathlib import Path

import pytest
from ingest_world import CONTRACTS, Load

from audit_lib.catalogue.adapters import against_contracts, load_adapters
from audit_lib.errors import DefinitionError, InputRefused
from audit_lib.ingest import keys

T = "2018-01-01T00:00:00Z"
HEADER = "Request ID,Created At,Successfully Completed At,Email,Request Type,Status,Is Test Request"
ROWS = [
    f"r1,{T},2018-01-05T00:00:00Z,a@example.com,ERASURE,COMPLETED,false",
    "torn,record",
    f"r2,{T},,b@example.com,ACCESS,CANCELED,false",
    f"r3,{T},,c@example.com,ACCESS,COMPILING,true",
]
EXPORT = "\n".join([HEADER, *ROWS]) + "\n"
DECLARED = '[rights_requests]\nfiles = ["requests.csv"]\nadapter = "transcend_requests"\n'


def refused(load: Load, files: dict[str, str], kind: type[Exception] = InputRefused) -> str:
    with pytest.raises(kind) as caught:
        load({"requests.csv": EXPORT, "sources.toml": DECLARED, **files})
    return str(caught.value)


def test_every_record_is_traced_past_a_torn_one(load: Load) -> None:
    loaded = load({"requests.csv": EXPORT, "sources.toml": DECLARED})
    assert loaded.counts() == [(4, 2, 1, 0, 0, 1)]
    assert loaded.rows("select request_id, record, outcome from rights_requests order by 1") == [
        ("r1", 1, "fulfilled"),
        ("r2", 3, "refused"),
    ]
    assert loaded.rows("select record, kind from quarantine") == [(2, "too_few_columns")]
    assert loaded.rows("select reason, rows from left_out") == [("test_request", 1)]
    assert loaded.rows("select records, adapter from input_file") == [(4, "transcend_requests")]


def test_overrides_fill_in_and_count(load: Load) -> None:
    filled = f"request_id,outcome,closed_at\nr1,fulfilled_in_part,\nr2,,{T}\nr9,refused,\n"
    loaded = load({"requests.csv": EXPORT, "fill.csv": filled, "sources.toml": DECLARED + 'overrides = "fill.csv"\n'})
    assert loaded.rows("select request_id, outcome, closed_second is null from rights_requests order by 1") == [
        ("r1", "fulfilled_in_part", False),
        ("r2", "refused", False),
    ]
    assert loaded.rows("select file, rows, accepted, left_out from input_file order by file_no") == [
        ("fill.csv", 3, 2, 1),
        ("requests.csv", 4, 2, 1),
    ]
    assert ("no_such_key", 1) in loaded.rows("select reason, rows from left_out")
    assert loaded.sources.stray == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("request_id,mood\nr1,good\n", "rights_requests has no such column (column 2 of the header) at the header"),
        ("request_id\nr1\n", "an override file needs the key and a column to fill in at the header"),
        ("outcome,closed_at\nrefused,\n", "an override file needs the key and a column to fill in"),
        ("request_id,outcome\n,refused\n", "a row without request_id at record 1. Say which row of the export it is about."),
        ("request_id,outcome\nr1,refused\nr1,refused\n", "a second row for one request_id at record 2. Keep one row for each."),
        ("request_id,closed_at\nr1,soon\n", "closed_at is not an instant with an offset at record 1. Correct it."),
        ("request_id,country\nr1,Germany\n", "country is not a country at record 1"),
        ("request_id,outcome\nr1,granted\n", "outcome is not one of fulfilled, fulfilled_in_part, refused"),
        ("request_id,outcome\nr1,refused,more\n", "a row with too many or too few values at record 1. Correct it."),
    ],
)
def test_override_files_are_read_strictly(load: Load, text: str, sentence: str) -> None:
    told = refused(load, {"fill.csv": text, "sources.toml": DECLARED + 'overrides = "fill.csv"\n'})
    assert "fill.csv: " in told
    assert sentence in told


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        (DECLARED.replace("transcend_requests", "nobody"), "line 3: rights_requests: there is no adapter nobody. Known: auth0_accounts,"),
        (
            DECLARED.replace("[rights_requests]", "[accounts]"),
            "line 3: accounts: transcend_requests makes rows of rights_requests. Declare it under [rights_requests].",
        ),
        (DECLARED + 'maps.mood = { A = "b" }\n', "line 4: rights_requests: transcend_requests has no map mood. It has right"),
        (DECLARED.replace("transcend_requests", "zendesk_table"), "line 3: rights_requests: zendesk_table needs maps.right: "),
        (DECLARED + 'columns = { mood = "Mood" }\n', "line 4: rights_requests: adapter transcend_requests has no column mood. It has"),
        ('[rights_requests]\ncolumns = { mood = "Mood" }\n', "line 2: rights_requests: the contract has no column mood. It has request_id"),
        ('[rights_requests]\noverrides = "fill.csv"\n', "line 2: rights_requests: overrides needs an adapter. Name one, or leave it out."),
        ('[rights_requests]\nmaps.right = { A = "b" }\n', "line 2: rights_requests: maps needs an adapter. Name one, or leave it out."),
        (DECLARED + 'overrides = "gone.csv"\n', "line 4: rights_requests: there is no file gone.csv. Correct the name or add the file."),
        (DECLARED + "maps = 3\n", "line 4: rights_requests: maps must be a table of tables, such as maps.outcome"),
        (DECLARED + "columns = {}\n", "line 4: rights_requests: columns must be a table of texts, such as"),
    ],
)
def test_declarations_are_held_against_the_adapters(load: Load, declared: str, sentence: str) -> None:
    assert sentence in refused(load, {"sources.toml": declared}, DefinitionError)


def test_a_file_of_something_else_is_refused(load: Load) -> None:
    told = refused(load, {"requests.csv": "a,b\n1,2\n"})
    assert "requests.csv: adapter transcend_requests does not find Request ID" in told
    assert "or say in sources.toml what it is called: columns = { … }" in told
    declared = DECLARED.replace("requests.csv", "requests.jsonl")
    told = refused(load, {"requests.jsonl": '{"a": 1}\n', "sources.toml": declared})
    assert "requests.jsonl: adapter transcend_requests reads a file with named columns (CSV, TSV, .xlsx or Parquet)" in told
    declared = DECLARED.replace("transcend_requests", "osano_requests")
    assert "adapter osano_requests reads JSON. Export it so, or name another adapter." in refused(load, {"sources.toml": declared})


def test_adapters_name_columns_of_their_contracts_and_tests_that_exist() -> None:
    adapters = load_adapters()
    assert against_contracts(adapters, CONTRACTS) == []
    texts = "".join(file.read_text("utf-8") for file in (Path(__file__).parents[1] / "adapters").rglob("test_*.py"))
    for adapter in adapters.values():
        assert adapter.traps and adapter.gaps, adapter.id
        for trap in adapter.traps:
            assert f"def {trap.test}(" in texts, (adapter.id, trap.test)


def test_a_broken_adapter_is_told_by_file(tmp_path: Path) -> None:
    for name, text in (("a", "title = 3\n"), ("b", "not toml"), ("c", 'reads = "tea leaves"\n[columns]\n'), ("d", "[columns]\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "adapter.toml").write_text(text)
    for name in "ac":
        (tmp_path / name / "rows.sql").write_text("select 1")
    with pytest.raises(DefinitionError) as caught:
        load_adapters(tmp_path)
    told = str(caught.value)
    assert "4 problems" in told and "d/adapter.toml: rows.sql is missing" in told and "a/adapter.toml: columns is missing" in told
    assert "c/adapter.toml: reads 'tea leaves' is not one of header, objects" in told


def test_seconds_are_not_taken_for_milliseconds(load: Load) -> None:
    event = '{"id": "e%d", "type": "REGISTER", "userId": "u%d", "time": %s}\n'
    events = event % (1, 1, "1514764800000") + event % (2, 2, "1514764800")
    declared = '[accounts]\nfiles = ["events.jsonl"]\nadapter = "keycloak_accounts"\n'
    loaded = load({"events.jsonl": events, "sources.toml": declared})
    assert loaded.rows("select account_id, opened_second from accounts") == [("u1", 1514764800)]
    assert ("opened_at", "not_an_instant") in loaded.rows("select column_name, kind from quarantine")


def test_very_many_ids_are_numbered_after_the_loading(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "accounts.csv": f"account_id,opened_at\nz,{T}\nb,never\nc,{T}\n",
        "processing_events.csv": f"event_id,occurred_at,account_id,device_id\ne1,{T},c,d2\ne2,{T},z,d1\ne3,{T},q,\ne4,{T},b,d2\n",
    }
    asked = "select event_no, account_no, device_no from processing_events order by 1"
    usual = load(files).rows(asked)
    assert usual == [(1, 3, -2), (2, 1, -1), (3, 5, None), (4, 4, -2)]
    monkeypatch.setattr(keys, "MANY", 0)
    assert load(files).rows(asked) == usual
