import { CodedError } from '@threshold/kit'
import type { OnProgress } from '../progress.ts'
import { CAN_REUSE_PORTS } from './environment.ts'
import type { Replaced } from './replacement.ts'
import type { ManagedRole } from './role-process.ts'
import { versionIn } from './version.ts'

export interface DeployOptions {
  readonly role: string
  /** The folder of the checkout with the new version. */
  readonly checkout: string
  /** How long a new process may take to become ready. */
  readonly readyTimeoutMs: number
  readonly onProgress: OnProgress
  /** Ends a new process that is not ready yet. Those that are ready stay. */
  readonly signal: AbortSignal
}

/**
 * Replaces the processes of a role one after the other, so that the others serve meanwhile. Throws
 * ROLLED_BACK, BAD_CHECKOUT, UNKNOWN_ROLE, or DEPLOY_UNAVAILABLE on a system where two processes
 * cannot listen on one port.
 */
export async function deployRole(
  stage: number,
  all: readonly ManagedRole[],
  { role, checkout, readyTimeoutMs, onProgress, signal }: DeployOptions,
): Promise<Replaced[]> {
  if (!CAN_REUSE_PORTS)
    throw new CodedError(
      'DEPLOY_UNAVAILABLE',
      `on ${process.platform} a new process cannot listen on the port of the old one`,
      {
        next: `end stage ${stage}, and start it from the new version: npx threshold stage ${stage}`,
      },
    )
  const processes = all.filter((each) => each.role === role)
  if (processes.length === 0) {
    const known = [...new Set(all.map((each) => each.role))].join(', ')
    throw new CodedError('UNKNOWN_ROLE', `stage ${stage} has no role ${role}; it has ${known}`, {
      next: 'npx threshold deploy --help',
    })
  }
  const version = await versionIn(checkout, stage)
  const replaced: Replaced[] = []
  for (const each of processes) {
    const progress = (text: string): void =>
      onProgress({ text, done: replaced.length, total: processes.length })
    try {
      replaced.push(await each.replace({ version, readyTimeoutMs, signal, progress }))
    } catch (error) {
      throw replaced.length === 0 ? error : withReplaced(error, replaced)
    }
  }
  return replaced
}

/** The processes of the role that come first stay on the new version. */
function withReplaced(error: unknown, replaced: readonly Replaced[]): unknown {
  if (!(error instanceof CodedError)) return error
  const names = replaced.map(({ name }) => name).join(', ')
  const message = `${error.message}\nalready on the new version: ${names}`
  const { next } = error
  return new CodedError(error.code, message, {
    cause: error,
    ...(next === undefined ? {} : { next }),
  })
}
