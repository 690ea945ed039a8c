import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Plugin, RouteConfig } from '@docusaurus/types'
import remarkParse from 'remark-parse'
import { unified } from 'unified'
import { visit } from 'unist-util-visit'
import type { LabData } from '../labs/lab-data.ts'
import { HOME, type Repository, sourceRoute } from './repository.ts'

/**
 * Source pages whose contents are one module. Every page of the site loads the list of all modules,
 * which would otherwise grow by 200 bytes with each source page; a reader of a source page loads
 * the contents of its neighbours instead.
 */
const PAGES_PER_MODULE = 16

/** The content of a source page: a file's text, or a folder's entries. */
export interface SourcePageData {
  readonly path: string
  readonly route: string
  readonly language: string
  readonly text?: string
  readonly entries?: readonly { readonly name: string; readonly route?: string }[]
  /** The pages that link to the file, which explain it. */
  readonly mentionedOn: readonly Mention[]
}

interface Mention {
  readonly title: string
  readonly route: string
}

const NAME = 'threshold-source-pages'

const LANGUAGES: Readonly<Record<string, string>> = {
  '.ts': 'ts',
  '.js': 'js',
  '.mjs': 'js',
  '.json': 'json',
  '.md': 'markdown',
  '.yml': 'yaml',
  '.rs': 'rust',
  '.html': 'html',
  '.css': 'css',
}

/**
 * Creates a page for each file and folder of the repository that another page or a recorded run
 * links to. Readers of the site then need no code host.
 */
export function sourcePages(options: {
  repository: Repository
  labs: readonly LabData[]
}): Plugin<SourcePageData[]> {
  const { repository, labs } = options
  return {
    name: NAME,

    async loadContent() {
      const mentions = new Map<string, Mention[]>()
      const mentionedBy = (file: string, mention: Mention): void => {
        const list = mentions.get(file) ?? []
        if (list.some(({ route }) => route === mention.route)) return
        mentions.set(file, [...list, mention])
      }
      for (const page of repository.pages()) {
        const text = repository.read(page)
        const mention = { title: titleOf(text) ?? page, route: repository.routeOf(page)! }
        for (const link of linksOf(text)) {
          const target = repository.resolveLink(page, link)
          if (target?.file === HOME || (target?.kind !== 'file' && target?.kind !== 'folder'))
            continue
          mentionedBy(target.file, mention)
        }
      }
      for (const { recording } of labs)
        if (recording !== undefined) {
          const { lab, code } = recording
          mentionedBy(code.file, { title: `Lab ${lab.id}: ${lab.title}`, route: lab.route })
        }
      const files = [...mentions].sort(([a], [b]) => (a < b ? -1 : 1))
      return files.map(([file, mentionedOn]) => sourceOf(repository, file, mentionedOn, mentions))
    },

    async contentLoaded({ content, actions }) {
      // The page for a missing address names the nearest ones.
      actions.setGlobalData({
        pages: repository.pages().map((page) => ({
          route: repository.routeOf(page),
          title: (titleOf(repository.read(page)) ?? page).replaceAll('`', ''),
        })),
      })
      const routes: RouteConfig[] = []
      for (let start = 0; start < content.length; start += PAGES_PER_MODULE) {
        const sources = content.slice(start, start + PAGES_PER_MODULE)
        const name = `sources-${start / PAGES_PER_MODULE}.json`
        await actions.createData(name, sources)
        for (const { route } of sources)
          routes.push({
            path: route,
            component: '@site/src/source-page.tsx',
            exact: true,
            // The alias keeps the path of this clone out of the site.
            modules: { sources: `@generated/${NAME}/default/${name}` },
          })
      }
      // Docusaurus names the plugin only in the outer route of a page.
      const component = '@site/src/source-routes.tsx'
      actions.addRoute({ path: '/source', component, exact: false, routes })
    },

    getPathsToWatch: () => [],
  }
}

/** The first heading of a page. */
const titleOf = (markdown: string): string | undefined => /^# (.+)$/m.exec(markdown)?.[1]

function linksOf(markdown: string): string[] {
  const links: string[] = []
  visit(unified().use(remarkParse).parse(markdown), (node) => {
    if (node.type === 'link' || node.type === 'definition') links.push(node.url)
  })
  return links
}

function sourceOf(
  repository: Repository,
  file: string,
  mentionedOn: SourcePageData['mentionedOn'],
  known: ReadonlyMap<string, unknown>,
): SourcePageData {
  const absolute = path.join(repository.root, file)
  if (!statSync(absolute).isDirectory()) {
    return {
      path: file,
      route: sourceRoute(file),
      language: LANGUAGES[path.extname(file)] ?? 'text',
      text: repository.read(file),
      mentionedOn,
    }
  }
  const entries = readdirSync(absolute, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .sort(
      (a, b) => Number(b.isDirectory()) - Number(a.isDirectory()) || a.name.localeCompare(b.name),
    )
    .map((entry) => {
      const inside = `${file}/${entry.name}`
      const name = entry.isDirectory() ? `${entry.name}/` : entry.name
      // An entry is a link only if it has a page already. Otherwise each file of the folder would
      // get a page.
      if (known.has(inside)) return { name, route: sourceRoute(inside) }
      const page = repository.routeOf(entry.isDirectory() ? `${inside}/README.md` : inside)
      return page &&
        repository.pages().includes(entry.isDirectory() ? `${inside}/README.md` : inside)
        ? { name, route: page }
        : { name }
    })
  return { path: file, route: sourceRoute(file), language: 'text', entries, mentionedOn }
}
