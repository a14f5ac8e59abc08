"""Panels follow the comparison: nothing of an earlier page stays beside a new one."""

from collections.abc import Callable
from dataclasses import replace

from markupsafe import escape

from fcotvl_hf.app import views
from fcotvl_hf.app.comparing import Asked, compare
from fcotvl_hf.app.family import Family
from fcotvl_hf.app.panels import Panels


def test_what_was_shown_goes_at_the_start_and_comes_back_at_the_end(family: Family, ask: Callable[..., Asked]) -> None:
    begun, *growing, last = compare(family, ask())
    panels = Panels(family, None)
    cleared = panels.show(begun)
    assert set(cleared) == set(panels.all)
    assert {cleared[panel] for panel in panels.closer.values()} == {views.later(False)}
    assert all(set(panels.show(state)) == {panels.board} for state in growing)
    shown = panels.show(last)
    assert shown[panels.closer["What was lost"]] == views.lost(last)
    assert {panel.value for panel in Panels(family, last).all} == set(shown.values())


def test_a_stopped_comparison_is_not_waited_for(family: Family, ask: Callable[..., Asked]) -> None:
    *_, last = compare(family, ask())
    said = replace(last.readings["teacher"], finished=False)
    reading = replace(last, readings={"teacher": said}, finished=False)
    panels = Panels(family, None)
    shown = panels.show(replace(reading, stopped=True))
    assert {shown[panel] for panel in panels.closer.values()} == {views.later(True)}
    assert 'data-finished="stopped"' in shown[panels.board]
    assert "caret" in panels.show(reading)[panels.board] and "caret" not in shown[panels.board]
    assert "waiting" not in shown[panels.board] and str(escape(said.text)) in shown[panels.board]
