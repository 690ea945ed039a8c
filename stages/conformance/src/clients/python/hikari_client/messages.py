"""What is said, and what becomes of it."""

from datetime import datetime, timedelta, timezone

import hikari
from play import Steps

from .cast import Cast


def message_steps(cast: Cast) -> Steps:
    world, ada, bob, heard, sent = cast.world, cast.ada, cast.bob, cast.heard, cast.sent

    async def send() -> None:
        mine, theirs = await sent("hello from hikari")
        assert theirs.id == mine.id
        assert theirs.author.id == world.ada_id
        assert theirs.guild_id == world.guild_id
        assert theirs.member is not None
        assert abs(theirs.timestamp - datetime.now(timezone.utc)) < timedelta(minutes=1)

    async def reply() -> None:
        mine, theirs = await sent("a question")
        got = heard(ada, hikari.GuildMessageCreateEvent, lambda event: event.content == "an answer")
        await theirs.respond("an answer", reply=True, mentions_reply=True)
        answer = (await got).message
        assert answer.message_reference.id == mine.id
        assert answer.referenced_message.content == "a question"
        assert world.ada_id in answer.user_mentions_ids

    async def edit() -> None:
        mine, _ = await sent("before")
        got = heard(bob, hikari.GuildMessageUpdateEvent, lambda event: event.message_id == mine.id)
        assert (await mine.edit("after")).content == "after"
        event = await got
        assert event.old_message.content == "before"
        assert event.message.content == "after"
        assert event.message.edited_timestamp is not None

    async def react() -> None:
        mine, theirs = await sent("react to this")
        added = heard(ada, hikari.GuildReactionAddEvent, lambda event: event.message_id == mine.id)
        await theirs.add_reaction("👍")
        event = await added
        assert event.user_id == world.bob_id
        assert event.emoji_name == "👍"
        users = await ada.rest.fetch_reactions_for_emoji(world.text_id, mine, "👍")
        assert [user.id for user in users] == [world.bob_id]
        assert (await ada.rest.fetch_message(world.text_id, mine)).reactions[0].count == 1
        removed = heard(ada, hikari.GuildReactionDeleteEvent, lambda event: event.message_id == mine.id)
        await theirs.remove_reaction("👍")
        assert (await removed).user_id == world.bob_id

    async def collect() -> None:
        with ada.stream(hikari.GuildMessageCreateEvent, timeout=10).filter(("author.id", world.bob_id)) as stream:
            for content in ("first of two", "second of two"):
                await bob.rest.create_message(world.text_id, content)
            collected = [event.content async for event in stream.limit(2)]
        assert collected == ["first of two", "second of two"]

    async def delete() -> None:
        mine, _ = await sent("delete this")
        got = heard(bob, hikari.GuildMessageDeleteEvent, lambda event: event.message_id == mine.id)
        await mine.delete()
        await got

    async def bulk_delete() -> None:
        doomed = [(await sent(content))[0] for content in ("one", "two", "three")]
        got = heard(bob, hikari.GuildBulkMessageDeleteEvent)
        await ada.rest.delete_messages(world.text_id, doomed)
        assert set((await got).message_ids) == {message.id for message in doomed}

    async def history() -> None:
        ids = [(await ada.rest.create_message(world.text_id, f"page {i}")).id for i in range(7)]

        async def page(**options: int) -> list[int]:
            return [message.id for message in await bob.rest.fetch_messages(world.text_id, **options).limit(3)]

        assert await page() == ids[:3:-1]
        assert await page(before=ids[4]) == ids[3:0:-1]
        assert await page(after=ids[0]) == ids[1:4]  # the oldest first, then
        # Around an id hikari pages without end, and does not say how many it wants.
        around = [message.id for message in await bob.rest.fetch_messages(world.text_id, around=ids[3]).limit(7)]
        assert around[:4] == ids[:2:-1]
        assert (await bob.rest.fetch_message(world.text_id, ids[0])).content == "page 0"

    async def typing() -> None:
        got = heard(bob, hikari.GuildTypingEvent, lambda event: event.user_id == world.ada_id)
        await ada.rest.trigger_typing(world.text_id)
        assert (await got).channel_id == world.text_id

    async def dm() -> None:
        got = heard(bob, hikari.DMMessageCreateEvent, lambda event: event.content == "between us")
        await (await ada.rest.fetch_user(world.bob_id)).send("between us")
        message = (await got).message
        assert message.guild_id is None
        back = heard(ada, hikari.DMMessageCreateEvent, lambda event: event.content == "indeed")
        await message.respond("indeed", reply=True)
        assert (await back).channel_id == message.channel_id

    async def search() -> None:
        mine, _ = await sent("a needle in hikari")
        found = await ada.rest.search_messages(world.guild_id, content="needle", authors=[world.ada_id], channels=[world.text_id])
        assert found.total_results == 1
        assert found.messages[0].id == mine.id

    async def error() -> None:
        try:
            await ada.rest.create_message(world.text_id, "x" * 2001)
            raise AssertionError("2,001 characters were taken")
        except hikari.BadRequestError as refused:
            assert refused.code == 50035
            assert "content" in refused.errors
        try:
            await ada.rest.fetch_message(world.text_id, world.guild_id)
            raise AssertionError("a message that is none was found")
        except hikari.NotFoundError as refused:
            assert refused.code == 10008

    return {
        **{"send": send, "reply": reply, "edit": edit, "react": react, "collect": collect, "delete": delete},
        **{"bulk-delete": bulk_delete, "history": history, "typing": typing, "dm": dm, "search": search, "error": error},
    }
