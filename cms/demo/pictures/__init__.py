"""Pictures drawn by the program: flat scenes of a red-roofed town by the sea.

No photograph is used, so nobody's likeness and nobody's licence is needed. The same scene,
time and seed always give the same picture.
"""

from .scenes import SCENES, draw_scene

__all__ = ["SCENES", "draw_scene"]
