"""The commands, thin: arguments to a request, a report to an exit code."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from .engine import NoAnswerError, Request
    from .facts import Facts


def diagnose_pull(
    cmd: Any,
    resource_group_name: str | None = None,
    name: str | None = None,
    acr: str | None = None,
    image: str | None = None,
    namespace: str | None = None,
    pod: str | None = None,
    all_clusters: bool = False,
    cluster_access: str = "auto",
    kubeconfig: str | None = None,
    context: str | None = None,
    pull_secret: str | None = None,
    no_credential_test: bool = False,
    skip: list[str] | None = None,
    only: list[str] | None = None,
    expiry_days: int | None = 30,
    check_acr: bool = False,
    probe: bool = False,
    yes: bool = False,
    fail_on: str = "error",
    timeout: float | None = None,
    save_snapshot: str | None = None,
    snapshot: str | None = None,
    redact: bool = False,
    report: list[str] | None = None,  # pylint: disable=unused-argument  # opened when it was checked
) -> dict[str, Any] | list[dict[str, Any]]:
    """Say why a cluster cannot pull from a registry; see ``_help.py`` and docs/report.schema.json.

    Where failing pods name several registries, and the user none, and of all clusters: a list of reports.
    """
    if snapshot is not None:
        from ._snapshots import judged_again
        from ._validators import narrowed

        left_out = tuple(skip or ())
        return _left_with(
            cmd.cli_ctx, judged_again(snapshot, left_out, narrowed(skip, only), expiry_days, redact), fail_on
        )
    from azure.cli.core.commands.client_factory import get_subscription_id

    from ._consent import CHECK_ACR, COMMANDS, PROBE, agreed
    from ._interrupt import interruptible
    from ._validators import EXPIRY_DAYS, login_server_suffix, narrowed, registry_of_image, seconds_of_run
    from .collect.kubernetes.login import ClusterAccess
    from .collect.kubernetes.workloads import Scope
    from .engine import Request
    from .targets import NO_REGISTRY, ClusterTarget, Targets, parse_registry

    suffix = login_server_suffix(cmd.cli_ctx)
    given = acr or registry_of_image(image, suffix)
    registry = parse_registry(given, suffix) if given else NO_REGISTRY
    if all_clusters and cluster_access == "command-invoke" and not (yes or agreed(COMMANDS)):
        cluster_access = "auto"  # what starts pods is left out, as it is of one cluster
    cluster = ClusterTarget(get_subscription_id(cmd.cli_ctx), resource_group_name or "", name or "")
    request = Request(
        targets=Targets(cluster, registry),
        image_text=image,
        skip=tuple(skip or ()),
        narrowed=narrowed(skip, only),
        expiry_days=EXPIRY_DAYS if expiry_days is None else expiry_days,
        check_acr=check_acr and (yes or agreed(CHECK_ACR.format(cluster.name))),
        probe=probe and (yes or agreed(PROBE.format(cluster.name))),
        timeout=timeout or seconds_of_run(probe),
        access=ClusterAccess(cluster_access, kubeconfig, context),
        scope=Scope(namespace, pod),
        pull_secret=pull_secret,
        credential_test=not no_credential_test,
    )
    with interruptible(), _kept(request, save_snapshot, redact) as keep:
        if all_clusters:
            found = _reports_of_all(cmd.cli_ctx, request, suffix, keep, named=not redact)
            return _left_with_all(cmd.cli_ctx, found, fail_on)
        reports = _reports(cmd.cli_ctx, request, suffix, keep)
    return _left_with(cmd.cli_ctx, reports, fail_on)


def _left_with(cli_ctx: Any, reports: list[dict[str, Any]], fail_on: str) -> dict[str, Any] | list[dict[str, Any]]:
    """The one report, or all of them; the process ends with their exit code."""
    from ._exit import leave_with
    from .gate import exit_code

    for report in reports:
        leave_with(cli_ctx, exit_code(report, fail_on), report)
    return reports[0] if len(reports) == 1 else reports


def _left_with_all(cli_ctx: Any, reports: list[dict[str, Any]], fail_on: str) -> list[dict[str, Any]]:
    """The same of all clusters, a list however many there are."""
    from .present.fleet import ASKED

    cli_ctx.invocation.data[ASKED] = True
    _left_with(cli_ctx, reports, fail_on)
    return reports


def _kept(request: Request, save: str | None, redact: bool) -> AbstractContextManager[Callable[[Facts], Facts]]:
    """What facts go through before they are judged; nothing is imported for a run that neither saves nor redacts."""
    if save is None and not redact:
        from contextlib import nullcontext

        from .engine import as_read

        return nullcontext(as_read)
    from ._snapshots import kept

    return kept(request, save, redact)


def _reports(cli_ctx: Any, request: Request, suffix: str, keep: Callable[[Facts], Facts]) -> list[dict[str, Any]]:
    """Run, and say in az's own way that there is no such cluster.

    With several clusters az runs the jobs at once and turns an exception of one into a
    warning and exit code 0; so there a job that cannot run becomes an inconclusive report.
    """
    from azure.cli.core.azclierror import ResourceNotFoundError

    from ._progress import progress
    from ._validators import SEVERAL_CLUSTERS
    from .collect.azure.missing import ClusterMissingError
    from .engine import NoAnswerError, report_of_failure, reports_in_any_case, reports_of

    several = cli_ctx.data.get(SEVERAL_CLUSTERS, False)
    reports = reports_in_any_case if several else reports_of
    try:
        return reports(cli_ctx, request, suffix, partial(progress, cli_ctx), keep)
    except ClusterMissingError as missing:
        if several:
            return [report_of_failure(request, "not-found", str(missing), keep)]
        raise ResourceNotFoundError(str(missing), missing.recommendation) from missing
    except NoAnswerError as silence:
        raise _in_words_of_az(silence) from silence


def _reports_of_all(
    cli_ctx: Any, request: Request, suffix: str, keep: Callable[[Facts], Facts], named: bool
) -> list[dict[str, Any]]:
    """Run for every cluster, and write a line of each to standard error as it ends.

    One that was deleted has no report that would name it; whether it may be named by its own name is ``named``.
    Raises az's ``ResourceNotFoundError`` where there is none: a gate must not pass what was not judged.
    """
    import sys
    from contextlib import suppress

    from azure.cli.core.azclierror import ResourceNotFoundError

    from ._validators import GIVEN_SUBSCRIPTION
    from .engine import NoAnswerError
    from .fleet import Ended, Within, run_for_all
    from .present.fleet import line_of

    def tell(ended: Ended) -> None:
        if cli_ctx.only_show_errors:
            return
        name = f"{ended.cluster.name} ({ended.cluster.resource_group})" if named else "a cluster"
        said = line_of(ended.reports) if ended.reports else f"GONE     {name} was deleted a moment ago."
        with suppress(BrokenPipeError):  # a reader that has gone is no failure
            sys.stderr.write(f"{ended.number:>{len(str(ended.of))}}/{ended.of} {said}\n")
            sys.stderr.flush()

    subscription, group = cli_ctx.data.get(GIVEN_SUBSCRIPTION), request.targets.cluster.resource_group or None
    try:
        reports = run_for_all(cli_ctx, request, suffix, Within(subscription, group), tell, keep)
    except NoAnswerError as silence:
        raise _in_words_of_az(silence) from silence
    if not reports:
        raise ResourceNotFoundError(
            "This login sees no managed cluster" + (f" in resource group {group!r}." if group else "."),
            "Check --resource-group and --subscription; `az aks list -o table` shows those of one subscription.",
        )
    return reports


def _in_words_of_az(silence: NoAnswerError) -> Any:
    """The error of az's that says why there is nothing to report."""
    from azure.cli.core.azclierror import (
        AuthenticationError,
        AzureConnectionError,
        AzureResponseError,
        FileOperationError,
    )

    from .engine import KubeconfigError

    said = str(silence)
    if isinstance(silence, KubeconfigError):
        advice = "Give a kubeconfig file and a context of it that `kubectl` can use, or leave both arguments out."
        return FileOperationError(said, advice)
    return {
        "unreachable": AzureConnectionError(said, "Check this machine's network and its proxy: HTTPS_PROXY, NO_PROXY."),
        "not-logged-in": AuthenticationError(
            said, recommendation="Run `az login`, and `az account set` for the subscription."
        ),
        "malformed": AzureResponseError(
            said, "A proxy or a sign-in page may have answered in place of Azure Resource Manager: `az aks show` tells."
        ),
    }[silence.why.reason]
