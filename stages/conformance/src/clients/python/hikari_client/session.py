"""What a client is by its socket: there, away, in a call, back again."""

import asyncio

import hikari
from play import Steps

from .cast import Cast


def session_steps(cast: Cast) -> Steps:
    world, ada, bob, heard = cast.world, cast.ada, cast.bob, cast.heard

    async def login() -> None:
        available = heard(ada, hikari.GuildAvailableEvent)
        # Not a word to anybody but the server: hikari would ask PyPI for a newer version of itself.
        await asyncio.gather(ada.start(check_for_updates=False), bob.start(check_for_updates=False))
        await available
        assert ada.get_me().id == world.ada_id
        assert bob.get_me().username == world.bob["username"]
        assert (await ada.rest.fetch_application()).id == world.ada_id

    def bob_is(status: hikari.Status):
        return lambda event: event.user_id == world.bob_id and event.presence.visible_status == status

    async def presence() -> None:
        got = heard(ada, hikari.PresenceUpdateEvent, bob_is(hikari.Status.DO_NOT_DISTURB))
        activity = hikari.Activity(name="the scenario", type=hikari.ActivityType.WATCHING)
        await bob.update_presence(status=hikari.Status.DO_NOT_DISTURB, activity=activity)
        assert (await got).presence.activities[0].name == "the scenario"

    async def voice() -> None:
        def in_channel(channel_id: int | None):
            return lambda event: event.state.user_id == world.bob_id and event.state.channel_id == channel_id

        # The gateway's part alone: hikari leaves the voice connection to other libraries.
        server = heard(bob, hikari.VoiceServerUpdateEvent)
        joined = heard(ada, hikari.VoiceStateUpdateEvent, in_channel(world.voice_id))
        await bob.update_voice_state(world.guild_id, world.voice_id, self_deaf=True)
        assert (await joined).state.is_self_deafened
        update = await server
        assert update.token and update.raw_endpoint
        assert ada.cache.get_voice_state(world.guild_id, world.bob_id).channel_id == world.voice_id
        left = heard(ada, hikari.VoiceStateUpdateEvent, in_channel(None))
        await bob.update_voice_state(world.guild_id, None)
        await left

    async def comes_back(bot: hikari.GatewayBot) -> str:
        ways = {heard(bot, hikari.ShardResumedEvent): "resumed", heard(bot, hikari.ShardReadyEvent): "identified"}
        done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        return ways[done.pop()]

    async def reconnect() -> None:
        seen: list[str] = []

        async def remember(event: hikari.GuildMessageCreateEvent) -> None:
            seen.append(event.content)

        bob.subscribe(hikari.GuildMessageCreateEvent, remember)
        back = asyncio.gather(comes_back(ada), comes_back(bob))
        await asyncio.sleep(0)  # lets them subscribe
        missed = await cast.hand.ask("cut")
        ways = await back
        cast.hand.note(f"after a cut socket: {', '.join(ways)}")
        await cast.sent("after the cut")
        while "after the cut" not in seen:  # hikari runs its listeners in tasks of their own
            await asyncio.sleep(0.01)
        bob.unsubscribe(hikari.GuildMessageCreateEvent, remember)
        assert seen == ([missed, "after the cut"] if world.resume else ["after the cut"]), seen
        assert ways == (["resumed", "resumed"] if world.resume else ["identified", "identified"])

    async def zombie() -> None:
        back = asyncio.gather(comes_back(ada), comes_back(bob))
        await asyncio.sleep(0)  # lets them subscribe
        await cast.hand.ask("mute")
        cast.hand.note(f"after a silent server: {', '.join(await back)}")
        await cast.sent("after the silence")

    async def close() -> None:
        # Seen first, since who is back and gone again within a moment need not be mentioned.
        there = heard(ada, hikari.PresenceUpdateEvent, bob_is(hikari.Status.IDLE))
        await bob.update_presence(status=hikari.Status.IDLE)
        await there
        offline = heard(ada, hikari.PresenceUpdateEvent, bob_is(hikari.Status.OFFLINE))
        await bob.close()
        await offline
        await ada.close()

    return {
        **{"login": login, "presence": presence, "voice": voice},
        **{"reconnect": reconnect, "zombie": zombie, "close": close},
    }
