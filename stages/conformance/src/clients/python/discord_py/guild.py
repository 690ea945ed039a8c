"""The guild, its channels, roles and members."""

import discord
from harness import Steps

from .clients import Clients


def guild_steps(clients: Clients) -> Steps:
    setup, ada, bob = clients.setup, clients.ada, clients.bob

    async def guild() -> None:
        known = clients.guild(ada)
        assert known.name == setup.guild_name
        assert known.owner_id == setup.ada_id
        assert known.member_count == 1 + len(setup.guests)
        assert isinstance(known.get_channel(setup.text_id), discord.TextChannel)
        assert isinstance(known.get_channel(setup.voice_id), discord.VoiceChannel)
        assert known.default_role.id == known.id
        assert known.me.guild_permissions.administrator
        assert (
            await ada.fetch_guild(setup.guild_id)
        ).approximate_member_count == known.member_count

    async def channel() -> None:
        created = ada.wait_for(
            "guild_channel_create", check=lambda channel: channel.name == "secret"
        )
        hidden = {clients.guild(ada).default_role: discord.PermissionOverwrite(view_channel=False)}
        secret = await clients.guild(ada).create_text_channel(
            "secret", overwrites=hidden, topic="for few"
        )
        await created
        assert secret.overwrites_for(clients.guild(ada).default_role).view_channel is False
        try:
            await bob.fetch_channel(secret.id)
            raise AssertionError("Bob can fetch a hidden channel")
        except discord.Forbidden as refused:
            assert refused.code == 50001
        assert bob.get_channel(secret.id) is None
        opened = bob.wait_for("guild_channel_create", check=lambda channel: channel.id == secret.id)
        await secret.set_permissions(clients.bob_as_member, view_channel=True)
        await opened
        edited = bob.wait_for(
            "guild_channel_update",
            check=lambda _, now: now.id == secret.id and now.topic == "for more",
        )
        await secret.edit(topic="for more", name="less-secret")
        await edited
        deleted = bob.wait_for(
            "guild_channel_delete", check=lambda channel: channel.id == secret.id
        )
        await secret.delete()
        await deleted

    async def role() -> None:
        created = bob.wait_for("guild_role_create", check=lambda role: role.name == "keeper")
        permissions = discord.Permissions(manage_messages=True)
        role = await clients.guild(ada).create_role(
            name="keeper", colour=discord.Colour(0x3366CC), permissions=permissions
        )
        await created
        assert role.colour.value == 0x3366CC

        def given_to_bob(wanted: bool):
            return (
                lambda _, now: now.id == setup.bob_id
                and (now.get_role(role.id) is not None) == wanted
            )

        given = bob.wait_for("member_update", check=given_to_bob(True))
        await clients.bob_as_member.add_roles(role)
        await given
        assert clients.guild(bob).me.guild_permissions.manage_messages
        taken = bob.wait_for("member_update", check=given_to_bob(False))
        await clients.bob_as_member.remove_roles(role)
        await taken
        renamed = bob.wait_for(
            "guild_role_update", check=lambda _, now: now.name == "former keeper"
        )
        await role.edit(name="former keeper")
        await renamed
        deleted = bob.wait_for("guild_role_delete", check=lambda role_: role_.id == role.id)
        await role.delete()
        await deleted

    async def members() -> None:
        everyone = {setup.ada_id, setup.bob_id, *setup.guests}
        assert {member.id for member in await clients.guild(ada).chunk(cache=False)} == everyone
        assert len(await clients.guild(ada).query_members("guest", limit=2)) == 2
        # discord.py sends the ids as bare JSON numbers, which need more bits than a double has.
        some = await clients.guild(ada).query_members(
            user_ids=[setup.guests[0], setup.bob_id], presences=True
        )
        assert {member.id for member in some} == {setup.guests[0], setup.bob_id}
        assert {
            member.id async for member in clients.guild(ada).fetch_members(limit=None)
        } == everyone
        assert (await clients.guild(ada).fetch_member(setup.bob_id)).name == setup.bob["username"]

    async def invite() -> None:
        made = await clients.text(ada).create_invite(max_age=600)
        found = await bob.fetch_invite(made.code)
        assert found.guild.id == setup.guild_id
        assert found.channel.id == setup.text_id
        assert found.inviter.id == setup.ada_id
        assert made.code in [invite.code for invite in await clients.text(ada).invites()]

    async def kick() -> None:
        removed = ada.wait_for("member_remove", check=lambda member: member.id == setup.bob_id)
        lost = bob.wait_for("guild_remove", check=lambda guild: guild.id == setup.guild_id)
        await clients.bob_as_member.kick()
        await removed
        await lost
        await clients.join()

    return {
        "guild": guild,
        "join": clients.join,
        "channel": channel,
        "role": role,
        "members": members,
        "invite": invite,
        "kick": kick,
    }
