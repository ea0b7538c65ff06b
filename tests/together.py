"""How tests are dealt out to processes: those that share something costly to the same one."""

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# what these stand on takes longer to make than most of their tests
TOGETHER = (
    "tests/bench/",
    "tests/isolation/",
    "tests/schema/issues/test_lists.py",
    "tests/schema/issues/test_systems.py",
    "tests/server/execution/test_whole_schema.py",
    "tests/server/test_browser.py",
    "tests/server/test_schemathesis.py",
    "tests/server/test_workers.py",
)


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """One by one to whoever is free, but for those that go together, which come first."""

    # the marks that xdist has for this name tests in a way that this pytest does not know
    def _split_scope(self, nodeid: str) -> str:
        return next((group for group in TOGETHER if nodeid.startswith(group)), nodeid)
