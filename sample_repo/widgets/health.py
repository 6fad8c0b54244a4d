"""What the people and machines that run the service ask it."""

import logging

from fastapi import APIRouter, Request, Response, status
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from widgets.database import SessionDep

log = logging.getLogger(__name__)
router = APIRouter(tags=["operations"])


@router.get("/healthz")
def healthz(session: SessionDep, response: Response) -> dict[str, str]:
    """Whether the service can reach its database: 200 if so, 503 if not."""
    try:
        session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        log.error("The database cannot be reached: %s", error)
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
        return {"status": "unavailable"}
    return {"status": "ok"}


@router.get("/version")
def version(request: Request) -> dict[str, str]:
    """Which version is running."""
    return {"version": request.app.state.settings.version}
