"""Azure CLI extension that says why AKS cannot pull from ACR.

Only this module, and what it names inside functions, is imported when ``az`` builds its
command table: no SDK, no engine.
"""

from azure.cli.core import AzCommandsLoader

from ._help import helps  # noqa: F401 - azure-cli reads it from here


class AcrPullDiagCommandsLoader(AzCommandsLoader):
    """Adds the commands to ``az aks``."""

    def __init__(self, cli_ctx=None):
        from azure.cli.core.commands import CliCommandType

        custom = CliCommandType(operations_tmpl="azext_acrpulldiag.custom#{}")
        super().__init__(cli_ctx=cli_ctx, custom_command_type=custom)

    def load_command_table(self, args):
        """Return the command table (azure-cli calls this once an invocation)."""
        from .commands import load_command_table

        load_command_table(self, args)
        return self.command_table

    def load_arguments(self, command):
        """Declare the arguments of ``command``."""
        from ._params import load_arguments

        load_arguments(self, command)


COMMAND_LOADER_CLS = AcrPullDiagCommandsLoader
