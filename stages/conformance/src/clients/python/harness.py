"""Plays the scenario of ../scenario.ts step by step, and reports it as lines of JSON."""

import asyncio
import json
import sys
import time
import traceback
from typing import Any, Awaitable, Callable

Steps = dict[str, Callable[[], Awaitable[None]]]


class Setup:
    """The first line on standard input, see ScenarioSetup in ../scenario.ts."""

    def __init__(self, line: dict[str, Any]) -> None:
        self.steps: list[str] = line["steps"]
        self.essential: list[str] = line["essential"]
        self.step_timeout: float = line["stepTimeoutMs"] / 1000
        self.base: str = line["base"]
        self.gateway: str = line["gateway"]
        self.resume: bool = line["resume"]
        self.ada: dict[str, str] = line["ada"]
        self.bob: dict[str, str] = line["bob"]
        self.ada_id, self.bob_id = int(line["ada"]["id"]), int(line["bob"]["id"])
        self.guild_id, self.guild_name = int(line["guildId"]), line["guildName"]
        self.text_id, self.voice_id = int(line["textId"]), int(line["voiceId"])
        self.guests = [int(guest) for guest in line["guests"]]


class Harness:
    """Sends reports and requests to the parent process."""

    def __init__(self, setup: Setup, lines: asyncio.StreamReader) -> None:
        self.setup = setup
        self._lines = lines
        self._requests = 0

    async def request(self, action: str) -> str:
        """Asks the parent process for an action and returns its response."""
        self._requests += 1
        report({"request": action, "id": self._requests})
        return json.loads(await self._lines.readline())["response"]

    def note(self, text: str) -> None:
        report({"note": text})


def report(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


async def run_scenario(create_steps: Callable[[Harness], Steps]) -> None:
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    setup = Setup(json.loads(await lines.readline()))
    steps = create_steps(Harness(setup, lines))
    for step in setup.steps:
        if not await run_step(step, steps[step], setup.step_timeout) and step in setup.essential:
            sys.exit(1)
    pipe.close()


async def run_step(step: str, run: Callable[[], Awaitable[None]], timeout: float) -> bool:
    start = time.monotonic()
    error = None
    try:
        await asyncio.wait_for(run(), timeout)
    except asyncio.TimeoutError:
        error = f"not done after {timeout} s\n{traceback.format_exc()}"
    except Exception:
        error = traceback.format_exc()
    line = {"step": step, "ok": error is None, "ms": round((time.monotonic() - start) * 1000)}
    report(line if error is None else {**line, "error": error})
    return error is None
