"""What an issue is called, for who may see it."""

from typing import Any

from sqlalchemy import Select

from schema.loaders.issue import IssueById


class TitleOfIssue(IssueById):
    """(tenant, id) → a row with the issue's title, or None where the viewer does not see it."""

    @classmethod
    def select(cls, k: Any, columns: tuple[str, ...], shape: Any) -> Select[Any]:
        """The title, whatever is selected: the field is a scalar."""
        return super().select(k, ("title",), shape)
