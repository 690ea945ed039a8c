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
 * A page links to code by its path, as it does on any code host:
 * `[guild.ts](../../stages/…/guild.ts)`. On the site the same link leads to a page that shows the
 * file. A link to a file that is gone fails the build, so a map of the code stays true.
 */
export function linkToSource(options: { repository: Repository }) {
  const { repository } = options
  return (tree: Root, file: { path: string }): void => {
    const page = path.relative(repository.root, file.path).split(path.sep).join('/')
    visit(tree, 'link', (node: LinkNode) => {
      const target = repository.targetOf(page, node.url)
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
