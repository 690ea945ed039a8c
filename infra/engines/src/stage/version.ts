import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit'
import type { LaunchSpec } from '../process/child.ts'
import { listStages, REPOSITORY, type StageInfo } from './list.ts'

/** A stage as one checkout of the repository has it. */
export interface StageVersion {
  readonly info: StageInfo
  readonly checkout: string
}

/** Node's default takes a hundred MiB more memory without a measurable gain: see ADR 21. */
const YOUNG_GENERATION = '--max-semi-space-size=4'

/** Throws NO_SUCH_STAGE. */
export async function ownVersion(stage: number): Promise<StageVersion> {
  const stages = await listStages()
  const info = stages.find((each) => each.stage === stage)
  if (info !== undefined) return { info, checkout: REPOSITORY }
  throw new CodedError(
    'NO_SUCH_STAGE',
    `there is no stage ${stage}; there are ${stages.map((s) => s.stage).join(', ')}`,
    { next: 'npx threshold stages list' },
  )
}

/** Throws BAD_CHECKOUT if the folder has no such stage, or not the packages that it needs. */
export async function versionIn(checkout: string, stage: number): Promise<StageVersion> {
  const bad = (why: string, next: string, cause?: unknown): CodedError =>
    new CodedError('BAD_CHECKOUT', `${checkout} ${why}`, { cause, next })
  const stages = await listStages(checkout).catch((error: unknown) => {
    throw bad('is no checkout of Threshold', 'npx threshold deploy --help', error)
  })
  const info = stages.find((each) => each.stage === stage)
  if (info === undefined) throw bad(`has no stage ${stage}`, 'npx threshold deploy --help')
  // A link to the node_modules of another checkout would run that checkout's code.
  const [installed, own] = await Promise.all(
    ['node_modules/@threshold/kit', 'infra/kit'].map((path) =>
      realpath(join(checkout, path)).catch(() => undefined),
    ),
  )
  if (installed === undefined || installed !== own)
    throw bad('has no node_modules of its own', `(cd ${checkout} && npm ci)`)
  return { info, checkout }
}

/** How a process of this version is started. A stage that is one process has no roles. */
export const launchSpec = (
  { info, checkout }: StageVersion,
  role: string,
  env: LaunchSpec['env'],
): LaunchSpec => ({
  command: process.execPath,
  args: [YOUNG_GENERATION, join(info.dir, 'src', 'main.ts'), ...(info.roles ? [role] : [])],
  ...(env === undefined ? {} : { env }),
  cwd: checkout,
})
