"""The two clients and what all steps need."""

import logging

import discord
import yarl
from play import Stagehand

Sent = tuple[discord.Message, discord.Message]


def point_at(base: str) -> None:
    """discord.py keeps its two addresses as attributes of classes; nothing else of it is changed."""
    discord.http.Route.BASE = f"{base}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(base).with_scheme("ws") / ""


class Cast:
    def __init__(self, hand: Stagehand) -> None:
        self.hand = hand
        self.world = hand.world
        point_at(self.world.base)
        discord.utils.setup_logging(formatter=logging.Formatter("%(levelname)s %(name)s %(message)s"))
        self.ada, self.bob = self._client(), self._client()

    def _client(self) -> discord.Client:
        # Both time-outs are made for the internet and a heartbeat of 41 s; here it is 2 s.
        return discord.Client(intents=discord.Intents.all(), heartbeat_timeout=5.0, guild_ready_timeout=0.5)

    def guild(self, client: discord.Client) -> discord.Guild:
        guild = client.get_guild(self.world.guild_id)
        assert guild is not None
        return guild

    def text(self, client: discord.Client) -> discord.TextChannel:
        channel = client.get_channel(self.world.text_id)
        assert isinstance(channel, discord.TextChannel)
        return channel

    @property
    def bob_as_member(self) -> discord.Member:
        member = self.guild(self.ada).get_member(self.world.bob_id)
        assert member is not None
        return member

    async def sent(self, content: str) -> Sent:
        """Sends as Ada, and waits until Bob has it: both copies."""
        got = self.bob.wait_for("message", check=lambda message: message.content == content)
        mine = await self.text(self.ada).send(content)
        return mine, await got

    async def join(self) -> None:
        """discord.py has no method that adds a member: bots seldom may."""
        added = self.ada.wait_for("member_join", check=lambda member: member.id == self.world.bob_id)
        entered = self.bob.wait_for("guild_join", check=lambda guild: guild.id == self.world.guild_id)
        await self.hand.ask("join")
        await added
        guild = await entered
        assert guild.owner_id == self.world.ada_id
        assert guild.get_channel(self.world.text_id) is not None
