"""Refuse bad arguments before anything is asked of Azure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .facts import Image

SEVERAL_CLUSTERS = "acrpulldiag_several_clusters"
GIVEN_SUBSCRIPTION = "acrpulldiag_given_subscription"
EXPIRY_DAYS = 30
_TIMEOUT_SECONDS = 60.0
_PROBE_SECONDS = 300.0
_ONLY_FOR_RUNS = (
    "resource_group_name", "name", "acr", "image", "namespace", "pod", "pull_secret", "no_credential_test",
    "cluster_access", "kubeconfig", "context", "check_acr", "probe", "yes", "timeout", "save_snapshot",
)  # fmt: skip
"""What says what is read, and how: nothing is, of a snapshot."""
_OF_ONE_CLUSTER = ("name", "pod", "check_acr", "probe", "kubeconfig", "context", "snapshot")
"""What names one cluster or something of it, or starts pods there."""
_KUBERNETES_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


def validate_diagnose_pull(cmd: Any, namespace: Any) -> None:
    """Check and complete the arguments of ``az aks diagnose-pull``.

    One validator for all of them: azure-cli runs validators of single arguments in no
    certain order. Remembers on the job's CLI context whether ``--ids`` named several
    clusters, since then no exception may leave a job, and for --all-clusters the subscription
    that was given: later on az puts its default there. Last, since it leaves something, --report's files are opened.
    """
    _validate_arguments(cmd, namespace)
    if namespace.report:
        from ._report_files import open_reports

        open_reports(cmd.cli_ctx, namespace.report, namespace.fail_on, (namespace.save_snapshot, namespace.snapshot))


def _validate_arguments(cmd: Any, namespace: Any) -> None:
    several = len(getattr(namespace, "_ids", None) or []) > 1
    cmd.cli_ctx.data[SEVERAL_CLUSTERS] = several
    if namespace.all_clusters:
        _validate_all_clusters(namespace)
        cmd.cli_ctx.data[GIVEN_SUBSCRIPTION] = getattr(namespace, "_subscription", None)
    elif namespace.snapshot is not None:
        _validate_snapshot(namespace)
        return
    else:
        _validate_cluster(namespace, several)
    namespace.expiry_days = EXPIRY_DAYS if namespace.expiry_days is None else namespace.expiry_days
    namespace.timeout = seconds_of_run(namespace.probe) if namespace.timeout is None else namespace.timeout
    _validate_numbers(namespace)
    _validate_registry(cmd, namespace)
    _validate_access(namespace, several)
    _validate_scope(namespace)
    _validate_pull_secret(namespace)
    namespace.only = _validated_words(namespace.only, "--only")
    namespace.skip = _left_out(_validated_words(namespace.skip, "--skip"), namespace.only)
    _validate_probe(namespace, several)
    _validate_consent(namespace)


def seconds_of_run(probe: bool) -> float:
    """How long a run takes at most where nobody says so: pulling an image takes its time."""
    return _PROBE_SECONDS if probe else _TIMEOUT_SECONDS


def _validate_snapshot(namespace: Any) -> None:
    """What was saved is judged as it was read; how it is judged may be said again.

    A group that the configuration names is none that the user gave.
    """
    from azure.cli.core.azclierror import MutuallyExclusiveArgumentError

    given = _given(namespace)
    excluded = [name for name in _ONLY_FOR_RUNS if name in given]
    excluded += ["ids"] if getattr(namespace, "_ids", None) else []
    subscription = getattr(namespace, "_subscription", None)
    excluded += ["subscription"] if subscription and not hasattr(subscription, "is_default") else []
    if excluded:
        options = " and ".join(f"--{name.removesuffix('_name').replace('_', '-')}" for name in excluded)
        raise MutuallyExclusiveArgumentError(
            f"{options} cannot be given with --snapshot: what it holds is judged, and nothing is read.",
            "Leave out either. With --snapshot go --skip, --only, --expiry-days, --fail-on, --report and --redact.",
        )
    if "expiry_days" not in given:
        namespace.expiry_days = None  # that of the run that was saved
    elif namespace.expiry_days is not None:
        _validate_expiry_days(namespace.expiry_days)
    namespace.only = _validated_words(namespace.only, "--only")
    namespace.skip = _left_out(_validated_words(namespace.skip, "--skip"), namespace.only)


def _given(namespace: Any) -> frozenset[str]:
    """The arguments that the user gave, those that the configuration names left out."""
    return frozenset(getattr(getattr(namespace, "_parser", None), "specified_arguments", ()))


def _validate_all_clusters(namespace: Any) -> None:
    """Every cluster is none in particular. A group that the configuration names is none that the user gave."""
    from azure.cli.core.azclierror import MutuallyExclusiveArgumentError

    excluded = [name for name in _OF_ONE_CLUSTER if getattr(namespace, name, None)]
    if getattr(namespace, "_ids", None):  # which az has taken apart by now
        excluded = ["ids", *(name for name in excluded if name != "name")]
    if excluded:
        options = " and ".join(f"--{name.replace('_', '-')}" for name in excluded)
        raise MutuallyExclusiveArgumentError(
            f"{options} cannot be given with --all-clusters.",
            "Leave out either. --resource-group, --subscription and --namespace narrow what --all-clusters looks at.",
        )
    if "resource_group_name" not in _given(namespace):
        namespace.resource_group_name = None


def _validate_cluster(namespace: Any, several: bool) -> None:
    """In az's own words for a command that takes ``--ids``, since --snapshot makes name and group optional."""
    from azure.cli.core.azclierror import MutuallyExclusiveArgumentError, RequiredArgumentMissingError

    missing = [
        option
        for option, value in (("--resource-group", namespace.resource_group_name), ("--name", namespace.name))
        if value is None
    ]
    if missing:
        raise RequiredArgumentMissingError(f"({' '.join(missing)} | --ids) are required")
    if several and namespace.save_snapshot is not None:
        raise MutuallyExclusiveArgumentError("--save-snapshot names one file, and --ids names several clusters.")


