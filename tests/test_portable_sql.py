"""The linter: for every rule a text it must refuse and its neighbour that must pass; and what texts read.

Every text that must pass is also run on DuckDB and SQLite, which have to agree on its rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import duckdb
import pytest

from audit_lib.errors import DefinitionError
from audit_lib.portable_sql import SqlType, lint, reads, tables_read
from audit_lib.portable_sql.words import RESERVED

INT, INT_NULL = SqlType("integer", False), SqlType("integer", True)
TEXT, TEXT_NULL = SqlType("text", False), SqlType("text", True)
BOOL, BOOL_NULL = SqlType("boolean", False), SqlType("boolean", True)

TABLES = {
    "stg_accounts": {
        "account_no": INT,
        "opened_day": INT,
        "closed_day": INT_NULL,
        "country": TEXT_NULL,
        "is_known": BOOL,
        "is_adult": BOOL_NULL,
    },
    "stg_records": {
        "record_no": INT,
        "account_no": INT_NULL,
        "data_category": TEXT_NULL,
        "collected_day": INT,
        "deleted_day": INT_NULL,
    },
    "ref_day": {"day": INT, "month_no": INT, "weekday": INT},
    "parameter": {"grace_days": INT, "roll_over": BOOL},
    "period": {"start_day": INT, "end_day": INT, "as_of_day": INT, "as_of_second": INT},
    "coverage": {"table_name": TEXT, "covers_from_day": INT_NULL},
}
SMALL = frozenset({"parameter", "period", "coverage"})

_DUCKDB = {"integer": "bigint", "text": "varchar", "boolean": "boolean"}
_ROWS = {
    "stg_accounts": [(1, 10, 20, "DE", True, None), (2, 11, None, None, False, True), (3, 12, 12, "FR", True, False)],
    "stg_records": [
        (1, 1, "payment", 5, None),
        (2, 1, "usage", 15, 25),
        (3, None, None, 7, None),
        (4, 9, "usage", 8, 9),
    ],
    "ref_day": [(day, 1, day % 7) for day in range(60)],
    "parameter": [(3, True)],
    "period": [(15, 30, 30, 2_592_000)],
    "coverage": [("accounts", None), ("stored_records", 4)],
}


def problems(sql: str) -> list[str]:
    return lint(sql, TABLES, small=SMALL)


@pytest.fixture(scope="module")
def engines() -> Iterator[tuple[duckdb.DuckDBPyConnection, sqlite3.Connection]]:
    """The same small tables in DuckDB and in SQLite."""
    duck, lite = duckdb.connect(), sqlite3.connect(":memory:")
    for table, columns in TABLES.items():
        names = ", ".join(f"{name} {_DUCKDB[t.kind]}" for name, t in columns.items())
        marks = ", ".join("?" for _ in columns)
        for connection in (duck, lite):
            connection.execute(f"create table {table} ({names})")
            connection.executemany(f"insert into {table} values ({marks})", _ROWS[table])
    yield duck, lite
    duck.close()
    lite.close()


# Rule → a text that must be refused, a word of the sentence, a neighbour that must pass.
RULES: dict[str, tuple[str, str, str]] = {
    "multiplication": (
        "select a.opened_day * 2 as v from stg_accounts a",
        "multiplication",
        "select a.opened_day + a.opened_day as v from stg_accounts a",
    ),
    "division": (
        "select a.opened_day / 2 as v from stg_accounts a",
        "division",
        "select a.opened_day - 2 as v from stg_accounts a",
    ),
    "remainder": (
        "select a.opened_day % 7 as v from stg_accounts a",
        "remainder",
        "select d.weekday from stg_accounts a join ref_day d on d.day = a.opened_day",
    ),
    "date function": (
        "select date_diff('day', a.opened_day, 3) as v from stg_accounts a",
        "date_diff",
        "select 3 - a.opened_day as v from stg_accounts a",
    ),
    "date keyword": (
        "select current_date as v from stg_accounts a",
        "not part",
        "select p.as_of_day as v from stg_accounts a cross join period p",
    ),
    "quantile": (
        "select median(a.opened_day) as v from stg_accounts a",
        "median",
        "select max(a.opened_day) as v from stg_accounts a",
    ),
    "like": (
        "select a.account_no from stg_accounts a where a.country like 'D%'",
        "like",
        "select a.account_no from stg_accounts a where a.country in ('DE', 'DK')",
    ),
    "regular expression": (
        "select a.account_no from stg_accounts a where regexp_matches(a.country, 'D.')",
        "regexp_matches",
        "select a.account_no from stg_accounts a where a.country = 'DE'",
    ),
    "double quotes": (
        'select a."account_no" from stg_accounts a',
        "quotes",
        "select a.account_no from stg_accounts a",
    ),
    "reserved alias": (
        "select a.closed_day as end from stg_accounts a",
        "reserved",
        "select a.closed_day as last_day from stg_accounts a",
    ),
    "reserved table alias": (
        "select user.account_no from stg_accounts as user",
        "reserved",
        "select u.account_no from stg_accounts as u",
    ),
    "reserved CTE name": (
        "with filter as (select a.account_no from stg_accounts a) select x.account_no from filter x",
        "reserved",
        "with filtered as (select a.account_no from stg_accounts a) select x.account_no from filtered x",
    ),
    "right join": (
        "select a.account_no from stg_records r right join stg_accounts a on a.account_no = r.account_no",
        "right join",
        "select a.account_no from stg_accounts a left join stg_records r on a.account_no = r.account_no",
    ),
    "full join": (
        "select a.account_no from stg_records r full join stg_accounts a on a.account_no = r.account_no",
        "full join",
        "select a.account_no from stg_records r inner join stg_accounts a on a.account_no = r.account_no",
    ),
    "natural join": (
        "select a.opened_day from stg_records r natural join stg_accounts a",
        "natural",
        "select a.opened_day from stg_records r join stg_accounts a on a.account_no = r.account_no",
    ),
    "using": (
        "select a.opened_day from stg_records r join stg_accounts a using (account_no)",
        "using",
        "select a.opened_day from stg_records r left outer join stg_accounts a on a.account_no = r.account_no",
    ),
    "semi join": (
        "select a.opened_day from stg_accounts a left semi join stg_records r on r.account_no = a.account_no",
        "semi",
        (
            "select a.opened_day from stg_accounts a where exists "
            "(select 1 from stg_records r where r.account_no = a.account_no)"
        ),
    ),
    "cross join of a large table": (
        "select a.account_no from stg_accounts a cross join stg_records r",
        "equality",
        "select a.account_no, p.grace_days from stg_accounts a cross join parameter p",
    ),
    "comma join": (
        "select a.account_no, p.grace_days from stg_accounts a, parameter p",
        "commas",
        "select a.account_no, p.grace_days from stg_accounts a join parameter p on 1 = 1",
    ),
    "join by inequality alone": (
        "select a.account_no from stg_accounts a join stg_records r on r.collected_day >= a.opened_day",
        "equality",
        (
            "select a.account_no from stg_accounts a join stg_records r "
            "on r.account_no = a.account_no and r.collected_day >= a.opened_day"
        ),
    ),
    "equality with a constant is not a join": (
        "select a.account_no from stg_accounts a left join stg_records r on r.data_category = 'usage'",
        "equality",
        (
            "select a.account_no from stg_accounts a left join stg_records r "
            "on (r.data_category = 'usage' and a.account_no = r.account_no)"
        ),
    ),
    "a CTE over small tables is small": (
        (
            "with k as (select r.record_no as k_no from stg_records r) "
            "select a.account_no from stg_accounts a join k on 1 = 1"
        ),
        "equality",
        (
            "with k as (select p.grace_days + 1 as longer from parameter p) "
            "select a.account_no, k.longer from stg_accounts a join k on 1 = 1"
        ),
    ),
    "union": (
        "select a.account_no from stg_accounts a union select r.record_no from stg_records r",
        "union all",
        "select a.account_no from stg_accounts a union all select r.record_no from stg_records r",
    ),
    "intersect": (
        "select a.account_no from stg_accounts a intersect select r.account_no from stg_records r",
        "intersect",
        (
            "select a.account_no from stg_accounts a where exists "
            "(select 1 from stg_records r where r.account_no = a.account_no)"
        ),
    ),
    "distinct on": (
        "select distinct on (a.country) a.account_no from stg_accounts a",
        "distinct",
        "select a.country, min(a.account_no) as account_no from stg_accounts a group by a.country",
    ),
    "select distinct": (
        "select distinct a.country from stg_accounts a",
        "group by",
        "select a.country, count(distinct a.account_no) as n from stg_accounts a group by a.country",
    ),
    "limit": (
        "select a.account_no from stg_accounts a limit 5",
        "limit",
        "select a.account_no from stg_accounts a where a.account_no between 1 and 5",
    ),
    "order by outside a window": (
        "select a.account_no from stg_accounts a order by a.account_no",
        "order by",
        "select row_number() over (order by a.account_no) as n from stg_accounts a",
    ),
    "not in a sub-query": (
        "select a.account_no from stg_accounts a where a.account_no not in (select r.account_no from stg_records r)",
        "not exists",
        (
            "select a.account_no from stg_accounts a where not exists "
            "(select 1 from stg_records r where r.account_no = a.account_no)"
        ),
    ),
    "not (in a sub-query)": (
        "select a.account_no from stg_accounts a where not (a.account_no in (select r.account_no from stg_records r))",
        "not exists",
        "select a.account_no from stg_accounts a where a.account_no in (select r.account_no from stg_records r)",
    ),
    "bare boolean in where": (
        "select a.account_no from stg_accounts a where a.is_known",
        "bare boolean",
        "select a.account_no from stg_accounts a where a.is_known = true",
    ),
    "bare boolean behind not": (
        "select a.account_no from stg_accounts a where not a.is_known and a.account_no = 1",
        "bare boolean",
        "select a.account_no from stg_accounts a where a.is_known = false and not a.account_no = 1",
    ),
    "bare boolean in case": (
        "select case when a.is_known then 1 else 0 end as v from stg_accounts a",
        "bare boolean",
        "select case when a.is_known = true then 1 else 0 end as v from stg_accounts a",
    ),
    "bare boolean from coalesce": (
        "select a.account_no from stg_accounts a where coalesce(a.is_adult, false)",
        "bare boolean",
        "select a.account_no from stg_accounts a where coalesce(a.is_adult, false) = true",
    ),
    "bare boolean in on": (
        "select a.account_no from stg_accounts a join parameter p on p.roll_over",
        "bare boolean",
        "select a.account_no from stg_accounts a join parameter p on p.roll_over = true",
    ),
    "bare true": (
        "select a.account_no from stg_accounts a where true",
        "bare boolean",
        "select a.account_no from stg_accounts a where 1 = 1",
    ),
    "is true": (
        "select a.account_no from stg_accounts a where a.is_known is true",
        "= true",
        "select a.account_no from stg_accounts a where a.is_adult is not null",
    ),
    "text compared with a number": (
        "select a.account_no from stg_accounts a where a.country = 1",
        "side by side",
        "select a.account_no from stg_accounts a where a.country = '1'",
    ),
    "day compared with a written date": (
        "select a.account_no from stg_accounts a where a.opened_day between '2018-01-01' and '2018-02-01'",
        "side by side",
        "select a.account_no from stg_accounts a where a.opened_day between 11 and 12",
    ),
    "boolean compared with a number": (
        "select a.account_no from stg_accounts a where a.is_known = 1",
        "side by side",
        "select a.account_no from stg_accounts a where a.is_known <> false",
    ),
    "kinds followed through CTEs": (
        (
            "with x as (select coalesce(a.country, 'none') as k from stg_accounts a), y as (select x.k as l from x) "
            "select s.l from (select y.l from y) s where s.l > 3"
        ),
        "side by side",
        (
            "with x as (select coalesce(a.opened_day, 0) as k from stg_accounts a), y as (select x.k as l from x) "
            "select s.l from (select y.l from y) s where s.l > 3"
        ),
    ),
    "kinds of case": (
        "select case when a.account_no = 1 then 'one' else 2 end as v from stg_accounts a",
        "side by side",
        "select case a.account_no when 1 then 'one' else null end as v from stg_accounts a",
    ),
    "kinds of union all": (
        "select a.country as v from stg_accounts a union all select a.account_no as v from stg_accounts a",
        "union all",
        "select a.opened_day as v from stg_accounts a union all select cast(null as integer) as v from stg_accounts a",
    ),
    "columns of union all": (
        "select a.country as v from stg_accounts a union all select a.country, a.country as w from stg_accounts a",
        "same number",
        "select a.country as v from stg_accounts a union all select 'x' from stg_accounts a",
    ),
    "sum of text": (
        "select sum(a.country) as v from stg_accounts a",
        "integer is needed",
        "select sum(a.opened_day) as v from stg_accounts a",
    ),
    "text plus number": (
        "select a.country + 1 as v from stg_accounts a",
        "integer is needed",
        "select -a.opened_day + 1 as v from stg_accounts a",
    ),
    "alias in where": (
        "select a.opened_day + 1 as due from stg_accounts a where due > 12",
        "same select list",
        "with x as (select a.opened_day + 1 as due from stg_accounts a) select x.due from x where x.due > 12",
    ),
    "alias hiding a column in where": (
        "select coalesce(closed_day, 0) as closed_day from stg_accounts where closed_day > 0",
        "same select list",
        "select coalesce(a.closed_day, 0) as closed_day from stg_accounts a where a.closed_day > 0",
    ),
    "alias in group by": (
        "select coalesce(a.country, 'none') as k, count(*) as n from stg_accounts a group by k",
        "group by",
        "select coalesce(a.country, 'none') as k, count(*) as n from stg_accounts a group by coalesce(a.country, 'none')",
    ),
    "position in group by": (
        "select a.country, count(*) as n from stg_accounts a group by 1",
        "positions",
        "select a.country, count(*) as n from stg_accounts a group by a.country having count(*) > 0",
    ),
    "column neither grouped nor counted": (
        "select a.country, a.opened_day, count(*) as n from stg_accounts a group by a.country",
        "neither in `group by`",
        "select country, max(a.opened_day) as d, count(*) as n from stg_accounts a group by a.country",
    ),
    "having without group by": (
        "select count(*) as n from stg_accounts a having count(*) > 1",
        "needs `group by`",
        "select count(*) as n from stg_accounts a",
    ),
    "window ordered by a nullable column": (
        "select row_number() over (order by a.closed_day, a.account_no) as n from stg_accounts a",
        "can be NULL",
        (
            "select row_number() over (order by a.closed_day, a.account_no) as n "
            "from stg_accounts a where a.closed_day is not null"
        ),
    ),
    "a left join makes columns nullable": (
        (
            "select row_number() over (order by a.opened_day, r.record_no) as n from stg_records r "
            "left join stg_accounts a on a.account_no = r.account_no"
        ),
        "can be NULL",
        (
            "select row_number() over (order by a.opened_day, r.record_no) as n from stg_records r "
            "join stg_accounts a on a.account_no = r.account_no"
        ),
    ),
    "nullable through a CTE": (
        (
            "with x as (select a.account_no, case when a.opened_day > 3 then 1 end as v from stg_accounts a) "
            "select lag(x.v) over (order by x.v, x.account_no) as p from x"
        ),
        "can be NULL",
        (
            "with x as (select a.account_no, case when a.opened_day > 3 then 1 else 0 end as v from stg_accounts a) "
            "select lag(x.v, 1, 0) over (order by x.v desc, x.account_no) as p from x"
        ),
    ),
    "window order without key": (
        "select row_number() over (partition by a.country order by a.opened_day) as n from stg_accounts a",
        "key",
        "select row_number() over (partition by a.country order by a.opened_day, a.account_no) as n from stg_accounts a",
    ),
    "sum window without frame": (
        "select sum(a.opened_day) over (order by a.account_no) as s from stg_accounts a",
        "frame",
        (
            "select sum(a.opened_day) over "
            "(order by a.account_no rows between unbounded preceding and current row) as s from stg_accounts a"
        ),
    ),
    "range frame": (
        (
            "select max(a.opened_day) over (order by a.account_no range between 1 preceding and current row) as s "
            "from stg_accounts a"
        ),
        "rows between",
        (
            "select max(a.opened_day) over (order by a.account_no rows between 1 preceding and 1 following) as s "
            "from stg_accounts a"
        ),
    ),
    "short frame": (
        "select max(a.opened_day) over (order by a.account_no rows 1 preceding) as s from stg_accounts a",
        "rows between",
        (
            "select count(*) over (partition by a.country rows between unbounded preceding and unbounded following) as s "
            "from stg_accounts a"
        ),
    ),
    "framed window without order": (
        "select max(a.opened_day) over (rows between unbounded preceding and current row) as s from stg_accounts a",
        "needs `order by`",
        (
            "select min(a.opened_day) over (rows between unbounded preceding and unbounded following) as s "
            "from stg_accounts a"
        ),
    ),
    "row_number with a frame": (
        (
            "select row_number() over (order by a.account_no rows between 1 preceding and current row) as n "
            "from stg_accounts a"
        ),
        "no frame",
        "select lead(a.opened_day, 2) over (order by a.account_no) as n from stg_accounts a",
    ),
    "rank": (
        "select rank() over (order by a.account_no) as n from stg_accounts a",
        "rank",
        "select row_number() over (order by a.account_no desc) as n from stg_accounts a",
    ),
    "named window": (
        "select row_number() over w as n from stg_accounts a window w as (order by a.account_no)",
        "window",
        "select row_number() over (order by a.account_no) as n from stg_accounts a",
    ),
    "nulls first": (
        "select row_number() over (order by a.account_no nulls first) as n from stg_accounts a",
        "nulls",
        "select row_number() over (order by coalesce(a.closed_day, 0), a.account_no) as n from stg_accounts a",
    ),
    "window in where": (
        "select a.account_no from stg_accounts a where row_number() over (order by a.account_no) = 1",
        "select list",
        (
            "select x.account_no from (select a.account_no, row_number() over (order by a.account_no) as n "
            "from stg_accounts a) x where x.n = 1"
        ),
    ),
    "filter by period": (
        "select r.record_no from stg_records r cross join period p where r.collected_day < p.as_of_day",
        "period",
        (
            "select r.record_no, case when r.collected_day < p.as_of_day then 1 else 0 end as v "
            "from stg_records r cross join period p"
        ),
    ),
    "join by period": (
        "select r.record_no from stg_records r join period p on r.collected_day >= p.start_day",
        "period",
        "select r.record_no, p.as_of_day - r.collected_day as v from stg_records r join period p on 1 = 1",
    ),
    "equality with period": (
        "select r.record_no from stg_records r join period p on r.collected_day = p.start_day",
        "period",
        "select r.record_no, p.start_day from stg_records r cross join period p where r.collected_day = 5",
    ),
    "period through a CTE": (
        (
            "with k as (select p.as_of_day - 1 as last_known from period p) "
            "select r.record_no from stg_records r cross join k where r.collected_day > k.last_known"
        ),
        "period",
        (
            "with k as (select p.as_of_day - 1 as last_known from period p) "
            "select r.record_no, k.last_known from stg_records r cross join k"
        ),
    ),
    "period through a sub-query": (
        "select r.record_no from stg_records r where r.collected_day > (select p.as_of_day from period p)",
        "period",
        "select r.record_no, (select p.as_of_day from period p) as d from stg_records r",
    ),
    "period in having": (
        (
            "select r.account_no, count(*) as n from stg_records r cross join period p group by r.account_no, p.as_of_day "
            "having max(r.collected_day) < p.as_of_day"
        ),
        "period",
        (
            "select r.account_no, count(*) as n, p.as_of_day - max(r.collected_day) as days "
            "from stg_records r cross join period p group by r.account_no, p.as_of_day"
        ),
    ),
    "decimal number": (
        "select 1.5 as v from stg_accounts a",
        "whole",
        "select 15 as v from stg_accounts a",
    ),
    "number with exponent": (
        "select 1e3 as v from stg_accounts a",
        "whole",
        "select 1000 as v from stg_accounts a",
    ),
    "hexadecimal number": (
        "select a.account_no from stg_accounts a where a.account_no = 0x1",
        "whole",
        "select a.account_no from stg_accounts a where a.account_no = 1",
    ),
    "cast of a column": (
        "select cast(a.account_no as varchar) as v from stg_accounts a",
        "cast",
        "select cast(null as integer) as v from stg_accounts a",
    ),
    "double colon": (
        "select null::integer as v from stg_accounts a",
        "::",
        "select cast(null as boolean) as v from stg_accounts a",
    ),
    "bare null": (
        "select null as v from stg_accounts a",
        "no type",
        "select case when a.account_no > 1 then 1 else null end as v from stg_accounts a",
    ),
    "compared with null": (
        "select a.account_no from stg_accounts a where a.closed_day = null",
        "no type",
        "select a.account_no from stg_accounts a where a.closed_day is null",
    ),
    "function not listed": (
        "select upper(a.country) as v from stg_accounts a",
        "upper",
        "select coalesce(a.country, 'none') as v from stg_accounts a",
    ),
    "other name of a listed function": (
        "select ifnull(a.country, 'none') as v from stg_accounts a",
        "ifnull",
        "select min(a.country) as v from stg_accounts a",
    ),
    "if function": (
        "select if(a.account_no = 1, 2, 3) as v from stg_accounts a",
        "if",
        "select case when a.account_no = 1 then 2 else 3 end as v from stg_accounts a",
    ),
    "max of two values": (
        "select max(a.account_no, 2) as v from stg_accounts a",
        "max",
        "select case when a.account_no > 2 then a.account_no else 2 end as v from stg_accounts a",
    ),
    "coalesce of one value": (
        "select coalesce(a.country) as v from stg_accounts a",
        "at least two",
        "select coalesce(a.country, 'x', 'y') as v from stg_accounts a",
    ),
    "joined text elsewhere": (
        "select a.country || 'x' as v from stg_accounts a",
        "item_id",
        "select a.account_no || '-' || a.opened_day as item_id from stg_accounts a",
    ),
    "unknown table": (
        "select x.account_no from stg_nothing x",
        "no table",
        "select x.account_no from stg_accounts x",
    ),
    "unknown column": (
        "select a.nothing from stg_accounts a",
        "no column",
        "select a.country from stg_accounts a",
    ),
    "unknown column without table": (
        "select nothing from stg_accounts a",
        "no column",
        "select country from stg_accounts a",
    ),
    "column a CTE does not give": (
        "with x as (select a.account_no from stg_accounts a) select x.country from x",
        "no column",
        "with x as (select a.* from stg_accounts a) select x.country from x",
    ),
    "ambiguous column": (
        "select account_no from stg_accounts a join stg_records r on r.account_no = a.account_no",
        "which one",
        "select record_no from stg_accounts a join stg_records r on r.account_no = a.account_no",
    ),
    "correlated sub-query as a value": (
        "select (select count(*) as n from stg_records r where r.account_no = a.account_no) as n from stg_accounts a",
        "depend on the row",
        "select (select count(*) as n from stg_records r where r.account_no = 1) as n from stg_accounts a",
    ),
    "sub-query that may give several rows": (
        "select (select r.record_no from stg_records r) as n from stg_accounts a",
        "several rows",
        "select (select max(r.record_no) as m from stg_records r) as n from stg_accounts a",
    ),
    "select * outermost": (
        "select * from stg_accounts a",
        "outermost",
        "select s.account_no from (select * from stg_accounts a) s",
    ),
    "two columns of one name": (
        "select a.account_no, a.opened_day as account_no from stg_accounts a",
        "two columns",
        "select a.account_no, a.opened_day as opened from stg_accounts a",
    ),
    "two tables of one name": (
        "select 1 as one from stg_accounts a join stg_records a on a.account_no = a.record_no",
        "two tables",
        "select 1 as one from stg_accounts a join stg_accounts b on a.account_no = b.account_no",
    ),
    "computed column without name": (
        "select a.account_no + 1 from stg_accounts a",
        "needs a name",
        "select a.account_no + 1 as following_no from stg_accounts a",
    ),
    "CTE named like a table": (
        "with stg_records as (select a.account_no from stg_accounts a) select x.account_no from stg_records x",
        "choose another",
        "with closed as (select a.account_no from stg_accounts a) select x.account_no from closed x",
    ),
    "values": (
        "select x.a from (values (1)) as x(a)",
        "values",
        "select x.a from (select 1 as a) x",
    ),
    "recursive": (
        "with recursive x as (select 1 as a union all select x.a + 1 as a from x where x.a < 3) select x.a from x",
        "recursive",
        "with x as (select 1 as a union all select 2 as a) select x.a from x",
    ),
    "semicolon": (
        "select a.account_no from stg_accounts a;",
        "semicolon",
        "select a.account_no from stg_accounts a -- ; in a comment is nothing",
    ),
    "aggregate filter": (
        "select count(*) filter (where a.account_no = 1) as n from stg_accounts a",
        "filter",
        "select sum(case when a.account_no = 1 then 1 else 0 end) as n from stg_accounts a",
    ),
    "backslash": (
        "select a.account_no from stg_accounts a where a.country = 'a\\b'",
        "backslash",
        "select a.account_no from stg_accounts a where a.country = 'it''s'",
    ),
    "schema before a table": (
        "select a.account_no from main.stg_accounts a",
        "schema",
        "select stg_accounts.account_no from stg_accounts",
    ),
    "brackets around the sides of union all": (
        "(select 1 as v) union all (select 2 as v)",
        "brackets",
        "select 1 as v union all select 2 as v union all select 3 as v",
    ),
    "from first": (
        "select x.account_no from (from stg_accounts) x",
        "begins with",
        "select x.account_no from (select a.account_no from stg_accounts a) x",
    ),
    "cross join with on": (
        "select a.account_no from stg_accounts a cross join parameter p on 1 = 1",
        "takes no `on`",
        "select a.account_no from stg_accounts a left join parameter p on 1 = 1",
    ),
    "is distinct from": (
        "select a.account_no from stg_accounts a where a.country is distinct from 'DE'",
        "distinct from",
        "select a.account_no from stg_accounts a where a.country <> 'DE' or a.country is null",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_refuses(rule: str) -> None:
    refused, word, _ = RULES[rule]
    found = problems(refused)
    assert any(word in sentence for sentence in found), found


@pytest.mark.parametrize("rule", RULES)
def test_passes_and_engines_agree(rule: str, engines: tuple[duckdb.DuckDBPyConnection, sqlite3.Connection]) -> None:
    text = RULES[rule][2]
    assert problems(text) == []
    _assert_same_rows(text, engines)


def _assert_same_rows(text: str, engines: tuple[duckdb.DuckDBPyConnection, sqlite3.Connection]) -> None:
    from_duckdb, from_sqlite = (sorted(e.execute(text).fetchall(), key=repr) for e in engines)
    assert [_plain(row) for row in from_duckdb] == [_plain(row) for row in from_sqlite]


def _plain(row: tuple[object, ...]) -> tuple[object, ...]:
    """SQLite has no booleans: true is 1, which Python takes for equal."""
    return tuple(int(v) if isinstance(v, bool) else v for v in row)


LONG = {
    "retention": """
