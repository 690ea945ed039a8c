"""Messages and reactions."""

from datetime import datetime, timedelta, timezone

import hikari
from harness import Steps

from .clients import Clients


def message_steps(clients: Clients) -> Steps:
    setup, ada, bob, next_event, send_and_receive = (
        clients.setup,
        clients.ada,
        clients.bob,
        clients.next_event,
        clients.send_and_receive,
    )

    async def send() -> None:
        sent, received = await send_and_receive("hello from hikari")
        assert received.id == sent.id
        assert received.author.id == setup.ada_id
        assert received.guild_id == setup.guild_id
        assert received.member is not None
        assert abs(received.timestamp - datetime.now(timezone.utc)) < timedelta(minutes=1)

    async def reply() -> None:
        sent, received = await send_and_receive("a question")
        expected = next_event(
            ada, hikari.GuildMessageCreateEvent, lambda event: event.content == "an answer"
        )
        await received.respond("an answer", reply=True, mentions_reply=True)
        answer = (await expected).message
        assert answer.message_reference.id == sent.id
        assert answer.referenced_message.content == "a question"
        assert setup.ada_id in answer.user_mentions_ids

    async def edit() -> None:
        sent, _ = await send_and_receive("before")
        expected = next_event(
            bob, hikari.GuildMessageUpdateEvent, lambda event: event.message_id == sent.id
        )
        assert (await sent.edit("after")).content == "after"
        event = await expected
        assert event.old_message.content == "before"
        assert event.message.content == "after"
        assert event.message.edited_timestamp is not None

    async def react() -> None:
        sent, received = await send_and_receive("react to this")
        added = next_event(
            ada, hikari.GuildReactionAddEvent, lambda event: event.message_id == sent.id
        )
        await received.add_reaction("👍")
        event = await added
        assert event.user_id == setup.bob_id
        assert event.emoji_name == "👍"
        users = await ada.rest.fetch_reactions_for_emoji(setup.text_id, sent, "👍")
        assert [user.id for user in users] == [setup.bob_id]
        assert (await ada.rest.fetch_message(setup.text_id, sent)).reactions[0].count == 1
        removed = next_event(
            ada, hikari.GuildReactionDeleteEvent, lambda event: event.message_id == sent.id
        )
        await received.remove_reaction("👍")
        assert (await removed).user_id == setup.bob_id

    async def collect() -> None:
        with ada.stream(hikari.GuildMessageCreateEvent, timeout=10).filter(
            ("author.id", setup.bob_id)
        ) as stream:
            for content in ("first of two", "second of two"):
                await bob.rest.create_message(setup.text_id, content)
            collected = [event.content async for event in stream.limit(2)]
        assert collected == ["first of two", "second of two"]

    async def delete() -> None:
        sent, _ = await send_and_receive("delete this")
        expected = next_event(
            bob, hikari.GuildMessageDeleteEvent, lambda event: event.message_id == sent.id
        )
        await sent.delete()
        await expected

    async def bulk_delete() -> None:
        to_delete = [(await send_and_receive(content))[0] for content in ("one", "two", "three")]
        expected = next_event(bob, hikari.GuildBulkMessageDeleteEvent)
        await ada.rest.delete_messages(setup.text_id, to_delete)
        assert set((await expected).message_ids) == {message.id for message in to_delete}

    async def history() -> None:
        ids = [(await ada.rest.create_message(setup.text_id, f"page {i}")).id for i in range(7)]

        async def page(**options: int) -> list[int]:
            return [
                message.id
                for message in await bob.rest.fetch_messages(setup.text_id, **options).limit(3)
            ]

        assert await page() == ids[:3:-1]
        assert await page(before=ids[4]) == ids[3:0:-1]
        assert await page(after=ids[0]) == ids[1:4]  # oldest first with `after`
        # hikari pages without end around an id, and sends no limit.
        around = [
            message.id
            for message in await bob.rest.fetch_messages(setup.text_id, around=ids[3]).limit(7)
        ]
        assert around[:4] == ids[:2:-1]
        assert (await bob.rest.fetch_message(setup.text_id, ids[0])).content == "page 0"

    async def typing() -> None:
        expected = next_event(
            bob, hikari.GuildTypingEvent, lambda event: event.user_id == setup.ada_id
        )
        await ada.rest.trigger_typing(setup.text_id)
        assert (await expected).channel_id == setup.text_id

    async def dm() -> None:
        expected = next_event(
            bob, hikari.DMMessageCreateEvent, lambda event: event.content == "between us"
        )
        await (await ada.rest.fetch_user(setup.bob_id)).send("between us")
        message = (await expected).message
        assert message.guild_id is None
        back = next_event(ada, hikari.DMMessageCreateEvent, lambda event: event.content == "indeed")
        await message.respond("indeed", reply=True)
        assert (await back).channel_id == message.channel_id

    async def search() -> None:
        sent, _ = await send_and_receive("a needle in hikari")
        found = await ada.rest.search_messages(
            setup.guild_id, content="needle", authors=[setup.ada_id], channels=[setup.text_id]
        )
        assert found.total_results == 1
        assert found.messages[0].id == sent.id

    async def error() -> None:
        try:
            await ada.rest.create_message(setup.text_id, "x" * 2001)
            raise AssertionError("2,001 characters were accepted")
        except hikari.BadRequestError as refused:
            assert refused.code == 50035
            assert "content" in refused.errors
        try:
            await ada.rest.fetch_message(setup.text_id, setup.guild_id)
            raise AssertionError("a message that does not exist was found")
        except hikari.NotFoundError as refused:
            assert refused.code == 10008

    return {
        "send": send,
        "reply": reply,
        "edit": edit,
        "react": react,
        "collect": collect,
        "delete": delete,
        "bulk-delete": bulk_delete,
        "history": history,
        "typing": typing,
        "dm": dm,
        "search": search,
        "error": error,
    }
