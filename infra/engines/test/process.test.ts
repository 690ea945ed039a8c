import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { runCommand } from '../src/process/command.ts'
import { identify, isAlive, isAliveSync, isSuspended } from '../src/process/identity.ts'
import {
  freePort,
  HIGHEST_PORT,
  isListening,
  isPortFree,
  LOWEST_PORT,
} from '../src/process/ports.ts'
import { exitsWithin, signal, suspend, terminate } from '../src/process/terminate.ts'
import { which } from '../src/process/which.ts'
import { listEntries } from '../src/registry/registry.ts'
import { emptyCache, folder, setEnvironment } from './machine.ts'

const NODE = process.execPath

const STAYS = 'setInterval(() => {}, 60_000)'
const STARTS_ANOTHER = `require('node:child_process').spawn(process.execPath, ['-e', '${STAYS}'])`

/** A process of our own, leader of its group, that prints what `script` evaluates to and stays. */
async function running(use: AsyncDisposableStack, script = '0') {
  const child = spawn(NODE, ['-e', `console.log(${script}); ${STAYS}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  use.defer(async () => void child.kill('SIGKILL'))
  const [said] = await once(child.stdout, 'data')
  return { child, identity: (await identify(child.pid!))!, said: Number(said) }
}

describe('a process', () => {
  it('is known by its id and its start, to both ways of asking, and by its id alone to neither', async () => {
    await using use = new AsyncDisposableStack()
    const { identity } = await running(use)
    expect([await isAlive(identity), isAliveSync(identity)]).toEqual([true, true])
    const reused = { pid: identity.pid, start: (await identify(process.pid))!.start }
    expect([await isAlive(reused), isAliveSync(reused)]).toEqual([false, false])
    expect(await Promise.all([0, -1, 1.5, 2 ** 40].map(identify))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('that was stopped, or does not listen to SIGTERM, is ended all the same', async () => {
    await using use = new AsyncDisposableStack()
    const stopped = await running(use)
    process.kill(stopped.identity.pid, 'SIGSTOP')
    expect(await terminate(stopped.identity, { group: true, graceMs: 10_000 })).toBe(true)
    const deaf = await running(use, "process.on('SIGTERM', () => {}).pid")
    expect(await terminate(deaf.identity, { group: true, graceMs: 100 })).toBe(true)
    expect(deaf.child.signalCode ?? (await once(deaf.child, 'exit'))[1]).toBe('SIGKILL')
  })

  it('that is halted does nothing from then on, until it is let go on', async () => {
    await using use = new AsyncDisposableStack()
    const { identity } = await running(use)
    expect(await isSuspended(identity.pid)).toBe(false)
    await suspend(identity.pid)
    expect(await isSuspended(identity.pid)).toBe(true)
    signal(identity.pid, 'SIGCONT', true)
    await vi.waitFor(async () => expect(await isSuspended(identity.pid)).toBe(false), 30_000)
    await terminate(identity, { group: true })
    expect(await isSuspended(identity.pid)).toBe(true)
  })

  it('ends with the group that it leads', async () => {
    await using use = new AsyncDisposableStack()
    const { identity, said } = await running(use, `${STARTS_ANOTHER}.pid`)
    const grandchild = await identify(said)
    expect(grandchild).toBeDefined()
    expect(await terminate(identity, { group: true })).toBe(true)
    expect(await exitsWithin(grandchild!, 5_000)).toBe(true)
  })
})

describe('a command', () => {
  it('that fails tells what it said last and what to do', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const failing = runCommand({
      title: 'the build',
      command: NODE,
      args: ['-e', "console.error('no disk'); process.exit(3)"],
      next: 'df -h',
    })
    await expect(failing).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: 'the build failed (exit code 3)\nno disk',
      next: 'df -h',
    })
    expect((await listEntries()).entries).toEqual([])
  })

  it('that takes too long is ended, with all it started', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const lines: string[] = []
    const script = `console.log(${STARTS_ANOTHER}.pid); ${STAYS}`
    const slow = runCommand({
      title: 'the build',
      command: NODE,
      args: ['-e', script],
      onLine: (line) => lines.push(line),
      timeoutMs: 3_000,
    })
    await expect(slow).rejects.toMatchObject({ code: 'COMMAND_TIMED_OUT' })
    await vi.waitFor(async () => expect(await identify(Number(lines[0]))).toBeUndefined(), 30_000)
  })

  it('is over when it ends, though something it started still holds its output', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const lines: string[] = []
    const inherits = "{ stdio: 'inherit', detached: true }"
    const script = `console.log(require('node:child_process').spawn(process.execPath, ['-e', '${STAYS}'], ${inherits}).pid); process.exit(0)`
    await runCommand({
      title: 'the daemon',
      command: NODE,
      args: ['-e', script],
      onLine: (line) => lines.push(line),
      timeoutMs: 20_000,
    })
    const left = await identify(Number(lines[0]))
    expect(left).toBeDefined()
    await terminate(left!)
  })

  it('that is not there is named', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    await expect(
      runCommand({ title: 'x', command: '/no/such/program', args: [] }),
    ).rejects.toMatchObject({
      code: 'SPAWN_FAILED',
      message: expect.stringContaining('/no/such/program'),
    })
  })
})

describe('ports', () => {
  it('are free until somebody listens', async () => {
    const port = await freePort()
    expect(port).toBeGreaterThanOrEqual(LOWEST_PORT)
    expect(port).toBeLessThan(HIGHEST_PORT)
    expect([await isPortFree(port), await isListening(port)]).toEqual([true, false])
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    expect([await isPortFree(port), await isListening(port)]).toEqual([false, true])
    server.close()
  })
})

describe('which', () => {
  it('finds the first program of that name, and no folder', async () => {
    await using use = new AsyncDisposableStack()
    const [first, second] = [await folder(use), await folder(use)]
    await mkdir(join(first, 'tool'))
    await symlink(NODE, join(second, 'tool'))
    setEnvironment(use, { PATH: `${first}::${second}` })
    expect(await which('tool')).toBe(join(second, 'tool'))
    expect(await which('other')).toBeUndefined()
  })
})
