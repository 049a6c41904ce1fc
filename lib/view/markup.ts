// Markup in which every value is escaped, unless it is markup itself: there is no other way to put a value into a page.
import { harmless } from './text.js'

export interface Markup { readonly markup: string }

type Piece = string | number | Markup | undefined | readonly Markup[]

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

// Line ends are the only controls that stay: what else acts on a terminal turns or hides text on a page as well.
const escape = (text: string): string => text.split('\n').map(line => harmless(line).replace(/[&<>"']/g, character => ENTITIES[character]!)).join('\n')

function written (piece: Piece): string {
  if (piece === undefined) return ''
  if (typeof piece === 'object') return 'markup' in piece ? piece.markup : piece.map(({ markup }) => markup).join('')
  return escape(String(piece))
}

/** Tag of a template: `` html`<p>${text}</p>` ``. Attributes with values in them must stand in quotes. */
export function html (parts: TemplateStringsArray, ...pieces: Piece[]): Markup {
  return { markup: parts.map((part, index) => part + (index < pieces.length ? written(pieces[index]) : '')).join('') }
}

/** Text of ours that is markup, a style or a script. */
export const raw = (markup: string): Markup => ({ markup })
