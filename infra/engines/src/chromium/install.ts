import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installTool } from '../cache.ts'
import { childEnvironment } from '../config.ts'
import { npmCi } from '../npm.ts'
import { runCommand } from '../process/command.ts'
import type { OnProgress } from '../progress.ts'
import { CHROMIUM_REQUIREMENTS, TOOLS, VERSIONS } from '../versions.ts'

/** Unpacks the browser, its libraries and font, and software rendering. */
const UNPACK = `
import { inflate } from '@sparticuz/chromium'
const files = ['chromium.br', 'al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br']
await Promise.all(files.map((name) => inflate('node_modules/@sparticuz/chromium/bin/' + name)))
`

export const fetchedExecutable = (dir: string): string => join(dir, 'chromium')

/** The package brings NSS and a font for systems without them. The system's fonts are used too. */
export const fetchedEnvironment = (dir: string): NodeJS.ProcessEnv =>
  childEnvironment({
    LD_LIBRARY_PATH: join(dir, 'al2023', 'lib'),
    FONTCONFIG_FILE: join(dir, 'fonts.conf'),
  })

/**
 * Fetches the package with npm by a committed lock file, which takes seconds. npm refuses a package
 * with another digest. The browser is in the package itself, so a closed network with an npm
 * registry is enough. No script of the package runs.
 */
export async function installChromium(onProgress: OnProgress): Promise<string> {
  return await installTool(
    TOOLS.chromium,
    async (dir) => {
      const text = `fetching Chromium ${VERSIONS.chromium} (67 MB, once)`
      onProgress({ text })
      for (const name of ['package.json', 'package-lock.json'])
        await cp(join(CHROMIUM_REQUIREMENTS, name), join(dir, name))
      const title = `@sparticuz/chromium ${VERSIONS.chromium}`
      await npmCi(dir, { title, args: ['--ignore-scripts'], onProgress })
      onProgress({ text: `${text}: unpacking` })
      await runCommand({
        title: 'unpacking Chromium',
        command: process.execPath,
        args: ['--input-type=module', '--eval', UNPACK],
        cwd: dir,
        // The package unpacks only to the system's temporary folder. TMPDIR redirects it.
        env: { TMPDIR: dir },
      })
      await writeFile(join(dir, 'fonts.conf'), fontsConf(dir))
      await rm(join(dir, 'node_modules'), { recursive: true, force: true })
    },
    onProgress,
  )
}

/**
 * Replaces the package's font configuration, whose folders exist only on AWS Lambda. A page renders
 * blank without any font.
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
