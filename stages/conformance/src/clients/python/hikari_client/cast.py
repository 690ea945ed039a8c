"""The two clients and what all steps need."""

import asyncio
from typing import Callable, TypeVar

import hikari
from play import Stagehand

Event = TypeVar("Event", bound=hikari.Event)


class Cast:
    def __init__(self, hand: Stagehand) -> None:
        self.hand = hand
        self.world = hand.world
        self.ada, self.bob = self._bot(self.world.ada), self._bot(self.world.bob)

    def _bot(self, person: dict[str, str]) -> hikari.GatewayBot:
        """hikari takes the address of the API as an argument, and that of the gateway from the API."""
        return hikari.GatewayBot(
            person["token"],
            rest_url=f"{self.world.base}/api/v10",
            intents=hikari.Intents.ALL,
            banner=None,
            allow_color=False,
            suppress_optimization_warning=True,
        )

    def heard(self, bot: hikari.GatewayBot, event_type: type[Event], matches: Callable[[Event], bool] = lambda _: True):
        """The next event of that type that matches. Called before the deed that brings it about: subscribed at once."""
        found: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

        async def listener(event: Event) -> None:
            if matches(event) and not found.done():
                bot.unsubscribe(event_type, listener)
                found.set_result(event)

        bot.subscribe(event_type, listener)
        return found

    async def sent(self, content: str) -> tuple[hikari.Message, hikari.Message]:
        """Sends as Ada, and waits until Bob has it: both copies."""
        got = self.heard(self.bob, hikari.GuildMessageCreateEvent, lambda event: event.content == content)
        mine = await self.ada.rest.create_message(self.world.text_id, content)
        return mine, (await got).message

    async def join(self) -> None:
        world = self.world
        added = self.heard(self.ada, hikari.MemberCreateEvent, lambda event: event.user_id == world.bob_id)
        entered = self.heard(self.bob, hikari.GuildJoinEvent, lambda event: event.guild_id == world.guild_id)
        await self.ada.rest.add_user_to_guild(world.bob["token"], world.guild_id, world.bob_id)
        await added
        event = await entered
        assert event.guild.owner_id == world.ada_id
        assert world.text_id in event.channels
