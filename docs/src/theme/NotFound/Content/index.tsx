import Link from '@docusaurus/Link'
import { useLocation } from '@docusaurus/router'
import { usePluginData } from '@docusaurus/useGlobalData'
import Heading from '@theme/Heading'
import { type ReactNode, useEffect, useState } from 'react'
import { lastPart, nearestPages, type PageName } from '../../../nearest-pages.ts'

/** Leads on from an address without a page: to pages with a similar name, the search, the labs. */
export default function NotFoundContent(): ReactNode {
  const { pathname } = useLocation()
  const { pages } = usePluginData('threshold-source-pages') as { pages: readonly PageName[] }
  // The server renders one page for all missing addresses, so the names come afterwards.
  const [nearest, setNearest] = useState<readonly PageName[]>([])
  useEffect(() => setNearest(nearestPages(pathname, pages)), [pathname, pages])
  const words = lastPart(pathname)
    .split(/[^\p{L}\p{N}.]+/u)
    .join(' ')
    .trim()
  return (
    <main className="container margin-vert--xl not-found">
      <Heading as="h1">There is no page at this address</Heading>
      <p>The link that led here is wrong, or the page has another name now.</p>
      <p>
        <Link to={`/search?q=${encodeURIComponent(words)}`}>Search for these words</Link>, begin at
        the <Link to="/">home page</Link>, or choose one of <Link to="/learn-alone">the labs</Link>.
      </p>
      {/* The list arrives after the page. As the last element it moves no other. */}
      {nearest.length > 0 && (
        <>
          <p>These pages have similar names:</p>
          <ul>
            {nearest.map(({ route, title }) => (
              <li key={route}>
                <Link to={route}>{title}</Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </main>
  )
}
