"""The commands, thin: arguments to a request, a report to an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine import Request


def diagnose_pull(
    cmd: Any,
    resource_group_name: str,
    name: str,
    acr: str | None = None,
    image: str | None = None,
    skip: list[str] | None = None,
    expiry_days: int = 30,
    check_acr: bool = False,
    yes: bool = False,
    fail_on: str = "error",
    timeout: float = 60.0,
) -> dict[str, Any]:
    """Say why a cluster cannot pull from a registry; see ``_help.py`` and docs/report.schema.json."""
    from azure.cli.core.commands.client_factory import get_subscription_id

    from ._exit import exit_code, leave_with
    from ._validators import login_server_suffix, registry_of_image
    from .engine import Request
    from .report import closing_words
    from .targets import ClusterTarget, Targets, parse_registry

    registry = parse_registry(acr or registry_of_image(image) or "", login_server_suffix(cmd.cli_ctx))
    cluster = ClusterTarget(get_subscription_id(cmd.cli_ctx), resource_group_name, name)
    request = Request(
        targets=Targets(cluster, registry),
        image_text=image,
        skip=tuple(skip or ()),
        expiry_days=expiry_days,
        check_acr=check_acr and (yes or _agreed(name)),
        timeout=timeout,
    )
    report = _report(cmd.cli_ctx, request)
    leave_with(cmd.cli_ctx, exit_code(report["verdict"], fail_on), closing_words(report))
    return report


def _report(cli_ctx: Any, request: Request) -> dict[str, Any]:
    """Run, and say in az's own way that there is no such cluster.

    With several clusters az runs the jobs at once and turns an exception of one into a
    warning and exit code 0; so there a job that cannot run becomes an inconclusive report.
    """
    from azure.cli.core.azclierror import ResourceNotFoundError
    from knack.log import get_logger

    from ._validators import SEVERAL_CLUSTERS
    from .collect import ClusterMissingError
    from .engine import report_of_failure, run

    several = cli_ctx.data.get(SEVERAL_CLUSTERS, False)
    try:
        return run(cli_ctx, request)
    except ClusterMissingError as missing:
        if several:
            return report_of_failure(request, "not-found", str(missing))
        raise ResourceNotFoundError(str(missing), missing.recommendation) from missing
    except Exception as error:
        if not several:
            raise
        get_logger(__name__).debug("%s could not be judged.", request.targets.cluster.id, exc_info=True)
        return report_of_failure(request, "internal-error", f"{type(error).__name__}: {error}")


def _agreed(cluster: str) -> bool:
    """Ask on the terminal before a pod is started (the validator saw to it that there is one)."""
    from knack.prompting import prompt_y_n

    return bool(prompt_y_n(f"az aks check-acr starts a root pod on a Linux node of {cluster}. Run it?", default="n"))
