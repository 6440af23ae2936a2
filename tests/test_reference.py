"""The reference tables: every repair of the facts, and that the loader finds what joins would trip over.

Published due dates are counted by the code that judges: tests/test_due_dates.py.
"""

from datetime import date, timedelta
from pathlib import Path

import holidays
import pandas as pd
import pytest

from audit_lib.catalogue.contracts import load_contracts
from audit_lib.catalogue.reference import REFERENCE, load_reference
from audit_lib.errors import DefinitionError
from audit_lib.vocabulary import FIRST_DAY, LAST_DAY, day_date, day_number

TABLES = load_reference()
OPEN = date(9999, 12, 31)


def _rows(table: str, **where: object) -> pd.DataFrame:
    rows = TABLES[table].rows
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows


def _on(table: str, day: date, **where: object) -> pd.DataFrame:
    """Rows of a dated table in force on `day`."""
    rows = _rows(table, **where)
    return rows[(rows["first_day"] <= day_number(day)) & (rows["last_day"] >= day_number(day))]


def _is_in(area: str, country: str, day: date) -> bool:
    return len(_on("area", day, area=area, country=country)) == 1


# --- every table -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", sorted(name for name, t in TABLES.items() if t.dated))
def test_no_two_rows_of_a_key_share_a_day(table):
    key = list(TABLES[table].key)
    spans = [
        (tuple(row[c] for c in key), row["first_day"], row["last_day"]) for _, row in TABLES[table].rows.iterrows()
    ]
    for number, (one, first, last) in enumerate(spans):
        assert FIRST_DAY <= first <= last <= LAST_DAY
        assert not [o for o, f, z in spans[number + 1 :] if o == one and f <= last and z >= first]


@pytest.mark.parametrize("table", sorted(name for name, t in TABLES.items() if not t.dated))
def test_keys_are_unique(table):
    assert not TABLES[table].rows.duplicated(list(TABLES[table].key)).any()


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_row_says_its_source_and_whether_it_was_verified(table):
    rows = TABLES[table].rows
    assert len(rows) > 0
    assert rows["source"].str.len().min() > 0
    assert rows["verified"].notna().all()
    # "check at" is where a fact should be read, so it was not read
    assert not rows[rows["source"].str.startswith("check at")]["verified"].any()


def test_region_is_never_missing_so_that_it_joins_by_equality():
    assert not TABLES["regime"].rows["region"].isna().any()
    assert not TABLES["age_of_consent"].rows["region"].isna().any()


# --- areas and regimes -------------------------------------------------------------------------------------------


def test_eea_membership_is_apart_from_the_days_on_which_the_gdpr_applies():
    for country in ("IS", "LI", "NO"):
        assert _is_in("EEA", country, date(2018, 5, 25))
        assert not _is_in("GDPR", country, date(2018, 7, 19))
        assert _is_in("GDPR", country, date(2018, 7, 20))
    assert _is_in("EEA", "DE", date(2016, 12, 24))
    assert not _is_in("GDPR", "DE", date(2018, 5, 24))
    assert not _is_in("EEA", "HR", date(2013, 6, 30))
    assert _is_in("EEA", "HR", date(2013, 7, 1))


def test_the_eea_has_thirty_countries_and_seven_territories():
    codes = set(_on("area", date(2024, 1, 1), area="EEA")["country"])
    assert len(codes) == 37
    assert {"AX", "GF", "GP", "MQ", "RE", "YT", "MF"} < codes
    assert not codes & {"GB", "GI", "CH", "FO", "GL", "SJ", "NC", "PF", "EL"}


def test_the_united_kingdom_leaves_the_free_flow_area_at_the_end_of_the_transition_and_was_never_in_area_gdpr():
    for country in ("GB", "GI"):
        assert _is_in("EEA", country, date(2020, 12, 31))
        assert not _is_in("EEA", country, date(2021, 1, 1))
    assert _rows("area", area="GDPR", country="GB").empty
    assert not _is_in("GB", "GB", date(2020, 12, 31))
    assert _is_in("GB", "GB", date(2021, 1, 1))


