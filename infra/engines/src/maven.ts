import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '@threshold/kit'
import { checkToolSpace, isInstalled, type Tool } from './cache.ts'
import { childEnvironment } from './config.ts'
import { type Availability, unusable } from './engine.ts'
import { findJava, JAVA_NEXT } from './java.ts'
import { runCommand } from './process/command.ts'
import { which } from './process/which.ts'
import type { OnProgress } from './progress.ts'

const MAVEN_NEXT =
  'install Maven (Debian, Ubuntu: sudo apt-get install maven; macOS: brew install maven)'

export const findMaven = (): Promise<string | undefined> => which('mvn')

export interface JarsOptions {
  /** The product in errors, such as `Cassandra`. */
  readonly product: string
  /** Says what is fetched, for the progress. */
  readonly text: string
  /** The file that lists the dependencies. */
  readonly pom: string
}

/**
 * Fetches jars with their dependencies into `lib` of a folder. Maven checks each against the digest
 * in its repository and fails on a mismatch (`-C`). Throws NO_MAVEN.
 */
export async function fetchJars(
  dir: string,
  { product, text, pom }: JarsOptions,
  onProgress: OnProgress,
): Promise<void> {
  const maven = await findMaven()
  if (maven === undefined)
    throw new CodedError('NO_MAVEN', `cannot fetch ${product}: there is no mvn on PATH`, {
      next: MAVEN_NEXT,
    })
  onProgress({ text })
  await copyFile(pom, join(dir, 'pom.xml'))
  const repository = join(dir, 'repository')
  let jars = 0
  let bytes = 0
  await runCommand({
    title: `mvn dependency:copy-dependencies (${product})`,
    command: maven,
    args: [
      '-B',
      '-C',
      '-f',
      join(dir, 'pom.xml'),
      `-Dmaven.repo.local=${repository}`,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${join(dir, 'lib')}`,
      '-DincludeScope=runtime',
    ],
    cwd: dir,
    // Maven's plugins compare words in the machine's language.
    env: {
      MAVEN_OPTS:
        `${childEnvironment().MAVEN_OPTS ?? ''} -Duser.language=en -Duser.country=US`.trim(),
      TMPDIR: dir,
    },
    onLine: (line) => {
      const jar = downloadedJar(line)
      if (jar === undefined) return
      jars += 1
      bytes += jar.bytes
      const amount = `${jars} jars, ${Math.round(bytes / 1_000_000)} MB so far`
      onProgress({ text: `${text}: ${amount}: ${jar.name}` })
    },
    next:
      'mvn uses your own settings to reach its repository: check them ' +
      '(~/.m2/settings.xml, proxy), then run the same command again',
  })
  await rm(repository, { recursive: true, force: true })
}

const UNITS: Readonly<Record<string, number>> = { B: 1, kB: 1_000, MB: 1_000_000 }

/** Whether Java runs here, and the jars of a tool are in the cache or can be fetched. */
export async function checkJars(tool: Tool, runMb: number): Promise<Availability> {
  const java = await findJava()
  if (!java.usable) return unusable(java.why, JAVA_NEXT)
  if ((await isInstalled(tool)) || (await findMaven()) !== undefined)
    return await checkToolSpace(tool, runMb)
  return unusable('its jars are not in the cache, and there is no mvn to fetch them', MAVEN_NEXT)
}

/** Reads `Downloaded from central: https://…/netty-4.1.jar (1.2 MB at 3.4 MB/s)`. */
export function downloadedJar(line: string): { name: string; bytes: number } | undefined {
  const [, name, amount, unit = 'B'] =
    /^.*Downloaded from \S+: \S+\/([^/ ]+\.jar) \(([\d.]+) (B|kB|MB)/.exec(line) ?? []
  if (name === undefined) return undefined
  return { name, bytes: Number(amount) * UNITS[unit]! }
}
