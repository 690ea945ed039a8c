import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/**
 * The site shows pages where they lie: its own in `docs/docs`, each lab's and each stage's README
 * beside its code. No text is copied, so none can grow stale. This file says what is a page, and
 * which address it has.
 */
const PAGES = [
  'docs/docs/**/*.md',
  'labs/*/README.md',
  'stages/*/README.md',
  'infra/*/README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
]

export interface Repository {
  readonly root: string
  readonly include: readonly string[]
  /** All pages, as paths from the root with forward slashes. */
  pages(): string[]
  /** Where a page is on the site; undefined for a file that is none. */
  routeOf(file: string): string | undefined
  /**
   * Where a link of a page leads, as a path from the root; undefined for a link that is no path,
   * such as a URL or an anchor.
   */
  targetOf(page: string, link: string): Target | undefined
  read(file: string): string
}

export interface Target {
  readonly file: string
  readonly kind: 'page' | 'file' | 'folder' | 'missing'
  readonly anchor: string
}

export function repository(root: string): Repository {
  const slashes = (file: string): string => file.split(path.sep).join('/')

  const routeOf = (file: string): string | undefined => {
    if (!PAGES.some((pattern) => path.matchesGlob(file, pattern))) return undefined
    const route = file
      .replace(/^docs\/docs\//, '')
      .replace(/\.md$/, '')
      .replace(/(^|\/)(README|index)$/, '')
      .toLowerCase()
    return `/${route}`
  }

  return {
    root,
    include: PAGES,
    pages: () =>
      globSync(PAGES, { cwd: root })
        .map(slashes)
        .filter((file) => !file.includes('node_modules/'))
        .sort(),
    routeOf,
    targetOf(page, link) {
      if (/^([a-z][a-z+.-]*:|#|\/)/i.test(link)) return undefined
      const [target = '', anchor] = link.split('#')
      const file = path.posix
        .normalize(path.posix.join(path.posix.dirname(page), decodeURI(target)))
        .replace(/\/$/, '')
      const absolute = path.join(root, file)
      const at = { file, anchor: anchor === undefined ? '' : `#${anchor}` }
      if (file.startsWith('..') || !existsSync(absolute)) return { ...at, kind: 'missing' }
      if (statSync(absolute).isDirectory()) {
        const readme = `${file}/README.md`
        return routeOf(readme) && existsSync(path.join(root, readme))
          ? { ...at, file: readme, kind: 'page' }
          : { ...at, kind: 'folder' }
      }
      return { ...at, kind: routeOf(file) ? 'page' : 'file' }
    },
    read: (file) => readFileSync(path.join(root, file), 'utf8'),
  }
}

/** The root README is the door of the repository; on the site that door is the start page. */
export const HOME = 'README.md'

export const sourceRoute = (file: string): string => `/source/${file}`
