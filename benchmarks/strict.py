"""The base of every schema."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A schema that takes no unknown key and converts no type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
