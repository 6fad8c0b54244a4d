"""What widgets cost, and their delivery."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from widgets.database import SessionDep
from widgets.flags import User, is_on
from widgets.models import Widget
from widgets.routes import get_or_404
from widgets.schemas import WidgetId

DELIVERY_CENTS = 490
DISCOUNT_FROM = 50  # widgets
DISCOUNT_PERCENT = 10

router = APIRouter(prefix="/widgets", tags=["prices"])
Quantity = Annotated[int, Query(ge=1, le=10_000)]


def full_price(widget: Widget, quantity: int) -> dict[str, int]:
    """The price of a number of widgets."""
    return {
        "widget_id": widget.id,
        "quantity": quantity,
        "total_cents": widget.price_cents * quantity,
    }


def discounted_price(widget: Widget, quantity: int) -> dict[str, int]:
    """The price with a discount for many widgets, rounded down to a cent."""
    percent = DISCOUNT_PERCENT if quantity >= DISCOUNT_FROM else 0
    return {
        "widget_id": widget.id,
        "quantity": quantity,
        "total_cents": widget.price_cents * quantity * (100 - percent) // 100,
        "discount_percent": percent,
    }


@router.get("/{widget_id}/price")
def read_price(
    request: Request,
    widget_id: WidgetId,
    session: SessionDep,
    quantity: Quantity = 1,
    user: User = "",
) -> dict[str, int]:
    """What so many of a widget cost."""
    widget = get_or_404(session, widget_id)
    if is_on(request, "price-v2", user):
        return discounted_price(widget, quantity)
    return full_price(widget, quantity)


@router.get("/{widget_id}/delivery")
def read_delivery(
    request: Request, widget_id: WidgetId, session: SessionDep, user: User = ""
) -> dict[str, int]:
    """What its delivery costs."""
    widget = get_or_404(session, widget_id)
    cents = 0 if is_on(request, "free-delivery", user) else DELIVERY_CENTS
    return {"widget_id": widget.id, "delivery_cents": cents}
