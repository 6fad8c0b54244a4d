"""Puts the service together. Start it with `uvicorn --factory widgets.app:create_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from widgets import health, pricing, routes, supplier
from widgets.database import create_tables, make_engine
from widgets.settings import Settings


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    create_tables(app.state.engine)
    yield
    app.state.engine.dispose()


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service, configured by `settings`, or by the environment if there are none."""
    settings = settings or Settings.from_env()
    app = FastAPI(title="widgets", version=settings.version, lifespan=lifespan)
    app.state.settings = settings
    app.state.engine = make_engine(settings.database_url)
    app.include_router(routes.router)
    app.include_router(pricing.router)
    app.include_router(supplier.router)
    app.include_router(health.router)
    return app
