"""Login, presence, voice and reconnects."""

import asyncio

import hikari
from harness import Steps

from .clients import Clients


def session_steps(clients: Clients) -> Steps:
    setup, ada, bob, next_event = clients.setup, clients.ada, clients.bob, clients.next_event

    async def login() -> None:
        available = next_event(ada, hikari.GuildAvailableEvent)
        # hikari would ask PyPI for a newer version of itself.
        await asyncio.gather(ada.start(check_for_updates=False), bob.start(check_for_updates=False))
        await available
        assert ada.get_me().id == setup.ada_id
        assert bob.get_me().username == setup.bob["username"]
        assert (await ada.rest.fetch_application()).id == setup.ada_id

    def bob_is(status: hikari.Status):
        return (
            lambda event: event.user_id == setup.bob_id and event.presence.visible_status == status
        )

    async def presence() -> None:
        expected = next_event(ada, hikari.PresenceUpdateEvent, bob_is(hikari.Status.DO_NOT_DISTURB))
        activity = hikari.Activity(name="the scenario", type=hikari.ActivityType.WATCHING)
        await bob.update_presence(status=hikari.Status.DO_NOT_DISTURB, activity=activity)
        assert (await expected).presence.activities[0].name == "the scenario"

    async def voice() -> None:
        def in_channel(channel_id: int | None):
            return (
                lambda event: event.state.user_id == setup.bob_id
                and event.state.channel_id == channel_id
            )

        # Only the gateway's part: hikari leaves voice connections to other libraries.
        server = next_event(bob, hikari.VoiceServerUpdateEvent)
        joined = next_event(ada, hikari.VoiceStateUpdateEvent, in_channel(setup.voice_id))
        await bob.update_voice_state(setup.guild_id, setup.voice_id, self_deaf=True)
        assert (await joined).state.is_self_deafened
        update = await server
        assert update.token and update.raw_endpoint
        assert ada.cache.get_voice_state(setup.guild_id, setup.bob_id).channel_id == setup.voice_id
        left = next_event(ada, hikari.VoiceStateUpdateEvent, in_channel(None))
        await bob.update_voice_state(setup.guild_id, None)
        await left

    async def reconnection(bot: hikari.GatewayBot) -> str:
        """Returns when the guild is there too: it may come after READY."""
        available = next_event(bot, hikari.GuildAvailableEvent)
        kinds = {
            next_event(bot, hikari.ShardResumedEvent): "resumed",
            next_event(bot, hikari.ShardReadyEvent): "identified",
        }
        done, _ = await asyncio.wait(kinds, return_when=asyncio.FIRST_COMPLETED)
        kind = kinds[done.pop()]
        if kind == "identified":
            await available
        return kind

    async def reconnect() -> None:
        received: list[str] = []

        async def remember(event: hikari.GuildMessageCreateEvent) -> None:
            received.append(event.content)

        bob.subscribe(hikari.GuildMessageCreateEvent, remember)
        back = asyncio.gather(reconnection(ada), reconnection(bob))
        await asyncio.sleep(0)  # lets them subscribe
        missed = await clients.harness.request("cut")
        kinds = await back
        clients.harness.note(f"after a cut socket: {', '.join(kinds)}")
        await clients.send_and_receive("after the cut")
        while "after the cut" not in received:  # hikari runs its listeners in tasks of their own
            await asyncio.sleep(0.01)
        bob.unsubscribe(hikari.GuildMessageCreateEvent, remember)
        assert received == (
            [missed, "after the cut"] if setup.resume else ["after the cut"]
        ), received
        assert kinds == (["resumed", "resumed"] if setup.resume else ["identified", "identified"])

    async def zombie() -> None:
        back = asyncio.gather(reconnection(ada), reconnection(bob))
        await asyncio.sleep(0)  # lets them subscribe
        await clients.harness.request("stall")
        clients.harness.note(f"after a silent server: {', '.join(await back)}")
        await clients.send_and_receive("after the silence")

    async def close() -> None:
        # Ada must see Bob idle first: the server may skip a presence that reverts at once.
        there = next_event(ada, hikari.PresenceUpdateEvent, bob_is(hikari.Status.IDLE))
        await bob.update_presence(status=hikari.Status.IDLE)
        await there
        offline = next_event(ada, hikari.PresenceUpdateEvent, bob_is(hikari.Status.OFFLINE))
        await bob.close()
        await offline
        await ada.close()

    return {
        "login": login,
        "presence": presence,
        "voice": voice,
        "reconnect": reconnect,
        "zombie": zombie,
        "close": close,
    }