-- records of closed accounts that are still stored
with closed as (
    select a.account_no, a.closed_day, a.closed_day + p.grace_days as due_day, p.grace_days
    from stg_accounts a
    join parameter p on 1 = 1
    where a.closed_day is not null and a.is_known = true
),
judged as (
    select r.record_no, c.account_no, c.due_day, coalesce(r.data_category, 'none') as data_category,
        case when c.due_day < q.as_of_day then 1 else 0 end as is_due,
        q.as_of_day - c.due_day as days
    from stg_records r
    join closed c on c.account_no = r.account_no and r.collected_day <= c.closed_day
    cross join period q
    where r.deleted_day is null
)
select j.record_no as item_id, j.account_no, j.due_day as on_day,
    case when j.data_category = 'none' then cast(null as boolean) when j.is_due = 1 then true else false end
        as is_exception,
    case when j.is_due = 1 then j.days else 0 end as value,
    case when j.is_due = 1 then 'overdue' else 'not_yet_due' end as reason,
    j.data_category as group_data_category
from judged j
""",
    "windows and exists": """
with steps as (
    select r.account_no, r.record_no, r.collected_day,
        lag(r.collected_day) over (partition by r.account_no order by r.collected_day, r.record_no) as before_day,
        row_number() over (partition by r.account_no order by r.collected_day desc, r.record_no desc) as newest,
        sum(case when r.deleted_day is null then 1 else 0 end) over (
            partition by r.account_no order by r.collected_day, r.record_no
            rows between unbounded preceding and current row
        ) as stored
    from stg_records r
    where r.account_no is not null
),
spans as (
    select s.account_no, s.record_no, coalesce(s.before_day, s.collected_day) as since_day, s.stored
    from steps s
    where s.newest = 1
        and exists (select 1 from stg_accounts a where a.account_no = s.account_no and a.opened_day <= 11)
    union all
    select a.account_no, 0 - a.account_no as record_no, a.opened_day as since_day, 0 as stored
    from stg_accounts a
    where not exists (select 1 from steps s where s.account_no = a.account_no)
)
select 'r' || s.record_no as item_id, s.account_no, s.since_day as on_day,
    case when s.stored > 1 then true else false end as is_exception, s.stored as value,
    row_number() over (order by s.since_day, s.record_no) as place
