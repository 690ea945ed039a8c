import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { spawnRegistered } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { answer, type ClientAnswer, type ClientCommand } from './protocol.ts'

interface BenchProcess extends AsyncDisposable {
  readonly process: ChildProcess
  readonly pid: number
}

/** Starts a registered process of the bench. It ends with this process, or at the next sweep. */
async function startProcess(file: string, args: readonly string[]): Promise<BenchProcess> {
  const {
    child: started,
    identity: { pid },
    registration,
  } = await spawnRegistered({
    role: 'bench',
    onExit: 'kill',
    command: process.execPath,
    args: [fileURLToPath(new URL(file, import.meta.url)), ...args],
    spawn: { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  })
  return {
    process: started,
    pid,
    async [Symbol.asyncDispose]() {
      if (started.exitCode === null && started.signalCode === null) {
        const ended = once(started, 'exit')
        started.kill('SIGKILL') // it has no state to save
        await ended
      }
      await registration.close()
    },
  }
}

export interface Client extends AsyncDisposable {
  connect(options: Omit<Extract<ClientCommand, { do: 'connect' }>, 'do'>): Promise<void>
  send(options: Omit<Extract<ClientCommand, { do: 'send' }>, 'do'>): Promise<ClientAnswer>
  leave(): Promise<void>
}

export async function startClient(): Promise<Client> {
  const started = await startProcess('./client.ts', [])
  const execute = async (command: ClientCommand): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<{
      result?: unknown
      error?: string
    }>()
    const died = (): void =>
      reject(new CodedError('CLIENT_DIED', 'the client of the bench ended before it answered'))
    started.process.once('exit', died).once('message', resolve as (message: unknown) => void)
    started.process.send(command)
    const { result, error } = await promise.finally(() => started.process.off('exit', died))
    if (error !== undefined) throw new CodedError('BENCH_FAILED', error)
    return result
  }
  return {
    connect: async (command) => void (await execute({ do: 'connect', ...command })),
    send: async (command) => answer.parse(await execute({ do: 'send', ...command })),
    leave: async () => void (await execute({ do: 'leave' })),
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  }
}

export interface BaselineServer extends AsyncDisposable {
  readonly pid: number
  readonly url: string
  readonly socketUrl: string
}

/** A server that only sends to its sockets. */
export async function startBaseline(kind: 'ws' | 'socket.io' | 'tcp'): Promise<BaselineServer> {
  const started = await startProcess('./baseline-server.ts', [kind])
  const [line] = (await once(started.process.stdout!, 'data')) as [Buffer]
  const [, port, sockets] = /^ready (\d+) (\d+)/.exec(String(line)) ?? []
  if (sockets === undefined)
    throw new CodedError('BENCH_FAILED', `${kind} did not start: ${String(line)}`)
  return {
    pid: started.pid,
    url: `http://127.0.0.1:${port}/`,
    socketUrl: `${kind === 'tcp' ? 'tcp' : 'ws'}://127.0.0.1:${sockets}`,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  }
}
