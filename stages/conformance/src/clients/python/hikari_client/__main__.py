import asyncio

from harness import Harness, Steps, run_scenario

from .clients import Clients
from .guild import guild_steps
from .messages import message_steps
from .session import session_steps


def create_steps(harness: Harness) -> Steps:
    clients = Clients(harness)
    return {**session_steps(clients), **guild_steps(clients), **message_steps(clients)}


asyncio.run(run_scenario(create_steps))
