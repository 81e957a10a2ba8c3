"""The interactive figures: one class per widget, live with a kernel in JupyterLab and without one in the built book."""

from lessons_src.widgets.gate_scope import GateScope
from lessons_src.widgets.gradient_explorer import GradientExplorer

__all__ = ["GateScope", "GradientExplorer"]