def _validate_expiry_days(days: int) -> None:
    from azure.cli.core.azclierror import InvalidArgumentValueError

    if days < 0:
        raise InvalidArgumentValueError(f"--expiry-days {days}: expected zero or more days.")


def _validate_numbers(namespace: Any) -> None:
    from azure.cli.core.azclierror import InvalidArgumentValueError

    _validate_expiry_days(namespace.expiry_days)
    if not 1 <= namespace.timeout <= 3600:
        raise InvalidArgumentValueError(f"--timeout {namespace.timeout:g}: expected 1 to 3600 seconds.")


def _validate_registry(cmd: Any, namespace: Any) -> None:
    from azure.cli.core.azclierror import InvalidArgumentValueError, RequiredArgumentMissingError

    from .targets import parse_registry

    suffix = login_server_suffix(cmd.cli_ctx)
    _validate_image(namespace.image, namespace.acr, suffix)
    given = registry_of_image(namespace.image, suffix) if namespace.acr is None else namespace.acr
    if given is None:
        if namespace.cluster_access != "none":
            return  # failing pods may name one
        raise RequiredArgumentMissingError(
            "No registry was named, and with --cluster-access none no pod can name one.",
            "Give --acr with the registry's name, login server or resource ID, or --image with a full reference.",
        )
    try:
        parse_registry(given, suffix)
    except ValueError as error:
        argument = "--image" if namespace.acr is None else "--acr"
        raise InvalidArgumentValueError(f"{argument}: {error}") from error


def _validate_image(image: str | None, acr: str | None, suffix: str) -> None:
    """Refuse an image that another registry serves, or of no known one: a gate must not pass what it did not judge.

    Where a registry is known, one that does not parse, or whose host is that of the registry misspelt, is judged and
    told by the checks.
    """
    from azure.cli.core.azclierror import InvalidArgumentValueError

    from .images.references import parse_reference, resemblance_of
    from .targets import parse_registry

    if image is None:
        return
    try:
        registry = parse_registry(acr, suffix) if acr is not None else None
    except ValueError:
        return  # the registry is told of by itself
    try:
        parsed = parse_reference(image)
    except ValueError as invalid:
        if registry is None and registry_of_image(image, suffix) is None:
            raise InvalidArgumentValueError(
                f"--image: {invalid}", f"Give the full reference, such as REGISTRY{suffix}/REPOSITORY:TAG."
            ) from invalid
        return
    name = registry.probable_name.lower() if registry else "REGISTRY"
    server = (registry and registry.login_server) or f"{name}{suffix}"
    # The host may have a domain name label (contosoreg-a1b2c3), which only the registry itself shows.
    labelled = registry is None and parsed.host.lower().endswith(suffix)
    labelled |= parsed.host.lower().partition("-")[0] == name and parsed.host.lower().endswith(suffix)
    if labelled or (registry is not None and resemblance_of(parsed, server) is not None):
        return
    meant = [f"Give the full reference: {server}/{_path_meant(parsed)}."]
    if parsed.host.lower().endswith(suffix):
        meant.append(f"Or judge that registry: --acr {parsed.host.lower()}.")
    raise InvalidArgumentValueError(
        f"--image {image!r} would be pulled from {parsed.host}, which is not the registry that is judged.", meant
    )


