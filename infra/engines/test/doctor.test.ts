import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { markInstalled, toolDir } from '../src/cache.ts'
import { findDocker } from '../src/docker/find.ts'
import { formatDoctor } from '../src/doctor/format.ts'
import { inspectMachine } from '../src/doctor/inspect.ts'
import { familyOf, REMEDIES } from '../src/doctor/remedies.ts'
import type { DoctorReport } from '../src/doctor/report.ts'
import { which } from '../src/process/which.ts'
import { TOOLS } from '../src/versions.ts'
import { emptyCache, setEnvironment, startSite, tempFolder } from './helpers.ts'

const dockerAnswers = (await findDocker()).usable

/**
 * Runs the doctor with only these programs on the PATH, an empty cache and home, and a mirror that
 * has nothing.
 */
async function diagnose(
  use: AsyncDisposableStack,
  programs: Readonly<Record<string, string>> = {},
  prepareCache = async (): Promise<void> => {},
) {
  const cache = await emptyCache(use)
  await prepareCache()
  const [path, home] = [await tempFolder(use), await tempFolder(use)]
  for (const [name, target] of Object.entries(programs)) await symlink(target, join(path, name))
  const mirror = await startSite(use, () => ({ status: 404 }))
  setEnvironment(use, {
    PATH: path,
    HOME: home,
    THRESHOLD_MONGODB_URI: undefined,
    THRESHOLD_MONGODB_MIRROR: mirror.url,
  })
  setEnvironment(use, {
    JAVA_HOME: undefined,
    THRESHOLD_JVM_FOLDERS: path,
    THRESHOLD_CHROMIUM: undefined,
    THRESHOLD_CASSANDRA_URI: undefined,
    THRESHOLD_NATS_URI: undefined,
  })
  const report = await inspectMachine()
  return { report, text: formatDoctor(report), cache }
}

/** A program that prints the text to stderr, as Java does with its version. */
async function programPrinting(use: AsyncDisposableStack, text: string): Promise<string> {
  const path = join(await tempFolder(use), 'program')
  await writeFile(path, `#!${(await which('sh'))!}\necho '${text}' >&2\n`, { mode: 0o755 })
  return path
}

const tool = (report: DoctorReport, name: string) => report.tools.find((each) => each.name === name)
/** The interpreter itself, not a wrapper on the PATH that chooses one. */
const python = (): string =>
  execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()