@pytest.mark.parametrize(
    ("country", "region", "day", "regime"),
    [
        ("DE", "", date(2018, 5, 24), None),
        ("DE", "", date(2018, 5, 25), "GDPR"),
        ("NO", "", date(2018, 7, 19), None),
        ("NO", "", date(2018, 7, 20), "GDPR"),
        ("GB", "", date(2018, 5, 25), "UK"),
        ("GB", "", date(2026, 3, 1), "UK"),
        ("US", "CA", date(2019, 12, 31), "California"),
        ("US", "CA", date(2020, 1, 1), "CCPA"),
        ("US", "", date(2020, 1, 1), None),
        ("CA", "", date(2020, 1, 1), "PIPEDA"),
        ("CA", "QC", date(2020, 1, 1), "Quebec"),
        ("KR", "", date(2018, 7, 1), "PIPA"),
        ("SG", "", date(2018, 7, 1), "PDPA"),
    ],
)
def test_regime_of_a_place_and_day(country, region, day, regime):
    found = _on("regime", day, country=country, region=region)["regime"].tolist()
    assert found == ([regime] if regime else [])


def test_regime_gdpr_is_area_gdpr():
    columns = ["country", "first_day", "last_day"]
    regime = _rows("regime", regime="GDPR")[columns].sort_values("country").reset_index(drop=True)
    area = _rows("area", area="GDPR")[columns].sort_values("country").reset_index(drop=True)
    pd.testing.assert_frame_equal(regime, area)


# --- rights and deadlines ----------------------------------------------------------------------------------------


def test_rights_are_our_words_and_every_deadline_has_a_law_word():
    ours = set(load_contracts()["rights_requests"].columns["right_requested"].known)
    assert set(TABLES["right_word"].rows["right_requested"]) <= ours
    pairs = set(map(tuple, TABLES["right_word"].rows[["regime", "right_requested"]].to_numpy()))
    assert set(map(tuple, TABLES["deadline"].rows[["regime", "right_requested"]].to_numpy())) <= pairs
    assert set(map(tuple, TABLES["acknowledgement"].rows[["regime", "right_requested"]].to_numpy())) <= pairs


def test_every_regime_with_a_word_for_a_right_is_one_a_request_can_fall_under():
    assert set(TABLES["right_word"].rows["regime"]) == set(TABLES["regime"].rows["regime"])


def _deadline(regime: str, right: str, day: date) -> dict[str, object]:
    (row,) = _on("deadline", day, regime=regime, right_requested=right).to_dict("records")
    return row


def test_gdpr_one_month_three_months_in_one_step():
    row = _deadline("GDPR", "erasure", date(2018, 5, 25))
    assert (row["amount"], row["unit"], row["extended_amount"], row["extended_unit"]) == (1, "month", 3, "month")
    assert row["rolls_over"]
    assert not row["starts_day_after"]
    assert (row["identity"], row["clarification"]) == ("suspend", "none")


def test_united_kingdom_changes_its_count_twice():
    old, new = (_deadline("UK", "access", day) for day in (date(2019, 8, 14), date(2019, 8, 15)))
    assert old["starts_day_after"]
    assert not new["starts_day_after"]
    assert old["identity"] == new["identity"] == "restart"
    assert _deadline("UK", "access", date(2026, 2, 4))["clarification"] == "none"
    assert _deadline("UK", "access", date(2026, 2, 5))["clarification"] == "suspend"