def _path_meant(image: Image) -> str:
    """The path that an image without its registry was probably meant to have there.

    A host that is none outside of a machine or a local network (``localhost``, or a name with a capital and no dot)
    was hardly meant to be one, but for the former.
    """
    bare = "." not in image.host and ":" not in image.host and image.host != "localhost"
    front = f"{image.host.lower()}/" if bare else ""
    path = front + image.repository.removeprefix("library/") + (f":{image.tag}" if image.tag else "")
    return path + (f"@{image.digest}" if image.digest else "")


def _validate_access(namespace: Any, several: bool) -> None:
    from pathlib import Path

    from azure.cli.core.azclierror import FileOperationError, MutuallyExclusiveArgumentError

    by_file = [name for name in ("kubeconfig", "context") if getattr(namespace, name) is not None]
    if by_file and namespace.cluster_access in ("none", "command-invoke"):
        access = namespace.cluster_access
        raise MutuallyExclusiveArgumentError(f"--{by_file[0]} has no effect with --cluster-access {access}.")
    if by_file and several:
        raise MutuallyExclusiveArgumentError(f"--{by_file[0]} names one cluster, and --ids names several.")
    if namespace.kubeconfig is not None:
        namespace.kubeconfig = str(Path(namespace.kubeconfig).expanduser())
        if not Path(namespace.kubeconfig).is_file():
            raise FileOperationError(f"--kubeconfig: there is no file {namespace.kubeconfig!r}.")


def _validate_scope(namespace: Any) -> None:
    """Names as Kubernetes has them, so that none can be more than a name in a request."""
    from azure.cli.core.azclierror import InvalidArgumentValueError

    for argument, longest in (("namespace", 63), ("pod", 253), ("pull_secret", 253)):
        given = getattr(namespace, argument)
        if given is not None and not (len(given) <= longest and _KUBERNETES_NAME.fullmatch(given)):
            option = argument.replace("_", "-")
            raise InvalidArgumentValueError(
                f"--{option} {given!r}: expected at most {longest} lower-case letters, digits, '-' and '.'."
            )


def registry_of_image(image: str | None, suffix: str) -> str | None:
    """Return the host of a full image reference, or ``None`` where it names none.

    A host of one of the registry's regions, or its data endpoint, stands for the registry. ``suffix`` is the cloud's.
    """
    host, slash, _ = (image or "").partition("/")
    if not slash or not ("." in host or ":" in host):
        return None
    name, _, rest = host.lower().partition(".")
    return f"{name}{suffix}" if rest.endswith((f".geo{suffix}", f".data{suffix}")) else host


def login_server_suffix(cli_ctx: Any) -> str:
    """The active cloud's login server suffix, with its leading dot (``.azurecr.io``)."""
    return "." + str(cli_ctx.cloud.suffixes.acr_login_server_endpoint).lstrip(".")


def _validate_pull_secret(namespace: Any) -> None:
    from azure.cli.core.azclierror import MutuallyExclusiveArgumentError

    if namespace.pull_secret is not None:
        if namespace.cluster_access == "none":
            raise MutuallyExclusiveArgumentError("--pull-secret has no effect with --cluster-access none.")
        if namespace.cluster_access == "command-invoke":
            raise MutuallyExclusiveArgumentError(
                "--pull-secret has no effect with --cluster-access command-invoke: no Secret is read that way, since "
                "the output of its commands is kept in the log of a pod and by Azure."
            )
        if "pull-secret" in _words(namespace.skip):
            raise MutuallyExclusiveArgumentError("--pull-secret has no effect with --skip pull-secret.")
        only = _words(namespace.only)
        if only and not any(word.partition(".")[0] == "pull-secret" for word in only):
            raise MutuallyExclusiveArgumentError(
                "--pull-secret has no effect with --only, unless it names pull-secret."
            )


