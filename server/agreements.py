"""Agreements from the command line: their copies compared."""

from schema.agreements.integrity import Checked, check
from schema.database import engine


async def check_agreements(url: str) -> Checked:
    """Compare all copies of all agreements in the database whose owner has this address.

    Errors: `OSError`, `sqlalchemy.exc.DBAPIError`.
    """
    owner = engine(url)
    try:
        async with owner.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            return await check(connection)
    finally:
        await owner.dispose()
