"""Azure CLI extension that says why AKS cannot pull from ACR.

Only this module, and what it names inside functions, is imported when ``az`` builds its
command table: no SDK, no engine.
"""

from typing import Any

from azure.cli.core import AzCommandsLoader

from . import _help  # noqa: F401  # pylint: disable=unused-import

# Importing it puts the help where azure-cli looks.


class AcrPullDiagCommandsLoader(AzCommandsLoader):
    """Adds the commands to ``az aks``."""

    def __init__(self, cli_ctx: Any = None) -> None:
        from azure.cli.core.commands import CliCommandType

        custom = CliCommandType(operations_tmpl="azext_acrpulldiag.custom#{}")
        super().__init__(cli_ctx=cli_ctx, custom_command_type=custom)

    def load_command_table(self, args: Any) -> dict[str, Any]:
        """Return the command table (azure-cli calls this once an invocation)."""
        from .commands import load_command_table

        load_command_table(self, args)
        table: dict[str, Any] = self.command_table
        return table

    def load_arguments(self, command: str) -> None:
        """Declare the arguments of ``command``."""
        from ._params import load_arguments

        load_arguments(self, command)


COMMAND_LOADER_CLS = AcrPullDiagCommandsLoader
