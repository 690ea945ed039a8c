import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { enginesConfig } from '../config.ts'
import { which } from '../process/which.ts'

const run = promisify(execFile)

/** Cassandra 5 runs on 17; on 21 and later it exits at once. */
export const JAVA_MAJOR = 17
/** A JVM needs a second to say what it is; on a machine that is busy, many. */
const ASK_MS = 30_000

export type FoundJava =
  | { readonly usable: true; readonly path: string; readonly version: string }
  | { readonly usable: false; readonly why: string }

/** A Java 17, wherever it is: people who have several rarely have this one first on their PATH. */
export async function findJava(): Promise<FoundJava> {
  const seen: string[] = []
  for (const path of await candidates()) {
    const version = await versionOf(path)
    if (version === undefined) continue
    if (Number.parseInt(version, 10) === JAVA_MAJOR) return { usable: true, path, version }
    seen.push(version)
  }
  const others = [...new Set(seen)].join(', ')
  return {
    usable: false,
    why: others === '' ? 'no Java' : `no Java ${JAVA_MAJOR}; there is ${others}`,
  }
}

async function candidates(): Promise<string[]> {
  const { javaHome, jvmFolders } = enginesConfig()
  const onPath = await which('java')
  const installed = await Promise.all(
    jvmFolders.map(async (folder) =>
      (await readdir(folder).catch(() => []))
        .filter((name) => name.includes(String(JAVA_MAJOR)))
        .map((name) => join(folder, name)),
    ),
  )
  return [
    ...(javaHome === undefined ? [] : [join(javaHome, 'bin', 'java')]),
    ...(onPath === undefined ? [] : [onPath]),
    ...installed
      .flat()
      .flatMap((home) => [
        join(home, 'bin', 'java'),
        join(home, 'Contents', 'Home', 'bin', 'java'),
      ]),
  ]
}

/** It says so on stderr: `openjdk version "17.0.15" 2025-04-15`. */
async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(path, ['-version'], { timeout: ASK_MS })
    return /version "([^"]+)"/.exec(stdout + stderr)?.[1]
  } catch {
    return undefined
  }
}
