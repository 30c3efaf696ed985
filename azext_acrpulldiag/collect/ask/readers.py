"""How the readings of one run ask, all with the same connections."""

from __future__ import annotations

from dataclasses import dataclass

from .arm import ArmReader
from .once import Once
from .session import Session


@dataclass(frozen=True)
class Readers:
    """The session, Resource Manager, and Resource Manager asked for each network resource once."""

    session: Session
    arm: ArmReader
    once: Once
