"""Plain data about a measured program: records, metrics, limits, judgement and messages.

Knows nothing of JAX and nothing of pytest.
"""

from __future__ import annotations

from .compare import explain as explain
from .compare import number_lines as number_lines
from .counts import Counts as Counts
from .errors import LimitError as LimitError
from .errors import ScopeError as ScopeError
from .judge import Verdict as Verdict
from .judge import judge as judge
from .limit import Limit as Limit
from .limit import Relation as Relation
from .limit import Settings as Settings
from .limits import Limits as Limits
from .limits import limit_names as limit_names
from .measurement import Compiled as Compiled
from .measurement import Measurement as Measurement
from .measurement import Primitives as Primitives
from .message import failure as failure
from .metrics import FAMILIES as FAMILIES
from .metrics import METRICS as METRICS
from .metrics import SUBJECTS as SUBJECTS
from .metrics import Family as Family
from .metrics import Metric as Metric
from .numbers import Number as Number
from .numbers import plain as plain
from .phases import PHASES as PHASES
from .reading import Reading as Reading
from .records import Evidence as Evidence
from .records import Finding as Finding
from .records import Findings as Findings
from .records import Place as Place
from .records import Totals as Totals
from .report import CostError as CostError
from .report import Metrics as Metrics
from .report import Phases as Phases
from .report import Report as Report
from .stage_table import stage_table as stage_table
from .stages import Change as Change
from .stages import Stage as Stage
from .stages import Stages as Stages
from .stages import Step as Step
from .style import Style as Style
from .suggest import did_you_mean as did_you_mean
from .table import table as table
from .table import table_row as table_row