def test_california():
    know = _deadline("CCPA", "access", date(2020, 1, 1))
    assert (know["amount"], know["unit"], know["extended_amount"]) == (45, "day", 90)
    assert not know["rolls_over"]
    assert know["identity"] == "none"
    opt_out = _deadline("CCPA", "opt_out_of_sale", date(2020, 8, 14))
    assert (opt_out["amount"], opt_out["unit"]) == (15, "working_day")
    for right, day in [
        ("opt_out_of_sale", date(2020, 8, 13)),
        ("rectification", date(2022, 12, 31)),
        ("limit_sensitive", date(2022, 12, 31)),
    ]:
        assert _on("deadline", day, regime="CCPA", right_requested=right).empty
        assert len(_on("deadline", date(2023, 1, 1), regime="CCPA", right_requested=right)) == 1
    for regime in ("California", "CCPA"):
        shine = _deadline(regime, "third_party_marketing_list", date(2021, 1, 1))
        assert (shine["amount"], shine["unit"]) == (30, "day")


@pytest.mark.parametrize(
    ("regime", "right", "amount", "unit", "extended"),
    [
        ("PIPA", "restriction", 10, "day", None),
        ("LGPD", "access", 15, "day", None),
        ("PDPA", "rectification", 30, "day", None),
        ("PIPEDA", "access", 30, "day", 60),
        ("Quebec", "access", 30, "day", None),
        ("APP", "access", 30, "day", None),
        ("NZ", "access", 20, "working_day", None),
        ("FADP", "access", 30, "day", None),
    ],
)
def test_other_laws(regime, right, amount, unit, extended):
    row = _deadline(regime, right, date(2024, 1, 1))
    assert (row["amount"], row["unit"]) == (amount, unit)
    assert (None if pd.isna(row["extended_amount"]) else row["extended_amount"]) == extended


def test_rows_without_a_figure_are_left_out():
    assert _rows("deadline", regime="APPI").empty
    assert _rows("deadline")["amount"].min() > 0


def test_an_extension_has_both_amount_and_unit():
    rows = TABLES["deadline"].rows
    assert (rows["extended_amount"].isna() == (rows["extended_unit"].isna() | (rows["extended_unit"] == "open"))).all()
    assert set(rows[rows["extended_unit"] == "open"]["regime"]) == {"PDPA", "PIPA", "NZ", "FADP"}


# --- transfers ---------------------------------------------------------------------------------------------------


def test_no_adequacy_for_singapore_the_united_states_as_a_country_or_an_organisation():
    assert not set(TABLES["adequacy"].rows["country"]) & {"SG", "US", "EP"}
    assert {"GG", "IM", "JE", "FO", "AD"} < set(TABLES["adequacy"].rows["country"])


def test_the_united_kingdom_has_exactly_one_decision_on_every_day_since_the_transition():
    rows = _rows("adequacy", country="GB").sort_values("first_day")
    assert day_date(rows["first_day"].iloc[0]) == date(2021, 1, 1)
    assert (rows["first_day"].to_numpy()[1:] == rows["last_day"].to_numpy()[:-1] + 1).all()
    extension = _on("adequacy", date(2025, 12, 18), country="GB")["decision"].item()
    renewal = _on("adequacy", date(2025, 12, 19), country="GB")["decision"].item()
    assert extension == "(EU) 2025/1226"
    assert renewal.startswith("Implementing Decision of 2025-12-19")


@pytest.mark.parametrize(
    ("country", "last_without", "first_with"),
    [("JP", date(2019, 1, 22), date(2019, 1, 23)), ("KR", date(2021, 12, 16), date(2021, 12, 17))],
)
def test_adequacy_begins_on_its_day(country, last_without, first_with):
    assert _on("adequacy", last_without, country=country).empty
    assert len(_on("adequacy", first_with, country=country)) == 1


