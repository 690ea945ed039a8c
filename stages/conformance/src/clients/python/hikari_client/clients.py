"""The two clients, and helpers for the steps."""

import asyncio
from typing import Callable, TypeVar

import hikari
from harness import Harness

Event = TypeVar("Event", bound=hikari.Event)


class Clients:
    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.setup = harness.setup
        self.ada, self.bob = self._bot(self.setup.ada), self._bot(self.setup.bob)

    def _bot(self, person: dict[str, str]) -> hikari.GatewayBot:
        """The address of the API is an argument. hikari gets that of the gateway from the API."""
        return hikari.GatewayBot(
            person["token"],
            rest_url=f"{self.setup.base}/api/v10",
            intents=hikari.Intents.ALL,
            banner=None,
            allow_color=False,
            suppress_optimization_warning=True,
        )

    def next_event(
        self,
        bot: hikari.GatewayBot,
        event_type: type[Event],
        matches: Callable[[Event], bool] = lambda _: True,
    ):
        """The next matching event. Call it before the action that causes the event."""
        found: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

        async def listener(event: Event) -> None:
            if matches(event) and not found.done():
                bot.unsubscribe(event_type, listener)
                found.set_result(event)

        bot.subscribe(event_type, listener)
        return found

    async def send_and_receive(self, content: str) -> tuple[hikari.Message, hikari.Message]:
        """Sends as Ada and waits until Bob has received it. Returns both copies."""
        expected = self.next_event(
            self.bob, hikari.GuildMessageCreateEvent, lambda event: event.content == content
        )
        sent = await self.ada.rest.create_message(self.setup.text_id, content)
        return sent, (await expected).message

    async def join(self) -> None:
        setup = self.setup
        added = self.next_event(
            self.ada, hikari.MemberCreateEvent, lambda event: event.user_id == setup.bob_id
        )
        entered = self.next_event(
            self.bob, hikari.GuildJoinEvent, lambda event: event.guild_id == setup.guild_id
        )
        await self.ada.rest.add_user_to_guild(setup.bob["token"], setup.guild_id, setup.bob_id)
        await added
        event = await entered
        assert event.guild.owner_id == setup.ada_id
        assert setup.text_id in event.channels
