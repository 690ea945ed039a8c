"""Plays the scenario step by step and reports it as lines of JSON, as every client does; see ../scenario.ts."""

import asyncio
import json
import sys
import time
import traceback
from typing import Any, Awaitable, Callable

Steps = dict[str, Callable[[], Awaitable[None]]]


class World:
    """What a client is told before it starts."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.steps: list[str] = told["steps"]
        self.foundations: list[str] = told["foundations"]
        self.patience: float = told["patience"] / 1000
        self.base: str = told["base"]
        self.resume: bool = told["resume"]
        self.ada: dict[str, str] = told["ada"]
        self.bob: dict[str, str] = told["bob"]
        self.ada_id, self.bob_id = int(told["ada"]["id"]), int(told["bob"]["id"])
        self.guild_id, self.guild_name = int(told["guildId"]), told["guildName"]
        self.text_id, self.voice_id = int(told["textId"]), int(told["voiceId"])
        self.guests = [int(guest) for guest in told["guests"]]


class Stagehand:
    """Does what a client cannot do by itself."""

    def __init__(self, world: World, lines: asyncio.StreamReader) -> None:
        self.world = world
        self._lines = lines
        self._asked = 0

    async def ask(self, what: str) -> str:
        self._asked += 1
        say({"ask": what, "id": self._asked})
        return json.loads(await self._lines.readline())["answer"]

    def note(self, text: str) -> None:
        say({"note": text})


def say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


async def play(cast: Callable[[Stagehand], Steps]) -> None:
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    world = World(json.loads(await lines.readline()))
    steps = cast(Stagehand(world, lines))
    for step in world.steps:
        if not await perform(step, steps[step], world.patience) and step in world.foundations:
            sys.exit(1)
    pipe.close()


async def perform(step: str, deed: Callable[[], Awaitable[None]], patience: float) -> bool:
    began = time.monotonic()
    try:
        await asyncio.wait_for(deed(), patience)
        why = None
    except asyncio.TimeoutError:
        why = f"not done after {patience} s\n{traceback.format_exc()}"
    except Exception:
        why = traceback.format_exc()
    ms = round((time.monotonic() - began) * 1000)
    say({"step": step, "ok": True, "ms": ms} if why is None else {"step": step, "ok": False, "ms": ms, "why": why})
    return why is None