from spans s
left join ref_day d on d.day = s.since_day
where s.since_day >= 0 and (d.weekday in (0, 1, 2, 3, 4, 5, 6) or d.weekday is null)
""",
}


@pytest.mark.parametrize("name", LONG)
def test_long_texts_pass(name: str, engines: tuple[duckdb.DuckDBPyConnection, sqlite3.Connection]) -> None:
    assert problems(LONG[name]) == []
    assert engines[0].execute(LONG[name]).fetchall()
    _assert_same_rows(LONG[name], engines)


def test_line_and_every_problem() -> None:
    text = "select a.account_no,\n  a.opened_day * 2 as v\nfrom stg_accounts a\nwhere a.is_known\n  and a.country = 3"
    found = problems(text)
    assert [sentence.split(":")[0] for sentence in found] == ["line 2", "line 4", "line 5"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "select",
        "select 'a from stg_accounts",
        "delete from stg_accounts",
        "select 1 as a; select 2 as a",
        "(" * 30,
        "create table x as select 1 as a",
        "select /* x",
    ],
)
def test_what_is_not_a_query(text: str) -> None:
    assert len(problems(text)) >= 1
    assert all(sentence.startswith("line 1: ") for sentence in problems(text))


def test_small_and_keys_are_declared() -> None:
    join = "select a.account_no from stg_accounts a cross join ref_day d"
    assert lint(join, TABLES) and lint(join, TABLES, small={"REF_DAY"}) == []
    window = "select row_number() over (order by d.day) as n from ref_day d"
    assert lint(window, TABLES) and lint(window, TABLES, keys={"day"}) == []


def test_a_list_of_constants_is_small_but_no_value() -> None:
    words = "with w as (select 'a' as word union all select 'b' as word) "
    assert problems(words + "select a.account_no, w.word from stg_accounts a cross join w") == []
    assert problems(words + "select a.account_no, (select w.word from w) as word from stg_accounts a")


def test_period_may_be_read_by_the_outer_query_only() -> None:
    text = (
        "select a.account_no from stg_accounts a cross join period p where exists "
        "(select 1 from stg_records r where r.account_no = a.account_no and r.collected_day < p.as_of_day)"
    )
    assert any("period" in sentence for sentence in problems(text))


def test_unknown_types_are_not_guessed() -> None:
    assert [
        p for p in problems("select x.a from stg_nothing x where x.a = 1 and x.b = 'b'") if "side by side" in p
    ] == []


def test_duckdb_reserved_words_are_refused() -> None:
    query = "select keyword_name from duckdb_keywords() where keyword_category in ('reserved', 'type_function')"
    words = {row[0] for row in duckdb.sql(query).fetchall()}
    assert words and not words - RESERVED


def test_words_sqlite_does_not_take_are_refused() -> None:
    connection = sqlite3.connect(":memory:")
    taken = set()
    words = [row[0] for row in duckdb.sql("select keyword_name from duckdb_keywords()").fetchall()]
    for word in words:
        try:
            connection.execute(f"with {word} as (select 1 as {word}) select {word}.{word} from {word} as {word}")
            taken.add(word)
        except sqlite3.OperationalError:
            pass
    assert "day" in taken and "order" not in taken
    assert not set(words) - taken - RESERVED


def test_contract_words_are_not_reserved() -> None:
    assert not {"value", "reason", "day", "month_no", "precision", "language", "source", "method", "system"} & RESERVED


def test_tables_read() -> None:
    text = """with x as (select a.account_no from STG_ACCOUNTS a), y as (select x.account_no from x)
    select y.account_no from y where exists (select 1 from stg_records r where r.account_no = y.account_no)"""
    assert tables_read(text) == {"stg_accounts", "stg_records"}


def test_a_cte_is_a_table_to_queries_before_it() -> None:
    text = "with a as (select b.day from b), b as (select a.day from a) select b.day from b"
    assert tables_read(text) == {"b"}


def test_reads_columns() -> None:
    text = """with x as (select a.account_no as k, opened_day from stg_accounts a where a.country is null)
    select r.record_no, x.opened_day from stg_records r join x on x.k = r.account_no cross join parameter
    where exists (select 1 from ref_day d where d.day = r.collected_day)"""
    assert reads(text, TABLES) == {
        "stg_accounts": {"account_no", "opened_day", "country"},
        "stg_records": {"record_no", "account_no", "collected_day"},
        "parameter": set(),
        "ref_day": {"day"},
    }


def test_reads_over_approximates_without_a_table_name() -> None:
    text = (
        "select r.record_no from stg_records r join stg_accounts a on a.account_no = r.account_no where account_no = 1"
    )
    assert reads(text, TABLES)["stg_records"] == {"record_no", "account_no"}
    text = "select opened_day from stg_accounts where exists (select 1 from stg_records where account_no = 1)"
    assert reads(text, TABLES) == {"stg_accounts": {"opened_day", "account_no"}, "stg_records": {"account_no"}}


def test_star_reads_all_columns_and_count_star_none() -> None:
    everything = set(TABLES["ref_day"])
    assert reads("select s.day from (select * from ref_day d) s", TABLES)["ref_day"] == everything
    assert reads("with x as (select d.* from ref_day d) select x.day from x", TABLES)["ref_day"] == everything
    assert reads("select count(*) as n from ref_day d", TABLES) == {"ref_day": set()}


def test_reading_what_cannot_be_read() -> None:
    with pytest.raises(DefinitionError, match="line 1"):
        tables_read("select from where")
