import renderRoutes from '@docusaurus/renderRoutes'
import { useLocation } from '@docusaurus/router'
import type { RouteConfig } from '@docusaurus/types'
import NotFound from '@theme/NotFound'
import type { ReactNode } from 'react'

/** The source page of an address. */
export default function SourceRoutes({ route }: { readonly route: RouteConfig }): ReactNode {
  const { pathname } = useLocation()
  if (route.routes?.some(({ path }) => path === pathname)) return renderRoutes(route.routes)
  return <NotFound />
}
