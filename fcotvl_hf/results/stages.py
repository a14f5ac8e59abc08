"""All stages, in the order of the page."""

from collections.abc import Iterator

from fcotvl_hf.tiny.studies import STUDIES

from .attention import Attention
from .legibility import Legibility
from .main_table import MainTable
from .merging import Merging
from .plan import Plan
from .speed import ShapeSpeed, Speed
from .stage import Stage
from .studies import StudyStage


def make_stages(plan: Plan) -> Iterator[Stage]:
    """Every stage of a plan."""
    for kind in (MainTable, Legibility, Attention, Speed, ShapeSpeed, Merging):
        yield kind(plan)
    for name in STUDIES:
        yield StudyStage(plan, name)
