import { pathToFileURL } from 'node:url'

/**
 * Opens a page of this machine in the user's browser, and does not wait for it. Returns false if no
 * browser can be opened. That is never a failure, because the command has printed the path.
 */
export async function openPage(file: string): Promise<boolean> {
  if (!hasDesktop()) return false
  try {
    const { default: open } = await import('open')
    const browser = await open(pathToFileURL(file).href)
    browser.on('error', () => {})
    return true
  } catch {
    return false
  }
}

/** A browser on Linux needs a display. In WSL the browser of Windows opens. */
const hasDesktop = (env: NodeJS.ProcessEnv = process.env): boolean =>
  process.platform !== 'linux' ||
  [env.DISPLAY, env.WAYLAND_DISPLAY, env.WSL_DISTRO_NAME].some((value) => value)
