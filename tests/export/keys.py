"""Keys of manifests that are had at once; the end-to-end tests derive them as people do.

What they are derived by takes its time on purpose, which tests would spend on nothing else.
"""

from unittest.mock import patch


def derive_at_once() -> None:
    """Derive keys in a single round, for as long as this process lives."""
    patch("custom_components.camera_cloud_plan.export.manifest._ROUNDS", 1).start()
