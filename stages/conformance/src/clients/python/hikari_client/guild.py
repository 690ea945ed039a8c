"""The guild itself: who and what is in it."""

import hikari
from play import Steps

from .cast import Cast


def guild_steps(cast: Cast) -> Steps:
    world, ada, bob, heard = cast.world, cast.ada, cast.bob, cast.heard

    async def guild() -> None:
        known = ada.cache.get_guild(world.guild_id)
        assert known.name == world.guild_name
        assert known.owner_id == world.ada_id
        assert known.member_count == 1 + len(world.guests)
        assert isinstance(known.get_channel(world.text_id), hikari.GuildTextChannel)
        assert isinstance(known.get_channel(world.voice_id), hikari.GuildVoiceChannel)
        assert known.get_role(world.guild_id).name == "@everyone"
        assert known.get_my_member().id == world.ada_id
        assert (await ada.rest.fetch_guild(world.guild_id)).approximate_member_count == known.member_count

    async def channel() -> None:
        created = heard(ada, hikari.GuildChannelCreateEvent, lambda event: event.channel.name == "secret")
        hidden = hikari.PermissionOverwrite(
            id=world.guild_id, type=hikari.PermissionOverwriteType.ROLE, deny=hikari.Permissions.VIEW_CHANNEL
        )
        secret = await ada.rest.create_guild_text_channel(world.guild_id, "secret", topic="for few", permission_overwrites=[hidden])
        await created
        assert secret.permission_overwrites[world.guild_id].deny == hikari.Permissions.VIEW_CHANNEL
        try:
            await bob.rest.fetch_channel(secret.id)
            raise AssertionError("Bob sees what is hidden from him")
        except hikari.ForbiddenError as refused:
            assert refused.code == 50001
        assert bob.cache.get_guild_channel(secret.id) is None
        opened = heard(bob, hikari.GuildChannelCreateEvent, lambda event: event.channel_id == secret.id)
        member = ada.cache.get_member(world.guild_id, world.bob_id)
        await ada.rest.edit_permission_overwrite(secret, member.user, allow=hikari.Permissions.VIEW_CHANNEL)
        await opened
        edited = heard(bob, hikari.GuildChannelUpdateEvent, lambda event: event.channel.topic == "for more")
        await secret.edit(topic="for more", name="less-secret")
        await edited
        gone = heard(bob, hikari.GuildChannelDeleteEvent, lambda event: event.channel_id == secret.id)
        await secret.delete()
        await gone

    async def role() -> None:
        created = heard(bob, hikari.RoleCreateEvent, lambda event: event.role.name == "keeper")
        permissions = hikari.Permissions.MANAGE_MESSAGES
        role = await ada.rest.create_role(world.guild_id, name="keeper", color=0x3366CC, permissions=permissions)
        await created
        assert role.color == 0x3366CC

        def holds(wanted: bool):
            return lambda event: event.user_id == world.bob_id and (role.id in event.member.role_ids) == wanted

        given = heard(bob, hikari.MemberUpdateEvent, holds(True))
        await ada.rest.add_role_to_member(world.guild_id, world.bob_id, role)
        await given
        assert bob.cache.get_role(role.id).permissions == permissions
        taken = heard(bob, hikari.MemberUpdateEvent, holds(False))
        await ada.rest.remove_role_from_member(world.guild_id, world.bob_id, role)
        await taken
        renamed = heard(bob, hikari.RoleUpdateEvent, lambda event: event.role.name == "former keeper")
        await ada.rest.edit_role(world.guild_id, role, name="former keeper")
        await renamed
        deleted = heard(bob, hikari.RoleDeleteEvent, lambda event: event.role_id == role.id)
        await ada.rest.delete_role(world.guild_id, role)
        await deleted

    async def members() -> None:
        everyone = {world.ada_id, world.bob_id, *world.guests}

        async def chunk(nonce: str, **wanted) -> set[int]:
            got = heard(ada, hikari.MemberChunkEvent, lambda event: event.nonce == nonce)
            await ada.request_guild_members(world.guild_id, nonce=nonce, **wanted)
            return {member.id for member in await got}

        assert await chunk("all", include_presences=True) == everyone
        assert len(await chunk("named", query="guest", limit=2)) == 2
        assert await chunk("some", users=[world.guests[0], world.bob_id]) == {world.guests[0], world.bob_id}
        assert {member.id async for member in ada.rest.fetch_members(world.guild_id)} == everyone
        assert (await ada.rest.fetch_member(world.guild_id, world.bob_id)).username == world.bob["username"]

    async def invite() -> None:
        made = await ada.rest.create_invite(world.text_id, max_age=600)
        found = await bob.rest.fetch_invite(made.code)
        assert found.guild_id == world.guild_id
        assert found.channel_id == world.text_id
        assert found.inviter.id == world.ada_id
        assert made.code in [invite.code for invite in await ada.rest.fetch_channel_invites(world.text_id)]

    async def kick() -> None:
        removed = heard(ada, hikari.MemberDeleteEvent, lambda event: event.user_id == world.bob_id)
        lost = heard(bob, hikari.GuildLeaveEvent, lambda event: event.guild_id == world.guild_id)
        await ada.rest.kick_user(world.guild_id, world.bob_id)
        await removed
        await lost
        await cast.join()

    return {
        **{"guild": guild, "join": cast.join, "channel": channel, "role": role},
        **{"members": members, "invite": invite, "kick": kick},
    }
