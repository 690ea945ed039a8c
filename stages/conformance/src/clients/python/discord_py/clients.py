"""The two clients, and helpers for the steps."""

import asyncio
import logging

import discord
import yarl
from harness import Harness

Sent = tuple[discord.Message, discord.Message]


def point_at(base: str, gateway: str) -> None:
    """discord.py keeps its two addresses as class attributes. Nothing else of it is changed."""
    discord.http.Route.BASE = f"{base}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway) / ""


class Clients:
    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.setup = harness.setup
        point_at(self.setup.base, self.setup.gateway)
        discord.utils.setup_logging(
            formatter=logging.Formatter("%(levelname)s %(name)s %(message)s")
        )
        self.ada, self.bob = self._client(), self._client()

    def _client(self) -> discord.Client:
        # The defaults suit a heartbeat of 41 s; here it is 2 s.
        return discord.Client(
            intents=discord.Intents.all(), heartbeat_timeout=5.0, guild_ready_timeout=0.5
        )

    def guild(self, client: discord.Client) -> discord.Guild:
        guild = client.get_guild(self.setup.guild_id)
        assert guild is not None
        return guild

    def text(self, client: discord.Client) -> discord.TextChannel:
        channel = client.get_channel(self.setup.text_id)
        assert isinstance(channel, discord.TextChannel)
        return channel

    async def available(self, *clients: discord.Client) -> None:
        """Waits for the guild, which may come after READY and the library's own time limit."""
        for client in clients:
            while not isinstance(client.get_channel(self.setup.text_id), discord.TextChannel):
                await asyncio.sleep(0.01)

    @property
    def bob_as_member(self) -> discord.Member:
        member = self.guild(self.ada).get_member(self.setup.bob_id)
        assert member is not None
        return member

    async def send_and_receive(self, content: str) -> Sent:
        """Sends as Ada and waits until Bob has received it. Returns both copies."""
        expected = self.bob.wait_for("message", check=lambda message: message.content == content)
        sent = await self.text(self.ada).send(content)
        return sent, await expected

    async def join(self) -> None:
        """discord.py has no method that adds a member, so the parent process does it."""
        added = self.ada.wait_for(
            "member_join", check=lambda member: member.id == self.setup.bob_id
        )
        entered = self.bob.wait_for(
            "guild_join", check=lambda guild: guild.id == self.setup.guild_id
        )
        await self.harness.request("join")
        await added
        guild = await entered
        assert guild.owner_id == self.setup.ada_id
        assert guild.get_channel(self.setup.text_id) is not None