def test_programmes_bear_our_three_words_and_end_on_the_last_usable_day():
    assert set(TABLES["programme"].rows["programme"]) == {"SAFE-HARBOR", "PRIVACY-SHIELD", "DPF"}
    assert set(TABLES["programme"].rows["country"]) == {"US"}
    on = {
        d: _on("programme", d)["programme"].tolist() for d in (date(2015, 10, 5), date(2015, 10, 6), date(2020, 7, 15))
    }
    assert on == {date(2015, 10, 5): ["SAFE-HARBOR"], date(2015, 10, 6): [], date(2020, 7, 15): ["PRIVACY-SHIELD"]}
    assert _on("programme", date(2020, 7, 16)).empty
    assert _on("programme", date(2023, 7, 10))["programme"].tolist() == ["DPF"]


def test_one_row_per_bcr_for_an_area_that_exists():
    bcr = TABLES["bcr"].rows.set_index("bcr_id")
    assert list(bcr.index) == ["BCR-RAK-EU", "BCR-RAK-UK"]
    assert [day_date(day) for day in bcr["first_day"]] == [date(2016, 12, 24), date(2022, 5, 19)]
    assert set(bcr["area"]) == {"EEA", "GB"} <= set(TABLES["area"].rows["area"])


def test_contractual_clauses_are_transfer_tools_with_closed_ends():
    scc = TABLES["scc"].rows.set_index("version_id")
    assert "ART28-2021" not in scc.index
    assert (scc["first_day"] <= scc["last_signing_day"]).all()
    assert (scc["last_signing_day"] <= scc["last_reliance_day"]).all()
    assert day_date(scc.loc["SCC-2010-C2P", "last_signing_day"]) == date(2021, 9, 26)
    assert day_date(scc.loc["SCC-2010-C2P", "last_reliance_day"]) == date(2022, 12, 27)
    assert day_date(scc.loc["SCC-2021-M1", "last_reliance_day"]) == OPEN
    assert not scc.loc["SCC-2002-C2P", "verified"]


# --- retention ---------------------------------------------------------------------------------------------------


def test_german_vouchers_change_from_ten_to_eight_years_without_a_gap():
    old, new = (_rows("retention_duty", duty_id=f"RET-DE-VOUCHER-{years}").iloc[0] for years in (10, 8))
    assert new["first_day"] == old["last_day"] + 1
    assert (old["amount_months"], new["amount_months"]) == (120, 96)


def test_limitation_periods_and_maxima_keep_nothing():
    joined = set(TABLES["retention_duty"].rows["duty_id"])
    apart = TABLES["retention_limitation"].rows
    assert not joined & set(apart["duty_id"])
    assert not [duty for duty in joined if duty.startswith("LIM-")]
    assert {"limitation", "maximum"} <= set(apart["kind"])
    assert (apart["why_apart"].str.len() > 0).all()


def test_no_duty_of_the_facts_is_lost_and_every_joined_duty_covers_a_category_of_ours():
    duties = set(TABLES["retention_duty"].rows["duty_id"])
    assert len(duties | set(TABLES["retention_limitation"].rows["duty_id"])) == 29
    categories = TABLES["retention_duty_category"].rows
    assert set(categories["duty_id"]) == duties
    known = load_contracts()["stored_records"].columns["data_category"].known
    assert set(categories["data_category"]) <= set(known)
    paid = categories[categories["law_words"] == "billing_transaction, invoice, payment_reference"]
    assert set(map(tuple, paid.groupby("duty_id")["data_category"].agg(sorted))) == {("payment", "transaction")}


def test_one_stop_shop_records_in_every_country_of_the_eea():
    oss = _rows("retention_duty", duty_id="RET-EU-OSS")
    assert set(_on("retention_duty", date(2024, 1, 1), duty_id="RET-EU-OSS")["country"]) == set(
        _on("area", date(2024, 1, 1), area="EEA")["country"]
    )
    assert day_date(oss[oss["country"] == "GB"]["last_day"].item()) == date(2020, 12, 31)
    assert not oss[oss["country"].isin(["IS", "LI", "NO"])]["verified"].any()


# --- consent and age ---------------------------------------------------------------------------------------------


