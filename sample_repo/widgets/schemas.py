"""What clients send and get."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_INT = 2**31 - 1  # the largest INTEGER in PostgreSQL

WidgetId = Annotated[int, Field(ge=1, le=MAX_INT)]
# PostgreSQL cannot store NUL in text.
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Amount = Annotated[int, Field(ge=0, le=MAX_INT)]


class WidgetIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    price_cents: Amount
    stock: Amount = 0


class WidgetOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    price_cents: int
    stock: int
