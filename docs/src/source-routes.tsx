import renderRoutes from '@docusaurus/renderRoutes'
import { useLocation } from '@docusaurus/router'
import NotFound from '@theme/NotFound'
import type { ReactNode } from 'react'

type Routes = NonNullable<Parameters<typeof renderRoutes>[0]>

/** The source page of an address. */
export default function SourceRoutes({
  route: { routes },
}: {
  readonly route: { readonly routes: Routes }
}): ReactNode {
  const { pathname } = useLocation()
  return routes.some(({ path }) => path === pathname) ? renderRoutes(routes) : <NotFound />
}
