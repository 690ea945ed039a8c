import asyncio

from play import Stagehand, Steps, play

from .cast import Cast
from .guild import guild_steps
from .messages import message_steps
from .session import session_steps


def cast(hand: Stagehand) -> Steps:
    people = Cast(hand)
    return {**session_steps(people), **guild_steps(people), **message_steps(people)}


asyncio.run(play(cast))
