import { controlledStages, type OnProgress, runningStages } from '@threshold/engines'
import { CodedError, unavailable } from '@threshold/kit'
import { chooseStage } from '../choose-stage.ts'
import { ROOT } from '../context.ts'
import { unknownName } from '../unknown-name.ts'
import type { ProfileKind } from './flame-graph.ts'
import { allocationTree, callTree, cpuProfile, type Frame, heapProfile } from './profiles.ts'

/** A process of a running stage. */
export interface Target {
  readonly stage: number
  /** Such as `gateway 2`, or `stage` for a stage that is one process. */
  readonly name: string
  readonly role: string
  readonly url: string
}

export interface ProfileOptions {
  /** A role, a process such as `guilds 2`, or the id of a guild. */
  readonly what: string
  readonly kind: ProfileKind
  readonly seconds: number
  /** The address of the stage. Undefined: the only one that runs. */
  readonly url: string | undefined
}

/** Time for the answer beyond that of the profile. */
const ANSWER_WITHIN_MS = 30_000
const HELP = 'npx threshold profile --help'

/**
 * Profiles a process of a running stage. Throws NO_STAGE, WHICH_STAGE, UNKNOWN_PROCESS,
 * NOT_OWNED, PROFILE_RUNNING or PROFILING_OFF.
 */
export async function collectProfile(
  { what, kind, seconds, url }: ProfileOptions,
  onProgress: OnProgress,
  interrupted: AbortSignal,
): Promise<{ readonly target: Target; readonly tree: Frame }> {
  const targets = await targetsOf(url)
  const isGuild = /^\d{15,20}$/.test(what)
  const known = [...new Set(targets.flatMap(({ role, name }) => [role, name]))]
  const hosts = targets.filter(({ role }) => role === 'guilds' || role === 'stage')
  const named = targets.find(({ role, name }) => what === name || what === role)
  const chosen = isGuild
    ? hosts
    : [named ?? fail(unknownName('UNKNOWN_PROCESS', 'process', what, known, HELP))]
  const ended = new AbortController()
  const signal = AbortSignal.any([
    interrupted,
    ended.signal,
    AbortSignal.timeout(seconds * 1_000 + ANSWER_WITHIN_MS),
  ])
  const from = performance.now()
  const timer = setInterval(() => {
    const done = Math.min(seconds, Math.floor((performance.now() - from) / 1_000))
    onProgress({ text: `profiling ${what}, in seconds`, done, total: seconds })
  }, 1_000)
  try {
    const query = new URLSearchParams({
      kind,
      seconds: String(seconds),
      ...(isGuild ? { guild: what } : {}),
    })
    const found = await Promise.all(
      chosen.map(async (target) => {
        const tree = await request(target, kind, query, signal)
        return tree ? [{ target, tree }] : []
      }),
    )
    const [first] = found.flat()
    return (
      first ??
      fail(
        new CodedError('NOT_OWNED', `no process owns guild ${what} at the moment`, {
          next: 'try again',
        }),
      )
    )
  } finally {
    clearInterval(timer)
    ended.abort()
  }
}

function fail(error: CodedError): never {
  throw error
}

/** The processes of one stage. */
async function targetsOf(url: string | undefined): Promise<readonly Target[]> {
  const [controlled, running] = await Promise.all([controlledStages(), runningStages()])
  const processes = new Map(controlled.map((stage) => [stage.url, stage.processes]))
  const { stage, url: address } = chooseStage(running, url, {
    kind: 'stage',
    command: 'profile WHAT',
  })
  const whole = [{ name: 'stage', role: 'stage', url: address }]
  return (processes.get(address) ?? whole).map((each) => ({ ...each, stage }))
}

/** Undefined if another process owns the guild. */
async function request(
  { name, url }: Target,
  kind: ProfileKind,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<Frame | undefined> {
  const response = await fetch(`${url}/workshop/profile?${query}`, { signal }).catch(
    (error: unknown) => {
      signal.throwIfAborted()
      throw unavailable(`the process ${name}`, error)
    },
  )
  if (response.ok) {
    const body: unknown = await response.json()
    return kind === 'time'
      ? callTree(cpuProfile.parse(body), ROOT)
      : allocationTree(heapProfile.parse(body), ROOT)
  }
  if (response.status === 409)
    throw new CodedError('PROFILE_RUNNING', `another profile of ${name} is running`, {
      next: 'try again when it has ended',
    })
  if (response.status === 404 && query.has('guild')) return undefined
  if (response.status === 404)
    throw new CodedError('PROFILING_OFF', `${name} runs without operator routes`, {
      next: 'start the stage with THRESHOLD_PROVISIONING=on, as npx threshold stage does',
    })
  throw unavailable(`the process ${name}`)
}
