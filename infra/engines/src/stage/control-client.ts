import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { CodedError, decodeJson, encodeJson } from '@threshold/kit'
import type { OnProgress, ProgressStep } from '../progress.ts'
import {
  type ControlledStage,
  controlSockets,
  type DeployRequest,
  lineSchema,
  stageSchema,
} from './control.ts'
import type { Replaced } from './replacement.ts'

const TIMEOUT_MS = 5_000

/** The stages of several processes that commands of this user run. */
export async function controlledStages(): Promise<ControlledStage[]> {
  const found = await Promise.all(
    (await controlSockets()).map(async (socket): Promise<ControlledStage[]> => {
      try {
        const response = await send(socket, 'GET', '', AbortSignal.timeout(TIMEOUT_MS))
        const { v: _, ...stage } = stageSchema.parse(decodeJson(await text(response)))
        return [{ ...stage, socket }]
      } catch {
        return [] // it has just ended
      }
    }),
  )
  return found.flat()
}

/**
 * Asks the command that owns the stage for a deploy. Rejects with its coded error, and with
 * DEPLOY_INTERRUPTED if it ends meanwhile.
 */
export async function requestDeploy(
  { socket }: ControlledStage,
  deploy: Omit<DeployRequest, 'v'>,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<readonly Replaced[]> {
  const body = encodeJson({ v: 1, ...deploy })
  try {
    const response = await send(socket, 'POST', body, signal)
    let unfinished = ''
    for await (const chunk of response.setEncoding('utf8')) {
      // Not by readline, which also ends a line where a text has U+2028.
      const lines = (unfinished + chunk).split('\n')
      unfinished = lines.pop()!
      for (const line of lines) {
        const { step, replaced, error } = lineSchema.parse(decodeJson(line))
        if (error) throw error
        if (replaced) return replaced
        if (step) onProgress(step as ProgressStep)
      }
    }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof CodedError) throw error
  }
  throw new CodedError('DEPLOY_INTERRUPTED', 'the stage has ended meanwhile', {
    next: 'npx threshold stage 3',
  })
}

async function send(
  socketPath: string,
  method: string,
  body: string | Uint8Array,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const sent = request({ socketPath, method, agent: false, signal }).end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}
