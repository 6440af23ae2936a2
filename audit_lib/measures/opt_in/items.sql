-- Items: prompts for a declared purpose, and answers (given, refused; not by use or import). on_day = their own day.
-- In the order of a subject's seconds, a prompt before the answers of its second, what answers a prompt is the next row.
with told as (
  select
    c.event_no,
    c.account_no,
    coalesce(c.account_no, c.device_no) as subject_no,
    u.purpose_no,
    c.purpose,
    c.status,
    c.policy_version,
    c.method,
    coalesce(c.acted_second, c.recorded_second) as at_second,
    coalesce(c.acted_day, c.recorded_day) as at_day,
    -- In one second the strictest answer stands, so it comes first.
    case
      when c.status = 'requested' then 0
      when c.status = 'refused' then 1
      when c.status = 'given' then 2
      else 3
    end as place
  from stg_consent_events c
  join param_purpose u on u.purpose = c.purpose
  where c.status in ('requested', 'refused')
    or (c.status in ('given', 'renewed') and (c.method is null or c.method not in ('use', 'import')))
),
followed as (
  select
    event_no,
    account_no,
    subject_no,
    purpose,
    status,
    policy_version,
    method,
    at_day,
    lead(status) over (partition by subject_no, purpose_no order by at_second, place, event_no) as next_status
  from told
),
counted as (
  select
    event_no,
    account_no,
    purpose,
    policy_version,
    method,
    at_day,
    case
      when status = 'given' then 'answer_given'
      when status = 'refused' then 'answer_refused'
      when subject_no is null then 'no_subject'
      when next_status = 'given' then 'prompt_given'
      when next_status = 'refused' then 'prompt_refused'
      when next_status = 'renewed' then 'prompt_renewed'
      else 'prompt_unanswered'
    end as reason
  from followed
  where status <> 'renewed'
)
select
  c.event_no as item_id,
  c.account_no,
  c.at_day as on_day,
  case when c.reason = 'no_subject' then cast(null as boolean) else false end as is_exception,
  cast(null as integer) as value,
  c.reason,
  case when c.reason in ('prompt_given', 'prompt_refused', 'prompt_renewed', 'prompt_unanswered') then 1 else 0 end as sum_prompts,
  case when c.reason = 'prompt_given' then 1 else 0 end as sum_prompts_given,
  case when c.reason = 'prompt_refused' then 1 else 0 end as sum_prompts_refused,
  case when c.reason = 'prompt_renewed' then 1 else 0 end as sum_prompts_renewed,
  case when c.reason = 'prompt_unanswered' then 1 else 0 end as sum_prompts_unanswered,
  case when c.reason in ('answer_given', 'answer_refused') then 1 else 0 end as sum_answers,
  case when c.reason = 'answer_given' then 1 else 0 end as sum_answers_given,
  c.purpose as group_purpose,
  a.country as group_country,
  c.policy_version as group_policy_version,
  c.method as group_method
from counted c
left join stg_accounts a on a.account_no = c.account_no
