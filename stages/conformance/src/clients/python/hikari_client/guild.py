"""The guild, its channels, roles and members."""

import hikari
from harness import Steps

from .clients import Clients


def guild_steps(clients: Clients) -> Steps:
    setup, ada, bob, next_event = clients.setup, clients.ada, clients.bob, clients.next_event

    async def guild() -> None:
        known = ada.cache.get_guild(setup.guild_id)
        assert known.name == setup.guild_name
        assert known.owner_id == setup.ada_id
        assert known.member_count == 1 + len(setup.guests)
        assert isinstance(known.get_channel(setup.text_id), hikari.GuildTextChannel)
        assert isinstance(known.get_channel(setup.voice_id), hikari.GuildVoiceChannel)
        assert known.get_role(setup.guild_id).name == "@everyone"
        assert known.get_my_member().id == setup.ada_id
        assert (
            await ada.rest.fetch_guild(setup.guild_id)
        ).approximate_member_count == known.member_count

    async def channel() -> None:
        created = next_event(
            ada, hikari.GuildChannelCreateEvent, lambda event: event.channel.name == "secret"
        )
        hidden = hikari.PermissionOverwrite(
            id=setup.guild_id,
            type=hikari.PermissionOverwriteType.ROLE,
            deny=hikari.Permissions.VIEW_CHANNEL,
        )
        secret = await ada.rest.create_guild_text_channel(
            setup.guild_id, "secret", topic="for few", permission_overwrites=[hidden]
        )
        await created
        assert secret.permission_overwrites[setup.guild_id].deny == hikari.Permissions.VIEW_CHANNEL
        try:
            await bob.rest.fetch_channel(secret.id)
            raise AssertionError("Bob can fetch a hidden channel")
        except hikari.ForbiddenError as refused:
            assert refused.code == 50001
        assert bob.cache.get_guild_channel(secret.id) is None
        opened = next_event(
            bob, hikari.GuildChannelCreateEvent, lambda event: event.channel_id == secret.id
        )
        member = ada.cache.get_member(setup.guild_id, setup.bob_id)
        await ada.rest.edit_permission_overwrite(
            secret, member.user, allow=hikari.Permissions.VIEW_CHANNEL
        )
        await opened
        edited = next_event(
            bob, hikari.GuildChannelUpdateEvent, lambda event: event.channel.topic == "for more"
        )
        await secret.edit(topic="for more", name="less-secret")
        await edited
        deleted = next_event(
            bob, hikari.GuildChannelDeleteEvent, lambda event: event.channel_id == secret.id
        )
        await secret.delete()
        await deleted

    async def role() -> None:
        created = next_event(bob, hikari.RoleCreateEvent, lambda event: event.role.name == "keeper")
        permissions = hikari.Permissions.MANAGE_MESSAGES
        role = await ada.rest.create_role(
            setup.guild_id, name="keeper", color=0x3366CC, permissions=permissions
        )
        await created
        assert role.color == 0x3366CC

        def holds(wanted: bool):
            return (
                lambda event: event.user_id == setup.bob_id
                and (role.id in event.member.role_ids) == wanted
            )

        given = next_event(bob, hikari.MemberUpdateEvent, holds(True))
        await ada.rest.add_role_to_member(setup.guild_id, setup.bob_id, role)
        await given
        assert bob.cache.get_role(role.id).permissions == permissions
        taken = next_event(bob, hikari.MemberUpdateEvent, holds(False))
        await ada.rest.remove_role_from_member(setup.guild_id, setup.bob_id, role)
        await taken
        renamed = next_event(
            bob, hikari.RoleUpdateEvent, lambda event: event.role.name == "former keeper"
        )
        await ada.rest.edit_role(setup.guild_id, role, name="former keeper")
        await renamed
        deleted = next_event(bob, hikari.RoleDeleteEvent, lambda event: event.role_id == role.id)
        await ada.rest.delete_role(setup.guild_id, role)
        await deleted

    async def members() -> None:
        everyone = {setup.ada_id, setup.bob_id, *setup.guests}

        async def chunk(nonce: str, **wanted) -> set[int]:
            expected = next_event(ada, hikari.MemberChunkEvent, lambda event: event.nonce == nonce)
            await ada.request_guild_members(setup.guild_id, nonce=nonce, **wanted)
            return {member.id for member in await expected}

        assert await chunk("all", include_presences=True) == everyone
        assert len(await chunk("named", query="guest", limit=2)) == 2
        assert await chunk("some", users=[setup.guests[0], setup.bob_id]) == {
            setup.guests[0],
            setup.bob_id,
        }
        assert {member.id async for member in ada.rest.fetch_members(setup.guild_id)} == everyone
        assert (await ada.rest.fetch_member(setup.guild_id, setup.bob_id)).username == setup.bob[
            "username"
        ]

    async def invite() -> None:
        made = await ada.rest.create_invite(setup.text_id, max_age=600)
        found = await bob.rest.fetch_invite(made.code)
        assert found.guild_id == setup.guild_id
        assert found.channel_id == setup.text_id
        assert found.inviter.id == setup.ada_id
        assert made.code in [
            invite.code for invite in await ada.rest.fetch_channel_invites(setup.text_id)
        ]

    async def kick() -> None:
        removed = next_event(
            ada, hikari.MemberDeleteEvent, lambda event: event.user_id == setup.bob_id
        )
        lost = next_event(
            bob, hikari.GuildLeaveEvent, lambda event: event.guild_id == setup.guild_id
        )
        await ada.rest.kick_user(setup.guild_id, setup.bob_id)
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
