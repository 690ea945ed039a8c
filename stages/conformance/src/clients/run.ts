import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { askGateway, identify, registerProcess, terminate } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { Launch } from './libraries.ts'
import { openLink } from './link.ts'
import {
  ESSENTIAL_STEPS,
  type HarnessRequest,
  type ReportLine,
  STEPS,
  type StepId,
} from './scenario.ts'
import { scenarioServer } from './scenario-server.ts'

export interface RunOptions {
  readonly baseUrl: string
  /** Whether the server resumes sessions. */
  readonly resume: boolean
  readonly stepTimeoutMs?: number
  readonly onLine?: (line: ReportLine) => void
}

/** A library that plays the scenario in its own process. */
export interface ClientRun extends AsyncDisposable {
  /** Resolves when the step succeeded. Rejects with a report when it failed. */
  step(id: StepId): Promise<void>
}

/** discordgo tolerates five missed heartbeats, and machines are busy. */
const STEP_TIMEOUT_MS = 30_000
/** The time limit of the whole scenario. Two steps wait for timers of the library. */
const DEADLINE_MS = 170_000
const OUTPUT_CHARACTERS = 6_000

const CLEAN_EXIT = 'the process exited with code 0'

type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: string; readonly unreached?: true }

export async function runClient(launch: Launch, options: RunOptions): Promise<ClientRun> {
  const { baseUrl, resume, stepTimeoutMs = STEP_TIMEOUT_MS, onLine = () => {} } = options
  const server = scenarioServer(baseUrl)
  const link = await openLink(baseUrl)
  const gateway = await askGateway(link.url)
  const setup = await server.prepare({ base: link.url, gateway, resume, stepTimeoutMs })
  const child = spawn(launch.command, launch.args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: launch.cwd,
  })
  const outcomes = new Map(STEPS.map(({ id }) => [id, Promise.withResolvers<Outcome>()]))
  const lines: string[] = []
  let output = ''
  const keep = (text: string): void => {
    output = (output + text).slice(-OUTPUT_CHARACTERS)
  }

  const respond = async (request: HarnessRequest): Promise<string> => {
    if (request === 'join') await server.addBob(setup)
    if (request === 'stall') link.stall()
    if (request !== 'cut') return ''
    const release = link.cut()
    try {
      await server.sendAsAda(setup, 'while you were away')
    } finally {
      release()
    }
    return 'while you were away'
  }

  const handle = async (line: ReportLine): Promise<void> => {
    onLine(line)
    lines.push(JSON.stringify(line))
    if ('step' in line) {
      reached.add(line.step)
      if (!line.ok && ESSENTIAL_STEPS.includes(line.step)) broken = line.step
      outcomes.get(line.step)?.resolve(line)
    }
    if ('request' in line) send(child.stdin, { id: line.id, response: await respond(line.request) })
  }

  child.stdin.on('error', () => {}) // the process ended; its steps report what is missing
  child.stderr.setEncoding('utf8').on('data', keep)
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseLine(text)
    if (line)
      handle(line).catch((error: unknown) => keep(`\nthe harness failed: ${String(error)}\n`))
    else keep(`${text}\n`)
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`the process could not start: ${error.message}`))
    child.once('close', (code, signal) =>
      resolve(
        signal === null ? `the process exited with code ${code}` : `${signal} ended the process`,
      ),
    )
  })
  const reached = new Set<StepId>()
  let broken: StepId | undefined
  const finish = (why: string): void => {
    for (const [id, { resolve }] of outcomes) {
      if (reached.has(id)) continue
      resolve(
        broken === undefined
          ? { ok: false, error: `${why} before this step` }
          : { ok: false, error: `not reached after ${broken}`, unreached: true },
      )
      broken ??= id
    }
  }
  const timer = setTimeout(
    () => finish(`the scenario timed out after ${DEADLINE_MS} ms`),
    DEADLINE_MS,
  )
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
  send(child.stdin, setup)

  const failed = (id: StepId, why: string): CodedError =>
    new CodedError('CLIENT_FAILED', `${id}: ${why}\n\n${report(lines, link.closeCodes, output)}`)
  return {
    async step(id) {
      const outcome = await outcomes.get(id)!.promise
      if (!outcome.ok)
        throw outcome.unreached
          ? new CodedError('NOT_REACHED', `${id}: ${outcome.error}`)
          : failed(id, outcome.error)
      if (id !== 'close') return
      // The second half of the last step: nothing may keep the process alive after closing.
      let timeout: NodeJS.Timeout | undefined
      const timedOut = new Promise<string>((resolve) => {
        timeout = setTimeout(resolve, stepTimeoutMs, 'the process did not exit')
      })
      const exit = await Promise.race([ended, timedOut])
      clearTimeout(timeout)
      if (exit !== CLEAN_EXIT) throw failed(id, `both clients closed, but ${exit}`)
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

/** A line of the report; undefined for output of the library. */
function parseLine(text: string): ReportLine | undefined {
  if (!text.startsWith('{"')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    const isReport =
      typeof value === 'object' &&
      value !== null &&
      ('step' in value || 'request' in value || 'note' in value)
    return isReport ? (value as ReportLine) : undefined
  } catch {
    return undefined
  }
}

const report = (lines: readonly string[], closeCodes: readonly number[], output: string): string =>
  [
    'Reports of the client:',
    ...lines.map((line) => `  ${line}`),
    `Close codes that it sent: ${closeCodes.length === 0 ? 'none' : closeCodes.join(', ')}`,
    'The end of its output:',
    ...output
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
  ].join('\n')
