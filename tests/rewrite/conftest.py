"""One Hypothesis profile for every law: the same examples on every run and machine."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

LAWS = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,  # the first use of an operation compiles it
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("laws", LAWS)
settings.load_profile("laws")
