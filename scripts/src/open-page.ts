import { pathToFileURL } from 'node:url'
import open from 'open'

/** Opens a page of this machine in the user's browser, and does not wait for it. */
export async function openPage(file: string): Promise<void> {
  const browser = await open(pathToFileURL(file).href)
  // Without a desktop there is nothing to open it with. The command has printed the path.
  browser.once('error', () => {})
}
