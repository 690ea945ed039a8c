import type { Document } from 'mongodb'
import { adminCommand } from './ready.ts'

export interface MongoProduct {
  readonly product: string
  readonly version: string
}

/**
 * Asks the server which product it is. The version alone does not tell, since products that speak
 * MongoDB's protocol report a version of MongoDB.
 */
export async function detectProduct(uri: string): Promise<MongoProduct> {
  const [build, hello] = await Promise.all([
    adminCommand(uri, { buildInfo: 1 }),
    adminCommand(uri, { hello: 1 }),
  ])
  return productOf(build, hello)
}

/** Recognizes the other products by fields and values that MongoDB itself never answers. */
export function productOf(build: Document, hello: Document): MongoProduct {
  const version = String(build.version)
  if (build.ferretdb !== undefined)
    return { product: 'FerretDB', version: String(build.ferretdb.version ?? version) }
  if (hello.setName === 'secantus' || JSON.stringify(build).toLowerCase().includes('secantus'))
    return { product: 'SecantusDB', version: String(build.secantusVersion ?? version) }
  return { product: 'MongoDB', version }
}
