import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installTool } from '../cache.ts'
import { childEnvironment } from '../config.ts'
import { npmCi } from '../npm.ts'
import { runCommand } from '../process/command.ts'
import type { OnProgress } from '../progress.ts'
import { CHROMIUM_REQUIREMENTS, TOOLS, VERSIONS } from '../versions.ts'

/**
 * Everything the package carries: the browser, the libraries and the font it needs on a system
 * without any, and software rendering.
 */
const UNPACK = `
import { inflate } from '@sparticuz/chromium'
const files = ['chromium.br', 'al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br']
await Promise.all(files.map((name) => inflate('node_modules/@sparticuz/chromium/bin/' + name)))
`

export const fetchedExecutable = (dir: string): string => join(dir, 'chromium')

/**
 * The package was made for a system that has neither NSS nor fonts, so it brings both; where there
 * are fonts, they are used too.
 */
export const fetchedEnvironment = (dir: string): NodeJS.ProcessEnv =>
  childEnvironment({
    LD_LIBRARY_PATH: join(dir, 'al2023', 'lib'),
    FONTCONFIG_FILE: join(dir, 'fonts.conf'),
  })

/**
 * Seconds: npm fetches the package by the lock file checked in here, and refuses one whose digest
 * differs. The browser lies in the package itself, so a closed network with a registry in it is
 * enough; no script of the package runs.
 */
export async function installChromium(onProgress: OnProgress): Promise<string> {
  return await installTool(
    TOOLS.chromium,
    async (dir) => {
      const text = `fetching Chromium ${VERSIONS.chromium} (67 MB, once)`
      onProgress({ text })
      for (const name of ['package.json', 'package-lock.json'])
        await cp(join(CHROMIUM_REQUIREMENTS, name), join(dir, name))
      await npmCi(dir, `@sparticuz/chromium ${VERSIONS.chromium}`, '--ignore-scripts')
      onProgress({ text: `${text}: unpacking` })
      await runCommand({
        title: 'unpacking Chromium',
        command: process.execPath,
        args: ['--input-type=module', '--eval', UNPACK],
        cwd: dir,
        // It unpacks into the system's temporary folder, whatever one says; this makes it ours.
        env: { TMPDIR: dir },
      })
      await writeFile(join(dir, 'fonts.conf'), fontsConf(dir))
      await rm(join(dir, 'node_modules'), { recursive: true, force: true })
    },
    onProgress,
  )
}

/**
 * The package's own names folders of the service it was made for. Without a font at all a page
 * renders blank.
 */
const fontsConf = (dir: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <dir prefix="xdg">fonts</dir>
  <dir>${join(dir, 'fonts', 'fonts')}</dir>
  <cachedir>${join(dir, 'fonts-cache')}</cachedir>
</fontconfig>
`
