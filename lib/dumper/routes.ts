// The routes that a Fastify application has so far, out of what it prints: there is no other way to ask. Pure.

/** `GET, HEAD /orders/:id` */
export function routesIn (printed: string): string[] {
  const routes: string[] = []
  const path: string[] = []
  for (const line of printed.split('\n')) {
    const [, indent = '', part, methods] = /^((?:[│ ] {3})*)[├└]── (.*?)(?: \(([A-Z, -]+)\)(?: \{.*)?)?$/.exec(line) ?? []
    if (part === undefined) continue
    path.splice(indent.length / 4, Infinity, part === '(empty root node)' ? '' : part)
    if (methods) routes.push(`${methods} ${path.join('')}`)
  }
  return routes
}
