"""Create, list, read and delete widgets."""

from fastapi import APIRouter, HTTPException, Response, status
from sqlalchemy import select
from sqlalchemy.orm import Session

from widgets.database import SessionDep
from widgets.models import Widget
from widgets.schemas import WidgetId, WidgetIn, WidgetOut

router = APIRouter(prefix="/widgets", tags=["widgets"])


def get_or_404(session: Session, widget_id: int) -> Widget:
    widget = session.get(Widget, widget_id)
    if widget is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"There is no widget {widget_id}.")
    return widget


@router.post("", status_code=status.HTTP_201_CREATED)
def create_widget(data: WidgetIn, session: SessionDep, response: Response) -> WidgetOut:
    """Add a widget; `Location` says where it is."""
    widget = Widget(**data.model_dump())
    session.add(widget)
    session.commit()
    response.headers["Location"] = router.url_path_for("read_widget", widget_id=widget.id)
    return WidgetOut.model_validate(widget)


@router.get("")
def list_widgets(session: SessionDep) -> list[WidgetOut]:
    """Every widget, oldest first."""
    query = select(Widget).order_by(Widget.id)
    return [WidgetOut.model_validate(widget) for widget in session.scalars(query)]


@router.get("/{widget_id}")
def read_widget(widget_id: WidgetId, session: SessionDep) -> WidgetOut:
    """One widget."""
    return WidgetOut.model_validate(get_or_404(session, widget_id))


@router.delete("/{widget_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_widget(widget_id: WidgetId, session: SessionDep) -> None:
    """Remove a widget for good."""
    session.delete(get_or_404(session, widget_id))
    session.commit()
