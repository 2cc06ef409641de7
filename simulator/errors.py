"""The simulator's own errors."""


class WorldError(Exception):
    """A world file, or an edit of a world, that does not make sense.

    `place` names where, such as `cameras[3].plan.end`; `reason` says what is wrong there.
    """

    def __init__(self, place: str, reason: str) -> None:
        """Name the place and the reason."""
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason
