-- Items: grants by persons under the age of digital consent of their country on the day the grant was recorded, GDPR Art. 8(1).
-- on_day = that day. Whose birth date is not credible, or may have been another one, cannot be placed on either side of that age.
with granted as (
  select
    c.event_no,
    c.account_no,
    c.purpose,
    c.method,
    c.recorded_day,
    a.country,
    a.region,
    a.opened_day,
    b.birth_day,
    b.why_not_credible,
    o.month_no - n.month_no - case when o.day_of_month < n.day_of_month then 1 else 0 end as months
  from stg_consent_events c
  join birth_dates b on b.account_no = c.account_no
  join stg_accounts a on a.account_no = c.account_no
  left join ref_day n on n.day = b.birth_day
  left join ref_day o on o.day = c.recorded_day
  where c.status in ('given', 'renewed')
),
-- Days with grants by persons of whom no country is known: they are of age only where they would be everywhere.
highest as (
  select
    g.recorded_day,
    max(r.age) as age
  from (select recorded_day, 1 as one from granted where country is null group by recorded_day) g
  join (select age, first_day, last_day, 1 as one from ref_age_of_consent) r
    on r.one = g.one and g.recorded_day between r.first_day and r.last_day
  group by g.recorded_day
),
ruled as (
  select
    g.event_no,
    g.account_no,
    g.purpose,
    g.country,
    g.method,
    g.recorded_day,
    y.years,
    coalesce(q.age, l.age, h.age) as consent_age,
    case
      when g.why_not_credible is not null then g.why_not_credible
      when g.birth_day > g.recorded_day then 'after_grant'
      when g.country is null and y.years < h.age then 'unknown_country'
      when k.covers_from_day is null or k.covers_from_day > g.opened_day then 'before_log'
    end as why_untestable
  from granted g
  left join ref_age y on y.months = g.months
  -- A row of the region comes before that of its country.
  left join ref_age_of_consent q
    on q.country = g.country and q.region = g.region and g.recorded_day between q.first_day and q.last_day
  left join ref_age_of_consent l
    on l.country = g.country and l.region = '' and g.recorded_day between l.first_day and l.last_day
  left join highest h on h.recorded_day = g.recorded_day and g.country is null
  left join coverage k on k.table_name = 'birth_date_declarations'
)
select
  event_no as item_id,
  account_no,
  recorded_day as on_day,
  case
    when why_untestable is not null then cast(null as boolean)
    when method = 'parental' then false
    else true
  end as is_exception,
  case when why_untestable is null or why_untestable in ('unknown_country', 'before_log') then years end as value,
  case
    when why_untestable is not null then why_untestable
    when method = 'parental' then 'parental'
    else 'own'
  end as reason,
  purpose as group_purpose,
  country as group_country
from ruled
where consent_age is not null
  and (why_untestable is not null or years < consent_age)
