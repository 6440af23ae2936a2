"""Every mistake in a criteria document is refused with a sentence that names the document, the criterion and a remedy."""

import shutil

import pytest

from audit_lib.catalogue import load_catalogue
from audit_lib.catalogue.criteria import FOLDER
from audit_lib.errors import DefinitionError

HEAD = """
id = "mine"
title = "A policy"
kind = "commitment"
version = "1"
"""
PURPOSE = """
[[parameters.purpose]]
purpose = "ads"
is_consent_based = true
is_marketing = true
"""
REQUESTS = """
[[criterion]]
id = "c1"
sentence = "Requests are answered."
measure = "request_on_time"
"""


def _criterion(measure: str, *lines: str) -> str:
    return REQUESTS.replace("request_on_time", measure) + "\n".join(lines) + "\n"


def _document(tmp_path, text, name="mine"):
    file = tmp_path / f"{name}.toml"
    file.write_text(text, "utf-8")
    return file


def _said(*files) -> str:
    with pytest.raises(DefinitionError) as raised:
        load_catalogue(files)
    return str(raised.value)


def _parameters(text: str) -> str:
    return f"{HEAD}\n[parameters]\n{text}\n{REQUESTS}"


@pytest.mark.parametrize("chosen", [(), *((file.stem,) for file in sorted(FOLDER.glob("*.toml")))])
def test_packaged_documents_load_alone_and_together(chosen):
    assert load_catalogue(chosen).criteria


def test_a_document_without_mistakes_loads(tmp_path):
    text = (
        f'{HEAD}assumed = ["grace_days"]\nverified = true\n[parameters]\ngrace_days = 0\nconsent_scope = "GB"\n{PURPOSE}'
        '[[parameters.duty]]\nduty_id = "RET-EU-OSS"\ncountry = ["DE", "FR"]\ndata_category = ["transaction"]\n'
        '[[clause]]\nid = "D1"\nsection = "8"\ntext = "Deleted."\nevidence = "logs"\n'
        + _criterion(
            "request_on_time",
            'where = { regime = ["GDPR", "UK"], right_requested = "access", country = "DE", channel = "carrier_pigeon" }',
            "parameters = { roll_over = false }",
            'clauses = ["D1"]',
            'tolerable_rate = "0.05"',
            "first_day = 2018-05-25",
            "last_day = 2018-05-25",
        )
        + _criterion("consent_coverage", 'where = { purpose = "ads" }').replace('"c1"', '"c2"')
    )
    catalogue = load_catalogue([_document(tmp_path, text)])
    assert [criterion.id for criterion in catalogue.criteria] == ["c1", "c2"]
    assert len(catalogue.parameters.lists["duty"]) == 2
    assert "grace_days" in catalogue.parameters.assumed


CRITERION_MISTAKES = [
    ("request_on_time", 'where = { regime = "GDRP" }', "'GDRP' is no regime the audit knows; take one of APP"),
    ("request_on_time", 'where = { regime = ["GDPR", "GDRP"] }', "'GDRP' is no regime"),
    ("request_on_time", 'where = { right_requested = "acess" }', "'acess' is no right_requested the audit knows; take one of access"),
    ("request_on_time", 'where = { country = "UK" }', "country: 'UK' is not an assigned country code"),
    ("request_on_time", 'where = { country = "de" }', "country: 'de' is not an assigned country code"),
    ("transfer_tool_valid", 'where = { destination = "USA" }', "destination: 'USA' is not an assigned country code"),
    ("transfer_volume", 'where = { origin = "XX" }', "origin: 'XX' is not an assigned country code"),
    ("consent_coverage", 'where = { purpose = "adz" }', "purpose 'adz' is not declared; take one of ads"),
    ("request_on_time", "where = { regime = [] }", "give regime a word or a list of at least one word"),
    ("request_on_time", "where = { regime = [1] }", "give regime a word or a list of at least one word"),
    ("request_on_time", "where = { regime = { a = 1 } }", "give regime a word or a list of at least one word"),
    ("request_on_time", 'where = { colour = "red" }', "has no group 'colour'"),
    ("request_on_time", 'where = "GDPR"', "where must be a table"),
    ("request_on_time", "first_day = 2019-01-01\nlast_day = 2018-12-31", "first_day lies after last_day"),
    ("request_on_time", 'first_day = "2019-01-01"', "first_day must be a date"),
    ("request_on_time", 'verified = "no"', "verified must be true or false"),
    ("request_on_time", 'tolerable_assumed = "yes"', "tolerable_assumed must be true or false"),
    ("request_on_time", 'kind = "commitmnet"', "kind must be one of commitment, law, internal"),
    ("request_on_time", 'clauses = "D1"', "clauses must be a list of texts"),
    ("request_on_time", 'clauses = ["D1"]', "names clauses the document does not have: D1"),
    *(
        ("request_on_time", f"{key} = {value}", f"{key} must be a decimal fraction between 0 and 1 in quotes")
        for key in ("tolerable_rate", "max_untestable", "max_faults")
        for value in ("0.05", "0", "nan", "-0.1", '"nan"', '"-0.1"', '"1.01"', '"1e999999999"', '"5 %"', "true")
    ),
    ("retention_overrun", "parameters = { roll_over = false }", "retention_overrun does not read roll_over; leave it out"),
    ("retention_overrun", "parameters = { grace_days = 99999 }", "parameter grace_days must lie between 0 and 3650"),
    ("request_on_time", "parameters = { colour = 1 }", "parameter colour is not known"),
    ("request_on_time", 'parameters = "x"', "parameters must be a table"),
    ("request_on_time", "id2 = 1", "id2 is not known; known are id, sentence"),
    ("request_on_tme", "", "measure 'request_on_tme' does not exist; there are"),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "lines", "said"), CRITERION_MISTAKES)