describe.skipIf(dockerAnswers)(
  'the doctor on a machine without Docker or Rust (skipped where Docker answers)',
  () => {
    it('reports the engine of each stage, and what must be fetched first', async () => {
      await using use = new AsyncDisposableStack()
      const java = await programPrinting(use, 'openjdk version "17.0.15" 2025-04-15')
      const { report, text } = await diagnose(use, {
        python3: python(),
        java,
        mvn: (await which('true'))!,
      })
      expect(report.status).toBe('stand-in')
      expect(report.stages.map(({ stage, lab }) => [stage, lab?.standIn])).toEqual([
        [1, true],
        [2, false],
        [3, false],
      ])
      expect(text).toContain(
        'Everything runs. Figures from an engine that stands in for the real one say so.',
      )
      expect(text).toMatch(
        /✓ stage 2 +Messages on Cassandra, needs Cassandra, and stage 1's MongoDB/,
      )
      expect(text).toMatch(/in labs: Cassandra \S+, local processes, fetched first, 67 MB/)
      expect(text).toMatch(/at once: NATS \S+, local processes, fetched first, 7 MB/)
    })

    it.each([
      [
        'without Java 17',
        'openjdk version "25.0.1" 2025-10-21',
        'no Java 17, only 25.0.1',
        /openjdk-17|openjdk@17|temurin/,
      ],
      [
        'without Maven',
        'openjdk version "17.0.15" 2025-04-15',
        'there is no mvn to fetch them',
        /install Maven/,
      ],
    ])(
      '%s reports what stage 2 lacks, and the command that installs it',
      async (_what, version, why, next) => {
        await using use = new AsyncDisposableStack()
        const { report, text } = await diagnose(use, {
          python3: python(),
          java: await programPrinting(use, version),
        })
        expect(report.status).toBe('cannot')
        expect(text).toMatch(/✗ stage 2 /)
        const lacking = report.stages[1]?.passedOver.find(({ name }) =>
          name.includes('local processes'),
        )
        expect(lacking).toMatchObject({
          why: expect.stringContaining(why),
          next: expect.stringMatching(next),
        })
        expect(text).toContain(`→ ${lacking?.next}`)
      },
    )

    it('reports the stand-in, and the command for a better engine', async () => {
      await using use = new AsyncDisposableStack()
      const { report, text } = await diagnose(use, { python3: python() })
      expect(report.stages[0]).toMatchObject({
        stage: 1,
        quick: { standIn: true },
        lab: { standIn: true },
      })
      expect(text).toMatch(/~ stage 1 +Monolith on MongoDB, needs MongoDB/)
      expect(text).toContain(
        'at once: SecantusDB, Python wheel (stand-in), installed first, about 10 s',
      )
      expect(text).toContain('not SecantusDB, Rust build (stand-in): no cargo on PATH')
      expect(tool(report, 'Python 3')?.version).toMatch(/^3\.\d+/)
    })

    it('reports the purpose and a command for each missing tool', async () => {
      await using use = new AsyncDisposableStack()
      const { report, text } = await diagnose(use, { python3: python() })
      for (const name of ['Docker', 'Rust', 'Java 17', 'Go']) {
        const facts = tool(report, name)
        expect(facts).toMatchObject({
          version: undefined,
          why: expect.stringMatching(/./),
          install: expect.stringMatching(/./),
        })
        expect(text).toContain(`${facts?.why}; used for ${facts?.for}`)
        expect(text).toContain(`→ ${facts?.install}`)
      }
      // The doctor does not claim that an untried Docker works.
      expect(text).toMatch(/– Docker .*not tried: the official images/)
      expect(text.match(/not \S+ in Docker: Docker is not installed/g)).toHaveLength(2)
      // Stage 3 has its real engine, so nothing better is worth a line.
      const lacking = report.stages.filter(({ lab }) => lab?.standIn !== false)
      expect(lacking.map(({ stage }) => stage)).toEqual([1, 2])
      for (const { next } of lacking.flatMap(({ passedOver }) => passedOver))
        expect(text).toContain(`→ ${next}`)
    })

    it('reports the stages that cannot run without Python', async () => {
      await using use = new AsyncDisposableStack()
      const { report, text } = await diagnose(use)
      expect(report.status).toBe('cannot')
      expect(report.stages[0]).toMatchObject({ quick: undefined, lab: undefined })
      expect(text).toContain('✗ stage 1')
      expect(text).toContain('Something cannot run yet: see the lines marked ✗.')
      expect(text).toContain(tool(report, 'Python 3')?.install)
      expect(text).toMatch(
        /not NATS \S+, local processes: no python3 on PATH, and no go to build it/,
      )
    })

    it('takes Go to build NATS where there is no Python', async () => {
      await using use = new AsyncDisposableStack()
      const { report } = await diagnose(use, { go: (await which('true'))! })
      expect(report.stages[2]?.lab).toMatchObject({ name: expect.stringMatching(/^NATS /) })
    })

    it('recognizes an engine in the cache that no longer runs', async () => {
      await using use = new AsyncDisposableStack()
      const breakEngine = async (): Promise<void> => {
        const bin = join(toolDir(TOOLS.secantusPython), 'bin')
        await mkdir(bin, { recursive: true })
        await writeFile(join(bin, 'secantusd-py'), '#!/nowhere/python\n', { mode: 0o755 })
        await markInstalled(TOOLS.secantusPython)
      }
      const java = await programPrinting(use, 'openjdk version "17.0.15" 2025-04-15')
      const [mvn, go] = [(await which('true'))!, (await which('true'))!]
      const repairable = await diagnose(use, { python3: python(), java, mvn }, breakEngine)
      expect(repairable.report.status).toBe('stand-in')
      expect(repairable.text).toContain(
        'at once: SecantusDB, Python wheel (stand-in), installed first, about 10 s',
      )
      const { text } = await diagnose(use, { java, mvn, go }, breakEngine)
      expect(text.match(/[✗~✓] stage \d/g)).toEqual(['✗ stage 1', '✓ stage 2', '✓ stage 3'])
      expect(text).not.toContain('Everything runs')
    })

    it('recognizes installed programs that do not work', async () => {
      await using use = new AsyncDisposableStack()
      setEnvironment(use, { DOCKER_HOST: undefined })
      const failing = (await which('false'))!
      const { report } = await diagnose(use, {
        python3: python(),
        cargo: failing,
        cmake: failing,
        cc: failing,
        java: failing,
        go: failing,
        docker: failing,
      })
      expect(report.stages.map(({ lab }) => lab?.standIn)).toEqual([true, undefined, false])
      for (const name of ['Docker', 'Rust', 'Java 17', 'Go'])
        expect(tool(report, name)?.version).toBeUndefined()
      expect(tool(report, 'Docker')).toMatchObject({
        why: expect.stringContaining('its daemon does not answer'),
        install: expect.stringMatching(/^start Docker /),
      })
    })

    it('installs and starts nothing', async () => {
      await using use = new AsyncDisposableStack()
      const { report, cache } = await diagnose(use, { python3: python() })
      expect(['run', 'locks', 'build'].filter((name) => existsSync(join(cache, name)))).toEqual([])
      expect(report.disks).toHaveLength(2)
      for (const { freeBytes } of report.disks) expect(freeBytes).toBeGreaterThan(0)
    })
  },
)

describe('the remedies', () => {
  it.each([
    ['linux', 'NAME="Debian GNU/Linux"\nID=debian\n', 'debian'],
    ['linux', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'debian'],
    ['linux', 'ID=fedora\nVARIANT="not debian"\n', 'other'],
    ['linux', '', 'other'],
    ['darwin', '', 'macos'],
  ] as const)('on %s with %j are those of %s', (platform, release, family) => {
    expect(familyOf(platform, release)).toBe(family)
    for (const remedy of Object.values(REMEDIES)) expect(remedy[family]).not.toBe('')
  })
})
