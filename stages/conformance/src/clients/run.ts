import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { identify, registerProcess, terminate } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { Launch } from './libraries.ts'
import { openLink } from './link.ts'
import { type Ask, FOUNDATIONS, type Line, STEPS, type StepId } from './scenario.ts'
import { serverAt } from './stagehand.ts'

export interface RunOptions {
  readonly baseUrl: string
  /** Whether sessions can be resumed here. */
  readonly resume: boolean
  readonly patienceMs?: number
  readonly onLine?: (line: Line) => void
}

/** One library playing the scenario in a process of its own. */
export interface ClientRun extends AsyncDisposable {
  /** Resolves when the step was done, rejects with all there is to know when it was not. */
  step(id: StepId): Promise<void>
}

/** discordgo bears five heartbeats of silence, and machines are busy. */
const PATIENCE_MS = 30_000
/** For the whole scenario; two steps wait for a library's own timers. */
const DEADLINE_MS = 170_000
const OUTPUT_CHARACTERS = 6_000

const CLEANLY = 'it ended with exit code 0'

type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: string; readonly unreached?: true }

export async function runClient(launch: Launch, options: RunOptions): Promise<ClientRun> {
  const { baseUrl, resume, patienceMs = PATIENCE_MS, onLine = () => {} } = options
  const server = serverAt(baseUrl)
  const link = await openLink(baseUrl)
  const world = await server.prepare({ base: link.url, resume, patience: patienceMs })
  const child = spawn(launch.command, launch.args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: launch.cwd,
  })
  const outcomes = new Map(STEPS.map(({ id }) => [id, Promise.withResolvers<Outcome>()]))
  const said: string[] = []
  let output = ''
  const keep = (text: string): void => {
    output = (output + text).slice(-OUTPUT_CHARACTERS)
  }

  const answer = async (ask: Ask): Promise<string> => {
    if (ask === 'join') await server.join(world)
    if (ask === 'mute') link.mute()
    if (ask !== 'cut') return ''
    const release = link.cut()
    try {
      await server.say(world, 'while you were away')
    } finally {
      release()
    }
    return 'while you were away'
  }

  const hear = async (line: Line): Promise<void> => {
    onLine(line)
    said.push(JSON.stringify(line))
    if ('step' in line) {
      reached.add(line.step)
      if (!line.ok && FOUNDATIONS.includes(line.step)) broken = line.step
      outcomes.get(line.step)?.resolve(line)
    }
    if ('ask' in line) send(child.stdin, { id: line.id, answer: await answer(line.ask) })
  }

  child.stdin.on('error', () => {}) // it ended: what it did not do is told by its steps
  child.stderr.setEncoding('utf8').on('data', keep)
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseLine(text)
    if (line) hear(line).catch((error: unknown) => keep(`\nthe harness failed: ${String(error)}\n`))
    else keep(`${text}\n`)
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`it could not be started: ${error.message}`))
    child.once('close', (code, signal) =>
      resolve(signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`),
    )
  })
  const reached = new Set<StepId>()
  let broken: StepId | undefined
  const finish = (why: string): void => {
    for (const [id, { resolve }] of outcomes) {
      if (reached.has(id)) continue
      resolve(
        broken === undefined
          ? { ok: false, why: `${why} before this step` }
          : { ok: false, why: `not reached after ${broken}`, unreached: true },
      )
      broken ??= id
    }
  }
  const timer = setTimeout(() => finish(`${DEADLINE_MS} ms were over`), DEADLINE_MS)
  ended.then(finish)
  await new Promise<void>((resolve) => child.once('spawn', resolve).once('error', () => resolve()))
  const identity = child.pid === undefined ? undefined : await identify(child.pid)
  const registered =
    identity &&
    (await registerProcess({
      pid: identity.pid,
      role: 'client',
      text: launch.command,
      group: true,
      onExit: 'kill',
    }))
  send(child.stdin, world)

  const failed = (id: StepId, why: string): CodedError =>
    new CodedError('CLIENT_FAILED', `${id}: ${why}\n\n${report(said, link.closes, output)}`)
  return {
    async step(id) {
      const outcome = await outcomes.get(id)!.promise
      if (!outcome.ok)
        throw outcome.unreached
          ? new CodedError('NOT_REACHED', `${id}: ${outcome.why}`)
          : failed(id, outcome.why)
      if (id !== 'close') return
      // The last step's second half: with everything closed, nothing keeps the process.
      let late: NodeJS.Timeout | undefined
      const never = new Promise<string>((resolve) => {
        late = setTimeout(resolve, patienceMs, 'its process did not end')
      })
      const how = await Promise.race([ended, never])
      clearTimeout(late)
      if (how !== CLEANLY) throw failed(id, `all was closed, but ${how}`)
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      if (identity) await terminate(identity, { group: true })
      await registered?.close()
      await link[Symbol.asyncDispose]()
    },
  }
}

const send = (input: Writable, message: object): void =>
  void input.write(`${JSON.stringify(message)}\n`)

/** A line of the scenario, or undefined: libraries write to standard output, too. */
function parseLine(text: string): Line | undefined {
  if (!text.startsWith('{"')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    const known =
      typeof value === 'object' &&
      value !== null &&
      ('step' in value || 'ask' in value || 'note' in value)
    return known ? (value as Line) : undefined
  } catch {
    return undefined
  }
}

const report = (said: readonly string[], closes: readonly number[], output: string): string =>
  [
    'What the client reported until now:',
    ...said.map((line) => `  ${line}`),
    `Codes with which it closed gateway sockets: ${closes.length === 0 ? 'none' : closes.join(', ')}`,
    'The end of what its library wrote:',
    ...output
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
  ].join('\n')
