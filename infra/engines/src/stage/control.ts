import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { CodedError, encodeJson, hasCode, messageOf } from '@threshold/kit'
import { z } from 'zod'
import { isAlive } from '../process/identity.ts'
import type { OnProgress } from '../progress.ts'
import { entryDir, listEntries } from '../registry/registry.ts'
import type { StageProcess } from './process.ts'

/** A stage of several processes that a command on this machine runs, and that can be asked. */
export interface ControlledStage {
  readonly stage: number
  readonly url: string
  readonly roles: readonly string[]
  /** Its processes, with the address of each one's HTTP server. */
  readonly processes: readonly {
    readonly name: string
    readonly role: string
    readonly url: string
  }[]
  /** The path of a Unix socket on which the command speaks HTTP. Only its user may connect. */
  readonly socket: string
}

export const stageSchema = z.object({
  v: z.literal(1),
  stage: z.int(),
  url: z.string(),
  roles: z.array(z.string()),
  processes: z.array(z.object({ name: z.string(), role: z.string(), url: z.string() })),
})

export const deploySchema = z.object({
  v: z.literal(1),
  role: z.string(),
  /** Absolute, since the two commands may have different working directories. */
  checkout: z.string().startsWith('/'),
  readyTimeoutMs: z.number().positive(),
})
export type DeployRequest = z.output<typeof deploySchema>

/** A line of the answer to a deploy. The last one has `replaced` or `error`. */
export const lineSchema = z.object({
  step: z
    .object({ text: z.string(), done: z.number().optional(), total: z.number().optional() })
    .optional(),
  replaced: z
    .array(
      z.object({
        name: z.string(),
        pid: z.int(),
        formerPid: z.int(),
        formerEnd: z.string(),
        handOverMs: z.number(),
      }),
    )
    .optional(),
  error: z.instanceof(CodedError).optional(),
})
type Line = z.input<typeof lineSchema>

const controlFolder = (dir: string): string => join(dir, 'control')
const socketIn = (dir: string): string => join(controlFolder(dir), 'socket')

/**
 * Lets other commands of this user ask the one that owns the stage. `dir` is the folder of its
 * registration, so that they find it as long as it runs.
 */
export async function serveControl(dir: string, stage: StageProcess): Promise<AsyncDisposable> {
  // The mode of a socket is set after it exists; that of its folder, before.
  await mkdir(controlFolder(dir), { mode: 0o700 })
  const server = createServer((request, response) => void answer(stage, request, response))
  server.listen(socketIn(dir))
  await once(server, 'listening')
  return {
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** The sockets of the commands of this user that serve one. */
export async function controlSockets(): Promise<string[]> {
  const { entries } = await listEntries()
  const found = await Promise.all(
    entries.map(async ({ id, entry }) => {
      const socket = socketIn(entryDir(id))
      const serves = entry?.process !== undefined && existsSync(socket)
      return serves && (await isAlive(entry.process!)) ? [socket] : []
    }),
  )
  return found.flat()
}

async function answer(
  stage: StageProcess,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === 'GET') {
    const { stage: number, url } = stage
    const roles = [...new Set(stage.roles.map(({ role }) => role))]
    const processes = stage.roles.map(({ name, role, url }) => ({ name, role, url }))
    response.end(encodeJson({ v: 1, stage: number, url, roles, processes }))
    return
  }
  const left = new AbortController()
  response.once('close', () => {
    left.abort(new CodedError('DEPLOY_INTERRUPTED', 'the command that asked for it has ended'))
  })
  const write = (line: Line): void => void response.write(`${encodeJson(line)}\n`)
  try {
    const { v: _, ...options } = deploySchema.parse(await json(request))
    const onProgress: OnProgress = (step) => write({ step })
    write({ replaced: await stage.deploy({ ...options, onProgress, signal: left.signal }) })
  } catch (error) {
    write({ error: hasCode(error) ? error : new CodedError('CRASHED', messageOf(error)) })
  }
  response.end()
}
