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
    namespace: str | None = None,
    pod: str | None = None,
    cluster_access: str = "auto",
    kubeconfig: str | None = None,
    context: str | None = None,
    pull_secret: str | None = None,
    no_credential_test: bool = False,
    skip: list[str] | None = None,
    expiry_days: int = 30,
    check_acr: bool = False,
    yes: bool = False,
    fail_on: str = "error",
    timeout: float = 60.0,
) -> dict[str, Any] | list[dict[str, Any]]:
    """Say why a cluster cannot pull from a registry; see ``_help.py`` and docs/report.schema.json.

    Where failing pods name several registries, and the user none: a list of reports.
    """
    from azure.cli.core.commands.client_factory import get_subscription_id

    from ._exit import exit_code, leave_with
    from ._interrupt import interruptible
    from ._validators import login_server_suffix, registry_of_image
    from .collect.kubernetes.login import ClusterAccess
    from .collect.kubernetes.workloads import Scope
    from .engine import Request
    from .report import closing_words
    from .targets import ClusterTarget, RegistryForm, RegistryTarget, Targets, parse_registry

    given, suffix = acr or registry_of_image(image), login_server_suffix(cmd.cli_ctx)
    registry = parse_registry(given, suffix) if given else RegistryTarget("", RegistryForm.NAME)
    cluster = ClusterTarget(get_subscription_id(cmd.cli_ctx), resource_group_name, name)
    request = Request(
        targets=Targets(cluster, registry),
        image_text=image,
        skip=tuple(skip or ()),
        expiry_days=expiry_days,
        check_acr=check_acr and (yes or _agreed(name)),
        timeout=timeout,
        access=ClusterAccess(cluster_access, kubeconfig, context),
        scope=Scope(namespace, pod),
        pull_secret=pull_secret,
        credential_test=not no_credential_test,
    )
    with interruptible():
        reports = _reports(cmd.cli_ctx, request, suffix)
    for report in reports:
        leave_with(cmd.cli_ctx, exit_code(report["verdict"], fail_on), closing_words(report))
    return reports[0] if len(reports) == 1 else reports


def _reports(cli_ctx: Any, request: Request, suffix: str) -> list[dict[str, Any]]:
    """Run, and say in az's own way that there is no such cluster.

    With several clusters az runs the jobs at once and turns an exception of one into a
    warning and exit code 0; so there a job that cannot run becomes an inconclusive report.
    """
    from azure.cli.core.azclierror import RequiredArgumentMissingError, ResourceNotFoundError
    from knack.log import get_logger

    from ._validators import SEVERAL_CLUSTERS
    from .collect.azure.missing import ClusterMissingError
    from .engine import report_of_failure, run

    several = cli_ctx.data.get(SEVERAL_CLUSTERS, False)
    try:
        return [run(cli_ctx, request)] if request.targets.registry.given else _of_failing_pods(cli_ctx, request, suffix)
    except ClusterMissingError as missing:
        if several:
            return [report_of_failure(request, "not-found", str(missing))]
        raise ResourceNotFoundError(str(missing), missing.recommendation) from missing
    except RequiredArgumentMissingError as usage:
        if not several:
            raise
        return [report_of_failure(request, "unsupported", str(usage))]
    except Exception as error:
        if not several:
            raise
        get_logger(__name__).debug("%s could not be judged.", request.targets.cluster.id, exc_info=True)
        return [report_of_failure(request, "internal-error", f"{type(error).__name__}: {error}")]


def _of_failing_pods(cli_ctx: Any, request: Request, suffix: str) -> list[dict[str, Any]]:
    """A report for every registry that failing pods name, since the user named none."""
    from azure.cli.core.azclierror import RequiredArgumentMissingError

    from .collect.ask.arm import ReadError
    from .engine import run_for_failing_pods

    name_it = "Give --acr with the registry's name, login server or resource ID, or --image with a full reference."
    try:
        reports = run_for_failing_pods(cli_ctx, request, suffix)
    except ReadError as error:
        raise RequiredArgumentMissingError(
            f"No registry was named, and the failing pods that might name one could not be read. {error.why.sentence}",
            name_it,
        ) from error
    if not reports:
        raise RequiredArgumentMissingError(
            f"No registry was named, and no failing pod pulls from one of this cloud (*{suffix}).", name_it
        )
    return reports


def _agreed(cluster: str) -> bool:
    """Ask on the terminal before a pod is started (the validator saw to it that there is one)."""
    from knack.prompting import prompt_y_n

    return bool(prompt_y_n(f"az aks check-acr starts a root pod on a Linux node of {cluster}. Run it?", default="n"))
