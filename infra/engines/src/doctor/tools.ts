import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { messageOf } from '@threshold/kit'
import { type FoundJava, findJava, JAVA_MAJOR } from '../cassandra/java.ts'
import { canFetch, locateChromium } from '../chromium/chromium.ts'
import { findCargo } from '../mongodb/secantus-install.ts'
import { containerRuntime } from '../process/container.ts'
import { which } from '../process/which.ts'
import { findPython } from '../python.ts'
import { type Family, REMEDIES } from './remedies.ts'
import type { ToolFacts } from './report.ts'

const run = promisify(execFile)

/** A tool that hangs at its own version must not hang the doctor. */
const ASK_MS = 5_000

type Seen = { readonly version: string } | { readonly why: string }

export async function inspectTools(family: Family): Promise<ToolFacts[]> {
  const tools = [
    ['Docker', docker, 'MongoDB itself, later ScyllaDB, in containers: untried so far', REMEDIES.docker],
    ['Python 3', async () => asSeen(await findPython()), 'the quick stand-in for MongoDB', REMEDIES.python],
    ['Rust', async () => asSeen(await findCargo()), "the labs' stand-in for MongoDB, stage 4's addons", REMEDIES.rust],
    [`Java ${JAVA_MAJOR}`, async () => asSeen(await findJava()), 'Cassandra from stage 2 on, OpenSearch', REMEDIES.java],
    ['Go', go, "discordgo's conformance client", REMEDIES.go],
    ['Chromium', chromium, "the chat page's tests", REMEDIES.chromium],
  ] as const
  return await Promise.all(
    tools.map(async ([name, look, purpose, remedy]) => {
      const seen: Seen = await look()
      const rest = { for: purpose, install: remedy[family] }
      return 'version' in seen ? { name, version: seen.version, ...rest } : { name, version: undefined, why: seen.why, ...rest }
    }),
  )
}

const asSeen = (found: FoundJava | Awaited<ReturnType<typeof findPython>>): Seen =>
  found.usable ? { version: found.version } : { why: found.why }

async function docker(): Promise<Seen> {
  const runtime = await containerRuntime()
  if (runtime !== undefined)
    return { version: `${runtime.info.containerRuntime.serverVersion} on ${runtime.info.containerRuntime.operatingSystem}` }
  return { why: (await which('docker')) === undefined ? 'not installed' : 'installed, but its daemon does not answer' }
}

async function go(): Promise<Seen> {
  const version = /go(\d[\d.]*)/.exec((await ask('go', ['version'])) ?? '')?.[1]
  return version === undefined ? { why: 'no go on PATH' } : { version }
}

async function chromium(): Promise<Seen> {
  try {
    const found = await locateChromium()
    if (found !== undefined) return { version: found.origin === 'cache' ? `${found.version} (in the cache)` : found.version }
    return { why: canFetch() ? 'none on PATH; the tests fetch one into the cache' : 'none on PATH' }
  } catch (error) {
    return { why: messageOf(error) }
  }
}

/** What a command says on either stream; undefined when it is not there or fails. */
async function ask(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(command, args, { timeout: ASK_MS })
    return stdout + stderr
  } catch {
    return undefined
  }
}