def test_age_of_consent_has_no_gap_in_the_eea_since_the_gdpr():
    for country in set(_on("area", date(2018, 5, 25), area="EEA")["country"]) - {"GI"}:
        rows = _rows("age_of_consent", country=country, region="").sort_values("first_day")
        assert day_date(rows["first_day"].iloc[0]) == date(2018, 5, 25), country
        assert (rows["first_day"].to_numpy()[1:] == rows["last_day"].to_numpy()[:-1] + 1).all(), country
        assert day_date(rows["last_day"].iloc[-1]) == OPEN, country


@pytest.mark.parametrize(
    ("country", "day", "age"),
    [
        ("BE", date(2018, 9, 4), 16),
        ("BE", date(2018, 9, 5), 13),
        ("FR", date(2018, 6, 21), 16),
        ("FR", date(2018, 6, 22), 15),
        ("DK", date(2023, 12, 31), 13),
        ("DK", date(2024, 1, 1), 15),
        ("NO", date(2018, 7, 19), 16),
        ("DE", date(2018, 5, 25), 16),
        ("US", date(2018, 5, 25), 13),
        ("GB", date(2018, 5, 25), 13),
    ],
)
def test_age_of_consent_on_a_day(country, day, age):
    assert _on("age_of_consent", day, country=country, region="")["age"].tolist() == [age]


def test_policy_rules_soft_flags_and_rules_on_sale_are_no_age_of_consent():
    rows = TABLES["age_of_consent"].rows
    assert not set(rows["country"]) & {"XX", "JP"}
    assert _rows("age_of_consent", country="US", region="CA").empty
    assert _rows("age_of_consent", country="CA", region="QC")["age"].tolist() == [14]


def test_consent_refresh_has_one_row_per_country_and_no_default():
    rows = TABLES["consent_refresh"].rows
    assert rows["country"].is_unique
    assert dict(zip(rows["country"], rows["months"], strict=True)) == {"ES": 24, "FR": 6, "IE": 6, "LU": 12}


def test_only_the_united_states_and_canada_allow_days_after_an_opt_out():
    rows = TABLES["opt_out_grace"].rows
    assert dict(zip(rows["country"], rows["working_days"], strict=True)) == {"CA": 10, "US": 10}
    assert set(rows["calendar"]) <= set(TABLES["working_calendar"].rows["calendar"])


def test_signals_have_a_weight_and_a_rank_of_their_own():
    rows = TABLES["under_13_signal"].rows.sort_values("strength")
    assert rows["strength"].tolist() == list(range(1, len(rows) + 1))
    assert (rows["weight"] >= 1).all()
    assert rows["weight"].is_monotonic_decreasing


def test_the_holidays_library_knows_every_calendar():
    supported = holidays.list_supported_countries()
    for row in TABLES["working_calendar"].rows.itertuples():
        if pd.isna(row.country):
            assert row.calendar == "EU-WEEKENDS"
            continue
        assert row.country in supported
        assert pd.isna(row.subdivision) or row.subdivision in supported[row.country]


# --- the loader finds what it must -------------------------------------------------------------------------------

SCHEMA = """
[grace]
meaning = "days by country"
key = ["country"]
dated = true
optional = ["days"]
words = { unit = ["day", "month"] }
columns.country = "country"
columns.first_day = "day"
columns.last_day = "day"
columns.days = "integer"
columns.unit = "word"
columns.source = "text"
columns.verified = "boolean"
"""
GOOD = """country,first_day,last_day,days,unit,source,verified
DE,0001-01-01,2018-05-24,,day,law,yes
DE,2018-05-25,9999-12-31,30,day,law,no
"""


def _problems(folder: Path, text: str, schema: str = SCHEMA) -> str:
    (folder / "schema.toml").write_text(schema, "utf-8")
    (folder / "grace.csv").write_text(text, "utf-8")
    with pytest.raises(DefinitionError) as refused:
        load_reference(folder)
    return str(refused.value)


