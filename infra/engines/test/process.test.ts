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
import { emptyCache, setEnvironment, tempFolder } from './helpers.ts'

const NODE = process.execPath

const STAYS = 'setInterval(() => {}, 60_000)'
const STARTS_ANOTHER = `require('node:child_process').spawn(process.execPath, ['-e', '${STAYS}'])`

/** Starts a group leader that prints the value of `script` and keeps running. */
async function startProcess(use: AsyncDisposableStack, script = '0') {
  const child = spawn(NODE, ['-e', `console.log(${script}); ${STAYS}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  use.defer(async () => void child.kill('SIGKILL'))
  const [output] = await once(child.stdout, 'data')
  return { child, identity: (await identify(child.pid!))!, printed: Number(output) }
}

describe('a process', () => {
  it('is identified by id and start time together, synchronously too', async () => {
    await using use = new AsyncDisposableStack()
    const { identity } = await startProcess(use)
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

  it('is terminated even if it is stopped or ignores SIGTERM', async () => {
    await using use = new AsyncDisposableStack()
    const stopped = await startProcess(use)
    process.kill(stopped.identity.pid, 'SIGSTOP')
    expect(await terminate(stopped.identity, { group: true, graceMs: 10_000 })).toBe(true)
    const deaf = await startProcess(use, "process.on('SIGTERM', () => {}).pid")
    expect(await terminate(deaf.identity, { group: true, graceMs: 100 })).toBe(true)
    expect(deaf.child.signalCode ?? (await once(deaf.child, 'exit'))[1]).toBe('SIGKILL')
  })

  it('runs no thread while suspended, until it continues', async () => {
    await using use = new AsyncDisposableStack()
    const { identity } = await startProcess(use)
    expect(await isSuspended(identity.pid)).toBe(false)
    await suspend(identity.pid)
    expect(await isSuspended(identity.pid)).toBe(true)
    signal(identity.pid, 'SIGCONT', true)
    await vi.waitFor(async () => expect(await isSuspended(identity.pid)).toBe(false), 30_000)
    await terminate(identity, { group: true })
    expect(await isSuspended(identity.pid)).toBe(true)
  })

  it('is terminated with its group', async () => {
    await using use = new AsyncDisposableStack()
    const { identity, printed } = await startProcess(use, `${STARTS_ANOTHER}.pid`)
    const grandchild = await identify(printed)
    expect(grandchild).toBeDefined()
    expect(await terminate(identity, { group: true })).toBe(true)
    expect(await exitsWithin(grandchild!, 5_000)).toBe(true)
  })
})

describe('a command', () => {
  it('that fails reports its last output and the help', async () => {
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

  it('that times out is ended with its children', async () => {
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

  it('is over when it exits, even if a child still holds its output', async () => {
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
    const child = await identify(Number(lines[0]))
    expect(child).toBeDefined()
    await terminate(child!)
  })

  it('that does not exist is named', async () => {
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
  it('are free until a server listens', async () => {
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
    const [first, second] = [await tempFolder(use), await tempFolder(use)]
    await mkdir(join(first, 'tool'))
    await symlink(NODE, join(second, 'tool'))
    setEnvironment(use, { PATH: `${first}::${second}` })
    expect(await which('tool')).toBe(join(second, 'tool'))
    expect(await which('other')).toBeUndefined()
  })
})
