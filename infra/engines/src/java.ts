import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit'
import { enginesConfig } from './config.ts'
import { runProbe } from './process/probe.ts'
import { which } from './process/which.ts'

/** Cassandra 5 exits at once on Java 21 and later, and OpenSearch 2 needs 11 or later. */
export const JAVA_MAJOR = 17
/** A JVM needs a second to print its version, and many seconds on a busy machine. */
const PROBE_TIMEOUT_MS = 30_000

export type FoundJava =
  | { readonly usable: true; readonly path: string; readonly version: string }
  | { readonly usable: false; readonly why: string }

/** The doctor knows the system and replaces this text by a command. */
export const JAVA_NEXT = 'npx threshold doctor shows how to install Java 17'

/** A flag: compiles code once, quickly, without the optimizing compiler. */
export const SHORT_LIVED = '-XX:TieredStopAtLevel=1'

/** The path of Java 17. Throws NO_JAVA. */
export async function requireJava(): Promise<string> {
  const java = await findJava()
  if (java.usable) return java.path
  throw new CodedError('NO_JAVA', java.why, {
    next: `install Java ${JAVA_MAJOR}; npx threshold doctor shows how`,
  })
}

/** Looks for Java 17 outside the PATH too: the first Java on it is often another version. */
export async function findJava(): Promise<FoundJava> {
  const otherVersions: string[] = []
  for (const path of await candidates()) {
    const version = await versionOf(path)
    if (version === undefined) continue
    if (Number.parseInt(version, 10) === JAVA_MAJOR) return { usable: true, path, version }
    otherVersions.push(version)
  }
  const found = [...new Set(otherVersions)].join(', ')
  return {
    usable: false,
    why: found === '' ? 'no Java' : `no Java ${JAVA_MAJOR}, only ${found}`,
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
    // On macOS, a JDK keeps its home in Contents/Home.
    ...installed
      .flat()
      .flatMap((jdk) => [join(jdk, 'bin', 'java'), join(jdk, 'Contents', 'Home', 'bin', 'java')]),
  ]
}

/**
 * Reads the version from `openjdk version "17.0.15" 2025-04-15`, which Java prints to stderr.
 * Undefined if the program does not run.
 */
async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await runProbe(path, ['-version'], {
      timeoutMs: PROBE_TIMEOUT_MS,
    })
    return /version "([^"]+)"/.exec(stdout + stderr)?.[1]
  } catch {
    return undefined
  }
}
