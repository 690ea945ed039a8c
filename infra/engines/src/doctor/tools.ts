import { messageOf } from '@threshold/kit'
import { canFetch, locateChromium } from '../chromium/chromium.ts'
import { findDocker } from '../docker/find.ts'
import { type FoundJava, findJava, JAVA_MAJOR } from '../java.ts'
import { findCargo } from '../mongodb/secantus-install.ts'
import { runProbe } from '../process/probe.ts'
import { findPython } from '../python.ts'
import { type Family, REMEDIES } from './remedies.ts'
import type { ToolFacts } from './report.ts'

/** CI runs the Docker provider on the first of these. The others have never been run. */
const DOCKER_TRIED =
  'tried with Docker 20.10.24 on images of infra/docker; ' +
  'not tried: the official images, rootless Docker, macOS'

const PROBE_TIMEOUT_MS = 5_000

/** `next` repairs a tool that is installed but does not work. */
type Probe = { readonly version: string } | { readonly why: string; readonly next?: string }

export async function inspectTools(family: Family): Promise<ToolFacts[]> {
  const tools = [
    [
      'Docker',
      probeDocker,
      `MongoDB, Cassandra, NATS and OpenSearch in containers (${DOCKER_TRIED})`,
      REMEDIES.docker,
    ],
    [
      'Python 3',
      async () => toProbe(await findPython()),
      'the quick stand-in for MongoDB, and NATS',
      REMEDIES.python,
    ],
    [
      'Rust',
      async () => toProbe(await findCargo()),
      "the labs' stand-in for MongoDB, stage 4's addons",
      REMEDIES.rust,
    ],
    [
      `Java ${JAVA_MAJOR}`,
      async () => toProbe(await findJava()),
      'Cassandra from stage 2 on, OpenSearch',
      REMEDIES.java,
    ],
    ['Go', probeGo, "discordgo's conformance client, and NATS without Python", REMEDIES.go],
    ['Chromium', probeChromium, "the chat page's tests", REMEDIES.chromium],
  ] as const
  return await Promise.all(
    tools.map(async ([name, probe, purpose, remedy]) => {
      const found: Probe = await probe()
      const rest = { for: purpose, install: remedy[family] }
      if ('version' in found) return { name, version: found.version, ...rest }
      return {
        name,
        version: undefined,
        why: found.why,
        ...rest,
        install: found.next ?? rest.install,
      }
    }),
  )
}

const toProbe = (found: FoundJava | Awaited<ReturnType<typeof findPython>>): Probe =>
  found.usable ? { version: found.version } : { why: found.why }

async function probeDocker(): Promise<Probe> {
  const found = await findDocker()
  if (found.usable) return { version: `${found.version} on ${found.system}` }
  return found.installed ? { why: found.why, next: found.next } : { why: 'not installed' }
}

async function probeGo(): Promise<Probe> {
  const version = /go(\d[\d.]*)/.exec((await commandOutput('go', ['version'])) ?? '')?.[1]
  return version === undefined ? { why: 'no go on PATH' } : { version }
}

async function probeChromium(): Promise<Probe> {
  try {
    const found = await locateChromium()
    if (found !== undefined)
      return {
        version: found.origin === 'cache' ? `${found.version} (in the cache)` : found.version,
      }
    return { why: canFetch() ? 'none on PATH; the tests fetch one into the cache' : 'none on PATH' }
  } catch (error) {
    return { why: messageOf(error) }
  }
}

/** A command's output on both streams; undefined if it is missing or fails. */
async function commandOutput(
  command: string,
  args: readonly string[],
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await runProbe(command, args, { timeoutMs: PROBE_TIMEOUT_MS })
    return stdout + stderr
  } catch {
    return undefined
  }
}