def _words(given: list[str] | None) -> list[str]:
    """The words of an argument that takes several, with commas or spaces between them."""
    return [word for each in given or () for word in each.split(",") if word]


def words_of_checks() -> tuple[str, ...]:
    """What ``--skip`` and ``--only`` take: categories and check ids, and those of what changed before."""
    from .checks import ALL
    from .diagnosis.changed import CHECK

    ids = {CHECK, *(checked.id for checked in ALL)}
    return tuple(sorted(ids | {each.partition(".")[0] for each in ids}))


def _validated_words(given: list[str] | None, argument: str) -> list[str]:
    """Categories and check ids, with commas or spaces between them; the nearest are told of one that there is not."""
    import difflib

    from azure.cli.core.azclierror import InvalidArgumentValueError

    known = words_of_checks()
    words = _words(given)
    for word in words:
        if word not in known:
            near = difflib.get_close_matches(word, known, 3)
            hint = f"Did you mean {', '.join(near)}?" if near else "`az aks list-pull-checks -o table` lists them."
            raise InvalidArgumentValueError(f"{argument} {word!r} is no category or check id.", hint)
    return words


def _left_out(skip: list[str], only: list[str]) -> list[str]:
    """What is not to run, ``--only`` told as what it leaves out; that may not be everything."""
    from azure.cli.core.azclierror import InvalidArgumentValueError

    from .checks import ALL
    from .diagnosis.changed import CHECK
    from .diagnosis.evaluate import left_out

    ids = [*(checked.id for checked in ALL), CHECK]
    beside = [each for each in ids if only and not left_out(each, only)]
    everything = [*skip, *beside]
    if all(left_out(checked.id, everything) for checked in ALL):
        raise InvalidArgumentValueError(
            "--skip and --only leave out every check.", "Leave at least one check to run, so that something is judged."
        )
    return everything


def narrowed(skip: list[str] | None, only: list[str] | None) -> str:
    """What is judged, in words, where ``--skip`` or ``--only`` was given; ``skip`` as :func:`_left_out` returned it."""
    from .diagnosis.changed import CHECK
    from .diagnosis.evaluate import left_out

    if only:
        return f"only {', '.join(only)}"
    judged = [each for each in skip or () if not left_out(CHECK, [each])]  # what changed before judges nothing
    return f"all but {', '.join(judged)}" if judged else ""


def _validate_probe(namespace: Any, several: bool) -> None:
    """Refuse a probe that could start no pod, or whose pods could not be deleted on Ctrl-C."""
    from azure.cli.core.azclierror import MutuallyExclusiveArgumentError

    if not namespace.probe:
        return
    if namespace.cluster_access in ("none", "command-invoke"):
        raise MutuallyExclusiveArgumentError(
            f"--probe starts pods through the Kubernetes API, and --cluster-access {namespace.cluster_access} does not "
            "ask it from here."
        )
    if several:
        raise MutuallyExclusiveArgumentError("--probe starts pods in one cluster, and --ids names several.")
    if {"probe", "probe.pull"} & set(namespace.skip or ()):
        raise MutuallyExclusiveArgumentError("--probe has no effect where --skip or --only leave its check out.")


def _validate_consent(namespace: Any) -> None:
    """What starts pods needs somebody who agrees; for one cluster, who names the way through commands has agreed."""
    from azure.cli.core.azclierror import RequiredArgumentMissingError

    from ._consent import somebody_is_there

    in_all = namespace.all_clusters and namespace.cluster_access == "command-invoke"
    started = {
        "--check-acr starts a root pod on a node of the cluster": namespace.check_acr,
        "--probe starts a pod on every node pool of the cluster": namespace.probe,
        "--cluster-access command-invoke starts pods in every cluster that --all-clusters finds": in_all,
    }
    for what, asked in started.items():
        if asked and not namespace.yes and not somebody_is_there():
            raise RequiredArgumentMissingError(f"{what}, and nobody can be asked here.", "Add --yes to agree to it.")
