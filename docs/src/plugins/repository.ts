import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/**
 * The files that are pages of the site. The site's own are in `docs/docs`, and the README of each
 * lab and each stage stays beside its code. No text is copied, so no copy can become outdated.
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
  /** The paths of all pages, relative to the root and with forward slashes. */
  pages(): string[]
  /** The address of a page on the site. Undefined for a file that is not a page. */
  routeOf(file: string): string | undefined
  /** Resolves a link of a page. Undefined if it is no path, such as a URL or an anchor. */
  resolveLink(page: string, link: string): LinkTarget | undefined
  read(file: string): string
}

export interface LinkTarget {
  /** Relative to the root. */
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
    resolveLink(page, link) {
      if (/^([a-z][a-z+.-]*:|#|\/)/i.test(link)) return undefined
      const [target = '', anchor] = link.split('#')
      const file = path.posix
        .normalize(path.posix.join(path.posix.dirname(page), decodeURI(target)))
        .replace(/\/$/, '')
      const absolute = path.join(root, file)
      const base = { file, anchor: anchor === undefined ? '' : `#${anchor}` }
      if (file.startsWith('..') || !existsSync(absolute)) return { ...base, kind: 'missing' }
      if (statSync(absolute).isDirectory()) {
        const readme = `${file}/README.md`
        return routeOf(readme) && existsSync(path.join(root, readme))
          ? { ...base, file: readme, kind: 'page' }
          : { ...base, kind: 'folder' }
      }
      return { ...base, kind: routeOf(file) ? 'page' : 'file' }
    },
    read: (file) => readFileSync(path.join(root, file), 'utf8'),
  }
}

/** The root README introduces the repository. Links to it lead to the site's start page. */
export const HOME = 'README.md'

export const sourceRoute = (file: string): string => `/source/${file}`
