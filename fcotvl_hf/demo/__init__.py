"""``fcotvl demo``: the whole idea on one CPU in minutes, with the packaged teacher.

It makes a 50 % student live with the commands that users have, then puts it beside its teacher, the packaged students
that trained long, the controls and the untrained baselines, on pages nobody has seen.
"""

from .run import run_demo

__all__ = ["run_demo"]