def test_a_good_table_is_typed(tmp_path):
    (tmp_path / "schema.toml").write_text(SCHEMA, "utf-8")
    (tmp_path / "grace.csv").write_text(GOOD, "utf-8")
    table = load_reference(tmp_path)["grace"]
    assert table.rows["first_day"].tolist() == [FIRST_DAY, day_number(date(2018, 5, 25))]
    assert table.rows["last_day"].tolist() == [day_number(date(2018, 5, 25) - timedelta(1)), LAST_DAY]
    assert table.rows["days"].isna().tolist() == [True, False]
    assert table.rows["verified"].tolist() == [True, False]
    assert (str(table.rows["days"].dtype), str(table.rows["verified"].dtype)) == ("Int64", "boolean")
    assert len(table.sha256) == 64


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("DE,2018-05-25", "DE,2018-05-24"), "line 3: shares days with another row"),
        (("9999-12-31", "2018-05-01"), "line 3: last_day lies before first_day"),
        (("2018-05-25", "25.05.2018"), "line 3: first_day must be a day"),
        (("2018-05-25", "2018-02-30"), "line 3: first_day must be a day"),
        (("9999-12-31", ""), "line 3: last_day is empty"),
        (("30", "thirty"), "line 3: days must be a whole number"),
        (("30,day", "30,week"), "line 3: unit must be one of day, month"),
        (("law,no", "law,perhaps"), "line 3: verified must be yes or no"),
        (("law,no", ",no"), "line 3: source is empty"),
        (("DE,0001", "Germany,0001"), "line 2: country must be two capital letters"),
        (("law,no", "law,no,extra"), "line 3: 8 cells, 7 expected"),
        (("source,verified", "source,checked"), "unknown column 'checked'"),
        (("source,verified", "source,checked"), "column 'verified' is missing"),
    ],
)
def test_problems_are_found_and_placed(tmp_path, change, said):
    assert GOOD.count(change[0]) >= 1
    assert said in _problems(tmp_path, GOOD.replace(*change))


def test_all_problems_are_named_at_once(tmp_path):
    message = _problems(tmp_path, GOOD.replace("30", "thirty").replace("law,yes", "law,maybe"))
    assert "2 problems" in message
    assert "line 2: verified" in message
    assert "line 3: days" in message


def test_a_short_row_inside_a_long_one_is_found_past_its_neighbour(tmp_path):
    text = GOOD.splitlines()[0] + "\nDE,2000-01-01,2020-12-31,1,day,law,yes\nDE,2001-01-01,2001-12-31,1,day,law,yes\n"
    text += "DE,2010-01-01,2010-12-31,1,day,law,yes\n"
    message = _problems(tmp_path, text)
    assert "line 3: shares" in message
    assert "line 4: shares" in message


def test_a_repeated_key_is_found_in_a_table_without_dates(tmp_path):
    schema = SCHEMA.replace("dated = true", "dated = false")
    assert "line 3: its key stands there before" in _problems(tmp_path, GOOD, schema)


def test_tables_without_description_and_descriptions_without_table_are_found(tmp_path):
    (tmp_path / "other.csv").write_text("a\n1\n", "utf-8")
    schema = SCHEMA + SCHEMA.replace("[grace]", "[lost]")
    message = _problems(tmp_path, GOOD, schema)
    assert "other.csv is not described" in message
    assert "no lost.csv" in message


@pytest.mark.parametrize(
    ("change", "said"),
    [(('"integer"', '"number"'), "type 'number'"), (('key = ["country"]', 'key = ["place"]'), "column place")],
)
def test_problems_of_the_schema_are_found(tmp_path, change, said):
    assert said in _problems(tmp_path, GOOD, SCHEMA.replace(*change))


def test_the_delivered_folder_is_the_default():
    assert (REFERENCE / "schema.toml").is_file()
    assert {"area", "regime", "deadline"} <= set(TABLES)
