import path from 'node:path'
import { visit } from 'unist-util-visit'
import { HOME, type Repository, sourceRoute } from './repository.ts'

interface LinkNode {
  readonly type: 'link'
  url: string
}

interface Root {
  readonly type: 'root'
  readonly children: []
}

/**
 * Rewrites links to code. A page links to a file by its path, as on a code host:
 * `[guild.ts](../../stages/…/guild.ts)`. The link then leads to a page of the site that
 * shows the file. A link to a missing file fails the build, so that maps of the code stay correct.
 */
export function linkToSource(options: { repository: Repository }) {
  const { repository } = options
  return (tree: Root, file: { path: string }): void => {
    const page = path.relative(repository.root, file.path).split(path.sep).join('/')
    visit(tree, 'link', (node: LinkNode) => {
      const target = repository.resolveLink(page, node.url)
      if (target === undefined) return
      if (target.kind === 'missing')
        throw new Error(`${page} links to ${target.file}, which does not exist`)
      if (target.file === HOME) node.url = `/${target.anchor}`
      else if (target.kind === 'page')
        node.url = `${repository.routeOf(target.file)}${target.anchor}`
      else node.url = sourceRoute(target.file)
    })
  }
}
