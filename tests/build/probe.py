"""What pulls for real came to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from azext_acrpulldiag.facts.probe import PULLED, PoolProbe, ProbeReport, ProbeSubject

from .ids import IMAGE, NOW

NODE = "aks-pool1-87752918-vmss000000"
SUBJECT = ProbeSubject(IMAGE, "web", "default", (), "Deployment/web")


def pool_probe(result: str = PULLED, pool: str | None = "pool1", **changes: object) -> PoolProbe:
    """A pool of which a pod tells; a pull that succeeded fetched layers."""
    told = PoolProbe(
        pool=pool,
        result=result,
        node=NODE,
        pod="acr-pull-probe-0a1b2c3d-0",
        layers=result == PULLED,
        milliseconds=1204 if result == PULLED else None,
        size=29112312 if result == PULLED else None,
        at=NOW - timedelta(seconds=2),
        node_image="AKSUbuntu-2204gen2containerd-202611.12.0",
    )
    return replace(told, **changes)


def probe_report(*pools: PoolProbe, **changes: object) -> ProbeReport:
    """A probe of these pools; of one that pulled, if none is given."""
    return replace(ProbeReport(SUBJECT, pools or (pool_probe(),)), **changes)
