import { resolve } from 'node:path'
import {
  type ControlledStage,
  controlledStages,
  type OnProgress,
  type Replaced,
  requestDeploy,
  type StageProcess,
  serveControl,
} from '@threshold/engines'
import { CodedError, messageOf } from '@threshold/kit'
import type { Terminal } from './terminal.ts'
import { unknownName } from './unknown-name.ts'

/** Lets `threshold deploy` reach the stage that this command runs. The stage runs also without. */
export async function listenForDeploys(
  dir: string,
  stage: StageProcess,
  terminal: Terminal,
): Promise<AsyncDisposable | undefined> {
  try {
    return await serveControl(dir, stage)
  } catch (error) {
    terminal.log(`threshold deploy will not find this stage: ${messageOf(error)}`)
    return undefined
  }
}

interface Deploy {
  readonly role: string
  /** The checkout with the new version. */
  readonly from: string
  /** How long a new process may take to become ready. */
  readonly seconds: number
  /** The address of the stage. Undefined: the only one that runs. */
  readonly url: string | undefined
}

/** Asks the command that runs the stage, and returns when all processes are replaced. */
export async function deploy(
  { role, from, seconds, url }: Deploy,
  onProgress: OnProgress,
  interrupted: AbortSignal,
): Promise<readonly Replaced[]> {
  const stage = chooseStage(await controlledStages(), url)
  if (!stage.roles.includes(role))
    throw unknownName('UNKNOWN_ROLE', 'role', role, stage.roles, 'npx threshold deploy --help')
  const request = { role, checkout: resolve(from), readyTimeoutMs: seconds * 1_000 }
  return await requestDeploy(stage, request, onProgress, interrupted)
}

function chooseStage(stages: readonly ControlledStage[], url: string | undefined): ControlledStage {
  const wanted = url === undefined ? undefined : URL.parse(url)?.origin
  const found = url === undefined ? stages : stages.filter((stage) => stage.url === wanted)
  const [first] = found
  if (first === undefined)
    throw new CodedError(
      'NO_STAGE',
      `no stage of several processes runs ${url === undefined ? 'on this machine' : `at ${url}`}`,
      { next: 'npx threshold stage 3' },
    )
  if (found.length > 1)
    throw new CodedError(
      'WHICH_STAGE',
      `${found.length} stages run on this machine: ${found.map((each) => each.url).join(', ')}`,
      { next: `npx threshold deploy ROLE --url ${first.url}` },
    )
  return first
}

export const formatReplaced = (replaced: Replaced): string => {
  const { name, pid, formerPid, formerEnd, handOverMs } = replaced
  const seconds = `${(handOverMs / 1_000).toFixed(1)} s`
  return formerEnd === 'exit code 0'
    ? `${name}: process ${formerPid} handed over to process ${pid} in ${seconds}`
    : `${name}: process ${pid} serves; process ${formerPid} ended after ${seconds} (${formerEnd})`
}
