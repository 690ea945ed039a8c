"""Login, presence, voice and reconnects."""

import asyncio

import discord
from harness import Steps

from .clients import Clients


class Call(discord.VoiceProtocol):
    """The gateway's part of a voice connection. The rest requires TLS in an unmodified client."""

    def __init__(self, client: discord.Client, channel: discord.abc.Connectable) -> None:
        super().__init__(client, channel)
        self.server: asyncio.Future[dict] = asyncio.get_running_loop().create_future()

    async def on_voice_state_update(self, data) -> None:
        pass

    async def on_voice_server_update(self, data) -> None:
        if not self.server.done():
            self.server.set_result(data)

    async def connect(
        self, *, timeout: float, reconnect: bool, self_deaf: bool = False, self_mute: bool = False
    ) -> None:
        await self.channel.guild.change_voice_state(
            channel=self.channel, self_deaf=self_deaf, self_mute=self_mute
        )
        await asyncio.wait_for(asyncio.shield(self.server), timeout)

    async def disconnect(self, *, force: bool = False) -> None:
        await self.channel.guild.change_voice_state(channel=None)
        self.cleanup()


def session_steps(clients: Clients) -> Steps:
    setup, ada, bob = clients.setup, clients.ada, clients.bob
    running: list[asyncio.Task[None]] = []

    async def login() -> None:
        for client, person in ((ada, setup.ada), (bob, setup.bob)):
            running.append(asyncio.create_task(client.start(person["token"])))
        # wait_until_ready would wait forever for a client whose start failed.
        while not (ada.is_ready() and bob.is_ready()):
            for task in running:
                if task.done():
                    task.result()
            await asyncio.sleep(0.01)
        await clients.available(ada)
        assert ada.user.id == setup.ada_id
        assert bob.user.name == setup.bob["username"]
        assert (await ada.application_info()).id == setup.ada_id

    async def presence() -> None:
        expected = ada.wait_for(
            "presence_update",
            check=lambda _, now: now.id == setup.bob_id and now.status is discord.Status.dnd,
        )
        activity = discord.Activity(type=discord.ActivityType.watching, name="the scenario")
        await bob.change_presence(status=discord.Status.dnd, activity=activity)
        assert (await expected)[1].activity.name == "the scenario"

    async def voice() -> None:
        def in_channel(channel_id: int | None):
            return (
                lambda member, _, now: member.id == setup.bob_id
                and (now.channel and now.channel.id) == channel_id
            )

        joined = ada.wait_for("voice_state_update", check=in_channel(setup.voice_id))
        call = (
            await clients.guild(bob).get_channel(setup.voice_id).connect(cls=Call, self_deaf=True)
        )
        assert (await joined)[2].self_deaf
        server = await call.server
        assert server["token"] and server["endpoint"]
        assert setup.bob_id in [
            member.id for member in clients.guild(ada).get_channel(setup.voice_id).members
        ]
        left = ada.wait_for("voice_state_update", check=in_channel(None))
        await call.disconnect()
        await left

    async def reconnection(client: discord.Client) -> str:
        kinds = {
            asyncio.ensure_future(client.wait_for("resumed")): "resumed",
            asyncio.ensure_future(client.wait_for("ready")): "identified",
        }
        done, pending = await asyncio.wait(kinds, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return kinds[done.pop()]

    async def reconnect() -> None:
        received: list[str] = []

        async def on_message(message: discord.Message) -> None:
            received.append(message.content)

        bob.event(on_message)
        back = asyncio.gather(reconnection(ada), reconnection(bob))
        missed = await clients.harness.request("cut")
        kinds = await back
        clients.harness.note(f"after a cut socket: {', '.join(kinds)}")
        await clients.available(ada, bob)
        await clients.send_and_receive("after the cut")
        while (
            "after the cut" not in received
        ):  # discord.py runs its listeners in tasks of their own
            await asyncio.sleep(0.01)
        assert received == (
            [missed, "after the cut"] if setup.resume else ["after the cut"]
        ), received
        assert kinds == (["resumed", "resumed"] if setup.resume else ["identified", "identified"])

    async def zombie() -> None:
        back = asyncio.gather(reconnection(ada), reconnection(bob))
        await clients.harness.request("stall")
        clients.harness.note(f"after a silent server: {', '.join(await back)}")
        await clients.available(ada, bob)
        await clients.send_and_receive("after the silence")

    async def close() -> None:
        def bob_is(status: discord.Status):
            return lambda _, now: now.id == setup.bob_id and now.status is status

        # Ada must see Bob idle first: the server may skip a presence that reverts at once.
        there = ada.wait_for("presence_update", check=bob_is(discord.Status.idle))
        await bob.change_presence(status=discord.Status.idle)
        await there
        offline = ada.wait_for("presence_update", check=bob_is(discord.Status.offline))
        await bob.close()
        await offline
        await ada.close()
        await asyncio.gather(*running)

    return {
        "login": login,
        "presence": presence,
        "voice": voice,
        "reconnect": reconnect,
        "zombie": zombie,
        "close": close,
    }
