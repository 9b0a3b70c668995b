"""What every section of the configuration is made of."""

from pydantic import BaseModel, ConfigDict, Field

LISTED = Field(strict=False)
"""TOML gives lists, frozen settings hold tuples: the one place where the types may differ."""


class Section(BaseModel):
    """Strict: a number in quotes is an error, not a guess; an unknown option is an error too."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
