import Link from '@docusaurus/Link'
import CodeBlock from '@theme/CodeBlock'
import Heading from '@theme/Heading'
import Layout from '@theme/Layout'
import type { ReactNode } from 'react'
import type { Source } from './plugins/source-pages.ts'

/** A file of the repository as it is in the tree that this site was built from. */
export default function SourcePage({ source }: { source: Source }): ReactNode {
  return (
    <Layout title={source.path} description={`${source.path} in the Threshold repository`}>
      <main className="container margin-vert--lg source-page">
        <Heading as="h1">
          <code>{source.path}</code>
        </Heading>
        <p>
          Explained on{' '}
          {source.mentionedOn.map(({ page, route }, index) => (
            <span key={page}>
              {index > 0 && ', '}
              <Link to={route}>{titleOf(page)}</Link>
            </span>
          ))}
          .
        </p>
        {source.text !== undefined && (
          <CodeBlock language={source.language} showLineNumbers>
            {source.text}
          </CodeBlock>
        )}
        {source.entries && (
          <ul>
            {source.entries.map(({ name, route }) => (
              <li key={name}>{route ? <Link to={route}>{name}</Link> : <code>{name}</code>}</li>
            ))}
          </ul>
        )}
      </main>
    </Layout>
  )
}

/** `labs/1.1-baseline/README.md` reads better as `labs/1.1-baseline`, and the site's own pages by their name. */
const titleOf = (page: string): string =>
  page
    .replace(/^docs\/docs\//, '')
    .replace(/\.md$/, '')
    .replace(/\/(README|index)$/, '')
