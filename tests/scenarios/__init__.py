"""Stories: what is the matter with the cloud, and what a run must say of it.

Every module here that is named ``..._stories`` is loaded, so that its stories are known by name.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    if _module.name.endswith("_stories") and not _module.name.startswith("test_"):
        import_module(f"{__name__}.{_module.name}")
