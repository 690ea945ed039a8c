import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installTool, type OnProgress, runCommand, which } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import type { Missing } from '../libraries.ts'

const SOURCE = fileURLToPath(new URL('./discordgo', import.meta.url))
const FILES = ['go.mod', 'go.sum', 'guild.go', 'harness.go', 'main.go', 'messages.go', 'session.go']
const NEXT =
  'install Go 1.23 or newer (https://go.dev/dl; Debian, Ubuntu: sudo apt-get install golang; macOS: brew install go)'

export async function missingGo(): Promise<Missing | undefined> {
  return (await which('go')) === undefined ? { why: 'no go on PATH', next: NEXT } : undefined
}

/**
 * Builds the scenario and discordgo as one binary, once in under a minute. The version contains a
 * hash of the source, so that a change leads to a new build.
 */
export async function buildDiscordgo(onProgress: OnProgress): Promise<string> {
  const hash = createHash('sha256')
  for (const file of FILES) hash.update(readFileSync(join(SOURCE, file)))
  const tool = { name: 'discordgo-client', version: `0.29.0-${hash.digest('hex').slice(0, 12)}` }
  const dir = await installTool(
    tool,
    async (target) => {
      const go = await which('go')
      if (go === undefined) throw new CodedError('NO_GO', 'no go on PATH', { next: NEXT })
      onProgress({ text: 'building the discordgo client (under a minute, once)' })
      await runCommand({
        title: 'go build',
        command: go,
        // go.sum pins the modules: go refuses one that differs.
        args: ['build', '-o', join(target, 'client'), '.'],
        env: { GOFLAGS: '-mod=readonly', CGO_ENABLED: '0' },
        cwd: SOURCE,
        next: 'go reaches its module proxy with your usual settings (GOPROXY): check those, then run the same command again',
      })
    },
    onProgress,
  )
  return join(dir, 'client')
}
