import { resolve } from 'node:path'
import {
  controlledStages,
  type OnProgress,
  type Replaced,
  requestDeploy,
  type StageProcess,
  serveControl,
} from '@threshold/engines'
import { messageOf } from '@threshold/kit'
import { chooseStage } from './choose-stage.ts'
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
  const stage = chooseStage(await controlledStages(), url, {
    kind: 'stage of several processes',
    command: 'deploy ROLE',
  })
  if (!stage.roles.includes(role))
    throw unknownName('UNKNOWN_ROLE', 'role', role, stage.roles, 'npx threshold deploy --help')
  const request = { role, checkout: resolve(from), readyTimeoutMs: seconds * 1_000 }
  return await requestDeploy(stage, request, onProgress, interrupted)
}

export const formatReplaced = (replaced: Replaced): string => {
  const { name, pid, formerPid, formerEnd, handOverMs } = replaced
  const seconds = `${(handOverMs / 1_000).toFixed(1)} s`
  return formerEnd === 'exit code 0'
    ? `${name}: process ${formerPid} handed over to process ${pid} in ${seconds}`
    : `${name}: process ${pid} serves; process ${formerPid} ended after ${seconds} (${formerEnd})`
}
