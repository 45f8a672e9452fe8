"""A window for ``render_mode="human"`` and ``display_screen``, by pygame, which is needed for nothing else."""

from __future__ import annotations

import importlib.util

import numpy as np
from gymnasium import error

SCALE = (4, 3)  # of a pixel, which is wider than high


def has_window() -> bool:
    """Whether pygame is installed."""
    return importlib.util.find_spec("pygame") is not None


class Window:
    """Shows pictures, at most 60 a second."""

    def __init__(self, title: str):
        try:
            import pygame
        except ImportError:
            raise error.DependencyNotInstalled(
                'a window (render_mode="human", display_screen) needs pygame: `pip install pygame`, or use '
                '"rgb_array"'
            ) from None
        self._pygame = pygame
        self._title = title
        self._surface = None
        self._clock = pygame.time.Clock()

    def show(self, rgb: np.ndarray) -> None:
        """Show a picture, uint8 ``[height, width, 3]``, and wait until its time is over."""
        pygame = self._pygame
        size = rgb.shape[1] * SCALE[0], rgb.shape[0] * SCALE[1]
        if self._surface is None:
            pygame.display.init()
            pygame.display.set_caption(self._title)
            self._surface = pygame.display.set_mode(size)
        picture = pygame.surfarray.make_surface(rgb.swapaxes(0, 1))
        pygame.transform.scale(picture, size, self._surface)
        pygame.event.pump()
        pygame.display.flip()
        self._clock.tick(60)

    def close(self) -> None:
        if self._surface is not None:
            self._pygame.display.quit()
            self._surface = None
