import Link from '@docusaurus/Link'
import { useLocation } from '@docusaurus/router'
import CodeBlock from '@theme/CodeBlock'
import Heading from '@theme/Heading'
import Layout from '@theme/Layout'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { SourcePageData } from './plugins/source-pages.ts'

/** Shows a file or folder of the repository that this site was built from. */
export default function SourcePage({
  sources,
  route: { path },
}: {
  readonly sources: readonly SourcePageData[]
  readonly route: { readonly path: string }
}): ReactNode {
  const source = sources.find(({ route }) => route === path)!
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
        {source.text !== undefined && <Code language={source.language} text={source.text} />}
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

/** The text with its line numbers. The address may end in a line, such as #L12, which is marked. */
function Code({ language, text }: { language: string; text: string }): ReactNode {
  const { hash } = useLocation()
  // The server knows no hash, so the first rendering in the browser must not use it either.
  const [line, setLine] = useState<string>()
  // A coloured page is ten times as large as its text, so the browser adds the colours.
  const [colored, setColored] = useState(false)
  useEffect(() => setColored(true), [])
  const code = useRef<HTMLDivElement>(null)
  useEffect(() => setLine(/^#L(\d+)$/.exec(hash)?.[1]), [hash])
  useEffect(() => {
    if (line !== undefined)
      code.current?.querySelector('.theme-code-block-highlighted-line')?.scrollIntoView({
        block: 'center',
      })
  }, [line])
  return (
    <div ref={code}>
      <CodeBlock
        language={colored ? language : 'text'}
        showLineNumbers
        metastring={line && `{${line}}`}
      >
        {text}
      </CodeBlock>
    </div>
  )
}