def test_a_mistake_in_a_criterion_is_refused_with_its_name(tmp_path, measure, lines, said):
    found = _said(_document(tmp_path, HEAD + PURPOSE + _criterion(measure, lines)))
    assert any(line.startswith("  - mine.toml: criterion c1: ") and said in line for line in found.splitlines()), found


@pytest.mark.parametrize("lines", ['where = { country = "DE" }', "parameters = { roll_over = false }"])
def test_words_and_parameters_without_a_measure_are_refused(tmp_path, lines):
    text = HEAD + '[[criterion]]\nid = "c1"\nsentence = "Yes."\nattestation = "A person attests: yes."\n' + lines
    assert f"criterion c1: {lines.split()[0]} has no effect without a measure" in _said(_document(tmp_path, text))


INTEGERS = ["grace_days", "identity_wait_days", "consent_validity_months", "default_date_percent", "default_date_accounts", "age_gate_seconds"]  # fmt: skip


@pytest.mark.parametrize("value", [-400, 99_999_999])
@pytest.mark.parametrize("name", INTEGERS)
def test_whole_numbers_out_of_range_are_refused(tmp_path, name, value):
    assert f"mine.toml: parameter {name} must lie between" in _said(
        _document(tmp_path, _parameters(f"{name} = {value}"))
    )


DUTY = '[[parameters.duty]]\nduty_id = "{}"\ncountry = "{}"\ndata_category = "transaction"'
CALENDAR = '[[parameters.regime_calendar]]\nregime = "{}"\ncalendar = "{}"'
PARAMETER_MISTAKES = [
    ('consent_scope = "EAE"', "parameter consent_scope: 'EAE' is no area the audit knows; take one of EEA"),
    ('destination_scope = "Europe"', "parameter destination_scope: 'Europe' is no area"),
    ("grace_days = 30.0", "parameter grace_days must be a whole number"),
    ("grace_days = true", "parameter grace_days must be a whole number"),
    ('roll_over = "no"', "parameter roll_over must be true or false"),
    (PURPOSE.replace("is_marketing = true", ""), "parameter purpose: row 1 lacks is_marketing"),
    (PURPOSE.replace("is_consent_based = true", ""), "parameter purpose: row 1 lacks is_consent_based"),
    (PURPOSE.replace('"ads"', '""'), "parameter purpose: row 1 purpose must be a word"),
    (PURPOSE.replace('"ads"', "{ a = 1 }"), "parameter purpose: row 1 purpose must be a word"),
    (PURPOSE.replace('"ads"', "[]"), "parameter purpose: row 1 has an empty list as its purpose"),
    (PURPOSE + PURPOSE, "parameter purpose: row 2 repeats a key (purpose)"),
    (PURPOSE + "colour = 1", "parameter purpose: row 1 has the unknown columns colour"),
    ('[[parameters.destination]]\ncountry = ["US", "US"]', "parameter destination: row 1 repeats a key"),
    ('[[parameters.destination]]\ncountry = "USA"', "parameter destination: row 1 country must be a country code"),
    ('[[parameters.grace]]\ndata_category = "usage"\ngrace_days = -1', "row 1 grace_days must lie between 0 and 3650"),
    ('purpose = "ads"', "parameter purpose: write rows as [[parameters.purpose]]"),
    (DUTY.format("RET-EU-OSSS", "DE"), "parameter duty: ref_retention_duty has no duty 'RET-EU-OSSS' for 'DE'"),
    (DUTY.format("RET-EU-OSS", "US"), "parameter duty: ref_retention_duty has no duty 'RET-EU-OSS' for 'US'"),
    (CALENDAR.format("GDRP", "LU"), "row 1 regime is wrong: 'GDRP' is no regime"),
    (CALENDAR.format("GDPR", "LUX"), "row 1 calendar is wrong: 'LUX' is no calendar"),
]


@pytest.mark.parametrize(("text", "said"), PARAMETER_MISTAKES)
def test_a_mistake_in_the_parameters_is_refused(tmp_path, text, said):
    found = _said(_document(tmp_path, _parameters(text)))
    assert any(line.startswith("  - mine.toml: parameter ") and said in line for line in found.splitlines()), found


