import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { downloadedJar } from '../src/maven.ts'
import { watchNpmCi } from '../src/npm-progress.ts'
import type { ProgressStep } from '../src/progress.ts'
import { countRequirements, downloadedFile } from '../src/python.ts'
import { CQLSH_REQUIREMENTS, REQUIREMENTS_FILE } from '../src/versions.ts'
import { tempFolder } from './helpers.ts'

describe('the progress of a first fetch', () => {
  it('counts the files of pip with their sizes', async () => {
    expect(downloadedFile('Downloading https://host/a/pymongo-4.1.whl (1.2 MB)')).toBe(
      'pymongo-4.1.whl (1.2 MB)',
    )
    expect(downloadedFile('Using cached pymongo-4.1.whl (1.2 MB)')).toBe('pymongo-4.1.whl (1.2 MB)')
    expect(downloadedFile('Collecting pymongo==4.1')).toBeUndefined()
    expect(countRequirements('# all of it\na==1 \\\n  --hash=sha256:00\nb[x]==2\n')).toBe(2)
    for (const file of [REQUIREMENTS_FILE, CQLSH_REQUIREMENTS])
      expect(countRequirements(await readFile(file, 'utf8'))).toBeGreaterThan(0)
  })

  it('counts the jars of Maven with their sizes', () => {
    const line = (name: string) =>
      `[INFO] Downloaded from central: https://host/io/netty/${name} (1.5 MB at 3.4 MB/s)`
    expect(downloadedJar(line('netty-4.1.jar'))).toEqual({ name: 'netty-4.1.jar', bytes: 1.5e6 })
    expect(
      downloadedJar('Downloaded from central: https://host/x/y.jar (126 kB at 1 MB/s)'),
    ).toEqual({
      name: 'y.jar',
      bytes: 126_000,
    })
    expect(downloadedJar(line('netty-4.1.pom'))).toBeUndefined()
  })

  it('counts the packages that npm has unpacked, without those for other systems', async () => {
    await using use = new AsyncDisposableStack()
    const dir = await tempFolder(use)
    const packages = {
      '': {},
      'node_modules/a': {},
      'node_modules/b': { os: [process.platform], cpu: [process.arch] },
      'node_modules/c': { os: ['plan9'] },
      'node_modules/d': { link: true },
    }
    await writeFile(join(dir, 'package-lock.json'), JSON.stringify({ packages }))
    const steps: ProgressStep[] = []
    using _ = watchNpmCi(dir, 'fetching the site', (step) => steps.push(step))
    await mkdir(join(dir, 'node_modules', 'a'), { recursive: true })
    await writeFile(join(dir, 'node_modules', 'a', 'package.json'), '{}')
    await expect
      .poll(() => steps.at(-1))
      .toEqual({ text: 'fetching the site, packages', done: 1, total: 2 })
  })
})
