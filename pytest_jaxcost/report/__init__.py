"""Plain data about a measured program: records, metrics, limits, judgement and messages.

Knows nothing of JAX and nothing of pytest.
"""

from __future__ import annotations

from .counts import Counts as Counts
from .measurement import Measurement as Measurement
from .measurement import Primitives as Primitives
from .measurement import Reading as Reading
from .metrics import FAMILIES as FAMILIES
from .metrics import METRICS as METRICS
from .metrics import Family as Family
from .metrics import Metric as Metric
from .records import Finding as Finding
from .records import Findings as Findings
from .records import Place as Place
from .records import Totals as Totals
from .report import Report as Report
