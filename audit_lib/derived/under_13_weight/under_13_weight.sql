-- Weights of the signals: those of the criteria where they name one, else those of the reference table.
-- One row per kind of signal.
select
  g.signal,
  coalesce(w.weight, g.weight, 0) as weight,
  g.strength
from ref_under_13_signal g
left join param_signal_weight w on w.signal = g.signal
