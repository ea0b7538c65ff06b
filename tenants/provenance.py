"""Where a declared value comes from: a document that states it, or an assumption."""

from pydantic import BaseModel, ConfigDict, Field, StrictBool


class Declared(BaseModel):
    """Base of everything that a tenant file declares: closed keys, frozen."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, str_strip_whitespace=True
    )


class Stated(Declared):
    """A declared thing that says what supports it.

    `source` names the document (its file name in `seeds/data/documents.yaml`, or any text of a
    deployment's own). `assumed` is true where no document states the thing at all, or a list of
    its keys where the document states the thing but not those keys.
    """

    source: str | None = Field(None, description="出处文件 | the document that states it")
    assumed: StrictBool | list[str] = Field(
        False,
        description="true: 整项为假定;或列出其中属于假定的键 | true: assumed as a whole; "
        "a list: only these keys are assumed",
    )
    note: str | None = Field(None, description="说明 | a remark for people who read the file")

    @property
    def is_assumed(self) -> bool:
        """Whether the thing as a whole is an assumption."""
        return self.assumed is True

    @property
    def assumed_keys(self) -> tuple[str, ...]:
        """The keys that are assumptions inside a stated thing."""
        return () if isinstance(self.assumed, bool) else tuple(self.assumed)
