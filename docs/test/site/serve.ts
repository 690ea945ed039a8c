import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '@threshold/engines'
import { vi } from 'vitest'

/** The built site as a reader gets it: by Docusaurus' own server. */
export async function serveSite(docusaurus: string, options: { cwd: string; dir: string }): Promise<{ url: string } & AsyncDisposable> {
  const port = await freePort()
  const args = [docusaurus, 'serve', '--dir', options.dir, '--port', String(port), '--host', '127.0.0.1', '--no-open']
  const child = spawn(process.execPath, args, { cwd: options.cwd, stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  const site = {
    url,
    async [Symbol.asyncDispose]() {
      const closed = once(child, 'close')
      child.kill('SIGKILL')
      await closed
    },
  }
  try {
    await vi.waitFor(() => fetch(url), { timeout: 60_000, interval: 100 })
    return site
  } catch (error) {
    await site[Symbol.asyncDispose]()
    throw error
  }
}
