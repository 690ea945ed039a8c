"""What is said, and what becomes of it."""

from datetime import timedelta

import discord
from play import Steps

from .cast import Cast


def message_steps(cast: Cast) -> Steps:
    world, ada, bob, sent = cast.world, cast.ada, cast.bob, cast.sent

    async def send() -> None:
        mine, theirs = await sent("hello from discord.py")
        assert theirs.id == mine.id
        assert theirs.author.id == world.ada_id
        assert isinstance(theirs.author, discord.Member)
        assert theirs.guild is not None and theirs.guild.id == world.guild_id
        assert abs(theirs.created_at - discord.utils.utcnow()) < timedelta(minutes=1)

    async def reply() -> None:
        mine, theirs = await sent("a question")
        got = ada.wait_for("message", check=lambda message: message.content == "an answer")
        await theirs.reply("an answer")
        answer = await got
        assert answer.reference.message_id == mine.id
        assert answer.reference.resolved.content == "a question"
        assert ada.user in answer.mentions

    async def edit() -> None:
        mine, _ = await sent("before")
        got = bob.wait_for("message_edit", check=lambda _, now: now.id == mine.id)
        assert (await mine.edit(content="after")).content == "after"
        was, now = await got
        assert (was.content, now.content) == ("before", "after")
        assert now.edited_at is not None

    async def react() -> None:
        mine, theirs = await sent("react to this")
        added = ada.wait_for("reaction_add", check=lambda reaction, _: reaction.message.id == mine.id)
        await theirs.add_reaction("👍")
        reaction, user = await added
        assert user.id == world.bob_id
        assert str(reaction.emoji) == "👍"
        assert [user.id async for user in reaction.users()] == [world.bob_id]
        assert (await cast.text(ada).fetch_message(mine.id)).reactions[0].count == 1
        removed = ada.wait_for("reaction_remove", check=lambda gone, _: gone.message.id == mine.id)
        await theirs.remove_reaction("👍", bob.user)
        assert (await removed)[1].id == world.bob_id

    async def collect() -> None:
        def by_bob(message: discord.Message) -> bool:
            return message.author.id == world.bob_id

        first = ada.wait_for("message", check=by_bob)
        await cast.text(bob).send("first of two")
        assert (await first).content == "first of two"
        second = ada.wait_for("message", check=by_bob)
        await cast.text(bob).send("second of two")
        assert (await second).content == "second of two"

    async def delete() -> None:
        mine, _ = await sent("delete this")
        got = bob.wait_for("message_delete", check=lambda message: message.id == mine.id)
        await mine.delete()
        await got

    async def bulk_delete() -> None:
        doomed = [(await sent(content))[0] for content in ("one", "two", "three")]
        got = bob.wait_for("bulk_message_delete")
        await cast.text(ada).delete_messages(doomed)
        assert {message.id for message in await got} == {message.id for message in doomed}

    async def history() -> None:
        ids = [(await cast.text(ada).send(f"page {i}")).id for i in range(7)]

        async def page(**options: discord.Object) -> list[int]:
            return [message.id async for message in cast.text(bob).history(limit=3, **options)]

        assert await page() == ids[:3:-1]
        assert await page(before=discord.Object(ids[4])) == ids[3:0:-1]
        assert await page(after=discord.Object(ids[0])) == ids[1:4]  # the oldest first, then
        assert sorted(await page(around=discord.Object(ids[3]))) == ids[2:5]
        assert (await cast.text(bob).fetch_message(ids[0])).content == "page 0"

    async def typing() -> None:
        got = bob.wait_for("typing", check=lambda _, user, __: user.id == world.ada_id)
        await cast.text(ada).typing()
        assert (await got)[0].id == world.text_id

    async def dm() -> None:
        got = bob.wait_for("message", check=lambda message: message.content == "between us")
        await cast.bob_as_member.send("between us")
        message = await got
        assert message.guild is None
        back = ada.wait_for("message", check=lambda message: message.content == "indeed")
        await message.reply("indeed")
        assert (await back).channel.id == message.channel.id

    async def search() -> None:
        mine, _ = await sent("a needle in discord.py")
        # discord.py has no method for it; this is its own HTTP client, with its queue and its errors.
        route = discord.http.Route("GET", "/guilds/{guild_id}/messages/search", guild_id=world.guild_id)
        found = await ada.http.request(route, params={"content": "needle"})
        assert found["messages"][0][0]["id"] == str(mine.id)

    async def error() -> None:
        try:
            await cast.text(ada).send("x" * 2001)
            raise AssertionError("2,001 characters were taken")
        except discord.HTTPException as refused:
            assert (refused.status, refused.code) == (400, 50035)
            assert "content" in refused.text
        try:
            await cast.text(ada).fetch_message(world.guild_id)
            raise AssertionError("a message that is none was found")
        except discord.NotFound as refused:
            assert refused.code == 10008

    return {
        **{"send": send, "reply": reply, "edit": edit, "react": react, "collect": collect, "delete": delete},
        **{"bulk-delete": bulk_delete, "history": history, "typing": typing, "dm": dm, "search": search, "error": error},
    }
