"""Pictures drawn by the program: flat scenes of a red-roofed town by the sea.

No photograph is used, so nobody's likeness and nobody's licence is needed. The same scene,
time and seed always give the same picture.
"""

from .emblems import draw_emblem, draw_portrait
from .scenes import SCENES, draw_scene

__all__ = ["SCENES", "draw_emblem", "draw_portrait", "draw_scene"]