DOCUMENT_MISTAKES = [
    ('criterion = "x"', "write every criterion as [[criterion]]"),
    ("criterion = [1]", "write every criterion as [[criterion]]"),
    ("criterion = []", "holds no criterion"),
    (f'clause = "x"{REQUESTS}', "write every clause as [[clause]]"),
    (f'parameters = "x"{REQUESTS}', "parameters must be a table"),
    (f'with = "gdpr"{REQUESTS}', "with must be a list of texts"),
    (f'with = ["gdprr"]{REQUESTS}', "gdprr is neither a file nor a packaged document"),
    (f'assumed = ["grace_dyas"]{REQUESTS}', "assumed names 'grace_dyas', which [parameters] does not set"),
    (f'assumed = "grace_days"{REQUESTS}', "assumed must be a list of texts"),
    (f'verified = "no"{REQUESTS}', "verified must be true or false"),
    (f'time_zone = "Europe/Luxemburg"{REQUESTS}', "time_zone is not an IANA name"),
    (f"time_zone = 1{REQUESTS}", "time_zone must be a text"),
    (f'[[clause]]\nid = "D1"\nverified = "no"\n{REQUESTS}', "clause D1: verified must be true or false"),
    (f'[[clause]]\nid = "D1"\n[[clause]]\nid = "D1"\n{REQUESTS}', "clause D1 stands there twice"),
]


@pytest.mark.parametrize(("text", "said"), DOCUMENT_MISTAKES)
def test_a_mistake_in_the_document_itself_is_refused(tmp_path, text, said):
    assert f"mine.toml: {said}" in _said(_document(tmp_path, HEAD + text))


@pytest.mark.parametrize(
    ("measure", "name"), [("consent_coverage", "purpose"), ("transfer_destination_declared", "destination")]
)
def test_a_policy_must_declare_the_lists_its_measures_read(tmp_path, measure, name):
    found = _said(_document(tmp_path, HEAD + _criterion(measure)))
    assert f"mine: declares no {name}, which the measure {measure} of mine, criterion c1, reads" in found
    assert f"[[parameters.{name}]]" in found


def test_lists_that_another_document_declares_are_enough(tmp_path):
    law = HEAD.replace('"mine"', '"law"').replace("commitment", "law") + PURPOSE + REQUESTS.replace('"c1"', '"c2"')
    policy = _document(tmp_path, HEAD + _criterion("consent_coverage"))
    assert len(load_catalogue([policy, _document(tmp_path, law, "law")]).criteria) == 2


def test_two_files_of_one_id_are_refused(tmp_path):
    copy = shutil.copy(FOLDER / "gdpr.toml", tmp_path / "gdpr.toml")
    assert "are two documents of one id, gdpr: choose one of them" in _said("gdpr", copy)


def test_a_policy_and_another_file_of_a_law_it_is_read_with_are_refused(tmp_path):
    copy = shutil.copy(FOLDER / "gdpr.toml", tmp_path / "gdpr.toml")
    policy = f"{HEAD}{PURPOSE}[[parameters.destination]]\ncountry = 'US'\n{REQUESTS}"
    policy = policy.replace('kind = "', 'with = ["ccpa"]\nkind = "')
    (tmp_path / "elsewhere").mkdir()
    law = HEAD.replace('"mine"', '"law"').replace('kind = "', 'with = ["gdpr"]\nkind = "') + REQUESTS.replace(
        "c1", "c2"
    )
    other = _document(tmp_path / "elsewhere", law, "law")
    assert "two documents of one id, gdpr" in _said(_document(tmp_path, policy), other, copy)


def test_the_same_file_chosen_twice_is_one_document(tmp_path):
    twice = load_catalogue(["gdpr", FOLDER / "gdpr.toml", FOLDER / ".." / "criteria" / "gdpr.toml"])
    assert [document.id for document in twice.documents] == ["gdpr"]


def test_parameters_and_time_zones_of_several_documents_are_held_against_one_another(tmp_path):
    texts = [
        HEAD.replace('"mine"', f'"{name}"')
        + f'time_zone = "{zone}"\n[parameters]\ngrace_days = 1\n'
        + REQUESTS.replace("c1", "same")
        for name, zone in (("a", "UTC"), ("b", "Asia/Seoul"))
    ]
    found = _said(*(_document(tmp_path, text, name) for text, name in zip(texts, "ab", strict=True)))
    assert "b: sets the parameter grace_days, which a sets as well" in found
    assert "name several time zones (Asia/Seoul, UTC)" in found
    assert "b: criterion same stands in a as well" in found


def test_all_problems_of_all_documents_are_raised_once(tmp_path):
    first = _document(
        tmp_path,
        f'{HEAD}verified = "no"\n[parameters]\ngrace_days = -1\n'
        + _criterion("consent_coverage", "tolerable_rate = 0.05", 'where = { country = "UK" }'),
    )
    second = _document(tmp_path, HEAD.replace('"mine"', '"other"') + 'criterion = "x"', "other")
    found = _said(first, second)
    assert found.splitlines()[0] == "Criteria documents: 6 problems"
    for said in (
        "verified must",
        "grace_days must",
        "tolerable_rate must",
        "'UK'",
        "declares no purpose",
        "every criterion",
    ):
        assert said in found
