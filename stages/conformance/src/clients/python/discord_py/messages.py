"""Messages and reactions."""

from datetime import timedelta

import discord
from harness import Steps

from .clients import Clients


def message_steps(clients: Clients) -> Steps:
    setup, ada, bob, send_and_receive = (
        clients.setup,
        clients.ada,
        clients.bob,
        clients.send_and_receive,
    )

    async def send() -> None:
        sent, received = await send_and_receive("hello from discord.py")
        assert received.id == sent.id
        assert received.author.id == setup.ada_id
        assert isinstance(received.author, discord.Member)
        assert received.guild is not None and received.guild.id == setup.guild_id
        assert abs(received.created_at - discord.utils.utcnow()) < timedelta(minutes=1)

    async def reply() -> None:
        sent, received = await send_and_receive("a question")
        expected = ada.wait_for("message", check=lambda message: message.content == "an answer")
        await received.reply("an answer")
        answer = await expected
        assert answer.reference.message_id == sent.id
        assert answer.reference.resolved.content == "a question"
        assert ada.user in answer.mentions

    async def edit() -> None:
        sent, _ = await send_and_receive("before")
        expected = bob.wait_for("message_edit", check=lambda _, now: now.id == sent.id)
        assert (await sent.edit(content="after")).content == "after"
        was, now = await expected
        assert (was.content, now.content) == ("before", "after")
        assert now.edited_at is not None

    async def react() -> None:
        sent, received = await send_and_receive("react to this")
        added = ada.wait_for(
            "reaction_add", check=lambda reaction, _: reaction.message.id == sent.id
        )
        await received.add_reaction("👍")
        reaction, user = await added
        assert user.id == setup.bob_id
        assert str(reaction.emoji) == "👍"
        assert [user.id async for user in reaction.users()] == [setup.bob_id]
        assert (await clients.text(ada).fetch_message(sent.id)).reactions[0].count == 1
        removed = ada.wait_for(
            "reaction_remove", check=lambda reaction, _: reaction.message.id == sent.id
        )
        await received.remove_reaction("👍", bob.user)
        assert (await removed)[1].id == setup.bob_id

    async def collect() -> None:
        def by_bob(message: discord.Message) -> bool:
            return message.author.id == setup.bob_id

        first = ada.wait_for("message", check=by_bob)
        await clients.text(bob).send("first of two")
        assert (await first).content == "first of two"
        second = ada.wait_for("message", check=by_bob)
        await clients.text(bob).send("second of two")
        assert (await second).content == "second of two"

    async def delete() -> None:
        sent, _ = await send_and_receive("delete this")
        expected = bob.wait_for("message_delete", check=lambda message: message.id == sent.id)
        await sent.delete()
        await expected

    async def bulk_delete() -> None:
        to_delete = [(await send_and_receive(content))[0] for content in ("one", "two", "three")]
        expected = bob.wait_for("bulk_message_delete")
        await clients.text(ada).delete_messages(to_delete)
        assert {message.id for message in await expected} == {message.id for message in to_delete}

    async def history() -> None:
        ids = [(await clients.text(ada).send(f"page {i}")).id for i in range(7)]

        async def page(**options: discord.Object) -> list[int]:
            return [message.id async for message in clients.text(bob).history(limit=3, **options)]

        assert await page() == ids[:3:-1]
        assert await page(before=discord.Object(ids[4])) == ids[3:0:-1]
        assert await page(after=discord.Object(ids[0])) == ids[1:4]  # oldest first with `after`
        assert sorted(await page(around=discord.Object(ids[3]))) == ids[2:5]
        assert (await clients.text(bob).fetch_message(ids[0])).content == "page 0"

    async def typing() -> None:
        expected = bob.wait_for("typing", check=lambda _, user, __: user.id == setup.ada_id)
        await clients.text(ada).typing()
        assert (await expected)[0].id == setup.text_id

    async def dm() -> None:
        expected = bob.wait_for("message", check=lambda message: message.content == "between us")
        await clients.bob_as_member.send("between us")
        message = await expected
        assert message.guild is None
        back = ada.wait_for("message", check=lambda message: message.content == "indeed")
        await message.reply("indeed")
        assert (await back).channel.id == message.channel.id

    async def search() -> None:
        sent, _ = await send_and_receive("a needle in discord.py")
        # discord.py has no method for searching. This is its HTTP client, with its queue.
        route = discord.http.Route(
            "GET", "/guilds/{guild_id}/messages/search", guild_id=setup.guild_id
        )
        found = await ada.http.request(route, params={"content": "needle"})
        assert found["messages"][0][0]["id"] == str(sent.id)

    async def error() -> None:
        try:
            await clients.text(ada).send("x" * 2001)
            raise AssertionError("2,001 characters were accepted")
        except discord.HTTPException as refused:
            assert (refused.status, refused.code) == (400, 50035)
            assert "content" in refused.text
        try:
            await clients.text(ada).fetch_message(setup.guild_id)
            raise AssertionError("a message that does not exist was found")
        except discord.NotFound as refused:
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
