import Link from '@docusaurus/Link'
import CodeBlock from '@theme/CodeBlock'
import Heading from '@theme/Heading'
import Layout from '@theme/Layout'
import type { ReactNode } from 'react'
import type { SourcePageData } from './plugins/source-pages.ts'

/** Shows a file or folder of the repository that this site was built from. */
export default function SourcePage({ source }: { source: SourcePageData }): ReactNode {
  return (
    <Layout title={source.path} description={`${source.path} in the Threshold repository`}>
      <main className="container margin-vert--lg source-page">
        <Heading as="h1">
          <code>{source.path}</code>
        </Heading>
        <p>
          Explained on{' '}
          {source.mentionedOn.map(({ title, route }, index) => (
            <span key={route}>
              {index > 0 && ', '}
              <Link to={route}>{title}</Link>
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
